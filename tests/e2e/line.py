# SPDX-License-Identifier: Apache-2.0
"""assay line list, watch, record, replay, probe and confirm against a gateway whose instruments are played by assay sim. What the
commands must show is what the scripts below send: texts of the MT-SICS manual, and registers by the Modbus protocol."""
import json
import os
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from outside import ASSAY, SPECS, Sim, assay, check, die_with_parent, finish, free_port, wait_for  # noqa: E402

BALANCE = """<sim protocol="text" serial="B612345678" swapped-serial="C000000009">
<answer to="I4\\r\\n" send='I4 A "{serial}"\\r\\n'/><answer to="I2\\r\\n" send='I2 A "XPR205"\\r\\n'/>
<answer to="SI\\r\\n" send="S S     100.00 g\\r\\n"/></sim>"""
ROOM = """<sim protocol="modbus" serial="M77" model="XY-MD02"><registers unit="1" function="4" address="1"
values="305 546"/></sim>"""
LAB = """<lab site="t" origin="t.example" name-zh="t" name-en="t">
<line id="com1" name-zh="x" name-en="COM 1"><serial port="{room}/com1"/>
<instrument id="scale" name-zh="x" name-en="Scale" spec="mettler-mt-sics" serial="B612345678" every="1s"/></line>
<line id="bus" name-zh="x" name-en="Bus"><modbus-rtu port="{room}/bus"/>
<instrument id="room" name-zh="x" name-en="Room" spec="xy-md02" every="1s"/></line></lab>"""


def rows(run):
    return [json.loads(line) for line in run.stdout.splitlines()]


def status_of(data, line):
    return {row["line"]: row for row in rows(assay("line", "list", "-d", data, "--json"))}[line]


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def watching(data):
    seen = rows(assay("line", "watch", "com1", "-d", data, "--count", "3", "--seconds", "20", "--json"))
    check(len(seen) == 3 and all(row["line"] == "com1" for row in seen), f"watch shows one line: {seen}")
    weights = [row for row in seen if row["readings"]]
    check(weights and all(row["readings"] == [{"channel": "weight", "value": "100.00", "unit": "g", "flags": ["stable"],
                                               "sample": None, "reason": None}] for row in weights), "and its readings")
    heard = [event["hex"] for row in weights for event in row["events"] if event["direction"] == "rx"]
    check(bytes.fromhex("".join(heard)) == b"S S     100.00 g\r\n" * len(weights), "and its bytes")
    text = assay("line", "watch", "bus", "-d", data, "--count", "2", "--seconds", "20").stdout
    check("temperature  30.5 °C" in text and "> 01 04 00 01 00 02 20 0B" in text, f"watch for people: {text}")
    wrong = assay("line", "watch", "nowhere", "-d", data)
    check(wrong.returncode == 1 and "nowhere" in wrong.stderr, "a line that is not there")


def recording(room, data):
    capture = os.path.join(room, "bus.cap")
    done = assay("line", "record", "bus", "-o", capture, "-d", data, "--count", "2", "--seconds", "20", "--json")
    check(rows(done) == [{"file": capture, "exchanges": 2}], f"record says how much: {done.stdout}{done.stderr}")
    lines = open(capture, encoding="utf-8").read().splitlines()
    check(lines[0] == "assay-capture 1" and any(" > 01 04 00 01 00 02 20 0B" in line for line in lines), "a capture file")
    check(assay("line", "record", "bus", "-o", capture, "-d", data, "--count", "1").returncode == 1, "no file is overwritten")
    again = rows(assay("line", "replay", capture, "--instrument", SPECS + "xy-md02.xml", "--json"))
    values = [(row["channel"], row["value"]) for row in again if "channel" in row]
    check(values == [("temperature", "30.5"), ("humidity", "54.6")] * 2, f"replay reads it again: {values}")
    check(sum(row.get("direction") == ">" for row in again) == 2, "and shows the requests")
    decoded = rows(assay("driver", "decode", "--instrument", SPECS + "xy-md02.xml", capture))
    check([(row["channel"], row["value"]) for row in decoded] == values, "driver decode agrees")
    text = os.path.join(room, "com1.cap")
    check(assay("line", "record", "com1", "-o", text, "-d", data, "--from", "1", "--count", "4").returncode == 0,
          "from an earlier entry on")
    out = assay("line", "replay", text, "--instrument", SPECS + "mettler-mt-sics.xml").stdout
    check("serial B612345678" in out and "weight  100.00 g" in out, f"identity and weight: {out}")
    bad = write(os.path.join(room, "bad.cap"), "assay-capture 1\n0.1 < 41\nnonsense\n")
    refused = assay("line", "replay", bad, "--instrument", SPECS + "xy-md02.xml", "--json")
    check(refused.returncode == 1 and "bad.cap:3" in json.loads(refused.stderr)["error"]["text_en"], "a bad row is named")


