#!/usr/bin/env python3
"""Signed spec bundles: what is refused, and what a running gateway writes down. The independent tool is PyNaCl (libsodium by
another way in) with hashlib: it checks our signatures and makes hostile bundles that are rightly signed."""
import base64, hashlib, json, os, shutil, signal, sqlite3, subprocess, sys, tempfile, time

import nacl.signing

ASSAY = os.path.abspath(os.environ["ASSAY"])
home = tempfile.mkdtemp(prefix="assay-bundle-")
passed = failed = 0


def right(condition, what):
    global passed, failed
    passed, failed = passed + bool(condition), failed + (not condition)
    if not condition:
        print("WRONG:", what)


def assay(*words):
    done = subprocess.run([ASSAY, *words], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def refused(code, *words):
    rc, out, err = assay(*words, "--json")
    right(rc == 1 and json.loads(err.splitlines()[-1])["error"]["code"] == code, f"{words}: not {code}: {rc} {out[:200]} {err[:300]}")
    return err


def path(name):
    return f"{home}/{name}"


def bundle(*words):
    return ("spec", "bundle", *words, "--keys", path("keys"), "--approvers", path("approvers"))


SERVE = [ASSAY, "serve", "-d", path("d"), "--keys", path("keys"), "--approvers", path("approvers"), "--json"]
os.mkdir(path("keys")), os.mkdir(path("approvers"))
right(assay("spec", "bundle", "key", path("vendor"))[0] == 0, "a key is made")
right(os.stat(path("vendor")).st_mode & 0o777 == 0o600, "its secret half is its owner's")
shutil.copy(path("vendor.pub"), path("keys/vendor.pub"))
right(assay("spec", "bundle", "make", path("b20"), "--serial", "20", "--key", path("vendor"))[0] == 0, "a bundle is made")

# what was signed, by another tool
public = nacl.signing.VerifyKey(base64.b64decode(open(path("vendor.pub")).read().split()[1]))
raw = open(path("b20"), "rb").read()
digest = hashlib.sha256(raw).hexdigest()
public.verify(f"assay-specs-bundle {digest}\n".encode(), base64.b64decode(open(path("b20.sig")).read().split()[1]))
head, _, files = raw.partition(b"\n\n")
rows = [line.split(b" ") for line in head.split(b"\n")[2:]]
right(head.startswith(b"assay-specs 1\nserial 20\n") and sum(int(r[1]) for r in rows) == len(files), "the head counts every byte")
right(hashlib.sha256(files[: int(rows[0][1])]).hexdigest() == rows[0][0].decode(), "the first file is its digest's")
rc, out, err = assay(*bundle("check", path("b20"), "--json"))
told = json.loads(out.splitlines()[0]) if rc == 0 else {}
right(told.get("signer") == "vendor" and told.get("sha256") == digest and told.get("changed") == [], f"check: {rc} {out} {err}")

# a flipped byte anywhere, and in the signature; another's key; none
for at in [0, 13, 14, len(head) - 3, len(head) + 2, len(raw) // 2, len(raw) - 1]:
    bad = bytearray(raw)
    bad[at] ^= 1
    open(path("flipped"), "wb").write(bad)
    shutil.copy(path("b20.sig"), path("flipped.sig"))
    text = refused("bundle-untrusted", *bundle("check", path("flipped")))
    right("nothing in it was read" in text, "it says that nothing was read")
signature = open(path("b20.sig")).read()
shutil.copy(path("b20"), path("signed-badly"))
for bad in [signature.replace("signature ", "signature A", 1), signature[:-10] + "\n", "", signature.replace("assay", "essay")]:
    open(path("signed-badly.sig"), "w").write(bad)
    refused("bundle-untrusted", *bundle("check", path("signed-badly")))
os.unlink(path("signed-badly.sig"))
refused("bundle-untrusted", *bundle("check", path("signed-badly")))
assay("spec", "bundle", "key", path("stranger"))
assay("spec", "bundle", "make", path("strange"), "--serial", "21", "--key", path("stranger"))
refused("bundle-untrusted", *bundle("check", path("strange")))
os.chmod(path("stranger"), 0o644)
refused("key-open", "spec", "bundle", "make", path("strange2"), "--serial", "22", "--key", path("stranger"))

# rightly signed and hostile
secret = nacl.signing.SigningKey(base64.b64decode(open(path("vendor")).read().split()[1])[:32])


def signed(name, content):
    open(path(name), "wb").write(content)
    text = f"assay-specs-bundle {hashlib.sha256(content).hexdigest()}\n".encode()
    open(path(name + ".sig"), "w").write("assay-specs-signature " + base64.b64encode(secret.sign(text).signature).decode() + "\n")
    return path(name)


def made(names, serial=b"30", body=b"<x/>", length=None, tail=b""):
    row = b"%s %d " % (hashlib.sha256(body).hexdigest().encode(), len(body) if length is None else length)
    return b"assay-specs 1\nserial " + serial + b"\n" + b"".join(row + n + b"\n" for n in names) + b"\n" + body * len(names) + tail


for number, name in enumerate([b"../../etc/passwd", b"/etc/x.xml", b"standards/../x.xml", b"standards/.x.xml", b"standards/a/b.xml",
                               b"standards/a.so", b"drivers/a.xml", b"standards/A.xml", b"standards/a b.xml", b"standards/a\\b.xml",
                               b"standards/" + b"a" * 100 + b".xml", b"a.xml", b"", b"standards/", b"standards/.xml",
                               b"standards/a.xml\0.xml", b"standards/\xe4\xb8\xad.xml", b"standards/a.xml\r"]):
    refused("bundle-damaged", *bundle("install", signed(f"hostile{number}", made([name])), "--reason", "x", "-d", path("d"), "--yes"))
for what, content in {"twice": made([b"standards/a.xml", b"standards/a.xml"]), "order": made([b"standards/b.xml", b"standards/a.xml"]),
                      "short": made([b"standards/a.xml"], length=5), "long": made([b"standards/a.xml"], tail=b"!"),
                      "huge": made([b"standards/a.xml"], length=99999999999999999), "negative": made([b"standards/a.xml"], length=-4),
                      "serial": made([b"standards/a.xml"], serial=b"0"), "sign": made([b"standards/a.xml"], serial=b"-3"),
                      "no end": b"assay-specs 1\nserial 30\n", "empty": b"", "other": b"\x1f\x8b\x08" + bytes(40)}.items():
    refused("bundle-damaged", *bundle("check", signed("odd-" + what.replace(" ", ""), content)))
right(not os.path.exists(path("d/specs")) and not os.path.exists("/etc/x.xml"), "nothing of all this was unpacked")
rc, out, err = assay(*bundle("check", signed("noxml", made([b"standards/a.xml"], body=b"<!DOCTYPE x><x/>"))), "--json")
right(rc == 1 and "bundle" not in json.loads(err.splitlines()[-1])["error"]["code"], f"files that are no specs are refused: {rc} {err}")

# into a laboratory that runs
os.mkdir(path("d"), 0o700)
with open(path("d/lab.xml"), "w") as file:
    file.write('<lab site="t" origin="t.example" name-zh="测" name-en="t" listen=""></lab>')
gateway = subprocess.Popen(SERVE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=open(path("gateway.err"), "w"), text=True)
try:
    gateway.stdout.readline()
    product = next(n for n in sorted(r[2].decode() for r in rows) if n.startswith("products/"))
    specs = tempfile.mkdtemp(dir=home)
    at = 0
    changed = []
    for row in rows:  # the same specs, one with a comment at its end
        content = files[at: at + int(row[1])]
        at += int(row[1])
        changed.append((row[2], content + (b"<!-- reviewed -->\n" if row[2].decode() == product else b"")))
    new = b"assay-specs 1\nserial 25\n" + b"".join(b"%s %d %s\n" % (hashlib.sha256(c).hexdigest().encode(), len(c), n) for n, c in changed)
    new = signed("b25", new + b"\n" + b"".join(c for _, c in changed))
    rc, out, err = assay(*bundle("install", new, "--reason", "a review", "-d", path("d"), "--json"))
    told = [json.loads(line) for line in out.splitlines()]
    right(rc == 0 and told[0]["changed"] == [product] and told[1] == {"results": 0, "changes": []} and not os.path.exists(path("d/specs")),
          f"what would change is shown before, and nothing is installed: {rc} {out} {err}")
    rc, out, err = assay(*bundle("install", new, "--reason", "a review", "-d", path("d"), "--yes"))
    right(rc == 0 and os.readlink(path("d/specs/current")) == "25", f"with --yes it is: {rc} {out} {err}")
    rc, out, err = assay("reload", "-d", path("d"), "--reason", "new specs")
    right(rc == 0, f"reload: {rc} {err}")

    def journal():
        db = sqlite3.connect(f"file:{path('d')}/journal/0001.db?mode=ro", uri=True)
        return [(int.from_bytes(h[4:6], "big"), json.loads(b)) for h, b in db.execute("SELECT header, body FROM entry ORDER BY seq")]

    want = hashlib.sha256(dict(changed)[product.encode()]).hexdigest()
    entries = journal()
    config = [b for k, b in entries if k == 4][-1]
    right([b["sha256"] for k, b in entries if k == 5 and b["path"] == product][-1] == want, "the journal has the new file's digest")
    right(config["reason"] == "new specs" and config["specs"]["serial"] == 25 and config["specs"]["signer"] == "vendor" and
          config["specs"]["sha256"] == hashlib.sha256(open(new, "rb").read()).hexdigest() and config["specs"]["reason"] == "a review",
          f"and which bundle, by whom and why: {config}")

    # a batch registered under 25 is judged by it, whatever comes in force before its verdict
    def ask(*words):
        rc, out, err = assay(*words, "-d", path("d"), "--json")
        right(rc == 0, f"{words}: {err}")
        return json.loads(out) if rc == 0 else {}

    def intake(lot):
        return ask("batch", "new", "--product", "puffed-snack", "--name", "锅巴", "--producer", "禾香", "--lot", lot, "--produced",
                   "2026-11-20", "--test", "moisture")["batch"]

    def weigh(batch):  # 5.44 g/100g: the figures of tests/unit/lab_play.h; no oven is watched here
        for slot, values in (("m3", ("20.1127", "21.7046")), ("m1", ("23.1486", "24.8962")), ("m2", ("22.9873", "24.7266")),
                             ("m2", ("22.9849", "24.7227")), ("m2", ("22.9841", "24.7219"))):
            for replicate, value in enumerate(values, 1):
                ask("test", "enter", f"{batch}.1", slot, f"{value} g", "--replicate", str(replicate), "--reason", "typed")

    old = intake("L1")
    stricter = [(n, c.replace("≤7 g/100g\" upper=\"7\"".encode(), "≤3 g/100g\" upper=\"3\"".encode()) if n.endswith(b"gb-17401-2014.xml") else c)
                for n, c in changed]
    right(stricter != changed, "the limit of GB 17401 is another")
    text = b"assay-specs 1\nserial 26\n" + b"".join(b"%s %d %s\n" % (hashlib.sha256(c).hexdigest().encode(), len(c), n) for n, c in stricter)
    strict = signed("b26", text + b"\n" + b"".join(c for _, c in stricter))
    right(assay(*bundle("install", strict, "--reason", "stricter", "-d", path("d"), "--yes"))[0] == 0, "26 is installed")
    gateway.send_signal(signal.SIGHUP)
    for _ in range(200):
        if [b for k, b in journal() if k == 4][-1]["specs"]["serial"] == 26:
            break
        time.sleep(0.05)
    fresh = intake("L2")
    for batch in (old, fresh):
        weigh(batch)
    sets = {b["sha256"]: b for k, b in journal() if k == 48}
    for batch, serial, limit, files in ((old, 25, "≤7 g/100g", changed), (fresh, 26, "≤3 g/100g", stricter)):
        shown = ask("batch", "show", batch)
        listed = "".join(f"{hashlib.sha256(c).hexdigest()}  {n.decode()}\n" for n, c in sorted(files)
                         if n.split(b"/")[0] in (b"categories", b"standards", b"analytes", b"methods", b"products") and n.endswith(b".xml"))
        set_digest = hashlib.sha256(listed.encode()).hexdigest()
        right(shown["specs"]["sha256"] == set_digest and shown["specs"]["serial"] == serial and shown["specs"]["in_force"] == (serial == 26),
              f"{batch} tells its set: {shown['specs']}")
        verdict = shown["tests"][0]["result"]["verdict"]
        right(verdict["limit"] == limit, f"{batch} is judged by {limit}: {verdict['limit']}")
        right(len(sets[set_digest]["files"]) == listed.count("\n"), "the journal lists its files")
    traced = assay("trace", f"{old}.1.R1", "-d", path("d"))
    right(traced[0] == 0 and "≤7 g/100g" in traced[1], f"trace agrees: {traced}")
    right(assay("batch", "show", old, "-d", path("d"))[1].count("no longer in force") == 1, "and batch show says so")

    # every command that reads specs reads those in force there
    asked = ("judge", "--standard", "GB 17401-2014", "--category", "P.17401", "--analyte", "moisture", "--value", "5 g/100g", "--produced",
             "2026-11-20", "--json")
    right(json.loads(assay(*asked)[1])["verdict"] == "pass", "judge by what came with the program")
    right(json.loads(assay(*asked, "-d", path("d"))[1])["verdict"] == "fail", "judge by the bundle of the directory")
    planned = json.loads(assay("plan", "puffed-snack", "--produced", "2026-11-20", "-d", path("d"), "--json")[1])
    right("≤3 g/100g" in json.dumps(planned, ensure_ascii=False), f"plan: {str(planned)[:300]}")
    os.chmod(path("d/specs/26"), 0o777)
    found = [f for f in json.loads(assay("doctor", "-d", path("d"), "--json")[1])["findings"] if f["code"] == "specs-unreadable"]
    right(found and "specs/26" in found[0]["text_en"], "doctor looks at the specs in force")
    os.chmod(path("d/specs/26"), 0o700)

    # an older one, put there past the installer: the recorder refuses it, and goes on with what it has
    def point_at(name):
        os.path.lexists(path("d/specs/current")) and os.unlink(path("d/specs/current"))
        name and os.symlink(name, path("d/specs/current"))

    point_at("25")
    rc, out, err = assay("reload", "-d", path("d"), "--reason", "by hand", "--json")
    right(rc == 1 and json.loads(err)["error"]["code"] == "specs-older" and "26" in err, f"a reload with an older set: {rc} {err}")
    point_at(None)  # what came with the program is other than 25 and 26, and was in force at first
    rc, out, err = assay("reload", "-d", path("d"), "--reason", "by hand", "--json")
    right(rc == 1 and json.loads(err)["error"]["code"] == "specs-older", f"and with the first one: {rc} {err}")
    point_at("25")
    gateway.terminate()
    right(gateway.wait(30) == 0, "it ends")
    again = subprocess.run(SERVE, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    right(again.returncode == 1 and "specs-older" in again.stderr + again.stdout, f"a start with an older set: {again.returncode} {again.stderr[:300]}")
    point_at("26")
    gateway = subprocess.Popen(SERVE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=open(path("gateway.err"), "a"), text=True)
    gateway.stdout.readline()
    right(ask("batch", "show", old)["specs"]["serial"] == 25, "and with the newest it goes on, the older batch under its own")

    # back to 20: nobody, one, one under two names, two for another reason, two
    back = bundle("install", path("b20"), "--reason", "25 was wrong", "-d", path("d"), "--yes")
    refused("rollback-refused", *back)
    for person in ["anna", "bo"]:
        assay("spec", "bundle", "key", path(person))
        shutil.copy(path(person + ".pub"), path(f"approvers/{person}.pub"))
    shutil.copy(path("anna.pub"), path("approvers/anna2.pub"))
    assay("spec", "bundle", "key", path("outsider"))

    def agrees(person, name, reason):
        rc, _, err = assay(*bundle("approve", path("b20"), "--key", path(person), "--as", name, "--reason", reason))
        right(rc == 0, f"approve: {err}")

    agrees("anna", "anna", "25 was wrong")
    refused("rollback-refused", *back)
    agrees("anna", "anna-again", "25 was wrong")
    agrees("outsider", "outsider", "25 was wrong")
    agrees("bo", "bo-elsewhere", "for fun")
    text = refused("rollback-refused", *back)
    right("there are 1" in text, f"one person is one: {text}")
    right(os.readlink(path("d/specs/current")) == "26", "26 stays in force meanwhile")
    agrees("bo", "bo", "25 was wrong")
    rc, out, err = assay(*back)
    right(rc == 0 and os.readlink(path("d/specs/current")) == "20", f"two people: {rc} {err}")
    right(assay("reload", "-d", path("d"), "--reason", "back")[0] == 0, "reload")
    entries = journal()
    specs_now = [b for k, b in entries if k == 4][-1]["specs"]
    agreed = specs_now["approved"]
    right(specs_now["serial"] == 20 and specs_now["instead_of"] == 26 and len(agreed) == 2 and "bo" in [one["who"] for one in agreed],
          f"the journal names both: {specs_now}")
    for one in agreed:  # and holds what proves it, by another tool; an exception is a failure
        nacl.signing.VerifyKey(base64.b64decode(one["key"])).verify(
            f"assay-specs-rollback {specs_now['sha256']} 25 was wrong\n".encode(), base64.b64decode(one["signature"]))
    right(len({one["key"] for one in agreed}) == 2, "by two keys")
    public.verify(f"assay-specs-bundle {specs_now['sha256']}\n".encode(), base64.b64decode(specs_now["signature"]))
    right([b["sha256"] for k, b in entries if k == 5 and b["path"] == product][-1] != want, "and the older file is in force again")

    # SERIAL.json is as good as its signatures: whoever writes there past the installer convinces nobody
    honest = open(path("d/specs/25.json")).read()
    elsewhere = nacl.signing.SigningKey.generate()

    def by(key, sha256, reason):
        text = f"assay-specs-rollback {sha256} {reason}\n".encode()
        return {"who": "anna", "key": base64.b64encode(key.verify_key.encode()).decode(), "signature": base64.b64encode(key.sign(text).signature).decode()}

    def forged(code, what, **changes):
        open(path("d/specs/25.json"), "w").write(json.dumps(dict(json.loads(honest), **changes)))
        rc, out, err = assay("reload", "-d", path("d"), "--reason", "by hand", "--json")
        right(rc == 1 and json.loads(err)["error"]["code"] == code, f"{what}: {rc} {out} {err}")

    anna = nacl.signing.SigningKey(base64.b64decode(open(path("anna")).read().split()[1])[:32])
    of_25 = json.loads(honest)["sha256"]
    point_at("25")
    forged("specs-older", "names of two who agreed", approved=["anna", "bo"])
    forged("specs-older", "names without signatures", approved=[{"who": "anna"}, {"who": "bo"}])
    forged("specs-older", "their agreement to another bundle", approved=agreed, reason="25 was wrong")
    forged("specs-older", "one who agreed twice", approved=[by(anna, of_25, "a review")] * 2)
    forged("specs-older", "one and a stranger", approved=[by(anna, of_25, "a review"), by(elsewhere, of_25, "a review")])
    forged("specs-untrusted", "a number that was not signed", serial=99)
    forged("specs-untrusted", "no signature", signature=None)
    open(path("d/specs/25.json"), "w").write(honest)
    with open(path("d/specs/25/") + product, "ab") as file:
        file.write(b"<!-- another -->\n")
    forged("specs-untrusted", "a file that was changed")
    point_at("20")
    right(assay("reload", "-d", path("d"), "--reason", "as it was")[0] == 0, "and the rightful one goes on")
finally:
    gateway.terminate()
    right(gateway.wait(30) == 0, "it ends in good order")
rc, out, err = assay("verify", "--replay", path("d"))
right(rc == 0, f"verify: {out} {err}")
shutil.rmtree(home)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
