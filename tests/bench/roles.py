#!/usr/bin/env python3
"""The whole line at work, measured from outside: real processes, real pseudo-terminals and sockets.

  1. last byte of a stable balance reading to its durable entry: p50, p99
  2. entries/s through the roles, beside bare SQLite inserting the same rows in the same run
  3. idle: CPU and memory of all roles with three instruments

$ASSAY names the binary. Figures depend on the disk: the time of one fsync is printed beside them.
"""
import os
import pty
import select
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tty

ASSAY = os.environ["ASSAY"]
LATENCY_READINGS = 400
DEVICES = 32
FLOOD_S = 6.0
IDLE_S = 20.0


def lab(lines):
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<lab site="bench" origin="bench.assay.example" '
            'name-zh="测试" name-en="bench" listen="">\n%s</lab>\n' % "".join(lines))


class Serve:
    """assay serve on a fresh directory."""

    def __init__(self, lines):
        self.dir = tempfile.mkdtemp(prefix="assay-bench-")
        with open(self.dir + "/lab.xml", "w", encoding="utf-8") as out:
            out.write(lab(lines))
        self.log = open(self.dir + ".log", "w+b")
        self.process = subprocess.Popen([ASSAY, "serve", "-d", self.dir], stdout=self.log, stderr=self.log)
        until = time.time() + 10
        while not os.path.exists(self.dir + "/journal/0001.db") or not self.journal():
            if time.time() > until or self.process.poll() is not None:
                self.log.seek(0)
                sys.exit("assay serve did not start: " + self.log.read().decode())
            time.sleep(0.05)

    def journal(self):
        try:
            self.db = sqlite3.connect("file:%s/journal/0001.db?mode=ro" % self.dir, uri=True, isolation_level=None)
            self.db.execute("SELECT max(seq) FROM entry").fetchone()
            return True
        except sqlite3.Error:
            return False

    def size(self):
        return (self.db.execute("SELECT max(seq) FROM entry").fetchone()[0] or -1) + 1

    def roles(self):
        """pid of every process below, with the supervisor."""
        found, more = [self.process.pid], [self.process.pid]
        while more:
            parent = more.pop()
            for task in os.listdir("/proc/%d/task" % parent):
                with open("/proc/%d/task/%s/children" % (parent, task)) as file:
                    children = [int(pid) for pid in file.read().split()]
                found += children
                more += children
        return found

    def cpu_s(self):
        ticks = 0
        for pid in self.roles():
            with open("/proc/%d/stat" % pid) as file:
                fields = file.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def pss_kib(self):
        total = 0
        for pid in self.roles():
            with open("/proc/%d/smaps_rollup" % pid) as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        return total

    def stop(self):
        self.db.close()
        self.process.terminate()
        code = self.process.wait(20)
        shutil.rmtree(self.dir)
        os.unlink(self.dir + ".log")
        if code != 0:
            sys.exit("assay serve ended with %d" % code)


class Balance(threading.Thread):
    """Answers I4 and SI as MT-SICS does; print() sends a stable weight by itself."""

    def __init__(self):
        super().__init__(daemon=True)
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.slave = slave
        self.port = os.ttyname(slave)
        self.start()

    def run(self):
        text = b""
        while True:
            try:
                text += os.read(self.master, 256)
            except OSError:
                return
            while b"\n" in text:
                command, text = text.split(b"\n", 1)
                command = command.strip()
                if command in (b"I4", b"@"):
                    os.write(self.master, b'I4 A "B1"\r\n')
                elif command == b"I2":
                    os.write(self.master, b'I2 A "XPR205 Excellence 220.0090 g"\r\n')
                elif command == b"SI":
                    os.write(self.master, b"S S     0.0000 g\r\n")
                elif command:
                    os.write(self.master, b"ES\r\n")

    def print(self, value):
        os.write(self.master, b"S S %10s g\r\n" % value)