def probing(room):
    taken = assay("line", "probe", os.path.join(room, "com1"), "--settings", "9600/8n1", "--json")
    check(taken.returncode == 1 and json.loads(taken.stderr)["error"]["code"] == "port-taken", f"in use: {taken.stderr}")
    sim = Sim(write(os.path.join(room, "b.xml"), BALANCE))
    found = rows(assay("line", "probe", sim.port, "--json"))
    check({"mettler-mt-sics"} <= {row["spec"] for row in found} and
          all(row["serial"] == "B612345678" and row["settings"] == "9600/8n1" for row in found), f"a balance: {found}")
    sim.end()
    modbus = write(os.path.join(room, "m.xml"), ROOM)
    for arguments in ((), ("--listen", "127.0.0.1:0")):
        sim = Sim(modbus, *arguments)
        found = rows(assay("line", "probe", sim.port, "--settings", "9600/8n1", "--units", "2", "--json"))
        check([(row["link"], row["unit"], row["model"], row["serial"]) for row in found] == [("modbus", 1, "XY-MD02", "M77")],
              f"a Modbus unit {arguments}: {found}")
        sim.end()
    sim = Sim(write(os.path.join(room, "q.xml"), '<sim protocol="text"><say every-ms="600000" send="x"/></sim>'))
    silent = assay("line", "probe", sim.port, "--settings", "9600/8n1", "--units", "1")
    check(silent.returncode == 1 and "nobody answers" in silent.stderr, "nobody there")
    wrong = assay("line", "probe", sim.port, "--settings", "fast")
    check(wrong.returncode == 2 and "9600/8n1" in wrong.stderr, "settings are 9600/8n1")
    sim.end()
    check(assay("line", "probe", os.path.join(room, "none")).returncode == 1, "no such port")


# A capture played again, and a device that connects to the gateway: both are lines like others.
PLAYED = """<lab site="t" origin="t.example" name-zh="t" name-en="t">
<line id="again" name-zh="x" name-en="Again"><replay path="{room}/com1.cap"/>
<instrument id="again" name-zh="x" name-en="Again" spec="mettler-mt-sics" every="0s"/></line>
<line id="dials" name-zh="x" name-en="Dials"><tcp host="127.0.0.1" port="{port}" listen="true"/>
<instrument id="dials" name-zh="x" name-en="Dials" spec="kern-ew" every="0s"/></line></lab>"""


def readings(data):
    entries = rows(assay("journal", "-d", data, "--from", "0", "--json"))
    return [(entry["line"], row[1], row[2]) for entry in entries if entry["kind"] == "exchange"
            for row in entry["body"].get("readings", []) if entry["body"].get("outcome", "ok") == "ok"]


