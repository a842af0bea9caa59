#!/usr/bin/env python3
"""soak.py HOURS [SEED]: a gateway left alone with a bad week, at ten times the demonstration's speed.

A balance on a pseudo-terminal, a room transmitter on Modbus TCP, a technician who registers batches and has the balance fill
their slots, a browser that reads and one that does not. By chance: a role is killed or stopped, the balance is unplugged, the
transmitter's socket closed, the disk filled (needs root for a small tmpfs), the wall clock stepped (needs Debian's faketime).
After each, both lines must give readings again within a minute.

At the end: every weight in the journal is one the balance showed, each slot holds the mass that lay on the pan, the supervisor
has never died, memory and descriptors of each role are no more in the last third than in the one before, verify and
verify --replay are clean. Figures go to build/soak/last.json; the exit code is 1 when anything is not so."""
import json, os, pty, random, shutil, signal, socket, sqlite3, struct, subprocess, sys, tempfile, threading, time, tty
import urllib.request

ASSAY = os.path.abspath(os.environ.get("ASSAY", "build/assay"))
HOURS = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else int.from_bytes(os.urandom(4), "big")
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
SPEED = 10
RECOVERY_S = 60
GROWTH_BYTES = 4 << 20  # an allocator's slack; a leak of one exchange's body would be a hundred times that
chance = random.Random(SEED)
folder = tempfile.mkdtemp(prefix="assay-soak-", dir=os.environ.get("SOAK_DIR"))
home = folder + "/d"
log = open(folder + "/gateway.log", "w")
problems = []


def say(*words):
    print(time.strftime("%H:%M:%S"), *words, flush=True)


def problem(text):
    problems.append(text)
    say("PROBLEM:", text)


