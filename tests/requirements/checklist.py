# SPDX-License-Identifier: Apache-2.0
"""Points of the security checklist that no other test shows whole, with a running gateway from outside: S01, S02, S03, S05, S06, S21, S22,
S23, S30, S31. And that SECURITY.md says of each point which test shows it, and that test names it. Expected: RFC 9110 and 9112, OWASP
ASVS 5.0 where the checklist cites it."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
from outside import Sim, finish, wait_for  # noqa: E402
from people import BATCH, CANARY, Gateway, Person, first_admin, ok, password  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BALANCE = """<sim protocol="text" serial="B612345678"><answer to="I4\\r\\n" send='I4 A "{serial}"\\r\\n'/><answer to="I2\\r\\n" send='I2 A "XPR205"\\r\\n'/>
<answer to="SI\\r\\n" send="S S     100.00 g\\r\\n"/></sim>"""


def line(folder):
    """A balance that is asked every second, and what stands of it in lab.xml."""
    script, port = f"{folder}/balance.xml", f"{folder}/com1"
    with open(script, "w", encoding="utf-8") as file:
        file.write(BALANCE)
    return Sim(script, "--link", port), (f'<line id="com1" name-zh="x" name-en="x"><serial port="{port}"/><instrument id="scale" name-zh="x" name-en="x" '
                                         'spec="mettler-mt-sics" serial="B612345678" every="1s"/></line>')


def raw(gateway, data, seconds=5):
    """Everything that comes back until the other side hangs up; and whether it did."""
    with socket.create_connection((gateway.host, gateway.port), seconds) as one:
        one.sendall(data)
        got = b""
        try:
            while True:
                some = one.recv(65536)
                if not some:
                    return got, True
                got += some
        except OSError as error:
            return got, not isinstance(error, TimeoutError)


def smuggling(gateway, person):
    """S01, S02: two ways to say how long a body is, or none of them ours: refused, and nothing after it is a request."""
    who = f"Host: localhost\r\nCookie: {person.cookie}\r\nX-CSRF-Token: {person.csrf}\r\nContent-Type: application/json\r\n"
    inside = f"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\nCookie: {person.cookie}\r\n\r\n"
    for name, head in (("both lengths", f"Content-Length: {len(inside) + 5}\r\nTransfer-Encoding: chunked\r\n"), ("two lengths", f"Content-Length: 0\r\nContent-Length: {len(inside)}\r\n"),
                       ("a length that is none", "Content-Length: 1x\r\n"), ("a negative length", "Content-Length: -1\r\n"), ("chunks", "Transfer-Encoding: chunked\r\n")):
        got, ended = raw(gateway, (f"POST /api/v1/batches HTTP/1.1\r\n{who}{head}\r\n" + ("0\r\n\r\n" if "chunked" in head else "") + inside).encode())
        status = int(got[9:12] or b"0")
        ok(status in ((411, 400) if name == "chunks" else (400,)) and set(re.findall(rb"HTTP/1.1 (\d)", got)) == {b"4"} and ended, f"S01 S02 {name}: refused and hung up", got[:300])
    # a bare LF ends a line for libmicrohttpd, which RFC 9112 section 2.2 lets it; what could be smuggled by it is refused all the same
    for name, head in (("a second length", f"Content-Length: 0\nContent-Length: {len(inside)}\r\n"), ("a length and chunks", f"Content-Length: {len(inside)}\nTransfer-Encoding: chunked\r\n"),
                       ("a length in a value", f"X: 1\nContent-Length: {len(inside)}\r\nContent-Length: 0\r\n")):
        got, ended = raw(gateway, (f"POST /api/v1/batches HTTP/1.1\r\n{who}{head}\r\n" + inside).encode())
        ok(set(re.findall(rb"HTTP/1.1 (\d)", got)) == {b"4"} and ended, f"S01 bare LF before {name}: refused and hung up", got[:300])
    status, _, body = person.call("POST", "/api/v1/batches", "--x\r\n\r\n", Content_Type="multipart/form-data; boundary=x")
    ok(status == 415, "S02 multipart", body)


def memory(gateway, name):
    for child in open(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read().split():
        if open(f"/proc/{child}/comm").read().strip() == name:
            return next(int(row.split()[1]) for row in open(f"/proc/{child}/status") if row.startswith("VmRSS"))
    return 0


def sizes(gateway, person):
    """S03: too much is refused, again and again, and costs no memory."""
    big = {"Content-Type": "application/json", "Cookie": person.cookie, "X-CSRF-Token": person.csrf}
    seen, before = set(), 0
    for turn in range(120):
        if turn == 20:
            before = memory(gateway, "assay-web")
        got, _ = raw(gateway, (f"POST /api/v1/batches HTTP/1.1\r\nHost: localhost\r\n" + "".join(f"{k}: {v}\r\n" for k, v in big.items()) + "Content-Length: 70000\r\n\r\n").encode() + b"x" * 2000)
        seen.add(got[9:12])
        got, _ = raw(gateway, b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        seen.add(got[9:12])
        got, _ = raw(gateway, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(70)) + b"\r\n")
        seen.add(got[9:12])
    ok(seen == {b"413", b"414", b"431"}, "S03 body, address, headers", seen)
    ok(before and memory(gateway, "assay-web") - before < 1024, "S03 memory stays", (before, memory(gateway, "assay-web")))


def descriptors(gateway, person):
    """S05: every connection there can be is taken by strangers; readings come as before, and who is logged in is answered."""
    held = []
    try:
        for i in range(400):
            one = socket.socket()
            one.settimeout(2)
            try:
                one.bind((f"127.0.0.{2 + i % 20}", 0))
                one.connect((gateway.host, gateway.port))
                one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
                held.append(one)
            except OSError:
                one.close()
        begun = time.time()
        time.sleep(4)
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begun))
        status, _, body = person.call("GET", f"/api/v1/history?instrument=scale&channel=weight&from={since}")
        ok(status == 200 and len(body["readings"]) >= 3, "S05 readings go on", (status, body))
    finally:
        for one in held:
            one.close()


def no_file_by_address(gateway, folder):
    """S06: whatever the address says, the web process opens no file for it (seen under strace)."""
    web = next(child for child in open(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read().split()
               if open(f"/proc/{child}/comm").read().strip() == "assay-web")
    trace = f"{folder}/trace"
    strace = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=open,openat,openat2,stat,newfstatat,readlink", "-o", trace, "-p", web], stderr=subprocess.DEVNULL)
    if not wait_for(lambda: os.path.exists(trace) and "t" in next(row for row in open(f"/proc/{web}/status") if row.startswith("State")) or strace.poll() is not None, 2) and strace.poll() is not None:
        print("strace cannot trace here: opened files were not looked at")
        return
    wait_for(lambda: not next(row for row in open(f"/proc/{web}/status") if row.startswith("TracerPid")).endswith("\t0\n"), 5)
    for path in ("/../etc/passwd", "/ui/../../etc/passwd", "/ui/%2e%2e/%2e%2e/etc/passwd", "/ui/%252e%252e%252fetc/passwd", "/ui/..%c0%af..%c0%afetc/passwd", "/ui/..\\..\\etc\\passwd",
                 "/ui/app.js%00.html", "//etc/passwd", "/state.db", "/keys/people.db", "/ui/....//....//etc/passwd", "/api/v1/batches/..%2f..%2fkeys", "/ui/file:///etc/passwd", "/ui/app.js/../../state.db"):
        got, _ = raw(gateway, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        ok(got[9:12] in (b"404", b"400", b"401"), f"S06 {path}", got[:100])
    strace.terminate()
    strace.wait(10)
    opened = [row for row in open(trace, errors="replace") if re.search(r'"[^"]*(etc|passwd|people|/ui/|app\.js)', row)]
    ok(not opened, "S06 nothing is opened", opened[:3])


def headers(gateway, person):
    """S21, S23: what every answer carries."""
    status, page, _ = gateway.call("GET", "/")
    policy = {part.split()[0]: part.split()[1:] for part in page["Content-Security-Policy"].split(";") if part.strip()}
    ok(policy["default-src"] == policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == policy["form-action"] == ["'none'"], "S21 none", policy)
    ok(policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"] and "unsafe" not in page["Content-Security-Policy"], "S21 one's own and nothing inline", policy)
    for path in ("/api/v1/batches", "/api/v1/session", "/api/v1/nowhere", "/"):
        status, said, _ = person.call("GET", path, Origin="https://evil.example")
        ok(said["Referrer-Policy"] == "no-referrer" and not any(name.lower().startswith("access-control-") for name in said), f"S23 {path}", dict(said))
        ok(path == "/" or said["Cache-Control"] == "no-store", f"S23 {path} is not kept", said["Cache-Control"])


def inert(gateway, admin):
    """S22: what people and instruments write is text wherever it comes out. The PDF refuses marks that turn the direction (tests/report)."""
    status, _, body = admin.call("POST", "/api/v1/users", {"user": "tech", "name": "tech", "roles": "technician", "producer": "", "new_password": password("tech")}, signed=True)
    ok(status == 200, "a technician", body)
    tech = Person(gateway, "tech", password("tech"))
    for name in ("<script>alert(1)</script>", "=HYPERLINK(\"http://evil\")", "\"quoted\", 'twice'", "+1+1"):
        status, said, body = tech.call("POST", "/api/v1/batches", dict(BATCH, name=name, lot=name[:20]))
        ok(status == 200 and body["batch"]["name"] == name and said["Content-Type"].startswith("application/json"), f"S22 {name}: as it was typed in JSON", body)
    status, said, table = tech.call("GET", "/api/v1/batches?format=csv")
    ok("'=HYPERLINK" in table and "'+1+1" in table and ",=" not in table and ",+1" not in table, "S22 no formula in a table", table[:400])
    for unseen in "\u202e\u2066\u200b\u200f\u00ad\ufeff\u0085\U000e0041":
        status, _, body = tech.call("POST", "/api/v1/batches", dict(BATCH, name=f"不{unseen}格合"))
        ok(status == 422 and body["code"] == "field-invalid", f"S22 {unseen!r} is refused", (status, body))
    status, _, body = tech.call("POST", "/api/v1/batches", dict(BATCH, name="𠮷野家 café ½"))
    ok(status == 200, "S22 letters of every plane are taken", (status, body))


def kept_apart(gateway):
    """S30, S31: no role leaves a core file, or lets others of its user look into it; the web process opens no key (test_confine tries it)."""
    for child in open(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read().split():
        name = open(f"/proc/{child}/comm").read().strip()
        core = next(row for row in open(f"/proc/{child}/limits") if row.startswith("Max core file size")).split()
        ok(core[4] == "0", f"S31 {name} leaves no core file", core)
        if name == "assay-web":
            opened = [os.readlink(f"/proc/{child}/fd/{fd}") for fd in os.listdir(f"/proc/{child}/fd")]
            ok(not any("/keys/" in one and "web-" not in one for one in opened), "S30 the web process holds no key open", opened)


def canary(gateway, folder):
    """S31: no part of a password, session or token in an error page, a log or what the metrics say."""
    seen = []
    for method, path, body, sent in (("POST", "/api/v1/session", {"user": CANARY, "password": CANARY}, {}), ("POST", "/api/v1/session", f'{{"user": "{CANARY}', {"Content-Type": "application/json"}),
                                     ("GET", f"/api/v1/{CANARY}", None, {}), ("GET", "/api/v1/session", None, {"Authorization": f"Bearer {CANARY}"}), ("GET", "/metrics", None, {}),
                                     ("GET", "/api/v1/session", None, {"Cookie": f"assay={CANARY}"})):
        _, said, answer = gateway.call(method, path, body, sent)
        seen.append(json.dumps(answer) + str(said))
    ok(not any(CANARY in one for one in seen), "S31 not in an answer", [one for one in seen if CANARY in one])
    ok(CANARY not in open(f"{gateway.folder}/stderr", errors="replace").read(), "S31 not in the log")


def said_where():
    """SECURITY.md names for each point the tests that show it; each of them names the point."""
    with open(f"{ROOT}/SECURITY.md", encoding="utf-8") as file:
        rows = {row.split("|")[1].strip(): re.findall(r"tests/[\w./]+", row) for row in file if re.match(r"\| S\d\d ", row)}
    ok(set(rows) == {f"S{n:02}" for n in range(1, 32)}, "every point has a row", sorted(rows))
    for point, tests in rows.items():
        named = [one for one in tests if os.path.isfile(f"{ROOT}/{one}") and re.search(rf"\b{point}\b", open(f"{ROOT}/{one}", encoding="utf-8").read())]
        ok(tests and named == tests, f"{point} is shown where SECURITY.md says", (tests, named))


def main():
    said_where()
    with tempfile.TemporaryDirectory() as folder:
        balance, web = line(folder)
        gateway = Gateway(f"{folder}/d", web=web)
        try:
            admin = first_admin(gateway)
            smuggling(gateway, admin)
            sizes(gateway, admin)
            headers(gateway, admin)
            inert(gateway, admin)
            kept_apart(gateway)
            canary(gateway, folder)
            no_file_by_address(gateway, folder)
            descriptors(gateway, admin)
        finally:
            if gateway.process.poll() is None:
                gateway.process.kill()
            balance.end()
    sys.exit(finish())


if __name__ == "__main__":
    main()