def played_and_dialled(room):
    data, port = os.path.join(room, "played"), free_port()
    lab = write(os.path.join(room, "played.xml"), PLAYED.format(room=room, port=port))
    serve = subprocess.Popen([ASSAY, "serve", "-c", lab, "-d", data], stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
    try:
        check(wait_for(lambda: ("again", "100.00", "g") in readings(data), 20), f"<replay>: {readings(data)}")
        for again in range(2):  # and it may come back
            with socket.create_connection(("127.0.0.1", port), 5) as device:
                check(wait_for(lambda: status_of(data, "dials")["status"] == "online", 10), "listen: it has connected")
                device.sendall(b"+00123.4%d GLS\r\n" % again)
                check(wait_for(lambda value=f"123.4{again}": ("dials", value, "g") in readings(data), 10),
                      f"and is read: {readings(data)}")
            check(wait_for(lambda: status_of(data, "dials")["status"] == "opening", 10), "then it is waited for again")
    finally:
        serve.terminate()
        check(serve.wait(20) == 0, "that gateway stops in order")
    check(assay("verify", data, "--replay").returncode == 0, "and decoded again all is the same")


def swapping(room, data, lab, scale, serve):
    """F30: another device at the same place locks the line until a person confirms it, who and why in the journal."""
    early = assay("line", "confirm", "com1", "--reason", "none", "-d", data, "--json")
    check(early.returncode == 1 and json.loads(early.stderr)["error"]["code"] == "nothing-to-confirm", "nothing to confirm")
    scale.order("swap")
    scale.order("hang-up")
    check(wait_for(lambda: status_of(data, "com1")["status"] == "locked", 20), "another device locks the line")
    before = rows(assay("line", "watch", "com1", "-d", data, "--seconds", "2", "--json"))
    check(not any(row["readings"] for row in before), f"no reading counts while it is locked: {before}")
    check(assay("line", "confirm", "com1", "-d", data).returncode == 2, "a reason is needed")
    done = rows(assay("line", "confirm", "com1", "--reason", "B612345678 went to repair", "-d", data, "--json"))
    check(done and done[0]["serial"] == "C000000009" and done[0]["was"] == "B612345678", f"confirmed: {done}")
    check(wait_for(lambda: status_of(data, "com1")["status"] == "online", 15), "the line works again")
    seen = rows(assay("line", "watch", "com1", "-d", data, "--count", "2", "--seconds", "20", "--json"))
    check(any(row["readings"] for row in seen), "and is read")
    entries = rows(assay("journal", "-d", data, "--from", "0", "--json"))
    entries = entries[0] if entries and isinstance(entries[0], list) else entries
    words = [entry["body"] for entry in entries if entry["kind"] == "identity"]
    check(len(words) == 1 and words[0]["reason"] == "B612345678 went to repair" and words[0]["who"], f"journal: {words}")
    serve.terminate()
    check(serve.wait(20) == 0, "the gateway stops in order")
    again = subprocess.Popen([ASSAY, "serve", "-c", lab, "-d", data], stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
    check(wait_for(lambda: assay("line", "list", "-d", data).returncode == 0 and
                   status_of(data, "com1")["status"] == "online", 20), "a new gateway knows it")
    scale.order("swap")
    scale.order("hang-up")
    check(wait_for(lambda: status_of(data, "com1")["status"] == "locked", 20), "now the old one is the stranger")
    return again


def main():
    with tempfile.TemporaryDirectory() as room:
        data = os.path.join(room, "data")
        lab = write(os.path.join(room, "lab.xml"), LAB.format(room=room))
        listed = rows(assay("line", "list", "-c", lab, "--json"))
        check([(row["line"], row["transport"], row["status"]) for row in listed] ==
              [("com1", "serial", "not-running"), ("bus", "modbus-rtu", "not-running")], f"list of a lab.xml: {listed}")
        sims = [Sim(write(os.path.join(room, "balance.xml"), BALANCE), "--link", os.path.join(room, "com1")),
                Sim(write(os.path.join(room, "room.xml"), ROOM), "--link", os.path.join(room, "bus"))]
        serve = subprocess.Popen([ASSAY, "serve", "-c", lab, "-d", data], stdout=subprocess.DEVNULL,
                                 preexec_fn=die_with_parent)
        try:
            check(wait_for(lambda: os.path.exists(os.path.join(data, "run/assay.sock")) and
                           assay("line", "list", "-d", data).returncode == 0, 15), "the gateway runs")
            check(wait_for(lambda: status_of(data, "com1")["status"] == "online", 10), "list: the line is online")
            watching(data)
            recording(room, data)
            played_and_dialled(room)
            probing(room)
            serve = swapping(room, data, lab, sims[0], serve)
        finally:
            serve.terminate()
            check(serve.wait(20) == 0, "the gateway stops in order")
            for sim in sims:
                sim.end()
    for verb in ("list", "watch", "record", "replay", "probe", "confirm"):
        told = assay("line", verb, "--help")
        check(told.returncode == 0 and told.stdout.startswith(f"usage: assay line {verb}"), f"{verb} --help")
        check(assay("line", verb, "--nonsense").returncode == 2, f"{verb}: a wrong option")
    return finish()


if __name__ == "__main__":
    sys.exit(main())
