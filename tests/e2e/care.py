"""care.py ASSAY: what the doctor says, against this machine asked in other ways (adjtimex by ctypes, sqlite3, os.stat,
xmllint-free text), and what a support bundle holds, read by Python's tarfile. Prints "N passed, N failed"."""
import ctypes, datetime, json, os, re, shutil, socket, sqlite3, subprocess, sys, tarfile, tempfile, threading, time

assay = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
folder = tempfile.mkdtemp()
passed = failed = 0
seen, not_tried = set(), {"specs-unreadable"}  # that one: spec_bundle.py


def ok(good, what):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAILED:", what)


def run(*words):
    return subprocess.run([assay, *words], capture_output=True, text=True, timeout=120)


def doctor(directory, user=None, program=None):
    """{code: [finding]}, figures; as another user, by another copy of the program."""
    done = subprocess.run([program or assay, "doctor", "-d", directory, "--json"], capture_output=True, text=True, timeout=120, user=user)
    answer = json.loads(done.stdout)
    found = {}
    for one in answer["findings"]:
        assert set(one) == {"code", "fault", "subject", "text_zh", "text_en", "do_zh", "do_en"}, one
        assert all(one[key] for key in one if key not in ("fault", "subject")), one
        assert re.search("[\u4e00-\u9fff]", one["text_zh"]) and re.search("[\u4e00-\u9fff]", one["do_zh"]), one
        assert not re.search("[\u4e00-\u9fff]", one["text_en"] + one["do_en"]), one
        seen.add(one["code"])
        found.setdefault(one["code"], []).append(one)
    ok(done.returncode == int(any(o["fault"] for o in answer["findings"])), f"exit code of doctor: {done.returncode}")
    return found, answer["figures"]


def subjects(found, code):
    return [one["subject"] for one in found.get(code, [])]


def codes_are_one_list():
    known = {row["code"] for row in json.loads(run("doctor", "--codes", "--json").stdout)}
    used = set()
    for name in os.listdir(f"{here}/../../gateway/care"):
        used |= set(re.findall(r'care_found(?:_texts)?\(\s*\w+,\s*"([a-z0-9-]+)"', open(f"{here}/../../gateway/care/{name}").read()))
    ok(known == used and len(known) > 25, f"codes listed and used: {known ^ used}")


def a_laboratory():
    today = datetime.date.today()
    until = {"past": today - datetime.timedelta(1), "soon": today + datetime.timedelta(10), "good": today + datetime.timedelta(400)}
    lab = f"{folder}/lab"
    os.mkdir(lab, 0o700)
    os.mkdir(f"{folder}/in", 0o700)
    rows = "".join(
        f'<line id="l{i}" name-zh="线" name-en="line"><serial port="{folder}/no-port-{i}"/>'
        f'<instrument id="{name}" name-zh="天平" name-en="balance" spec="mettler-mt-sics" serial="1"'
        + (f' calibrated-until="{until[name]}"' if name in until else "") + "/></line>"
        for i, name in enumerate(["past", "soon", "good", "none"]))
    rows += (f'<line id="off" name-zh="停" name-en="off" disabled="true"><serial port="{folder}/no-port-9"/>'
             '<instrument id="o" name-zh="天平" name-en="balance" spec="mettler-mt-sics" serial="1" calibrated-until="2099-01-01"/></line>')
    text = f'<lab site="t" origin="t.example" name-zh="测" name-en="test">{rows}</lab>'
    open(f"{lab}/lab.xml", "w").write(text)
    found, _ = doctor(lab)
    ok(subjects(found, "calibration-overdue") == ["past"], "calibration ended yesterday")
    ok(subjects(found, "calibration-soon") == ["soon"], "calibration ends in ten days")
    ok(subjects(found, "calibration-unknown") == ["none"], "no date of calibration")
    ok(subjects(found, "port-missing") == ["l0", "l1", "l2", "l3"], "ports that are not there; a line switched off is not looked at")
    ok(subjects(found, "not-running") == [""], "no gateway runs")
    ok("backup-missing" not in found and "checkpoint-missing" not in found, "a journal not begun needs neither backup nor checkpoint")
    open(f"{lab}/lab.xml", "w").write("<lab>\n<line/>\n</lab>")
    found, _ = doctor(lab)
    ok(len(found["configuration"]) == 1 and "lab.xml:" in found["configuration"][0]["text_en"], "lab.xml with a mistake names the line")
    found, _ = doctor(f"{folder}/nowhere")
    ok("directory-missing" in found, "no data directory")


