#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""verify --replay: exchanges cut and decoded again in a second of one core, over a journal that every shipped instrument
file has filled through real lines (tests/e2e/replay_all.py). Beside it verify alone, over the same entries.

$ASSAY names the binary; usage: replay.py [SECONDS] of filling, 20."""
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import replay_all  # noqa: E402

ASSAY = os.environ["ASSAY"]


def cpu_s(arguments):
    """Processor time of a command, and what it says."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run([ASSAY] + arguments, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, json.loads(said.stdout)


def main():
    folder = tempfile.mkdtemp(prefix="assay-bench-")
    replay_all.make_lab(folder)
    serve = subprocess.Popen([ASSAY, "serve", "-d", folder], stdout=subprocess.DEVNULL)
    time.sleep(float(sys.argv[1]) if len(sys.argv) > 1 else 20)
    serve.send_signal(signal.SIGINT)
    serve.wait(30)
    alone, report = cpu_s(["verify", folder, "--json"])
    again, derived = cpu_s(["verify", "--replay", folder, "--json"])
    exchanges = derived["replay"]["exchanges"]
    print("verify --replay: %d exchanges, %.0f/s of one core (verify alone: %d entries in %.2f s); %d differences"
          % (exchanges, exchanges / max(again - alone, 0.01), report["entries"], alone,
             derived["replay"]["differences"]))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
