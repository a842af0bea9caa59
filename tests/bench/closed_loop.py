#!/usr/bin/python3
"""100 Modbus TCP devices x 10 registers in closed loop, each answer durable before the next request: the gateway beside a
script on pymodbus and sqlite3 that commits in groups, against the same simulated devices in the same run.

The script stores what a script would store: a row for each device and round with its ten values, committed as soon as the
last commit is done with all that waited meanwhile (synchronous=FULL). $ASSAY names the binary; bench_wire stands beside it."""
import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from pymodbus.client import AsyncModbusTcpClient

BENCH = os.path.join(os.path.dirname(os.environ["ASSAY"]), "tests/bench/bench_wire")
DEVICES, REGISTERS, SECONDS = 100, 10, 6.0


class Store(threading.Thread):
    """One writer; each commit takes what has come since the last one began."""

    def __init__(self, path, loop):
        super().__init__(daemon=True)
        self.path, self.loop = path, loop
        self.waiting, self.wake, self.rows = [], threading.Condition(), 0
        self.start()

    def run(self):
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE reading(at REAL, device INTEGER, values_ TEXT)")
        while True:
            with self.wake:
                while not self.waiting:
                    self.wake.wait()
                group, self.waiting = self.waiting, []
            db.execute("BEGIN")
            db.executemany("INSERT INTO reading VALUES(?,?,?)", [row for row, _ in group])
            db.execute("COMMIT")
            self.rows += len(group)
            self.loop.call_soon_threadsafe(self.done, [future for _, future in group])

    @staticmethod
    def done(futures):
        for future in futures:
            if not future.done():
                future.set_result(None)

    def put(self, row):
        future = self.loop.create_future()
        with self.wake:
            self.waiting.append((row, future))
            self.wake.notify()
        return future


async def device(number, port, store, until):
    client = AsyncModbusTcpClient("127.1.0.%d" % (number + 1), port=port)
    await client.connect()
    while time.monotonic() < until:
        answer = await client.read_holding_registers(0, REGISTERS, slave=1)
        values = [value / 10 for value in answer.registers]
        if not all(90.0 <= value <= 200.0 for value in values):
            sys.exit("a value outside its band")
        await store.put((time.time(), number, repr(values)))
    await client.close()


async def script(port, folder):
    store = Store(folder + "/script.db", asyncio.get_running_loop())
    begun = time.monotonic()
    await asyncio.gather(*[device(i, port, store, begun + SECONDS) for i in range(DEVICES)])
    return store.rows * REGISTERS / (time.monotonic() - begun)


def main():
    folder = tempfile.mkdtemp(prefix="assay-closed-")
    devices = subprocess.Popen([BENCH, "devices"], stdout=subprocess.PIPE, text=True)
    try:
        port = int(devices.stdout.readline())
        before = time.process_time()
        theirs = asyncio.run(script(port, folder))
        cpu = (time.process_time() - before) / SECONDS
    finally:
        devices.kill()
        devices.wait()
        shutil.rmtree(folder)
    line = subprocess.run([BENCH, "flood", str(DEVICES), str(REGISTERS), "1", str(int(SECONDS))], check=True,
                          capture_output=True, text=True).stdout
    ours = float(re.search(r"([0-9.]+) points/s", line).group(1))
    our_cpu = float(re.search(r"CPU +([0-9]+) %", line).group(1)) / 100
    print("100 devices x 10 registers, durable before the next request")
    print("  pymodbus + sqlite3  %9.0f points/s  CPU %3.0f %%  %5.2f CPU s for 100,000 points"
          % (theirs, 100 * cpu, cpu / theirs * 100000))
    print("  assay               %9.0f points/s  CPU %3.0f %%  %5.2f CPU s for 100,000 points  %.1f times as many"
          % (ours, 100 * our_cpu, our_cpu / ours * 100000, ours / theirs))


main()
