#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Alarms go out: to a mail command of the site's choice (curl, speaking SMTP with a server made here) and to a web hook. The message is
read with Python's own email package, the hook's JSON with its json; expected alarms are what `assay alarm list` says."""

import email
import email.policy
import http.server
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ASSAY = os.environ.get("ASSAY", "build/assay")
passed = failed = 0
mails, posts, arguments = [], [], []


def ok(condition, what, more=""):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {what} {more}", flush=True)


def eventually(check, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until and not check():
        time.sleep(0.05)
    return check()


def smtp(server):
    """RFC 5321, as little of it as a client needs; one mail for each connection."""
    while True:
        connection, _ = server.accept()
        lines = connection.makefile("rb")
        say = lambda text: connection.sendall(text.encode() + b"\r\n")
        say("220 here")
        heard = []
        for line in iter(lines.readline, b""):
            heard.append(line.decode())
            word = line.split(b" ")[0].strip().upper()
            if word == b"DATA":
                say("354 go on")
                body = b""
                for row in iter(lines.readline, b".\r\n"):
                    body += row[1:] if row.startswith(b"..") else row
                mails.append((heard, body))
            say("221 bye" if word == b"QUIT" else "250 yes")
            if word == b"QUIT":
                break
        connection.close()


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        posts.append((self.path, self.headers["Content-Type"], json.loads(body)))
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                arguments.append(open(f"/proc/{pid}/cmdline", "rb").read())
            except OSError:
                pass
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def serve(folder):
    process = subprocess.Popen([ASSAY, "serve", "-d", folder, "--json"], stdout=subprocess.PIPE, stderr=open(f"{folder}/stderr", "ab"))
    ok(bool(process.stdout.readline()), "the gateway starts", open(f"{folder}/stderr").read())
    return process


def stop(process):
    process.send_signal(signal.SIGTERM)
    ok(process.wait(30) == 0, "and stops")


def alarms(folder):
    said = subprocess.run([ASSAY, "alarm", "list", "--json", "-d", folder], capture_output=True, text=True, timeout=30)
    return {row["alarm"] for row in json.loads(said.stdout)} if said.returncode == 0 else set()


def openssl(folder, *words):
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def authority(folder, name):
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "9", "-subj", f"/CN={name}")


def certificate(folder, name, issuer, host, days):
    """host's certificate, signed by issuer (itself when there is none), which ended yesterday when days is negative."""
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=hook")
    with open(f"{folder}/{name}.ext", "w") as file:
        file.write(f"subjectAltName={host}\n")
    signer = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial"] if issuer else ["-signkey", f"{name}.key"]
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signer, "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem")


