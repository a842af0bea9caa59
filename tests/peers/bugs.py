# SPDX-License-Identifier: Apache-2.0
"""Sixteen bugs of programs like ours, each with its public report, as tests: one gateway, real lines (pseudo-terminals and
sockets), instruments played by assay sim, which answers late, cut, doubled, foreign or not at all.

A simulated device counts its answers and tells the count as its value. So a value is right exactly when it is the ordinal
of its own request on that line, which the journal shows: nothing else knows which answer belongs to which question."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from outside import ASSAY, Sim, assay, check, die_with_parent, finish, free_port, wait_for  # noqa: E402

COUNT = '<registers unit="1" function="3" address="0" values="0 count"/>'
ITEM = '<item channel="n" function="3" address="0" type="u32"/>'


class Exchange:
    """One entry of the journal, its raw events read by hand (assay-journal.5)."""

    def __init__(self, entry):
        body = entry["body"]
        self.line, self.instrument = entry["line"], body.get("instrument", "")
        self.outcome = body.get("outcome", "ok")
        self.usable = body.get("usable", self.outcome == "ok")
        self.readings = [(row[0], row[1]) for row in body.get("readings", []) if row[0]]
        self.sent, self.received = [], b""
        raw, at = bytes.fromhex(entry["raw"]), 0
        while at < len(raw):
            direction, length = raw[at], struct.unpack(">I", raw[at + 4:at + 8])[0]
            piece = raw[at + 16:at + 16 + length]
            if direction == 1:
                self.sent.append(piece)
            elif direction == 2:
                self.received += piece
            at += 16 + length


def exchanges(data):
    found = assay("journal", "-d", data, "--from", "0", "--limit", "100000", "--raw", "--json").stdout
    entries = [json.loads(line) for line in found.splitlines()]
    return [Exchange(entry) for entry in entries if entry["kind"] == "exchange"]


def of(all_of_them, line):
    return [exchange for exchange in all_of_them if exchange.line == line]


def good(some, channel="n"):
    return [exchange for exchange in some if exchange.usable and any(name == channel for name, _ in exchange.readings)]


def never_another_answer(some, what, least):
    """Each value is the ordinal of its own request."""
    ordinal, wrong, right = 0, [], 0
    for exchange in some:
        ordinal += len(exchange.sent)
        for _, value in exchange.readings if exchange.usable else []:
            if int(value.split(".")[0]) == ordinal:
                right += 1
            else:
                wrong.append((ordinal, value))
    check(not wrong and right >= least, f"{what}: {right} right, wrong {wrong[:5]}")


def instrument(name, items, every="100ms", **settings):
    rows = "".join(f'<setting name="{key.replace("_", "-")}" value="{value}"/>' for key, value in settings.items())
    return (f'<instrument id="{name}" name-zh="x" name-en="x" driver="modbus" every="{every}" needed-every="{every}">'
            f"{rows}{items}</instrument>")


def line(name, transport, instruments):
    return f'<line id="{name}" name-zh="x" name-en="x">{transport}{instruments}</line>'


def set_up(room):
    """Simulators by name, and the lines of lab.xml."""
    def rtu(name):
        return f'<modbus-rtu port="{room}/{name}" baud="19200"/>'

    def tcp(port):
        return f'<modbus-tcp host="127.0.0.1" port="{port}"/>'

    def sim(name, script, *arguments):
        path = os.path.join(room, name + ".xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        sims[name] = Sim(path, *arguments)
        return sims[name].port.rpartition(":")[2]

    sims, lines, link = {}, [], lambda name: ("--link", os.path.join(room, name))
    values = " ".join(str(1000 + i) for i in range(16))
    units = "".join(f'<registers unit="{unit}" function="3" address="0" values="{values}"/>' for unit in (1, 3, 4))
    many = "".join(f'<item channel="v{i}" function="3" address="{i}" type="u16"/>' for i in range(16))
    sim("bus", f'<sim protocol="modbus">{units}</sim>', *link("bus"))
    lines.append(line("bus", rtu("bus"), "".join(
        instrument(f"bus-{unit}", many, unit=unit, timeout_ms=100) for unit in (1, 2, 3, 4))))
    port = sim("shared", f'<sim protocol="modbus">{COUNT}</sim>', "--listen", "127.0.0.1:0")
    lines.append(line("shared", tcp(port), instrument("shared-1", ITEM) + instrument("shared-2", ITEM, unit=2, timeout_ms=100)))
    for name, fault in (("late", "late"), ("cut", "cut"), ("lost", "lost")):
        script = f'<sim protocol="modbus" late-ms="450">{COUNT}<fault kind="{fault}" every="5"/></sim>'
        sim("rtu-" + name, script, *link("rtu-" + name))
        lines.append(line("rtu-" + name, rtu("rtu-" + name), instrument("rtu-" + name, ITEM, timeout_ms=300)))
    port = sim("tcp-late", f'<sim protocol="modbus" late-ms="450">{COUNT}<fault kind="late" every="5"/></sim>',
               "--listen", "127.0.0.1:0")
    lines.append(line("tcp-late", tcp(port), instrument("tcp-late", ITEM, timeout_ms=300)))
    chaos = ("--chaos", "7", "--percent", "12", "--faults", "late,doubled,torn,cut,foreign,noise,echo,lost,flip")
    sim("rtu-chaos", f'<sim protocol="modbus" late-ms="450" torn-ms="150">{COUNT}</sim>', *link("rtu-chaos"), *chaos)
    lines.append(line("rtu-chaos", rtu("rtu-chaos"), instrument("rtu-chaos", ITEM, timeout_ms=300)))
    sim("text-late", '<sim protocol="text" serial="B1" late-ms="2500"><answer to="I4\\r\\n" send=\'I4 A "{serial}"\\r\\n\'/>'
        '<answer to="I2\\r\\n" send=\'I2 A "X"\\r\\n\'/><answer to="SI\\r\\n" send="S S {count}.00 g\\r\\n"/>'
        '<fault kind="late" every="7"/></sim>', *link("text-late"))
    lines.append(line("text-late", f'<serial port="{room}/text-late"/>',
                      '<instrument id="text-late" name-zh="x" name-en="x" spec="mettler-mt-sics" every="300ms"/>'))
    port = sim("outage", f'<sim protocol="modbus">{COUNT}</sim>', "--listen", f"127.0.0.1:{free_port()}")
    lines.append(line("outage", tcp(port), instrument("outage", ITEM)))
    sim("printer", '<sim protocol="text" away-ms="200"><say every-ms="250" send="S S {count}.00 g\\r\\n"/></sim>',
        *link("printer"))
    lines.append(line("printer", f'<serial port="{room}/printer"/>',
                      '<instrument id="printer" name-zh="x" name-en="x" spec="kern-ew" every="0s"/>'))
    sim("foreign", f'<sim protocol="modbus">{COUNT}<fault kind="foreign" every="4"/></sim>', *link("foreign"))
    lines.append(line("foreign", rtu("foreign"), instrument("foreign", ITEM, timeout_ms=200)))
    lines.append(line("unplugged", f'<tcp host="127.0.0.1" port="{free_port()}"/>',
                      '<instrument id="unplugged" name-zh="x" name-en="x" spec="mettler-mt-sics" every="1s"/>'))
    return sims, lines


def serve(room, data):
    return subprocess.Popen([ASSAY, "serve", "-c", os.path.join(room, "lab.xml"), "-d", data], stdout=subprocess.DEVNULL,
                            stderr=open(os.path.join(room, "stderr"), "a", encoding="utf-8"), preexec_fn=die_with_parent)


def states(data):
    found = assay("line", "list", "-d", data, "--json").stdout
    return {row["line"]: row for row in map(json.loads, found.splitlines())}


def play(room, data, sims):
    check(wait_for(lambda: len(good(of(exchanges(data), "outage"))) > 3, 20), "the gateway reads")
    sims["outage"].end()
    sims["printer"].order("hang-up")
    time.sleep(4)
    sims["outage"].start()
    time.sleep(6)
    before = len(good(of(exchanges(data), "outage")))
    check(wait_for(lambda: len(good(of(exchanges(data), "outage"))) > before + 3, 15),
          "peer_09 thingsboard-gateway 2132: after an outage the line is read again")


def bugs(some, data, room):
    bus = of(some, "bus")
    read = {unit: len(good([e for e in bus if e.instrument == f"bus-{unit}"], "v0")) for unit in (1, 2, 3, 4)}
    check(read[2] == 0 and all(read[unit] > 10 for unit in (1, 3, 4)),
          f"peer_01 telegraf 11782: one silent unit takes no other's data with it: {read}")
    never_another_answer(of(some, "tcp-late"), "peer_02 telegraf 14317: no answer goes to the next question, TCP", 20)
    never_another_answer(of(some, "rtu-late"), "peer_03 libmodbus 255: nor on a serial bus", 10)
    never_another_answer(of(some, "text-late"), "peer_04 NUT 1847: a late answer's bytes are not the retry's answer", 3)
    never_another_answer(of(some, "rtu-lost"), "peer_05 zephyr 63668: after a time-out not the value of the read before", 10)
    never_another_answer(of(some, "rtu-cut"), "peer_06 sunsynk 658: a cut answer gives no number", 10)
    never_another_answer(of(some, "rtu-chaos"), "nor do nine faults at random", 5)
    whole = [e for e in bus if e.instrument == "bus-1" and e.usable and e.readings]
    check(whole and all([value for _, value in e.readings] == [str(1000 + i) for i in range(16)] for e in whole),
          "peer_07 iot-edge-modbus 36: values read together stand in one exchange")
    shared = of(some, "shared")
    check(len(good([e for e in shared if e.instrument == "shared-1"])) > 20 and
          not any(e.outcome == "hangup" for e in shared[:-2]),
          f"peer_08 neuron 1602: a silent unit resets no connection that others share: {[e.outcome for e in shared][-5:]}")
    printed = b"".join(e.received for e in of(some, "printer"))
    told = [int(row.split()[2].split(b".")[0]) for row in printed.split(b"\r\n") if row.count(b" ") == 3]
    lost = [n for n, m in zip(told, told[1:]) if m > n + 6]
    check(len(told) > 20 and len(lost) == 0, f"peer_10 thingsboard-gateway 2157: nothing is lost after a reconnect: {told}")
    check(read[3] and read[4] and abs(read[3] - read[4]) < 5,
          f"peer_12 node-red-contrib-modbus 409: units behind the silent one are asked: {read}")
    asked = [e for e in whole if len(e.sent) == 1 and e.sent[0][:6] == bytes([1, 3, 0, 0, 0, 16])]
    check(len(asked) == len(whole), "peer_13 device-modbus-go 629: sixteen values, one request")
    seconds = 12
    check(16 * read[1] / seconds > 5 * 16 / 10, f"peer_14 thingsboard-gateway 1589: {16 * read[1] / seconds:.0f} values/s")
    foreign = [e for e in of(some, "foreign") if e.received[:1] == b"\x02"]
    check(len(foreign) > 3 and not any(e.usable for e in foreign),
          "peer_15 OpenELIS 3279: what an unknown device says is kept, and counts for nothing")
    never_another_answer(of(some, "foreign"), "and the known one's values are its own", 10)
    state = states(data)["unplugged"]
    said = open(os.path.join(room, "stderr"), encoding="utf-8").read().count("\n")
    check(state["status"] == "down" and state["text_zh"] and said < 60 and len(of(some, "unplugged")) < 10,
          f"peer_16 StreamDevice 104: an unplugged line is seen and fills no log: {state['status']}, {said} rows")


def killed(room, data, running):
    """peer_11 telegraf 802: a buffer that survives. What was in the journal is there after kill -9 of the whole gateway."""
    before = len(exchanges(data))
    running.kill()
    running.wait(10)
    time.sleep(0.5)
    again = serve(room, data)
    check(wait_for(lambda: assay("line", "list", "-d", data).returncode == 0 and len(exchanges(data)) > before, 20),
          "peer_11 telegraf 802: everything is there after the gateway was killed, and goes on")
    return again


def main():
    with tempfile.TemporaryDirectory() as room:
        data = os.path.join(room, "data")
        sims, lines = set_up(room)
        with open(os.path.join(room, "lab.xml"), "w", encoding="utf-8") as lab:
            lab.write('<lab site="t" origin="t.example" name-zh="t" name-en="t">' + "".join(lines) + "</lab>")
        running = serve(room, data)
        try:
            play(room, data, sims)
            bugs(exchanges(data), data, room)
            running = killed(room, data, running)
        finally:
            running.terminate()
            check(running.wait(20) == 0, "the gateway stops in order")
            for sim in sims.values():
                sim.end()
        check(assay("verify", data).returncode == 0, "the journal verifies")
    return finish()


if __name__ == "__main__":
    sys.exit(main())
