# SPDX-License-Identifier: Apache-2.0
"""assay sim seen from outside. Expected text answers are the MT-SICS manual's own examples (in the instrument file);
Modbus answers are read by mbpoll (RTU, libmodbus) and pymodbus (TCP); RTU frames are checked with a CRC of our own here,
itself checked against the worked frame 01 04 04 01 31 02 22 -> 2A CE of a public XY-MD02 trace."""
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from outside import ASSAY, SPECS, Sim, check, finish  # noqa: E402



def crc(frame):
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return bytes([value & 255, value >> 8])


class Port(Sim):
    """A simulated instrument and, of a pseudo-terminal, our end of it."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.fd = os.open(self.port, os.O_RDWR | os.O_NOCTTY) if self.port.startswith("/") else -1

    def order(self, word):
        super().order(word)
        time.sleep(0.05)

    def read(self, quiet=0.15, most=1.5):
        """What comes until it has been quiet for a while."""
        got, end = b"", time.monotonic() + most
        while time.monotonic() < end:
            if select.select([self.fd], [], [], quiet)[0]:
                got += os.read(self.fd, 4096)
            elif got:
                break
        return got

    def ask(self, request, **how):
        os.write(self.fd, request)
        return self.read(**how)

    def end(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.process.send_signal(signal.SIGINT)
        rest = self.process.stdout.read()
        code = self.process.wait(5)
        return code, json.loads(rest.splitlines()[-1])


def text_faults():
    sim = Port(SPECS + "mettler-mt-sics.xml")
    check(sim.ask(b"I4\r\n") == b'I4 A "0123456789"\r\n', "the manual's example answers I4")
    check(sim.ask(b"SI\r\n") == b"S S     100.00 g\r\n", "the first transcript answers SI")
    check(sim.ask(b"SI\r\n") == b"S D      1.234 g\r\n", "then the second")
    check(sim.ask(b"nonsense\r\n", most=0.3) == b"", "what is not understood gets no answer")
    whole = b'I4 A "0123456789"\r\n'
    sim.order("doubled")
    check(sim.ask(b"I4\r\n") == whole * 2, "doubled")
    sim.order("torn")
    begun = time.monotonic()
    check(sim.ask(b"I4\r\n", quiet=1, most=3) == whole and time.monotonic() - begun >= 0.7, "torn: whole, with a pause")
    sim.order("late")
    os.write(sim.fd, b"I4\r\n")
    check(sim.read(most=1.0) == b"" and sim.read(most=4) == whole, "late: after more than a second, whole")
    sim.order("cut")
    cut = sim.ask(b"I4\r\n")
    check(0 < len(cut) < len(whole) and whole.startswith(cut), "cut: the beginning alone")
    sim.order("lost")
    check(sim.ask(b"I4\r\n", most=0.4) == b"", "lost")
    sim.order("echo")
    check(sim.ask(b"I4\r\n") == b"I4\r\n" + whole, "echo: the request first")
    sim.order("noise")
    noisy = sim.ask(b"I4\r\n")
    check(len(noisy) > len(whole) and bytes(b for b in noisy if b < 128) == whole, "noise around it, no digits in it")
    sim.order("swap")
    swapped = sim.ask(b"I4\r\n")
    check(swapped != whole and len(swapped) == len(whole) and swapped.startswith(b'I4 A "'), "swap: another serial number")
    sim.order("mute")
    check(sim.ask(b"I4\r\n", most=0.3) == b"", "mute")
    sim.order("speak")
    sim.order("say S S      77.00 g\\r\\n")
    check(sim.read() == b"S S      77.00 g\r\n", "say: by itself")
    code, summary = sim.end()
    check(code == 0 and summary["faults"] == {"late": 1, "doubled": 1, "torn": 1, "cut": 1, "noise": 1, "echo": 1,
                                              "lost": 1, "swap": 1}, f"it says what it did wrong: {summary}")


def own_script(room):
    path = os.path.join(room, "sim.xml")
    with open(path, "w", encoding="utf-8") as script:
        script.write('<sim protocol="text" serial="AB1" swapped-serial="XY99" baud="1200" away-ms="300">'
                     '<answer to="ID\\r" send="{serial} \\x41{count}\\r\\n"/><say every-ms="100000" send="x\\r"/>'
                     '<fault kind="doubled" at="2"/><fault kind="swap" at="3"/></sim>')
    link = os.path.join(room, "port")
    sim = Port(path, "--link", link)
    check(os.path.realpath(link) == sim.port, "the link is the port")
    begun = time.monotonic()
    check(sim.ask(b"ID\r") == b"AB1 A1\r\n", "escapes, serial number and count")
    # 3 characters asked and 8 answered, 10 bits each, at 1200 baud: 91.7 ms
    check(time.monotonic() - begun >= 0.0916, "bytes take the time of 1200 baud")
    check(sim.ask(b"ID\r") == b"AB1 A2\r\nAB1 A2\r\n", "fault at the second answer")
    check(sim.ask(b"ID\r") == b"AB1 A3\r\n" and sim.ask(b"ID\r") == b"XY99 A4\r\n", "swapped after the third")
    sim.order("hang-up")
    check(not os.path.lexists(link), "gone")
    end = time.monotonic() + 3
    while not os.path.lexists(link) and time.monotonic() < end:
        time.sleep(0.02)
    os.close(sim.fd)
    sim.fd = os.open(link, os.O_RDWR | os.O_NOCTTY)
    check(sim.ask(b"ID\r") == b"XY99 A5\r\n", "there again under the same link")
    sim.end()
    check(not os.path.lexists(link), "the link goes with it")


def modbus(room):
    path = os.path.join(room, "modbus.xml")
    with open(path, "w", encoding="utf-8") as script:
        script.write('<sim protocol="modbus" serial="M1" model="OV-2"><registers unit="5" function="3" address="10" '
                     'values="305 65331 count"/><registers unit="5" function="1" address="0" values="1 0 1"/></sim>')
    check(crc(bytes.fromhex("01040401310222")) == bytes.fromhex("2ACE"), "the CRC of this test, by a public trace")
    sim = Port(path)
    out = subprocess.run(["mbpoll", "-m", "rtu", "-a", "5", "-r", "11", "-c", "2", "-b", "9600", "-P", "none", "-1", "-0",
                          "-r", "10", sim.port], capture_output=True, text=True, timeout=20).stdout
    check("[10]: \t305" in out and "[11]: \t65331 (-205)" in out, f"mbpoll reads the registers: {out!r}")
    ask = bytes([5, 3, 0, 10, 0, 1])
    good = sim.ask(ask + crc(ask))
    check(good == bytes.fromhex("0503020131") + crc(bytes.fromhex("0503020131")), "an RTU answer, byte for byte")
    other = bytes([5, 3, 0, 99, 0, 1])
    refused = sim.ask(other + crc(other))
    check(refused == bytes([5, 0x83, 2]) + crc(bytes([5, 0x83, 2])), "a register that is not there: exception 2")
    away = bytes([6, 3, 0, 10, 0, 1])
    check(sim.ask(away + crc(away), most=0.3) == b"", "another unit's request gets no answer")
    sim.order("foreign")
    foreign = sim.ask(ask + crc(ask))
    check(foreign[0] == 6 and crc(foreign[:-2]) == foreign[-2:], "foreign: another unit, with the right CRC")
    sim.order("flip")
    flipped = sim.ask(ask + crc(ask))
    check(sum(bin(a ^ b).count("1") for a, b in zip(flipped, good)) == 1, "flip: one bit")
    sim.end()
    sim = Port(path, "--listen", "127.0.0.1:0")
    from pymodbus.client import ModbusTcpClient
    host, port = sim.port.split(":")
    client = ModbusTcpClient(host, port=int(port))
    client.connect()
    check(client.read_holding_registers(10, 2, slave=5).registers == [305, 65331], "pymodbus reads them over TCP")
    check(client.read_coils(0, 3, slave=5).bits[:3] == [True, False, True], "and the coils")
    check(client.read_holding_registers(9, 2, slave=5).exception_code == 2, "and the exception")
    client.close()
    # function 43/14, basic, by hand after Modbus Application Protocol v1.1b3, 6.21; the serial number as object 80h
    with socket.create_connection((host, int(port)), timeout=5) as plain:
        plain.sendall(bytes.fromhex("000700000005052b0e0100"))
        answer = bytes.fromhex("2b0e0101000004") + b"\x00\x09assay sim\x01\x04OV-2\x02\x011\x80\x02M1"
        check(plain.recv(300) == bytes([0, 7, 0, 0, 0, len(answer) + 1, 5]) + answer, "who it is, by 43/14")
    sim.end()


def chaos():
    """The same seed makes the same mistakes."""
    told = []
    for _ in range(2):
        sim = Port(SPECS + "mettler-mt-sics.xml", "--chaos", "42", "--percent", "60", "--faults", "lost,doubled,cut,echo")
        heard = b"".join(sim.ask(b"SI\r\n", quiet=0.03, most=0.2) for _ in range(20))
        told.append((heard, sim.end()[1]))
    check(told[0] == told[1], "seed 42 twice: the same bytes")
    check(told[0][1]["seed"] == 42 and sum(told[0][1]["faults"].values()) > 5, f"and some went wrong: {told[0][1]}")


def refusals(room):
    for arguments, code in (([], 2), (["/nowhere.xml"], 1), ([SPECS + "xy-md02.xml", "--listen", "nonsense"], 2),
                            ([SPECS + "xy-md02.xml", "--faults", "gremlins"], 2), ([SPECS + "xy-md02.xml", "--baud", "7"], 2)):
        run = subprocess.run([ASSAY, "sim", *arguments], capture_output=True, text=True, timeout=10)
        check(run.returncode == code and run.stderr.count("\n") == 1, f"{arguments}: {run.returncode} {run.stderr!r}")
    path = os.path.join(room, "bad.xml")
    with open(path, "w", encoding="utf-8") as script:
        script.write('<sim protocol="text">\n<answer to="A" send="\\q"/></sim>')
    run = subprocess.run([ASSAY, "sim", path, "--json"], capture_output=True, text=True, timeout=10)
    check(run.returncode == 1 and "bad.xml:2" in json.loads(run.stderr)["error"]["text_en"], "a bad escape, with its line")


def main():
    with tempfile.TemporaryDirectory() as room:
        text_faults()
        own_script(room)
        modbus(room)
        chaos()
        refusals(room)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
