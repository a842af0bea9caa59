#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every instrument file that is shipped, on a real line of one gateway: what its transcripts say is sent by peers made
here - streams over TCP, Modbus TCP servers, files dropped into folders - and becomes exchanges in a real journal. Then
`assay verify --replay` must decode each exchange again to the same readings.

What must come out is the instrument file's own transcripts (printed in manuals, captured, or made from a grammar);
nothing here knows how to decode. usage: replay_all.py DIR"""
import json
import os
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET

ASSAY = os.environ.get("ASSAY", "build/assay")
SPECS = "specs/instruments"
QUIET_S = 0.5  # nothing asked for so long: the instrument prints by itself
DEADLINE_S = 60


def plain(text):
    """A request as the instrument file spells it."""
    return text.encode().replace(b"\\r", b"\r").replace(b"\\n", b"\n")


class Transcripts:
    """What an instrument file says the device sends: to a question, by itself, of itself."""

    def __init__(self, root):
        all_of_them = root.findall("transcript")
        piece = {t: bytes.fromhex(t.get("bytes")) for t in all_of_them}
        self.asked_for = root.get("driver") in ("modbus", "sics", "sbi") or any(
            r.get("want") in ("values", "stable") for r in root.findall("request"))
        self.who = [piece[t] for t in all_of_them if t.get("serial") or t.get("model")]
        self.others = [piece[t] for t in all_of_them if not (t.get("serial") or t.get("model"))]
        self.answers, self.times, turns = {}, {}, {}
        for request in root.findall("request"):
            want, turn = request.get("want"), turns.get(request.get("want"), 0)
            turns[want] = turn + 1
            fits = [piece[t] for t in all_of_them if t.get("want") == want and int(t.get("turn", 0)) == turn]
            if not fits and want == "identity":
                fits = self.who
            self.answers[plain(request.get("send"))] = fits or [
                piece[t] for t in all_of_them if not t.get("want") and piece[t] in self.others]

    def answer(self, asked):
        """b"" when the device would say nothing to that."""
        word = asked.strip()
        fits = self.answers.get(asked)
        if fits is None:
            fits = [w for w in self.who if word and w.startswith(word)] or self.others
        number = self.times[asked] = self.times.get(asked, -1) + 1
        return fits[number % len(fits)] if fits else b""


class Stream(threading.Thread):
    """Answers what is asked; an instrument that is asked nothing prints one transcript after the other."""

    def __init__(self, transcripts):
        super().__init__(daemon=True)
        self.transcripts, self.sent = transcripts, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            peer.settimeout(None if self.transcripts.asked_for else QUIET_S)
            try:
                while True:
                    peer.sendall(self.say(peer))
            except OSError:
                pass

    def say(self, peer):
        self.sent += 1
        try:
            asked = peer.recv(4096)
            if not asked:
                raise OSError
            return self.transcripts.answer(asked)
        except socket.timeout:
            return self.transcripts.others[self.sent % len(self.transcripts.others)]


class Modbus(threading.Thread):
    """Modbus TCP: a read is answered with the transcripts whose function and length fit it, in turn; else refused."""

    def __init__(self, pieces):
        super().__init__(daemon=True)
        self.pieces, self.sent = pieces, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def reply(self, pdu):
        function, count = pdu[0], struct.unpack(">H", pdu[3:5])[0]
        size = 2 * count if function in (3, 4) else (count + 7) // 8
        fits = [p for p in self.pieces if (p[0] == function and len(p) == 2 + size) or p[0] == function | 0x80]
        self.sent += 1
        return fits[self.sent % len(fits)] if fits else bytes((function | 0x80, 2))

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        try:
            while True:
                request = peer.recv(260)
                if len(request) < 12:
                    return
                pdu = self.reply(request[7:])
                peer.sendall(request[:4] + struct.pack(">HB", 1 + len(pdu), request[6]) + pdu)
        except OSError:
            return


def make_lab(folder):
    """lab.xml, the peers, and for each instrument whether a reading can be expected of it."""
    lines, expected = [], {}
    for name in sorted(os.listdir(SPECS)):
        root = ET.parse(os.path.join(SPECS, name)).getroot()
        ident, driver = name[:-4], root.get("driver")
        said = Transcripts(root)
        pieces = said.who + said.others
        if driver == "modbus":
            transport = '<modbus-tcp host="127.0.0.1" port="%d"/>' % Modbus(pieces).port
        elif driver == "table":
            drop = os.path.join(folder, ident)
            os.mkdir(drop)
            for number, piece in enumerate(pieces):
                with open(os.path.join(drop, "%03d.csv" % number), "wb") as out:
                    out.write(piece)
            transport = '<folder path="%s" settle-ms="1000"/>' % drop
        else:
            transport = '<tcp host="127.0.0.1" port="%d"/>' % Stream(said).port
        rate = ' every="1s" needed-every="1s"' if said.asked_for else ""
        lines.append('<line id="l%d" name-zh="线" name-en="line">%s<instrument id="%s" name-zh="器" name-en="it" spec="%s"%s/>'
                     '</line>' % (len(lines), transport, ident, ident, rate))
        expected[ident] = driver
    with open(os.path.join(folder, "lab.xml"), "w", encoding="utf-8") as out:
        out.write('<lab site="t" origin="t.example" name-zh="测" name-en="test" listen="">%s</lab>' % "".join(lines))
    return expected


def with_readings(folder):
    """Instruments with at least one reading that is a number, as the journal's bodies say."""
    seen = set()
    try:
        db = sqlite3.connect("file:%s/journal/0001.db?mode=ro" % folder, uri=True)
        for (body,) in db.execute("SELECT body FROM entry WHERE instr(body,'\"readings\"')>0"):
            body = json.loads(body)
            if body.get("instrument") and any(len(r) > 1 and r[1] for r in body.get("readings", [])):
                seen.add(body["instrument"])
        db.close()
    except sqlite3.Error:
        pass
    return seen


def main():
    folder = sys.argv[1]
    expected = make_lab(folder)
    serve = subprocess.Popen([ASSAY, "serve", "-d", folder], stdout=subprocess.DEVNULL)
    until, seen = time.time() + DEADLINE_S, set()
    try:
        while time.time() < until and serve.poll() is None and not seen >= set(expected):
            time.sleep(0.1)
            seen = with_readings(folder)
        time.sleep(0.1)
    finally:
        serve.send_signal(signal.SIGINT)
        code = serve.wait(30)
    missing = sorted(set(expected) - seen)
    said = subprocess.run([ASSAY, "verify", "--replay", folder, "--json"], capture_output=True)
    report = json.loads(said.stdout)
    replay = report["replay"] or {}
    drivers = sorted({expected[i] for i in seen})
    print("%d of %d instruments, drivers %s; decoded again: %s exchanges, %s readings, %s differences"
          % (len(seen), len(expected), " ".join(drivers), replay.get("exchanges"), replay.get("readings"),
             replay.get("differences")))
    for finding in report["findings"][:20]:
        print(finding["text_en"])
    if missing:
        print("no reading of: " + " ".join("%s (%s)" % (i, expected[i]) for i in missing))
    good = code == 0 and not missing and said.returncode == 0 and report["ok"] and replay.get("differences") == 0
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
