# SPDX-License-Identifier: Apache-2.0
"""assay serve --stations: host, web, report and notify as users of their own, forked by stations that a service manager of our
own starts when the gateway knocks. As the kernel tells it: who each process is; what each user can and cannot open. Killed
roles and stations come back, a hung one is ended, lab.xml is read again, and a stop leaves nothing. Users are numbers that
nobody has; when not root, all of them are the caller, and what is about users is not looked at."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import outside  # noqa: E402
from outside import check, die_with_parent, finish, free_port, wait_for  # noqa: E402

ROOT = os.geteuid() == 0
KINDS = ("host", "web", "report", "notify")
GATEWAY = 64110 if ROOT else os.geteuid()
USER = {kind: 64111 + i if ROOT else os.geteuid() for i, kind in enumerate(KINDS)}
READS_STATE = ("web", "notify")  # members of the gateway's group
COMM = {"host": "assay-host", "web": "assay-web", "report": "assay-report-ro", "notify": "assay-notify", "recorder": "assay-recorder"}
LAB = """<lab site="demo" origin="demo.assay.example" name-zh="测" name-en="t" listen="127.0.0.1:{port}">
<web anonymous-read="true"/><tell hook="http://127.0.0.1:9/x"/>
<line id="one" name-zh="一" name-en="one"><tcp host="127.0.0.1" port="{balance}"/>
<instrument id="b1" name-zh="天平" name-en="balance" spec="mettler-mt-sics" every="{every}"/></line>{more}</lab>"""
MORE = """<line id="two" name-zh="二" name-en="two"><tcp host="127.0.0.1" port="{balance}"/>
<instrument id="b2" name-zh="天平" name-en="balance" spec="mettler-mt-sics" every="1s"/></line>"""
# the MT-SICS manual's answers (reference manual, I2, I4, SI)
ANSWERS = {b"I4": b'I4 A "B6"\r\n', b"I2": b'I2 A "XPR205"\r\n', b"SI": b"S S     100.00 g\r\n", b"S": b"S S     100.00 g\r\n"}


def become(user, groups=()):
    """For preexec_fn: that user and no more."""
    def change():
        die_with_parent()
        if ROOT:
            os.setgroups(groups)
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            die_with_parent()  # a change of user forgets it
        os.umask(0o077)  # the gateway sets its own
    return change


def balance():
    """A balance that answers whoever connects."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer(peer):
        with peer, peer.makefile("rb") as lines:
            try:
                for line in lines:
                    peer.sendall(ANSWERS.get(line.strip(), b"ES\r\n"))
            except OSError:
                pass

    def serve():
        while True:
            threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    return listening.getsockname()[1]


class Stations:
    """systemd's part: the sockets are there first; who knocks finds a station."""

    def __init__(self, program, folder):
        self.program, self.running, self.started, self.off = program, {}, dict.fromkeys(KINDS, 0), False
        self.listening = {}
        for kind in KINDS:
            self.listening[kind] = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            path = f"{folder}/{kind}.station"
            self.listening[kind].bind(path)
            os.chmod(path, 0o600)
            os.chown(path, GATEWAY, GATEWAY)
            self.listening[kind].listen(8)
            threading.Thread(target=self.attend, args=(kind,), daemon=True).start()

    def attend(self, kind):
        import select
        change = become(USER[kind], [GATEWAY] if kind in READS_STATE else [])
        while True:
            select.select([self.listening[kind]], [], [])
            if self.off:
                return

            def prepare():
                os.dup2(self.listening[kind].fileno(), 3)
                change()
            words = ["sh", "-c", f'LISTEN_FDS=1 LISTEN_PID=$$ exec "{self.program}" station {kind}']
            process = subprocess.Popen(words, preexec_fn=prepare, close_fds=True, pass_fds=(3,), stdin=subprocess.DEVNULL)
            self.running[kind] = process
            self.started[kind] += 1
            process.wait()
            del self.running[kind]


