# SPDX-License-Identifier: Apache-2.0
"""S19 of the security checklist (a second factor by TOTP, each code once, for QA and admin), with a running gateway from outside.
Codes are reckoned here by Python's hmac from the secret, by RFC 6238."""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import stat
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
from outside import ASSAY, finish  # noqa: E402
from people import Gateway, Person, ok, password  # noqa: E402


def code(secret, ahead=0):
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 + ahead), hashlib.sha1).digest()
    at = digest[19] & 15
    return "%06d" % ((struct.unpack(">I", digest[at:at + 4])[0] & 0x7FFFFFFF) % 1000000)


def wrong_code(secret):
    near = {code(secret, n) for n in range(-3, 4)}
    return next(one for one in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777") if one not in near)


def log_in(gateway, user, **more):
    status, headers, body = gateway.call("POST", "/api/v1/session", dict({"user": user, "password": password(user)}, **more))
    return status, headers, body


def time_passes(gateway):
    """The same rows as if the last code were an old one, so that nothing waits for the next half minute."""
    database = sqlite3.connect(f"{gateway.folder}/keys/people.db", timeout=10)
    database.execute("UPDATE second_factor SET step=1")
    database.commit()
    database.close()


def set_up(person, **more):
    at = f"/api/v1/users/{person.user}/second-factor"
    status, _, body = person.call("POST", at, dict(more), signed=True)
    ok(status == 200, f"S19 {person.user} gets a secret", body)
    secret = body["second_factor"]["secret"]
    status, _, body = person.call("POST", f"{at}/confirm", {"code": code(secret)})
    ok(status == 200 and body["user"]["second_factor"] is True, f"S19 {person.user}'s first code turns it on", body)
    return secret


def wanted_by_the_configuration(gateway):
    """An administrator has to have one: until then he can set it up and do nothing else."""
    once = open(f"{gateway.folder}/run/first-admin").read().strip()
    status, headers, body = gateway.call("POST", "/api/v1/first-admin", {"code": once, "user": "root-a", "name": "王管理", "new_password": password("root-a")})
    ok(status == 200 and body["second_factor_missing"] is True and body["rights"] == [], "S19 lab.xml wants one of an administrator", body)
    admin = Person(gateway, "root-a", password("root-a"))
    for method, path in (("GET", "/api/v1/lines"), ("GET", "/api/v1/users"), ("GET", "/api/v1/journal"), ("POST", "/api/v1/users"), ("POST", "/api/v1/tokens"),
                         ("GET", "/api/v1/events"), ("PUT", "/api/v1/users/root-a/password")):
        status, _, body = admin.call(method, path, {"new_password": password("other")} if method == "PUT" else None, signed=method != "GET")
        ok(status == 403 and body["code"] == "second-factor-missing", f"S19 without it no {method} {path}", (status, body))
    at = "/api/v1/users/root-a/second-factor"
    status, _, body = admin.call("POST", at)
    ok(status == 403 and body["code"] == "signature-needed", "S19 a secret is given for the password only", body)
    status, _, body = admin.call("POST", f"{at}/confirm", {"code": "123456"})
    ok(status == 401, "S19 no code counts before there is a secret", body)
    status, _, body = admin.call("POST", at, signed=True)
    ok(status == 200, "S19 a secret", body)
    secret, uri = body["second_factor"]["secret"], urllib.parse.urlparse(body["second_factor"]["uri"])
    ok(status == 200 and len(base64.b32decode(secret)) == 20, "S19 a secret of 160 bits", body)
    ok(uri.scheme == "otpauth" and uri.netloc == "totp" and uri.path.endswith(":root-a") and urllib.parse.parse_qs(uri.query)["secret"] == [secret],
       "S19 as authenticators read it", uri)
    status, _, body = log_in(gateway, "root-a")
    ok(status == 200, "S19 what is not confirmed is not asked for", body)
    status, _, body = admin.call("POST", f"{at}/confirm", {"code": wrong_code(secret)})
    ok(status == 401 and body["code"] == "second-factor-refused", "S19 a wrong first code turns nothing on", body)
    status, _, body = admin.call("POST", f"{at}/confirm", {"code": code(secret)})
    ok(status == 200, "S19 the first code turns it on", body)
    status, _, body = admin.call("GET", "/api/v1/session")
    ok(body["second_factor"] is True and body["second_factor_missing"] is False and "user.add" in body["rights"], "S19 and the rights are there", body)
    return admin, secret


def asked_for_at_login(gateway, secret):
    status, _, body = log_in(gateway, "root-a")
    ok(status == 401 and body["code"] == "second-factor-needed", "S19 the password alone logs nobody in", body)
    status, _, body = gateway.call("POST", "/api/v1/session", {"user": "root-a", "password": "surely-wrong-1", "code": code(secret, 1)})
    ok(status == 401 and body["code"] == "login-refused", "S19 nor the code alone", body)
    status, _, body = log_in(gateway, "root-a", code=code(secret))
    ok(status == 401 and body["code"] == "second-factor-refused", "S19 the code that turned it on counts no more", body)
    fresh = code(secret, 1)
    status, _, body = log_in(gateway, "root-a", code=fresh)
    ok(status == 200, "S19 the next one does", body)
    status, _, body = log_in(gateway, "root-a", code=fresh)
    ok(status == 401 and body["code"] == "second-factor-refused", "S19 and once only", body)
    gateway.stop()
    gateway.start()
    status, _, body = log_in(gateway, "root-a", code=fresh)
    ok(status == 401 and body["code"] == "second-factor-refused", "S19 after a restart too", body)
    for far in (-3, 3):
        status, _, body = log_in(gateway, "root-a", code=code(secret, far))
        ok(status == 401, f"S19 no code {far} steps away", body)


def others(gateway, admin):
    """Whom the configuration does not name may have one; nobody sets up or drops another's but an administrator, who drops it."""
    for user, roles in (("tech", "technician"), ("qa-1", "qa")):
        status, _, body = admin.call("POST", "/api/v1/users", {"user": user, "name": user, "roles": roles, "producer": "", "new_password": password(user)}, signed=True)
        ok(status == 200 and body["user"]["second_factor"] is False, f"{user} is added", body)
    tech, qa = Person(gateway, "tech", password("tech")), Person(gateway, "qa-1", password("qa-1"))
    ok(tech.call("GET", "/api/v1/lines")[0] == 200 and qa.call("GET", "/api/v1/lines")[0] == 403, "S19 QA needs one here, a technician does not")
    secrets = [set_up(tech), set_up(qa)]
    ok(qa.call("GET", "/api/v1/lines")[0] == 200, "S19 QA works with it")
    status, _, body = qa.call("POST", "/api/v1/users/qa-1/second-factor", signed=True)
    ok(status == 401 and body["code"] == "second-factor-needed", "S19 another secret only for a code of the present one", body)
    time_passes(gateway)
    again = set_up(qa, code=code(secrets[1]))
    status, _, body = log_in(gateway, "qa-1", code=code(secrets[1], 1))
    ok(status == 401, "S19 then the old device counts no more", body)
    secrets.append(again)
    for who, what, more in ((admin, "", {}), (admin, "/confirm", {"code": code(secrets[0], 1)}), (qa, "/drop", {"reason": "x"}), (tech, "/drop", {"reason": "x"})):
        status, _, body = who.call("POST", f"/api/v1/users/tech/second-factor{what}", more, signed=True)
        if what == "/confirm":
            status, _, body = who.call("POST", f"/api/v1/users/tech/second-factor{what}", more)
        ok(status == 403 and body["code"] == "not-allowed", f"S19 {who.user} does no {what or 'set-up'} at another's", (status, body))
    seen = []
    wait_s = 0
    while len(seen) < 15 and wait_s < 4:  # long enough for one more login on the slowest machine
        time.sleep(wait_s)
        status, headers, body = log_in(gateway, "tech", code=wrong_code(secrets[0]))
        seen.append((status, body["code"]))
        wait_s = int(headers["Retry-After"]) if status == 429 else 0
    ok(seen[:5] == 5 * [(401, "second-factor-refused")] and seen[-1] == (429, "too-many-tries"), "S19 wrong codes cost time after five", seen)
    status, _, body = log_in(gateway, "tech", code=code(secrets[0], 1))
    ok(status == 429, "S19 a right one too then", body)
    return tech, qa, secrets


def recovery(gateway, admin, tech, qa):
    status, _, body = admin.call("POST", "/api/v1/users/tech/second-factor/drop", {"reason": "手机丢失"})
    ok(status == 403 and body["code"] == "signature-needed", "S19 taking one off is signed", body)
    status, _, body = admin.call("POST", "/api/v1/users/tech/second-factor/drop", {"reason": "手机丢失"}, signed=True)
    ok(status == 200 and body["user"]["second_factor"] is False, "S19 an administrator takes it off", body)
    ok(tech.call("GET", "/api/v1/session")[0] == 401, "S19 and every session ends")
    status, _, body = log_in(gateway, "tech")
    ok(status == 200, "S19 the password alone logs in again", body)
    rc, out, err = gateway.command("user", "second-factor-off", "qa-1", "--reason", "手机丢失", "--json")
    ok(rc == 0, "S19 the machine's own user takes one off", out + err)
    rc, out, err = gateway.command("user", "second-factor-off", "qa-1", "--reason", "x")
    ok(rc == 1, "S19 and not twice", out + err)
    status, _, body = log_in(gateway, "qa-1")
    ok(status == 200 and body["second_factor_missing"] is True, "S19 QA has to set one up again", body)


def in_the_journal(gateway, secrets):
    """What happened stands there; the secret stands in keys/people.db alone."""
    rows, found = [], []
    for file in sorted(os.listdir(f"{gateway.folder}/journal")):
        if file.endswith(".db"):
            database = sqlite3.connect(f"file:{gateway.folder}/journal/{file}?mode=ro", uri=True)
            rows += [json.loads(row[0]) for row in database.execute("SELECT body FROM entry") if row[0]]
            database.close()
    actions = [row["action"] for row in rows if str(row.get("action", "")).startswith("second-factor")]
    ok({"second-factor-on", "second-factor-off", "second-factor-refused"} == set(actions), "S19 what happened stands in the journal", actions)
    ok(any(row.get("action") == "second-factor-off" and row["reason"] == "手机丢失" and row["who"] == "root-a" and row["user"] == "tech" for row in rows), "S19 with who and why")
    for folder, _, files in os.walk(gateway.folder):
        for name in (one for one in files if stat.S_ISREG(os.lstat(os.path.join(folder, one)).st_mode) and not one.startswith("people.db")):
            with open(os.path.join(folder, name), "rb") as file:
                content = file.read()
            found += [name for one in secrets if one.encode() in content or base64.b32decode(one) in content]
    ok(not found, "S19 S31 no secret in any other file or log", found)
    database = sqlite3.connect(f"file:{gateway.folder}/keys/people.db?mode=ro", uri=True)
    ok([row[0] for row in database.execute("SELECT user FROM second_factor WHERE counts=1")] == ["root-a"], "S19 what was taken off is gone")
    database.close()


def without_the_secrets(gateway, secret):
    """As after a restore, whose backup holds no secrets: nobody gets in by a password alone until the factor is taken off."""
    gateway.stop()
    os.remove(f"{gateway.folder}/keys/people.db")
    gateway.start()
    rc, out, err = gateway.command("user", "password", "root-a", "--reason", "恢复", stdin=password("root-a") + "\n")
    ok(rc == 0, "S19 a new password from the machine", out + err)
    status, _, body = log_in(gateway, "root-a")
    ok(status == 401 and body["code"] == "second-factor-needed", "S19 the journal says that there is a factor", body)
    status, _, body = log_in(gateway, "root-a", code=code(secret))
    ok(status == 401 and body["code"] == "second-factor-refused", "S19 and no code is right without its secret", body)
    rc, out, err = gateway.command("user", "second-factor-off", "root-a", "--reason", "恢复")
    ok(rc == 0, "S19 it is taken off from the machine", out + err)
    status, _, body = log_in(gateway, "root-a")
    ok(status == 200 and body["second_factor_missing"] is True, "S19 and he sets it up again", body)


def main():
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(f"{folder}/d", web='<web second-factor="admin qa"/>')
        try:
            admin, secret = wanted_by_the_configuration(gateway)
            asked_for_at_login(gateway, secret)
            tech, qa, secrets = others(gateway, admin)
            recovery(gateway, admin, tech, qa)
            _, _, before = admin.call("GET", "/api/v1/users")
            gateway.stop()
            in_the_journal(gateway, [secret, *secrets])
            ok(subprocess.run([ASSAY, "rebuild", "-d", gateway.folder], capture_output=True, timeout=60).returncode == 0, "the state is made again")
            gateway.start()
            _, _, after = admin.call("GET", "/api/v1/users")
            ok(before == after and [one["second_factor"] for one in after["users"]] == [False, True, False], "S19 and says the same", (before, after))
            time_passes(gateway)
            status, _, body = log_in(gateway, "root-a", code=code(secret))
            ok(status == 200, "S19 and the code still counts", body)
            without_the_secrets(gateway, secret)
            gateway.stop()
            with open(f"{gateway.folder}/lab.xml", "w") as file:
                file.write('<lab site="t" origin="t.example/log" name-zh="试" name-en="trial" listen="127.0.0.1:0"><web second-factor="king"/></lab>\n')
            ok(subprocess.run([ASSAY, "serve", "-d", gateway.folder], capture_output=True, timeout=30).returncode == 1, "a role that is none is refused")
        finally:
            if gateway.process.poll() is None:
                gateway.process.kill()
    sys.exit(finish())


if __name__ == "__main__":
    main()