class Balance(threading.Thread):
    """MT-SICS level 0 and S, as far as the driver asks (Mettler reference manual 11780711)."""

    def __init__(self, link):
        super().__init__(daemon=True)
        self.link, self.master, self.mass, self.shown = link, None, 201127, {201127}
        self.plug()
        self.start()

    def plug(self):
        master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        if os.path.lexists(self.link):
            os.unlink(self.link)
        os.symlink(os.ttyname(self.slave), self.link)
        self.master = master

    def unplug(self):
        master, self.master = self.master, None
        os.unlink(self.link)
        os.close(self.slave)
        os.close(master)

    def put(self, mass):
        self.mass = mass
        self.shown.add(mass)

    def weight(self):
        return b"S S %3d.%04d g\r\n" % (self.mass // 10000, self.mass % 10000)

    def run(self):
        held, of = b"", None
        while True:
            master = self.master
            if master is None:
                time.sleep(0.05)
                continue
            if master != of:
                held, of = b"", master
            try:
                held += os.read(master, 256)
                while b"\n" in held:
                    command, held = held.split(b"\n", 1)
                    command = command.strip()
                    answer = {b"SI": self.weight(), b"S": self.weight(), b"I4": b'I4 A "B1"\r\n', b"@": b'I4 A "B1"\r\n',
                              b"I2": b'I2 A "XPR205 220.0090 g"\r\n'}.get(command, b"ES\r\n")
                    os.write(master, answer)
            except OSError:
                time.sleep(0.05)


class Room(threading.Thread):
    """Modbus TCP, unit 1, input registers 1 and 2 (temperature, humidity, one decimal)."""

    def __init__(self):
        super().__init__(daemon=True)
        self.port, self.listener, self.peers = 0, None, []
        self.plug()
        self.start()

    def plug(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen()
        self.port, self.listener = listener.getsockname()[1], listener

    def unplug(self):
        listener, self.listener = self.listener, None
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for peer in self.peers:
            peer.close()
        self.peers = []

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except (OSError, AttributeError):
                time.sleep(0.05)
                continue
            self.peers = [p for p in self.peers if p.fileno() >= 0] + [peer]
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    @staticmethod
    def serve(peer):
        try:
            while head := peer.recv(7, socket.MSG_WAITALL):
                transaction, _, length, unit = struct.unpack(">HHHB", head)
                body = peer.recv(length - 1, socket.MSG_WAITALL)
                function, address, count = struct.unpack(">BHH", body[:5])
                words = {1: 225, 2: 480}
                if function == 4 and all(a in words for a in range(address, address + count)):
                    answer = struct.pack(">BB", 4, 2 * count) + b"".join(struct.pack(">H", words[a]) for a in range(address, address + count))
                elif function == 8:
                    answer = body
                else:
                    answer = struct.pack(">BB", function | 128, 2)
                peer.sendall(struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit) + answer)
        except (OSError, struct.error):
            peer.close()


def assay(*words, patience_s=3 * RECOVERY_S):
    """One command; while roles come back it is asked again. None: refused, or no answer in time."""
    until = time.monotonic() + patience_s
    while True:
        try:
            done = subprocess.run([ASSAY, *words, "-d", home, "--json"], capture_output=True, text=True, timeout=30)
        except subprocess.TimeoutExpired:
            done = None
        if done and done.returncode == 0:
            return json.loads(done.stdout)
        code = done and json.loads(done.stderr or "{}").get("error", {}).get("code", "")
        if time.monotonic() > until or (code and code not in ("not-running", "no-answer", "journal-full", "journal-io", "acquisition-paused", "line-not-online")):
            say("refused:", *words, "-", done.stderr.strip() if done else "no answer within 30 s")
            return None
        time.sleep(0.3)


def roles():
    kids = open(f"/proc/{gateway.pid}/task/{gateway.pid}/children").read().split()
    found = {"supervisor": [gateway.pid]}
    for kid in kids:
        try:
            found.setdefault(open(f"/proc/{kid}/comm").read().strip().removeprefix("assay-"), []).append(int(kid))
        except OSError:
            pass
    return found


def measure(samples):
    for role, pids in roles().items():
        for pid in pids:
            try:
                resident = int(open(f"/proc/{pid}/statm").read().split()[1]) * 4096
                samples.append((time.monotonic() - begun, role, resident, len(os.listdir(f"/proc/{pid}/fd"))))
            except OSError:
                pass


def last_readings():
    status = assay("status")
    return {i["instrument"]: max((c["seq"] for c in i["channels"] if c["value"]), default=0)
            for line in (status or {}).get("lines", []) for i in line["instruments"]}


def recovered(what):
    """Readings newer than now, from both lines."""
    before = last_readings()
    until = time.monotonic() + RECOVERY_S
    while time.monotonic() < until:
        now = last_readings()
        if now and all(now.get(i, 0) > before.get(i, 0) for i in ("balance-1", "room-1")):
            return
        time.sleep(0.5)
    problem(f"no readings within {RECOVERY_S} s after: {what}; before {before}, now {last_readings()}")


def kill_role():
    role = chance.choice(["host", "recorder", "web"])
    pids = roles().get(role)
    if pids:
        os.kill(chance.choice(pids), signal.SIGKILL)
    return f"kill {role}"


def stop_role():
    role = chance.choice(["host", "recorder", "web"])
    pids = roles().get(role)
    if pids:
        pid = chance.choice(pids)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(chance.uniform(0.5, 4))
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass
    return f"stop {role} for a while"


def unplug():
    device = chance.choice([balance, room])
    device.unplug()
    time.sleep(chance.uniform(0.5, 5))
    device.plug()
    return f"unplug {type(device).__name__.lower()}"


def fill_disk():
    if not on_tmpfs:
        return None
    with open(folder + "/filler", "wb") as filler:
        about = os.statvfs(folder)
        try:
            os.posix_fallocate(filler.fileno(), 0, about.f_bavail * about.f_frsize)
        except OSError:
            pass
    time.sleep(chance.uniform(2, 6))
    os.unlink(folder + "/filler")
    return "fill the disk"


def step_clock():
    if not faked:
        return None
    seconds = chance.choice([-3600, -60, 60, 3600, 86400])
    set_clock(seconds)
    return f"step the clock to {seconds:+d} s"


def set_clock(seconds):
    with open(home + "/clock.new", "w") as file:
        file.write(f"{seconds:+d}\n")
    os.rename(home + "/clock.new", home + "/clock")


def slow_browser():
    """Asks for the live events and never reads one."""
    peer = socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])))
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    peer.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    slow.append(peer)
    while len(slow) > 8:
        slow.pop(0).close()
    return "a browser that does not read"


