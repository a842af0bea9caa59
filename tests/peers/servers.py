# SPDX-License-Identifier: Apache-2.0
"""The gateway against Modbus servers that are not ours: pymodbus over TCP and over a serial line (a pair of
pseudo-terminals by socat), libmodbus's server calls over TCP, and socat as a serial device server in front of pymodbus.
Every value read must be the one the server holds; after the server is stopped and started the line comes back."""
import ctypes
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from outside import ASSAY, check, finish, free_port, wait_for  # noqa: E402

# What every server holds from address 0 of its holding registers: 30.5, -20.5, 123456.0 (ABCD), 6.86 (CDAB), BCD 1234.
REGISTERS = [305, 0x10000 - 205, 0x47F1, 0x2000, 0x851F, 0x40DB, 0x1234]
EXPECTED = {"t": "30.5", "cold": "-20.5", "big": "123456", "ph": "6.86", "code": "1234"}
ITEMS = """<item channel="t" function="3" address="0" type="s16" decimals="1" unit="°C"/>
<item channel="cold" function="3" address="1" type="s16" decimals="1" unit="°C"/>
<item channel="big" function="3" address="2" type="f32"/>
<item channel="ph" function="3" address="4" type="f32" order="cdab"/>
<item channel="code" function="3" address="6" type="bcd16"/>"""


def pymodbus_context():
    from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext

    block = ModbusSequentialDataBlock(0, REGISTERS + [0] * 20)
    return ModbusServerContext(slaves=ModbusSlaveContext(hr=block, zero_mode=True), single=True)


def pymodbus_tcp(port):
    from pymodbus.server import StartTcpServer

    StartTcpServer(context=pymodbus_context(), address=("127.0.0.1", port), allow_reuse_address=True)


def pymodbus_rtu(path):
    from pymodbus.server import StartSerialServer
    from pymodbus.transaction import ModbusRtuFramer

    StartSerialServer(context=pymodbus_context(), framer=ModbusRtuFramer, port=path, baudrate=9600, timeout=0.005)


def libmodbus_tcp(port):
    """libmodbus's server calls, by ctypes."""
    lib = ctypes.CDLL("libmodbus.so.5")
    for name in ("modbus_new_tcp", "modbus_mapping_new"):
        getattr(lib, name).restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.modbus_new_tcp(b"127.0.0.1", port))

    class Mapping(ctypes.Structure):
        _fields_ = [(name, ctypes.c_int) for name in (
            "nb_bits", "start_bits", "nb_input_bits", "start_input_bits", "nb_input_registers",
            "start_input_registers", "nb_registers", "start_registers")] + [
            (name, ctypes.c_void_p) for name in ("bits", "input_bits", "input_registers")] + [
            ("registers", ctypes.POINTER(ctypes.c_uint16))]

    mapping = ctypes.c_void_p(lib.modbus_mapping_new(10, 10, 100, 10))
    table = ctypes.cast(mapping, ctypes.POINTER(Mapping)).contents
    for index, value in enumerate(REGISTERS):
        table.registers[index] = value
    listener = ctypes.c_int(lib.modbus_tcp_listen(context, 1))
    query = (ctypes.c_uint8 * 260)()
    while True:
        lib.modbus_tcp_accept(context, ctypes.byref(listener))
        while True:
            length = lib.modbus_receive(context, query)
            if length == -1:
                break
            if length > 0:
                lib.modbus_reply(context, query, length, mapping)


def values(data, instrument):
    rows, here = {}, False
    out = subprocess.run([ASSAY, "status", "-d", data], capture_output=True, text=True, timeout=30).stdout
    for row in out.splitlines():
        words = row.split()
        if row.startswith("   ") and not row.startswith("      "):
            here = words[0] == instrument
        elif here and row.startswith("      ") and len(words) > 1:
            rows[words[0]] = (words[1], words[-1])
    return rows


def holds(data, instrument):
    got = values(data, instrument)
    return all(got.get(channel, ("",))[0] == value for channel, value in EXPECTED.items())


def newest(data, instrument):
    return values(data, instrument).get("t", ("", ""))[1]


def main():
    with tempfile.TemporaryDirectory() as room:
        ports = {name: free_port() for name in ("pymodbus", "libmodbus", "bridge")}
        ends = [os.path.join(room, name) for name in ("ours", "theirs", "behind", "far")]
        pair = subprocess.Popen(["socat", f"pty,raw,echo=0,link={ends[0]}", f"pty,raw,echo=0,link={ends[1]}"],
                                stderr=subprocess.DEVNULL)
        second = subprocess.Popen(["socat", f"pty,raw,echo=0,link={ends[2]}", f"pty,raw,echo=0,link={ends[3]}"],
                                  stderr=subprocess.DEVNULL)
        wait_for(lambda: all(os.path.exists(end) for end in ends), 5)
        bridge = subprocess.Popen(["socat", f"tcp-listen:{ports['bridge']},bind=127.0.0.1,reuseaddr,fork",
                                   f"file:{ends[2]},raw,echo=0"], stderr=subprocess.DEVNULL)
        servers = {"pymodbus": (pymodbus_tcp, ports["pymodbus"]), "libmodbus": (libmodbus_tcp, ports["libmodbus"]),
                   "serial": (pymodbus_rtu, ends[1]), "bridge": (pymodbus_rtu, ends[3])}
        running = {name: start(*what) for name, what in servers.items()}
        data = os.path.join(room, "data")
        lines = [("pymodbus", f'<modbus-tcp host="127.0.0.1" port="{ports["pymodbus"]}"/>'),
                 ("libmodbus", f'<modbus-tcp host="127.0.0.1" port="{ports["libmodbus"]}"/>'),
                 ("serial", f'<modbus-rtu port="{ends[0]}" baud="9600"/>'),
                 ("bridge", f'<rtu-tcp host="127.0.0.1" port="{ports["bridge"]}"/>')]
        with open(os.path.join(room, "lab.xml"), "w", encoding="utf-8") as lab:
            lab.write('<lab site="t" origin="t.example" name-zh="t" name-en="t">')
            for name, transport in lines:
                lab.write(f'<line id="{name}" name-zh="x" name-en="x">{transport}<instrument id="{name}" name-zh="x" '
                          f'name-en="x" driver="modbus" every="1s">{ITEMS}</instrument></line>')
            lab.write("</lab>")
        serve = subprocess.Popen([ASSAY, "serve", "-c", os.path.join(room, "lab.xml"), "-d", data],
                                 stdout=subprocess.DEVNULL)
        try:
            for name, _ in lines:
                check(wait_for(lambda: holds(data, name), 20), f"{name}: every value is the server's: {values(data, name)}")
            again(data, servers, running)
        finally:
            serve.terminate()
            check(serve.wait(20) == 0, "the gateway stops in order")
            for process in running.values():
                process.kill()
            for process in (bridge, pair, second):
                process.terminate()
    return finish()


def start(function, argument):
    process = multiprocessing.Process(target=function, args=(argument,), daemon=True)
    process.start()
    return process


def again(data, servers, running):
    """thingsboard-gateway 2132: after an outage the polling is dead and stays dead."""
    for name in ("pymodbus", "libmodbus"):
        running[name].kill()
        running[name].join()
        time.sleep(2.5)
        running[name] = start(*servers[name])
        before = newest(data, name)
        check(wait_for(lambda: newest(data, name) > before and holds(data, name), 30),
              f"{name}: the line is back after the server was")


if __name__ == "__main__":
    sys.exit(main())
