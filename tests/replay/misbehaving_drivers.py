# SPDX-License-Identifier: Apache-2.0
"""A driver that crashes, spins, leaks, floods or lies costs its own line only (F16 to F19).

A copy of the build gets one more plugin, tests/load/bad.so, on a line of its own beside a balance. Whatever bad.so does,
the balance is read as before, bad.so's line is back, and the bytes that brought it down are in the journal.
"""
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tty

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from outside import check, finish, wait_for  # noqa: E402

BUILD = os.path.dirname(os.path.abspath(os.environ.get("ASSAY", "build/assay")))
ASSAY = None


class Balance(threading.Thread):
    """Answers I4, I2 and SI; says when it was last asked for a weight."""

    def __init__(self, master):
        super().__init__(daemon=True)
        self.master, self.asked, self.longest = master, 0.0, 0.0

    def run(self):
        line = b""
        while True:
            try:
                line += os.read(self.master, 100)
            except OSError:
                return
            while b"\n" in line:
                command, line = line.split(b"\n", 1)
                reply = {b"I4": b'I4 A "B1"\r\n', b"I2": b'I2 A "XS204"\r\n'}.get(
                    command.strip(), b"S S     100.00 g\r\n")
                if command.strip() == b"SI":
                    now = time.monotonic()
                    if self.asked:
                        self.longest = max(self.longest, now - self.asked)
                    self.asked = now
                os.write(self.master, reply)


def assay(*arguments):
    return subprocess.run([ASSAY, *arguments], capture_output=True, text=True, timeout=30).stdout


def value_of(data):
    for row in assay("status", "-d", data).splitlines():
        words = row.split()
        if words[:1] == ["v"] and len(words) > 1:
            return words[1]
    return ""


def main():
    global ASSAY
    with tempfile.TemporaryDirectory() as room:
        ASSAY = os.path.join(room, "assay")
        shutil.copy(os.path.join(BUILD, "assay"), ASSAY)
        shutil.copytree(os.path.join(BUILD, "drivers"), os.path.join(room, "drivers"))
        shutil.copy(os.path.join(BUILD, "tests/load/bad.so"), os.path.join(room, "drivers"))
        shutil.copytree(os.path.join(BUILD, "specs") + "/", os.path.join(room, "specs"))
        bad, bad_slave = pty.openpty()
        scale, scale_slave = pty.openpty()
        for slave in (bad_slave, scale_slave):
            tty.setraw(slave)
        balance = Balance(scale)
        balance.start()
        data = os.path.join(room, "data")
        with open(os.path.join(room, "lab.xml"), "w", encoding="utf-8") as lab:
            lab.write(f'''<lab site="t" origin="t.example" name-zh="t" name-en="t">
<line id="bad" name-zh="b" name-en="b"><serial port="{os.ttyname(bad_slave)}"/>
<instrument id="bad" name-zh="b" name-en="b" driver="bad"/></line>
<line id="scale" name-zh="s" name-en="s"><serial port="{os.ttyname(scale_slave)}"/>
<instrument id="scale" name-zh="s" name-en="s" spec="mettler-mt-sics" every="1s"/></line></lab>''')
        serve = subprocess.Popen([ASSAY, "serve", "-c", os.path.join(room, "lab.xml"), "-d", data],
                                 stdout=subprocess.DEVNULL,
                                 stderr=open(os.path.join(room, "stderr"), "w", encoding="utf-8"))
        try:
            play(bad, balance, data)
            said = open(os.path.join(room, "stderr"), encoding="utf-8").read()
            check("a driver has used up its memory" in said, f"F18: the limit is what ended it: {said[-300:]}")
            check("has not come back" in said, "F17: processor time without an end is what ended it")
        finally:
            serve.terminate()
            check(serve.wait(20) == 0, "the gateway stops in order")
    return finish()


class Scale(threading.Thread):
    """Says V=1, V=2, ... four times a second: the line rests in between, as it must to be taken again."""

    def __init__(self, master):
        super().__init__(daemon=True)
        self.master, self.said, self.quiet = master, {}, threading.Event()

    def run(self):
        number = 0
        while True:
            time.sleep(0.25)
            if self.quiet.is_set():
                continue
            number += 1
            self.said[str(number)] = time.monotonic()
            os.write(self.master, b"V=%d\n" % number)

    def read_since(self, begun, data, seconds):
        """When the first line that was read again had been said; None: none was."""
        found = []

        def look():
            said = self.said.get(value_of(data), 0)
            found.append(said)
            return said > begun

        return found[-1] if wait_for(look, seconds) else None


def tenth_of_a_second():
    """What a tenth of a second of processor time takes on this machine now."""
    begun, until = time.monotonic(), time.thread_time() + 0.1
    while time.thread_time() < until:
        pass
    return time.monotonic() - begun


def play(bad, balance, data):
    check(wait_for(lambda: balance.asked > 0, 15), "the balance is read")
    scale = Scale(bad)
    scale.start()
    check(scale.read_since(0.0, data, 15), "the driver reads")
    # Seconds within which the line must be back, with room for a busy machine. A crash: the host at once, then the line has
    # to rest (0.2 s), its first line is discarded, the second counts. Spinning: after a tenth of a second of processor time
    # at most. Leaking: at the memory limit, which is reached while it does not answer.
    crashes = 0
    for fault, word, seconds in (("F16", "CRASH", 4), ("F19", "LIE", 4), ("F19", "FLOOD", 6), ("F17", "SPIN", 4),
                                 ("F18", "LEAK", 12), ("F16", "CRASH", 6)):
        balance.longest, busy = 0.0, tenth_of_a_second()
        scale.quiet.set()
        time.sleep(0.3)
        begun = time.monotonic()
        os.write(bad, word.encode() + b"\n")
        scale.quiet.clear()
        first = scale.read_since(begun, data, seconds)
        busy = max(busy, tenth_of_a_second())
        check(first, f"{fault}: after {word} the line is back within {seconds} s")
        took = (first or begun) - begun
        print(f"  {fault} {word}: back after {took:.2f} s, balance waited {balance.longest:.1f} s at most, "
              f"a tenth of a second of processor time took {busy:.2f} s")
        crashes += word in ("CRASH", "SPIN", "LEAK")
        # the third death within ten seconds and those after it wait
        check(word in ("LEAK", "FLOOD") or crashes > 2 or took <= 0.9 + 3 * (busy - 0.1),
              f"{fault}: {word} costs its line a second on a machine that has one to give ({took:.2f} s, {busy:.2f} s)")
        check(balance.longest < 2.5, f"{fault}: {word} does not delay the balance ({balance.longest:.1f} s)")
        check(word.encode().hex() in assay("journal", "-d", data, "--raw").replace(" ", "").lower(),
              f"{fault}: the bytes of {word} are in the journal")


if __name__ == "__main__":
    sys.exit(main())
