#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""S04 and S05 of the security checklist: connections that send their headers, or take their answers, a byte now and then; 300 of them, or
1,000 with ASSAY_FULL. Expected: whoever is logged in gets his page and his data within 1 s all the while, the slow ones are hung up on, and a balance that is asked
every second has a reading for each of them, none later than 1 s."""

import datetime
import os
import resource
import socket
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import checklist  # noqa: E402
import people  # noqa: E402

COUNT = 1000 if os.environ.get("ASSAY_FULL") else 300
WATCH_S = 30 if os.environ.get("ASSAY_FULL") else 4


def slow_one(gateway, number):
    """From one of several addresses of this machine: an address by itself may have 128."""
    one = socket.socket()
    one.settimeout(5)
    one.bind((f"127.0.0.{2 + number % 12}", 0))
    one.connect((gateway.host, gateway.port))
    if number % 2:
        one.sendall(b"GET /api/v1/lines HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    else:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.sendall(b"GET /ui/words.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return one


def read_at(person, since):
    """When the balance was read, s."""
    status, _, body = person.call("GET", f"/api/v1/history?instrument=scale&channel=weight&from={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(since))}")
    people.ok(status == 200, "what the balance said", body)
    return [datetime.datetime.fromisoformat(one["at"].replace("Z", "+00:00")).timestamp() for one in body["readings"]]


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096) if hard > 0 else 4096, hard))
    with tempfile.TemporaryDirectory() as folder:
        balance, web = checklist.line(folder)
        gateway = people.Gateway(f"{folder}/d", web=web)
        slow, stop = [], threading.Event()
        try:
            admin = people.first_admin(gateway)

            def attack():
                number = 0
                while not stop.is_set():
                    if len(slow) < COUNT:
                        try:
                            slow.append(slow_one(gateway, number))
                        except OSError:
                            pass
                        number += 1
                        continue
                    for one in list(slow):
                        try:
                            one.sendall(b"a")
                        except OSError:
                            slow.remove(one)
                            one.close()
                    time.sleep(0.2)
            attacker = threading.Thread(target=attack, daemon=True)
            attacker.start()
            end = time.monotonic() + WATCH_S
            while len(slow) < COUNT and time.monotonic() < end:
                time.sleep(0.05)
            worst, answers, since = 0.0, 0, time.time()
            end = time.monotonic() + WATCH_S
            while time.monotonic() < end:
                for path in ("/", "/api/v1/bench", "/api/v1/session"):
                    begun = time.monotonic()
                    try:
                        status, _, body = admin.call("GET", path)
                    except OSError as error:
                        status, body = str(error), ""
                    people.ok(status == 200, f"S04 {path} is answered meanwhile", (status, body))
                    answers += 1
                    worst = max(worst, time.monotonic() - begun)
                time.sleep(0.1)
            times = read_at(admin, since)
            apart = [b - a for a, b in zip(times, times[1:])]
            people.ok(len(times) >= WATCH_S - 1 and max(apart) < 2.0, "S04 no reading is late", (len(times), apart))
            people.ok(answers > 10, "the page was asked for", answers)
            people.ok(worst < 1.0, "S04 each within a second", worst)
            stop.set()
            attacker.join(10)
            _, _, metrics = gateway.call("GET", "/metrics")
            cut = [line for line in metrics.splitlines() if "slow" in line and not line.startswith("#")]
            people.ok(cut and float(cut[0].split()[-1]) > 0, "S05 slow ones were hung up on", cut)
            print(f"{COUNT} slow connections: an answer took at most {worst * 1000:.0f} ms")
        finally:
            stop.set()
            for one in slow:
                one.close()
            if gateway.process.poll() is None:
                gateway.stop()
            balance.end()
    sys.exit(people.finish())


if __name__ == "__main__":
    main()
