# SPDX-License-Identifier: Apache-2.0
"""What every script needs that looks at assay from outside: the program itself, counted checks, simulated instruments."""
import ctypes
import os
import signal
import socket
import subprocess
import time

ASSAY = os.path.abspath(os.environ.get("ASSAY", "build/assay"))
SPECS = os.path.join(os.path.dirname(ASSAY), "specs/instruments/")
counts = {"passed": 0, "failed": 0}


def check(good, what):
    counts["passed" if good else "failed"] += 1
    if not good:
        print("FAILED:", what)


def finish():
    """The line that tests/run.sh counts; the exit code. A run without a check has failed."""
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] or not counts["passed"] else 0


def assay(*arguments, seconds=60):
    return subprocess.run([ASSAY, *arguments], capture_output=True, text=True, timeout=seconds)


def wait_for(what, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Sim:
    """assay sim: an instrument on a pseudo-terminal or a socket, its place in .port."""

    def __init__(self, *arguments):
        self.arguments = [ASSAY, "sim", *arguments]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)
        self.port = self.process.stdout.readline().strip()

    def order(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def end(self):
        self.process.terminate()
        return self.process.communicate(timeout=10)[0]