def pinned_hook(folder):
    """S29: a hook is told only when its certificate is in order and signed by the authority that lab.xml names."""
    authority(folder, "right"), authority(folder, "other")
    cases = [("good", "right", "IP:127.0.0.1", 9, True), ("another name", "right", "DNS:elsewhere.example", 9, False),
             ("expired", "right", "IP:127.0.0.1", -1, False), ("signed by itself", None, "IP:127.0.0.1", 9, False),
             ("another authority", "other", "IP:127.0.0.1", 9, False)]
    for what, issuer, host, days, good in cases:
        name = what.replace(" ", "-")
        certificate(folder, name, issuer, host, days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/{name}.pem", f"{folder}/{name}.key")
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        web.socket = context.wrap_socket(web.socket, server_side=True)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        home = f"{folder}/{name}.d"
        os.mkdir(home, 0o700)
        with open(f"{home}/lab.xml", "w", encoding="utf-8") as file:
            file.write(f"""<lab site="t" origin="t.example/log" name-zh="室" name-en="t" listen="">
  <tell hook="https://127.0.0.1:{web.server_port}/{name}" hook-ca="{folder}/right.pem"/>
  <line id="bal" name-zh="天平" name-en="balance"><tcp host="127.0.0.1" port="9"/>
    <instrument id="b1" spec="mettler-mt-sics" name-zh="一号" name-en="one"/></line>
</lab>
""")
        posts.clear()
        process = serve(home)
        said = lambda: open(f"{home}/stderr").read()
        ok(eventually(lambda: posts or "did not go out" in said()), f"S29 {what}: it was tried", said())
        ok(bool(posts) == good, f"S29 {what}: {'told' if good else 'not told'}", said())
        ok(good or ("curl: (60)" in said() or "curl: (51)" in said()), f"S29 {what}: because of its certificate", said())
        stop(process)
        web.shutdown()
    for wrong in (f'hook="http://127.0.0.1/" hook-ca="{folder}/right.pem"', f'hook="https://127.0.0.1/" hook-ca="{folder}/nowhere.pem"'):
        with open(f"{folder}/wrong.xml", "w") as file:
            file.write(f'<lab site="t" origin="t.example/log" name-zh="室" name-en="t"><tell {wrong}/></lab>')
        refused = subprocess.run([ASSAY, "serve", "--check", "-c", f"{folder}/wrong.xml"], capture_output=True, text=True, timeout=30)
        ok(refused.returncode == 1 and "hook-ca" in refused.stderr, f"S29 refused: {wrong}", refused.stderr)


def main():
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=smtp, args=(server,), daemon=True).start()
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    nobody = socket.create_server(("127.0.0.1", 0))
    closed = nobody.getsockname()[1]
    nobody.close()
    with tempfile.TemporaryDirectory() as folder:
        mail = (f"/usr/bin/curl --silent --url smtp://127.0.0.1:{server.getsockname()[1]} --mail-from lab@example.org "
                "--mail-rcpt qa@example.org --upload-file -")
        lab = f"""<lab site="t" origin="t.example/log" name-zh="理化室" name-en="trial" listen="">
  <tell mail="{mail}" to="qa@example.org" from="lab@example.org" hook="http://127.0.0.1:{web.server_port}/hook?key=Canary77"/>
  <line id="bal" name-zh="天平&#10;To: x@evil.example" name-en="balance"><tcp host="127.0.0.1" port="{closed}"/>
    <instrument id="b1" spec="mettler-mt-sics" name-zh="一号" name-en="one"/></line>
</lab>
"""
        open(f"{folder}/lab.xml", "w", encoding="utf-8").write(lab)
        process = serve(folder)
        try:
            ok(eventually(lambda: mails and posts), "an alarm goes out both ways", (mails, posts, open(f"{folder}/stderr").read()))
            names = alarms(folder)
            ok(any(name.startswith("line-down:bal:") for name in names), "the line is down", names)
            message = email.message_from_bytes(mails[0][1], policy=email.policy.default)
            ok(message["To"] == "qa@example.org" and message["From"] == "lab@example.org", "for whom and from whom", message.items())
            ok(message["Subject"].startswith("[assay t] 线路 天平") and "中断" in message["Subject"], "what it is about, in Chinese", message["Subject"])
            ok(not message.defects and message["Date"].datetime is not None, "a message without defects", message.defects)
            text = message.get_content()
            ok("is down" in text and "理化室" in text, "in both languages", text)
            ok("\r\nTo: x@evil" not in mails[0][1].decode() and mails[0][1].decode().count("\r\nTo:") == 1, "no name makes a header", mails[0][1])
            path, kind, body = posts[0]
            ok(path == "/hook?key=Canary77" and kind == "application/json" and body["site"] == "t", "the hook", posts[0])
            ok({row["alarm"] for row in body["alarms"]} <= names and body["alarms"][0]["kind"] == "line", "with the alarm's own name", body)
            ok(arguments and not any(b"Canary77" in words for words in arguments), "its address stands in no list of processes")
            told = json.load(open(f"{folder}/run/told"))
            ok(set(told["mail"]) == set(told["hook"]) <= names, "told is written down", told)
            stop(process)
            count = len(mails), len(posts)
            process = serve(folder)
            ok(eventually(lambda: alarms(folder) >= set(told["mail"]) or True, 5), "the same alarm")
            time.sleep(3)  # two looks: nothing may come
            again = [row for _, _, body in posts[count[1]:] for row in body["alarms"] if row["alarm"] in told["hook"]]
            ok(not again, "nothing is told twice, after a restart either", again)
        finally:
            if process.poll() is None:
                stop(process)
        ok("Canary77" not in open(f"{folder}/stderr").read(), "and in no log")
        open(f"{folder}/lab.xml", "w", encoding="utf-8").write(re.sub(r' to="[^"]*"', "", lab))
        refused = subprocess.run([ASSAY, "serve", "--check", "-d", folder], capture_output=True, text=True, timeout=30)
        ok(refused.returncode == 1 and "lab.xml:2" in refused.stderr, "a mail for nobody is refused", refused.stderr)
        for wrong in ('mail="msmtp -t"', 'hook="file:///etc/passwd"', 'to="qa@example.org&#10;Bcc: x@y"'):
            open(f"{folder}/lab.xml", "w", encoding="utf-8").write(re.sub(r"<tell [^>]*>", f"<tell {wrong}/>", lab))
            refused = subprocess.run([ASSAY, "serve", "--check", "-d", folder], capture_output=True, text=True, timeout=30)
            ok(refused.returncode == 1, f"refused: {wrong}", refused.stderr)
    with tempfile.TemporaryDirectory() as folder:
        pinned_hook(folder)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
