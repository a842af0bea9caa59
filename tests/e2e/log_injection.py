#!/usr/bin/env python3
"""S38, S39: what an instrument says about itself cannot write on a terminal or forge a line of a log; and the list of what the
programs are linked with is the loader's own (readelf is the independent tool)."""
import json, os, pty, re, shutil, subprocess, sys, tempfile, threading, time, tty

assay = os.path.abspath(os.environ.get("ASSAY", "build/assay"))
root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
home = tempfile.mkdtemp(prefix="assay-s38-")
passed = failed = 0
EVIL = b"B1\x1b[2J\x1b]0;x\x07\x08\rassay: everything is fine"  # an I4 with a byte beyond ASCII is no serial number (sics.c)


def ok(good, what):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAILED:", what)


def balance(master):
    held = b""
    while True:
        try:
            held += os.read(master, 256)
        except OSError:
            return
        while b"\n" in held:
            command, held = held.split(b"\n", 1)
            answer = {b"I4": b'I4 A "' + EVIL + b'"\r\n', b"@": b'I4 A "' + EVIL + b'"\r\n', b"I2": b'I2 A "\x1b[31m\x9b31m' + EVIL + b'"\r\n',
                      b"SI": b"S S   20.1127 g\x1b[1m\r\n", b"S": b"S S   20.1127 g\r\n"}.get(command.strip(), b"ES\x1b\r\n")
            os.write(master, answer)


master, slave = pty.openpty()
tty.setraw(slave)
threading.Thread(target=balance, args=(master,), daemon=True).start()
os.mkdir(home + "/d", 0o700)
with open(home + "/d/lab.xml", "w") as file:
    file.write(f'<lab site="t" origin="t.example" name-zh="测" name-en="t" listen=""><line id="com1" name-zh="一" name-en="one">'
               f'<serial port="{os.ttyname(slave)}"/><instrument id="b1" name-zh="天平" name-en="balance" spec="mettler-mt-sics" '
               f'every="1s"/></line></lab>')
log = open(home + "/log", "w")
gateway = subprocess.Popen([assay, "serve", "-d", home + "/d", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
try:
    gateway.stdout.readline()
    until = time.monotonic() + 15
    entries = b""
    while time.monotonic() < until and entries.count(b'"exchange"') < 4:
        entries = subprocess.run([assay, "journal", "-d", home + "/d"], capture_output=True).stdout
        entries += subprocess.run([assay, "journal", "-d", home + "/d", "--json"], capture_output=True).stdout
        time.sleep(0.2)
    ok(entries.count(b'"exchange"') >= 4, "the instrument is read")
    raw = subprocess.run([assay, "journal", "-d", home + "/d", "--raw", "--json"], capture_output=True).stdout
    ok(EVIL.hex().encode() in raw.lower(), "its bytes are in the journal, every one of them")
    control = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
    for words in (["journal"], ["journal", "--json"], ["status"], ["status", "--json"], ["line", "list"], ["line", "list", "--json"], ["doctor"],
                  ["trail"], ["alarm", "list"]):
        done = subprocess.run([assay, *words, "-d", home + "/d"], capture_output=True)
        found = control.search(done.stdout + done.stderr)
        ok(not found, f"S38 {' '.join(words)}: {found and (done.stdout + done.stderr)[max(0, found.start() - 40):found.end() + 10]}")
        ok(not re.search(rb"(?m)^assay: everything is fine", done.stdout + done.stderr), f"S38 {' '.join(words)}: no line of its own")
finally:
    gateway.terminate()
    gateway.wait(30)
log.close()
text = open(home + "/log", "rb").read()
ok(not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", text) and not re.search(rb"(?m)^assay: everything is fine", text), f"S38 the log: {text}")

build = os.path.dirname(assay)
files = [assay, build + "/assay-report"] + [f"{build}/drivers/{f}" for f in os.listdir(build + "/drivers")]
made = subprocess.run([root + "/packaging/sbom.sh", *files], capture_output=True, text=True)
listed = {c["name"]: c for c in json.loads(made.stdout or '{"components": []}')["components"]}
needed = set()
for file in files:
    needed |= set(re.findall(r"\(NEEDED\).*\[(.*)\]", subprocess.run(["readelf", "-dW", file], capture_output=True, text=True).stdout))
needed = {n for n in needed if not n.startswith("ld-linux")}
ok(len(needed) > 10 and needed <= set(listed), f"S39 each library the programs name is listed: {needed - set(listed)} {made.stderr}")
ok(all(c["version"] and not c["purl"].startswith("pkg:deb/debian/unknown") for c in listed.values()), "S39 with package and version")
shutil.rmtree(home)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