class Devices(threading.Thread):
    """Modbus TCP: every read of registers answered at once."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        poll = select.epoll()
        poll.register(self.listener, select.EPOLLIN)
        peers = {}
        while True:
            for fd, _ in poll.poll():
                if fd == self.listener.fileno():
                    peer, _ = self.listener.accept()
                    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    peers[peer.fileno()] = peer
                    poll.register(peer, select.EPOLLIN)
                    continue
                try:
                    request = peers[fd].recv(260)
                    if len(request) < 12:
                        raise OSError
                    count = struct.unpack(">H", request[10:12])[0]
                    pdu = struct.pack(">BBBB", request[6], request[7], 2 * count, 0)[:3] + b"\x00\xe0\x01\xcc" * count
                    pdu = pdu[:3 + 2 * count]
                    peers[fd].sendall(request[:4] + struct.pack(">H", len(pdu)) + pdu)
                except OSError:
                    poll.unregister(fd)
                    peers.pop(fd).close()


def balance_line(balance, every="60s"):
    return ('<line id="com1" name-zh="COM1" name-en="COM1"><serial port="%s" baud="9600"/>'
            '<instrument id="balance-1" name-zh="天平" name-en="balance" spec="mettler-mt-sics" serial="B1" every="%s" '
            'needed-every="1s"/></line>\n' % (balance.port, every))


def room_line(number, port, every):
    return ('<line id="room-%d" name-zh="室%d" name-en="room %d"><modbus-tcp host="127.0.0.1" port="%d"/>'
            '<instrument id="room-%d" name-zh="室" name-en="room" spec="xy-md02" every="%s" needed-every="%s"/></line>\n'
            % (number, number, number, port, number, every, every))


def fsync_ms():
    with tempfile.NamedTemporaryFile() as file:
        begun = time.perf_counter()
        for _ in range(200):
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
        return (time.perf_counter() - begun) * 1000 / 200


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def latency():
    balance = Balance()
    serve = Serve([balance_line(balance)])
    time.sleep(1.5)  # the fence of a newly opened line
    took = []
    for i in range(LATENCY_READINGS):
        before = serve.size()
        begun = time.perf_counter()
        balance.print(b"%d.%04d" % (20 + i % 7, i))
        while serve.size() == before:
            if time.perf_counter() - begun > 2:
                sys.exit("a reading did not arrive")
        took.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.01)
    serve.stop()
    print("last byte to durable entry    p50 %6.2f ms   p99 %6.2f ms   (%d readings; one fsync %.2f ms)"
          % (percentile(took, 0.5), percentile(took, 0.99), len(took), fsync_ms()))


def bare(rows, group):
    """The same rows in a table of the same columns, one commit for each group."""
    folder = tempfile.mkdtemp(prefix="assay-bare-")
    db = sqlite3.connect(folder + "/bare.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE entry(seq INTEGER PRIMARY KEY, header BLOB, body TEXT, raw BLOB, leaf BLOB) STRICT")
    begun = time.perf_counter()
    for at in range(0, len(rows), group):
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO entry VALUES(?,?,?,?,?)", rows[at:at + group])
        db.execute("COMMIT")
    took = time.perf_counter() - begun
    db.close()
    shutil.rmtree(folder)
    return len(rows) / took


def flood(devices, name):
    peer = Devices()
    serve = Serve([room_line(i, peer.port, "50ms") for i in range(devices)])
    time.sleep(1.0)
    first, cpu, begun = serve.size(), serve.cpu_s(), time.perf_counter()
    time.sleep(FLOOD_S)
    last, cpu, took = serve.size(), serve.cpu_s() - cpu, time.perf_counter() - begun
    rows = serve.db.execute("SELECT seq, header, body, raw, leaf FROM entry WHERE seq>=? AND seq<? ORDER BY seq",
                            (first, last)).fetchall()
    serve.stop()
    rate = (last - first) / took
    group = max(1, devices)
    beside = bare(rows, group)
    print("%-28s  %7.0f entries/s at %3.0f %% of a core; bare SQLite, %2d to a commit: %7.0f rows/s; share %3.0f %%"
          % (name, rate, 100 * cpu / took, group, beside, 100 * rate / beside))


def idle():
    balance, peer = Balance(), Devices()
    serve = Serve([balance_line(balance, "30s"), room_line(1, peer.port, "30s"), room_line(2, peer.port, "30s")])
    time.sleep(3)
    cpu = serve.cpu_s()
    time.sleep(IDLE_S)
    cpu = serve.cpu_s() - cpu
    print("idle, three instruments       %5.2f %% of a core, %.1f MB together (PSS, %d processes)"
          % (100 * cpu / IDLE_S, serve.pss_kib() / 1024, len(serve.roles())))
    serve.stop()


if __name__ == "__main__":
    latency()
    flood(1, "one line, every 50 ms")
    flood(DEVICES, "%d lines" % DEVICES)
    idle()