def processes():
    """[(pid, parent, uid, name)] of what is alive."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
        except OSError:
            continue
        if not status["State"].startswith("Z"):
            found.append((int(pid), int(status["PPid"]), int(status["Uid"].split()[0]), status["Name"].strip()))
    return found


class Gateway:
    def __init__(self, folder):
        self.folder, self.data, self.room = folder, f"{folder}/d", f"{folder}/stations"
        self.program = f"{folder}/program/assay"
        source = os.path.dirname(outside.ASSAY)
        os.mkdir(f"{folder}/program")
        shutil.copy(outside.ASSAY, self.program)
        for part in ("drivers", "specs"):
            shutil.copytree(f"{source}/{part}", f"{folder}/program/{part}")
        if os.path.exists(f"{source}/assay-report"):
            shutil.copy(f"{source}/assay-report", f"{folder}/program/assay-report")
        os.mkdir(self.data, 0o700)
        os.mkdir(self.room, 0o755)
        os.chown(self.data, GATEWAY, GATEWAY)
        self.balance, self.port = balance(), free_port()

    def run(self, *words, user=None, groups=(), seconds=60):
        return subprocess.run([self.program, *words], capture_output=True, text=True, timeout=seconds,
                              preexec_fn=become(GATEWAY if user is None else user, groups))

    def write(self, every="1s", more=False):
        with open(f"{self.data}/lab.xml", "w", encoding="utf-8") as file:
            file.write(LAB.format(port=self.port, balance=self.balance, every=every,
                                  more=MORE.format(balance=self.balance) if more else ""))
        os.chown(f"{self.data}/lab.xml", GATEWAY, GATEWAY)

    def start(self):
        self.said = open(f"{self.folder}/said", "a+", encoding="utf-8")
        self.process = subprocess.Popen([self.program, "serve", "-d", self.data, "--stations", self.room], stdout=subprocess.DEVNULL,
                                        stderr=self.said, preexec_fn=become(GATEWAY))

    def role(self, kind):
        """pids of that kind: children of the gateway or of its stations."""
        parents = {self.process.pid, *(station.pid for station in list(self.stations.running.values()))}
        return [(pid, uid) for pid, parent, uid, name in processes() if parent in parents and name == COMM[kind]]

    def page(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def lines(self):
        run = self.run("line", "list", "-d", self.data, "--json")
        return {row["line"]: row["status"] for row in map(json.loads, run.stdout.splitlines())}

    def entries(self):
        return sum(1 for line in self.run("journal", "-d", self.data).stdout.splitlines() if line.strip())


def comes_up(gateway):
    gateway.start()
    check(wait_for(lambda: '"status":"ok"' in gateway.page("/healthz"), 20), "pages answer")
    check(wait_for(lambda: gateway.lines().get("one") == "online", 10), f"the balance is online: {gateway.lines()}")
    check(wait_for(lambda: all(len(gateway.role(kind)) == 1 for kind in COMM), 10), "one process of each kind")
    counted = gateway.page("/metrics")
    for kind in COMM:
        check(f'assay_role_processes{{role="{kind}"}} 1' in counted, f"and the metrics count it: {kind}")


def are_who_they_should_be(gateway):
    for kind in KINDS:
        check([uid for _, uid in gateway.role(kind)] == [USER[kind]], f"{kind} is its own user")
    check([uid for _, uid in gateway.role("recorder")] == [GATEWAY], "the recorder is who owns the data")
    if not ROOT:
        print("not root: who may open what is not looked at")
        return

    def may(kind, how, path):
        groups = [GATEWAY] if kind in READS_STATE else []
        words = {"read": ["head", "-c", "1", path], "write": ["sh", "-c", ': >>"$1"', "sh", path], "list": ["ls", path]}[how]
        return subprocess.run(words, capture_output=True, preexec_fn=become(USER[kind], groups)).returncode == 0
    data = gateway.data
    for kind in ("host", "report"):
        check(not may(kind, "list", data), f"{kind} cannot look into the data directory")
        check(not may(kind, "read", f"{data}/state.db"), f"{kind} cannot read the state")
        check(not may(kind, "read", f"{data}/lab.xml"), f"{kind} cannot read lab.xml")
    for kind in READS_STATE:
        for name in ("state.db", "journal/0001.db", "keys/origin.pub"):
            check(may(kind, "read", f"{data}/{name}"), f"{kind} reads {name}")
        for name in ("state.db", "state.db-wal", "journal/0001.db", "keys/origin.pub", "lab.xml", "run/told"):
            check(not may(kind, "write", f"{data}/{name}"), f"{kind} cannot write {name}")
        for name in ("keys/origin.key", "keys/people.db", "run/told"):
            check(not may(kind, "read", f"{data}/{name}"), f"{kind} cannot read {name}")
        check(not may(kind, "list", f"{data}/keys"), f"{kind} cannot list the keys")


def prints(gateway):
    """By the report role, which has no file of the laboratory and starts a program."""
    batch = json.loads(gateway.run("batch", "list", "-d", gateway.data, "--json").stdout)[0]["batch"]
    done = gateway.run("print", "labels", batch, "--out", f"{gateway.data}/labels.pdf", "-d", gateway.data)
    check(done.returncode == 0, f"labels are printed: {done.stderr}")
    with open(f"{gateway.data}/labels.pdf", "rb") as file:
        check(file.read(5) == b"%PDF-", "as PDF")


def come_back(gateway, stations):
    for kind in KINDS:
        before = gateway.role(kind)[0][0]
        os.kill(before, signal.SIGKILL)
        check(wait_for(lambda: [p for p, _ in gateway.role(kind) if p != before], 5), f"a killed {kind} is back")
        check(stations.started[kind] == 1, f"{kind}: by the same station")
    for kind in KINDS:
        before = gateway.role(kind)[0][0]
        stations.running[kind].kill()
        check(wait_for(lambda: [p for p, _ in gateway.role(kind) if p != before], 5), f"a killed station: {kind} is back")
        check(wait_for(lambda: before not in [p for p, _, _, _ in processes()], 2), f"and the old {kind} is dead")
        check(stations.started[kind] == 2, f"{kind}: by another station")
    check(wait_for(lambda: gateway.lines().get("one") == "online", 10), "the balance is online again")
    check(wait_for(lambda: '"status":"ok"' in gateway.page("/healthz"), 5), "pages answer again")
    recorder = gateway.role("recorder")[0][0]
    os.kill(recorder, signal.SIGKILL)
    check(wait_for(lambda: [p for p, _ in gateway.role("recorder") if p != recorder], 5), "a killed recorder is back")
    hung = gateway.role("host")[0][0]
    os.kill(hung, signal.SIGSTOP)
    check(wait_for(lambda: [p for p, _ in gateway.role("host") if p != hung], 20), "a host that stands still is replaced")
    check(hung not in [p for p, _, _, _ in processes()], "and ended, though it is another's process")
    before = gateway.entries()
    check(wait_for(lambda: gateway.entries() > before, 10), "and the journal grows")


def read_again(gateway):
    gateway.write(every="2s", more=True)
    done = gateway.run("reload", "-d", gateway.data, "--reason", "another line")
    check(done.returncode == 0, f"reload: {done.stderr}")
    check(wait_for(lambda: gateway.lines() == {"one": "online", "two": "online"}, 10), f"two lines now: {gateway.lines()}")


def ends(gateway, stations):
    stations.off = True
    gateway.process.send_signal(signal.SIGTERM)
    check(gateway.process.wait(30) == 0, "stopped in good order")
    check(wait_for(lambda: not stations.running, 5), f"no station is left: {stations.running}")
    check(not [name for _, _, uid, name in processes() if ROOT and uid in (GATEWAY, *USER.values())], "nor anything else")
    check(gateway.run("verify", gateway.data).returncode == 0, "the journal verifies")
    replayed = gateway.run("verify", gateway.data, "--replay")
    check(replayed.returncode == 0, f"and replays: {replayed.stdout}{replayed.stderr}")


def without_stations(gateway):
    """Nobody listens: it says so, and begins as soon as somebody does."""
    gateway.room = f"{gateway.folder}/later"
    os.mkdir(gateway.room, 0o755)
    gateway.start()
    check(wait_for(lambda: "web.station does not answer" in open(f"{gateway.folder}/said", encoding="utf-8").read(), 10),
          "no station: it is said which")
    gateway.stations = Stations(gateway.program, gateway.room)
    check(wait_for(lambda: '"status":"ok"' in gateway.page("/healthz"), 10), "once there are stations, pages answer")
    gateway.stations.off = True
    gateway.process.send_signal(signal.SIGTERM)
    check(gateway.process.wait(30) == 0, "stopped in good order, too")


def refuses(gateway):
    for words, code in ((("station", "host"), 1), (("station", "recorder"), 2), (("station",), 2)):
        run = gateway.run(*words)
        check(run.returncode == code and run.stderr, f"{words}: {run.returncode} {run.stderr}")
    long = gateway.run("serve", "-d", gateway.data, "--stations", "/" + "x" * 200)
    check(long.returncode == 1 and "too long" in long.stderr, f"a path that is no socket's: {long.stderr}")


def main():
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="assay-stations-") as folder:
        os.chmod(folder, 0o755)
        gateway = Gateway(folder)
        gateway.run("demo", "--once", "--json", "-d", gateway.data)
        for name in ("state.db", "state.db-wal", "state.db-shm"):  # made again by the gateway, with rights that it gives
            if os.path.exists(f"{gateway.data}/{name}"):
                os.unlink(f"{gateway.data}/{name}")
        gateway.write()
        gateway.stations = Stations(gateway.program, gateway.room)
        comes_up(gateway)
        are_who_they_should_be(gateway)
        prints(gateway)
        come_back(gateway, gateway.stations)
        read_again(gateway)
        ends(gateway, gateway.stations)
        without_stations(gateway)
        refuses(gateway)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