def technician():
    """Batch after batch: each slot is given the mass that lies on the pan, by the instrument itself."""
    number = 0
    while not ending.is_set():
        number += 1
        batch = assay("batch", "new", "--product", "puffed-snack", "--name", "soak", "--producer", "soak", "--lot", str(number),
                      "--produced", "2026-11-20", "--test", "moisture")
        tests = (batch or {}).get("tests", [])
        if not tests:
            problem(f"batch {number} could not be registered")
            ending.wait(5)
            continue
        for slot, replicate in (("m3", 1), ("m3", 2), ("m1", 1)):
            mass = balance.mass + chance.randrange(1, 5000)
            if mass > 2100000:
                mass = 200000 + number % 1000
            balance.put(mass)
            ending.wait(1)
            if not fill(tests[0]["test"], slot, replicate, mass):
                break
        made[0] += 1
        ending.wait(3)


def slot_now(test, slot, replicate):
    shown = assay("test", "show", test) or {}
    return next((s for s in shown.get("slots", []) if s["slot"] == slot and s["replicate"] == replicate), {})


def fill(test, slot, replicate, mass):
    until = time.monotonic() + 2 * RECOVERY_S
    while time.monotonic() < until and not ending.is_set():
        now = slot_now(test, slot, replicate)
        if now.get("status") == "filled":
            want = f"{mass // 10000}.{mass % 10000:04d}"
            if now["value"] != want:
                problem(f"{test} {slot} {replicate} holds {now['value']}, on the pan lay {want}")
            filled[0] += 1
            return True
        if now.get("status") != "armed":
            assay("test", "fill", test, slot, "--instrument", "balance-1", "--replicate", str(replicate), "--take", patience_s=5)
        ending.wait(0.5)
    if not ending.is_set():
        problem(f"{test} {slot} {replicate} was not filled")
    return False


def check_journal():
    for words in (["verify", home], ["verify", home, "--replay"]):
        done = subprocess.run([ASSAY, *words, "--json"], capture_output=True, text=True)
        if done.returncode != 0:
            problem(f"{' '.join(words)}: {done.stdout[-400:]} {done.stderr[-400:]}")
    want = {f"{m // 10000}.{m % 10000:04d}" for m in balance.shown}
    counted = wrong = clocks = 0
    for segment in sorted(os.listdir(home + "/journal")):
        if not segment.endswith(".db"):
            continue
        db = sqlite3.connect(f"file:{home}/journal/{segment}?mode=ro", uri=True)
        clocks += db.execute("SELECT count(*) FROM entry WHERE hex(substr(header, 5, 2))='0011'").fetchone()[0]
        for (body,) in db.execute("SELECT body FROM entry WHERE hex(substr(header, 5, 2))='0008'"):
            for reading in json.loads(body).get("readings", []):
                if reading[0] == "weight" and len(reading) > 1 and reading[1]:
                    counted += 1
                    wrong += reading[1] not in want
    if any(w.startswith("step") for w in counts) and not clocks:
        problem("the clock was stepped and the journal does not say so")
    if wrong or not counted:
        problem(f"{wrong} of {counted} weights in the journal were never shown by the balance")
    return counted


def flat(samples):
    """Largest figures of each role in the middle and in the last third."""
    span, table = samples[-1][0], {}
    for at, role, resident, descriptors in samples:
        third = min(int(3 * at / span), 2)
        row = table.setdefault(role, [[0, 0] for _ in range(3)])[third]
        row[0], row[1] = max(row[0], resident), max(row[1], descriptors)
    for role, (_, middle, last) in table.items():
        if last[0] > middle[0] + GROWTH_BYTES:
            problem(f"{role}: memory grew from {middle[0] >> 10} to {last[0] >> 10} KiB")
        if last[1] > middle[1] + 2:
            problem(f"{role}: descriptors grew from {middle[1]} to {last[1]}")
    return {role: {"KiB": [t[0] >> 10 for t in rows], "descriptors": [t[1] for t in rows]} for role, rows in table.items()}


