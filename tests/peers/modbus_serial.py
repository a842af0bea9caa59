# SPDX-License-Identifier: Apache-2.0
"""modbus-serial, a Modbus implementation for node, on either side. The registers are its own numbers."""
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import EXPECTED, ITEMS, REGISTERS, values  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from outside import ASSAY, check, finish, free_port, wait_for  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    script = os.path.join(HERE, "modbus_serial.js")
    port = free_port()
    with tempfile.TemporaryDirectory() as room:
        data, lab = os.path.join(room, "data"), os.path.join(room, "lab.xml")
        node = subprocess.Popen(["node", script, "server", str(port), *map(str, REGISTERS)], stdout=subprocess.PIPE, text=True)
        check(node.stdout.readline() == "ready\n", "modbus-serial listens")
        with open(lab, "w", encoding="utf-8") as file:
            file.write('<lab site="t" origin="t.example" name-zh="t" name-en="t"><line id="node" name-zh="x" name-en="x">'
                       f'<modbus-tcp host="127.0.0.1" port="{port}"/><instrument id="node" name-zh="x" name-en="x" '
                       f'driver="modbus" every="1s">{ITEMS}</instrument></line></lab>')
        serve = subprocess.Popen([ASSAY, "serve", "-c", lab, "-d", data], stdout=subprocess.DEVNULL)
        try:
            check(wait_for(lambda: all(values(data, "node").get(channel, ("",))[0] == value
                                       for channel, value in EXPECTED.items()), 20),
                  f"every value is the server's: {values(data, 'node')}")
        finally:
            serve.terminate()
            check(serve.wait(20) == 0, "the gateway stops in order")
            node.kill()
        sim_file = os.path.join(room, "sim.xml")
        with open(sim_file, "w", encoding="utf-8") as file:
            file.write('<sim protocol="modbus"><registers unit="7" function="3" address="100" values="305 65331 4711"/></sim>')
        sim = subprocess.Popen([ASSAY, "sim", sim_file, "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True)
        where = sim.stdout.readline().strip().split(":")[1]
        told = subprocess.run(["node", script, "client", where, "7", "100", "3"], capture_output=True, text=True, timeout=20)
        check(told.stdout.split("\n")[:2] == ["[305,65331,4711]", "2"], f"as a client of assay sim: {told.stdout}{told.stderr}")
        sim.send_signal(signal.SIGINT)
        sim.wait(5)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