def ports_and_folders():
    lab = f"{folder}/ports"
    os.mkdir(lab, 0o755)
    os.chmod(folder, 0o755)
    with open(f"{folder}/no-right", "w"):
        os.chmod(f"{folder}/no-right", 0o600)
    rows = "".join(f'<line id="{name}" name-zh="线" name-en="line">{transport}<instrument id="i-{name}" name-zh="仪" name-en="i" spec="{spec}"/></line>'
                   for name, transport, spec in (("usb", '<serial port="/dev/ttyUSB77"/>', "mettler-mt-sics"), ("acm", '<serial port="/dev/ttyACM77"/>', "mettler-mt-sics"),
                                                 ("right", f'<serial port="{folder}/no-right"/>', "mettler-mt-sics"), ("in", f'<folder path="{folder}/nowhere"/>', "labsolutions")))
    with open(f"{lab}/lab.xml", "w") as file:
        file.write(f'<lab site="t" origin="t.example" name-zh="测" name-en="test">{rows}</lab>')
    found, _ = doctor(lab)
    ok(subjects(found, "port-name-unstable") == ["usb", "acm"], f"names that change with the socket: {found}")
    ok(subjects(found, "folder-missing") == ["in"], "a folder that is not there")
    # a copy of the program, which everybody reaches, wherever this tree lies
    program = f"{folder}/program/assay"
    os.mkdir(f"{folder}/program")
    shutil.copy(assay, program)
    shutil.copytree(f"{os.path.dirname(os.path.abspath(assay))}/drivers", f"{folder}/program/drivers")
    shutil.copytree(f"{here}/../../specs", f"{folder}/program/specs")
    found, _ = doctor(lab, user=65534, program=program) if os.geteuid() == 0 else (found, 0)  # root may open everything
    ok(subjects(found, "port-permission") == ["right"], f"a port this user may not open: {found}")
    # plugins that anybody could replace
    os.chmod(f"{folder}/program/drivers", 0o777)
    found, _ = doctor(lab, program=program)
    ok("plugins-open" in found, f"plugins that others may write: {found}")