on_tmpfs = os.getuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2g,mode=700", "soak", folder], capture_output=True).returncode == 0
if on_tmpfs:
    log = open(folder + "/gateway.log", "w")
os.mkdir(home, 0o700)
faked = os.path.exists(FAKETIME)
balance, room = Balance(folder + "/balance"), Room()
with open(home + "/lab.xml", "w") as file:
    file.write(f"""<lab site="soak" origin="soak.example" name-zh="测" name-en="soak" listen="127.0.0.1:0">
<line id="com1" name-zh="天平" name-en="balance"><serial port="{folder}/balance"/><instrument id="balance-1" name-zh="天平" name-en="balance"
 spec="mettler-mt-sics" serial="B1" calibrated-until="2099-12-31" every="{2000 // SPEED}ms" needed-every="{1000 // SPEED}ms"/></line>
<line id="room" name-zh="室内" name-en="room"><modbus-tcp host="127.0.0.1" port="{room.port}"/><instrument id="room-1" name-zh="室内" name-en="room"
 spec="xy-md02" calibrated-until="2099-12-31" every="{5000 // SPEED}ms" needed-every="{5000 // SPEED}ms"/></line></lab>""")
environment = dict(os.environ)
if faked:
    set_clock(0)
    environment |= {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": home + "/clock", "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}
gateway = subprocess.Popen([ASSAY, "serve", "-d", home, "--json"], stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
url = json.loads(gateway.stdout.readline())["url"]
begun, samples, slow, made, filled, ending, counts = time.monotonic(), [], [], [0], [0], threading.Event(), {}
say(f"seed {SEED}, {HOURS} h, {url}, disk {'tmpfs' if on_tmpfs else 'as it is, not filled'}, clock {'stepped' if faked else 'left alone'}")
worker = threading.Thread(target=technician, daemon=True)
try:
    recovered("the start")
    worker.start()
    pause = max(4.0, HOURS * 3600 / 400)
    while time.monotonic() - begun < HOURS * 3600 and gateway.poll() is None and len(problems) < 10:
        until = time.monotonic() + chance.uniform(0.5, 1.5) * pause
        while time.monotonic() < until:
            measure(samples)
            try:
                urllib.request.urlopen(url + "/metrics", timeout=5).read()
            except OSError:
                pass  # web may just be coming back; recovered() says when it does not
            time.sleep(1)
        what = chance.choice([kill_role, stop_role, unplug, fill_disk, step_clock, slow_browser])()
        if what:
            say(what)
            counts[what] = counts.get(what, 0) + 1
            recovered(what)
    ending.set()
    worker.join(150)
    if gateway.poll() is not None:
        problem(f"the supervisor ended with {gateway.returncode}")
    else:
        gateway.terminate()
        if gateway.wait(60) != 0:
            problem(f"it did not end in good order: {gateway.returncode}")
    readings = check_journal()
    figures = {"seed": SEED, "hours": HOURS, "faults": counts, "batches": made[0], "slots_filled": filled[0], "weights": readings,
               "journal_bytes": sum(os.path.getsize(f"{home}/journal/{f}") for f in os.listdir(home + "/journal") if f.endswith(".db")),
               "thirds": flat(samples), "problems": problems}
    os.makedirs("build/soak", exist_ok=True)
    with open("build/soak/last.json", "w") as file:
        json.dump(figures, file, indent=1, ensure_ascii=False)
    say(json.dumps(figures, ensure_ascii=False))
finally:
    gateway.kill()
    gateway.wait()
    shutil.copy(folder + "/gateway.log", "build/soak/gateway.log") if os.path.isdir("build/soak") else None
    if problems:
        say(f"kept: {folder}")
    else:
        if on_tmpfs:
            subprocess.run(["umount", "-l", folder], check=False)
        shutil.rmtree(folder, ignore_errors=True)
print(f"{len(counts)} kinds of fault, {sum(counts.values())} in all; {len(problems)} problems")
sys.exit(bool(problems))
