# SPDX-License-Identifier: Apache-2.0
"""assay key change on a running gateway. What is expected comes from assay-journal.5 (Keys) and from tests/verify.py, the second
reader, which checks every signature with PyNaCl; who may do it from DESIGN.md (an administrator, with his password)."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [TESTS, os.path.join(TESTS, "requirements")]
from outside import ASSAY, finish  # noqa: E402
from people import Gateway, Person, ok  # noqa: E402

PASSWORD = "fünf Wörter ohne Zusammenhang"
REASON = 'yearly "change" \\ 换钥'


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def entries(gateway, *options):
    _, out, _ = gateway.command("journal", "--json", *options)
    return [json.loads(line) for line in out.splitlines()]


def holds(folder, *options):
    for command in ([ASSAY, "verify", folder], [os.path.join(TESTS, "verify.py"), folder]):
        done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
        ok(done.returncode == 0, f"{command[0]} {options}", done.stdout + done.stderr)


def refused(gateway, people):
    key = read(gateway.folder, "keys", "origin.key")
    for who, want in (("tech", "not-allowed"), ("boss", "signature-needed")):
        status, _, body = people[who].call("POST", "/api/v1/journal/key", {"reason": "because"})
        ok(status == 403 and body["code"] == want, f"{who} is refused", (status, body))
    status, _, body = people["tech"].call("POST", "/api/v1/journal/key", {"reason": "because"}, signed=True)
    ok(status == 403 and body["code"] == "not-allowed", "a technician with his password, too", (status, body))
    status, _, body = people["boss"].call("POST", "/api/v1/journal/key", {"reason": ""}, signed=True)
    ok(status == 422, "an administrator without a reason", (status, body))
    code, _, said = gateway.command("key", "change")
    ok(code == 2, "the command without a reason", (code, said))
    code, _, said = gateway.command("key", "change", "--reason", "")
    ok(code == 1 and "reason" in said, "or with an empty one", (code, said))
    ok(read(gateway.folder, "keys", "origin.key") == key and not os.path.exists(f"{gateway.folder}/keys/origin.first.pub"), "nothing changed")


def changed(gateway, before, answer, who):
    """Files, entry and checkpoint after a change; the new public key."""
    keys = f"{gateway.folder}/keys"
    now = read(keys, "origin.pub").decode().strip()
    ok(answer["key"] == now and answer["before"] == before != now, "the answer names both public keys", answer)
    ok(sorted(name for name in os.listdir(keys) if name.startswith("origin")) == ["origin.first.pub", "origin.key", "origin.pub"], "no other key file is left", os.listdir(keys))
    ok(stat.S_IMODE(os.stat(f"{keys}/origin.key").st_mode) == 0o600, "the new secret key is its owner's alone")
    told = [entry["body"] for entry in entries(gateway, "--from", "0") if entry["kind"] == "key"]
    ok([body.get("key") for body in told[-2:]] == [now, None], "the journal announces it, and says that it is done", told)
    ok(told[-2]["who"] == who and told[-2]["reason"] == REASON, "who and why", told[-2])
    note = read(gateway.folder, "journal", "checkpoint").decode()
    ok(int(note.splitlines()[1]) == answer["size"], "the checkpoint beside the journal is over the change", note)
    return now


def scenario(gateway, folder):
    for user, role in (("boss", "admin"), ("tech", "technician")):
        code, _, said = gateway.command("user", "add", user, "--name", user, "--role", role, stdin=PASSWORD + "\n")
        ok(code == 0, f"{user} is added", said)
    gateway.stop()  # signs a checkpoint
    gateway.start()
    people = {user: Person(gateway, user, PASSWORD) for user in ("boss", "tech")}
    refused(gateway, people)
    older = f"{folder}/older.note"
    shutil.copy(f"{gateway.folder}/journal/checkpoint", older)
    first = read(gateway.folder, "keys", "origin.pub").decode().strip()
    secret = read(gateway.folder, "keys", "origin.key")

    code, out, said = gateway.command("key", "change", "--reason", REASON, "--json")
    ok(code == 0, "the key changes by the command", said)
    answer = json.loads(out)
    second = changed(gateway, first, answer.get("changed", answer), subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip())
    ok(read(gateway.folder, "keys", "origin.first.pub").decode().strip() == first, "the first public key stays")
    ok(secret[:32] not in read(gateway.folder, "keys", "origin.key"), "the old secret is gone")
    holds(gateway.folder)
    holds(gateway.folder, "--checkpoint", older)

    status, _, body = people["boss"].call("POST", "/api/v1/journal/key", {"reason": REASON}, signed=True)
    ok(status == 200, "and over HTTP, signed", (status, body))
    third = changed(gateway, second, body["changed"], "boss")
    _, out, _ = gateway.command("trail", "search", "--what", "key")
    ok("boss" in out and REASON in out, "the trail shows who and why", out)
    code, _, said = gateway.command("support-bundle", f"{folder}/help.tar")
    bundle = read(folder, "help.tar") if code == 0 else b""
    ok(third.encode() in bundle and b"yearly" not in bundle and b'"who"' not in bundle, "a support bundle has the change without who and why", said)
    gateway.stop()
    gateway.start()
    ok(read(gateway.folder, "keys", "origin.pub").decode().strip() == third, "a restart keeps the third key")
    gateway.stop()
    holds(gateway.folder, "--checkpoint", older)
    for number, key in enumerate((first, second, third)):
        with open(f"{folder}/given.pub", "w", encoding="ascii") as file:
            file.write(key + "\n")
        holds(gateway.folder, "--key", f"{folder}/given.pub")
        ok(re.fullmatch(r"t\.example/log\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+", key), f"key {number} is a C2SP verifier key", key)


def main():
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(f"{folder}/lab")
        try:
            scenario(gateway, folder)
        finally:
            if gateway.process.poll() is None:
                gateway.process.kill()
                gateway.process.wait()
    sys.exit(finish())


main()