def a_small_disk(home):
    """tmpfs takes root; the doctor wants room for the reserve twice, 128 MiB."""
    small = f"{folder}/small"
    os.mkdir(small)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120m,mode=700", "tmpfs", small], capture_output=True).returncode != 0:
        not_tried.update({"disk-low", "acquisition-paused"})
        return
    gateway = None
    try:
        shutil.copytree(home, f"{small}/d", symlinks=True, ignore=shutil.ignore_patterns("*.sock", "reserve"))
        found, _ = doctor(f"{small}/d")
        ok(len(found.get("disk-low", [])) == 1 and "128 MiB" in found["disk-low"][0]["text_en"], f"a disk of 120 MiB: {found}")
        gateway = subprocess.Popen([assay, "demo", "-d", f"{small}/d", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        gateway.stdout.readline()
        with open(f"{small}/filler", "wb") as filler:
            try:
                while True:
                    os.write(filler.fileno(), bytes(65536))
            except OSError:
                pass
            ok(eventually(lambda: "acquisition-paused" in doctor(f"{small}/d")[0]), "a full disk pauses acquisition")
        os.unlink(f"{small}/filler")
    finally:
        if gateway:
            gateway.terminate()
            gateway.wait(30)
        subprocess.run(["umount", "-l", small], check=True)


def eventually(check, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.3)
    return False


SIM = """<sim protocol="text" serial="B2" model="XPR205"><answer to="I4\\r\\n" send='I4 A "{serial}"\\r\\n'/><answer to="I2\\r\\n" send='I2 A "{model}"\\r\\n'/>
<answer to="SI\\r\\n" send="S S     1.0000 g\\r\\n"/></sim>"""


def lines_that_ail():
    """A port nobody listens on, and a balance with another serial number than lab.xml's."""
    lab = f"{folder}/ailing"
    os.mkdir(lab, 0o700)
    with open(f"{folder}/sim.xml", "w") as file:
        file.write(SIM)
    sim = subprocess.Popen([assay, "sim", f"{folder}/sim.xml", "--link", f"{folder}/balance"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    sim.stdout.readline()
    with open(f"{lab}/lab.xml", "w") as file:
        file.write(f'''<lab site="t" origin="t.example" name-zh="测" name-en="test" listen="">
<line id="gone" name-zh="断" name-en="gone"><tcp host="127.0.0.1" port="9"/><instrument id="a" name-zh="仪" name-en="i" spec="mettler-mt-sics"/></line>
<line id="swapped" name-zh="换" name-en="swapped"><serial port="{folder}/balance"/><instrument id="b" name-zh="仪" name-en="i" spec="mettler-mt-sics" serial="B1"/></line></lab>''')
    gateway = subprocess.Popen([assay, "serve", "-d", lab], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        gateway.stdout.readline()
        ok(eventually(lambda: subjects(doctor(lab)[0], "line-down") == ["gone"]), f"a line that is down: {doctor(lab)[0]}")
        ok(eventually(lambda: subjects(doctor(lab)[0], "line-locked") == ["swapped"]), f"a line with another device: {doctor(lab)[0]}")
    finally:
        gateway.terminate()
        gateway.wait(30)
        sim.terminate()
        sim.wait(10)


def the_machine(found, figures):
    class Timex(ctypes.Structure):  # adjtimex(2), x86-64 and others with 64-bit long
        _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
                    ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("rest", ctypes.c_byte * 256)]
    state = Timex()
    ctypes.CDLL(None).adjtimex(ctypes.byref(state))
    ok(("clock-unsynchronised" in found) == bool(state.status & 0x40), "clock as adjtimex(2) says (STA_UNSYNC 0x0040)")
    ok(figures["versions"]["sqlite"] == sqlite3.sqlite_version, "version of SQLite as Python's module has it")
    old = tuple(map(int, sqlite3.sqlite_version.split("."))) < (3, 51, 3)
    ok(("version-sqlite" in found) == old, "the WAL-reset fault is said below 3.51.3")
    for library, package, fixed in (("libmodbus", "libmodbus", (3, 1, 12)), ("libxml2", "libxml-2.0", (2, 10, 0))):
        version = subprocess.run(["pkg-config", "--modversion", package], capture_output=True, text=True, check=True).stdout.strip()
        ok((f"version-{library}" in found) == (tuple(map(int, version.split("."))) < fixed), f"{library} {version}: said when it is older than {fixed}")
    ok("specs-unverified" in found, "limits that rest on one source")
    checked = json.loads(run("spec", "check", "--json").stdout)
    ok((figures["limits"], figures["limits_unverified"]) == (checked["rows"], checked["unverified"]), "limits as spec check counts them")


def older(directory, seconds):
    """Put the first entry's wall time (header bytes 16..24, assay-journal.5) back."""
    db = sqlite3.connect(f"{directory}/journal/0001.db")
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    headers = [row[0] for row in db.execute("SELECT header FROM entry ORDER BY seq")]
    last = int.from_bytes(headers[-1][16:24], "big", signed=True)
    moved = headers[0][:16] + (last - seconds * 10**9).to_bytes(8, "big", signed=True) + headers[0][24:]
    db.execute("UPDATE entry SET header=? WHERE seq=0", (moved,))
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def the_records(home):
    found, figures = doctor(home)
    the_machine(found, figures)
    count = sqlite3.connect(f"file:{home}/journal/0001.db?immutable=1", uri=True).execute("SELECT count(*) FROM entry").fetchone()[0]
    ok(figures["journal_entries"] == count, "entries as sqlite3 counts them")
    ok("backup-missing" in found and "disk_days_left" not in figures, "never backed up; too short to say what a day brings")
    ok(run("backup", "-d", home, f"{folder}/copy").returncode == 0, "backup")
    found, figures = doctor(home)
    ok("backup-missing" not in found and 0 <= figures["backup_age_s"] < 60 and figures["backup"] == os.path.realpath(f"{folder}/copy"), "a backup is known")
    at, entries, to = open(f"{home}/run/last-backup").read().split(" ", 2)
    ok(int(entries) == count, "with its entries")
    open(f"{home}/run/last-backup", "w").write(f"{int(at) - 49 * 3600} {entries} {to}")
    found, figures = doctor(home)
    ok("backup-old" in found and "49 h" in found["backup-old"][0]["text_en"], "and after 49 hours it is old")
    note = open(f"{home}/journal/checkpoint").read().split("\n")
    ok(figures["checkpoint_entries"] == int(note[1]), "the checkpoint's size as it is written")

    moved = f"{folder}/moved"
    shutil.copytree(home, moved, symlinks=True, ignore=shutil.ignore_patterns("*.sock"))
    older(moved, 4 * 86400)
    free_before = os.statvfs(moved)
    _, figures = doctor(moved)
    size, free_after = os.path.getsize(f"{moved}/journal/0001.db"), os.statvfs(moved)  # others use the disk, too
    per_day = size * 86400 // (4 * 86400)
    ok(abs(figures["journal_bytes_per_day"] - per_day) <= 1, f"growth a day: {figures['journal_bytes_per_day']} and {per_day}")
    days = sorted((free.f_bavail * free.f_frsize - 128 * 2**20) // per_day for free in (free_before, free_after))
    ok(days[0] * 49 // 50 - 1 <= figures["disk_days_left"] <= days[1] * 51 // 50 + 1, f"days the disk will do: {figures['disk_days_left']} {days}")
    os.chmod(f"{moved}/keys/origin.key", 0o640)
    os.chmod(f"{moved}/journal", 0o755)
    found, _ = doctor(moved)
    ok([os.path.basename(s) for s in subjects(found, "key-open")] == ["origin.key"], "a key others may read")
    ok([os.path.basename(s) for s in subjects(found, "directory-open")] == ["journal"], "a folder others may enter")
    def told_open(**modes):  # what is told of these modes; as before afterwards
        was = {name: os.stat(f"{moved}/{name}").st_mode & 0o7777 for name in modes}
        for name, mode in modes.items():
            os.chmod(f"{moved}/{name}", mode)
        found, _ = doctor(moved)
        for name, mode in was.items():
            os.chmod(f"{moved}/{name}", mode)
        return sorted(os.path.relpath(s, moved) for s in subjects(found, "directory-open"))
    shared = {".": 0o750, "journal": 0o750, "keys": 0o710, "run": 0o700}
    ok(told_open(**shared) == [], "a group may read the journal and pass the keys")
    ok(told_open(**shared | {".": 0o770, "journal": 0o770, "keys": 0o750, "run": 0o710}) == [".", "journal", "keys", "run"],
       "and not write, nor see the keys' names, nor pass run")
    ok(told_open(**shared | {"journal": 0o751, "keys": 0o711}) == ["journal", "keys"], "nobody else passes")
    for name in ("people.db", "web-key.pem"):
        open(f"{moved}/keys/{name}", "ab").close()
        os.chmod(f"{moved}/keys/{name}", 0o640)
    found, _ = doctor(moved)
    ok([os.path.basename(s) for s in subjects(found, "secret-open")] == ["people.db", "web-key.pem"], "secrets the group may read")
    os.unlink(f"{moved}/keys/origin.key")
    os.unlink(f"{moved}/journal/checkpoint")
    found, _ = doctor(moved)
    ok("key-missing" in found and "checkpoint-missing" in found, "key and checkpoint gone")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:  # somebody is there, and hangs up
        deaf.bind(f"{moved}/run/assay.sock")
        deaf.listen()
        threading.Thread(target=lambda: deaf.accept()[0].close(), daemon=True).start()
        found, _ = doctor(moved)
    ok("no-answer" in found and "not-running" not in found, f"a gateway that does not answer: {sorted(found)}")
    with open(f"{moved}/journal/0001.db", "r+b") as file:
        file.write(bytes(4096))
    found, _ = doctor(moved)
    ok("journal-unreadable" in found, f"a journal without its head: {sorted(found)}")


def the_bundle(home):
    with open(f"{home}/keys/origin.key", "rb") as file:
        key = file.read()
    canary = b"canary-4711-of-the-people"
    for name in ("people.db", "keys/tls.key"):
        open(f"{home}/{name}", "wb").write(canary)
    secrets = [canary, key, key[:32], key.hex().encode(), key[:32].hex().encode()]
    state = sqlite3.connect(f"file:{home}/state.db?immutable=1", uri=True)
    for query in ("SELECT id FROM batch", "SELECT name FROM batch", "SELECT producer FROM batch", "SELECT lot FROM batch",
                  "SELECT DISTINCT who FROM review", "SELECT value||' '||unit FROM result"):
        secrets += [str(row[0]).encode() for row in state.execute(query) if len(str(row[0])) > 3]
    ok(len(secrets) > 12, "there is something to look for")
    done = run("support-bundle", "-d", home, f"{folder}/b.tar")
    ok(done.returncode == 0, "support-bundle")
    with tarfile.open(f"{folder}/b.tar") as tar:
        inside = {member.name: tar.extractfile(member).read() for member in tar}
    ok(set(inside) == {"assay/doctor.json", "assay/machine.json", "assay/files.json", "assay/status.json", "assay/journal.json",
                       "assay/checkpoint", "assay/os-release"}, f"members: {sorted(inside)}")
    whole = open(f"{folder}/b.tar", "rb").read()
    ok(not [s for s in secrets if s in whole], f"nothing secret in it: {[s for s in secrets if s in whole]}")
    kinds = {entry["kind"] for entry in json.loads(inside["assay/journal.json"])}
    ok({"genesis", "start", "stop", "driver"} <= kinds and not kinds & {"exchange", "batch", "test", "fill", "result", "verdict", "review", "config", "spec"}, f"kinds: {kinds}")
    ok(inside["assay/checkpoint"] == open(f"{home}/journal/checkpoint", "rb").read(), "the checkpoint as it is")
    ok("keys/origin.key" in {row["name"] for row in json.loads(inside["assay/files.json"])}, "the key by name only")
    ok(os.stat(f"{folder}/b.tar").st_mode & 0o777 == 0o600, "for its owner only")
    again = run("support-bundle", "-d", home, f"{folder}/b.tar")
    ok(again.returncode == 1 and open(f"{folder}/b.tar", "rb").read() == whole, "a file that exists is left alone")


def while_it_runs(home):
    before = open(f"{home}/journal/checkpoint").read()
    gateway = subprocess.Popen([assay, "demo", "-d", home, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    gateway.stdout.readline()
    found, figures = doctor(home)
    ok(figures["running"] is True and "not-running" not in found, "a gateway runs")
    ok(not {"port-missing", "tail-unsigned", "journal-unreadable"} & set(found), f"nothing wrong with it: {sorted(found)}")

    def aged():  # the newest checkpoint as if it were six minutes old; the demonstration goes on writing
        os.utime(f"{home}/journal/checkpoint", (time.time() - 360, time.time() - 360))
        return "checkpoint-old" in doctor(home)[0]
    ok(eventually(aged), "a tail that has not been signed for six minutes")
    ok(run("support-bundle", "-d", home, f"{folder}/running.tar").returncode == 0, "support-bundle beside it")
    with tarfile.open(f"{folder}/running.tar") as tar:
        status = json.load(tar.extractfile("assay/status.json"))
    ok(status["lines"] and all("channels" not in i for line in status["lines"] for i in line["instruments"]), "lines without readings")
    gateway.terminate()
    ok(gateway.wait(timeout=30) == 0, "and it ends in good order")
    found, _ = doctor(home)
    ok("tail-unsigned" not in found, "with everything signed")
    with open(f"{home}/journal/checkpoint", "w") as file:
        file.write(before)
    found, _ = doctor(home)
    ok("tail-unsigned" in found, f"the checkpoint of before says less: {sorted(found)}")


try:
    codes_are_one_list()
    a_laboratory()
    home = f"{folder}/d"
    ok(run("demo", "--once", "--json", "-d", home).returncode == 0, "demonstration")
    the_records(home)
    the_bundle(home)
    while_it_runs(home)
    ports_and_folders()
    lines_that_ail()
    a_small_disk(home)
    known = {row["code"] for row in json.loads(run("doctor", "--codes", "--json").stdout)}
    ok(known - seen <= not_tried, f"findings that nothing here gave: {sorted(known - seen - not_tried)}")
finally:
    shutil.rmtree(folder)
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
