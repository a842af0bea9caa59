"""metrics.py ASSAY: what /metrics counts between two questions, against the journal read with sqlite3 by its written format
(assay-journal.5); every metric that alert rules and dashboard name is there; Debian's promtool checks text and rules, and
Debian's Prometheus scrapes the gateway with those rules and answers what /metrics said."""
import collections, json, os, re, shutil, sqlite3, subprocess, sys, tempfile, time, urllib.parse, urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from outside import ASSAY as assay, check as ok, die_with_parent, finish, free_port, wait_for  # noqa: E402

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
folder = tempfile.mkdtemp()
SETTINGS = """global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [ROOT/packaging/prometheus/assay.rules.yml]
scrape_configs: [{job_name: assay, static_configs: [{targets: ["TARGET"]}]}]
"""


def scrape(url):
    text = urllib.request.urlopen(url + "/metrics", timeout=10).read().decode()
    return text, {line.rsplit(" ", 1)[0]: line.rsplit(" ", 1)[1] for line in text.splitlines() if not line.startswith("#")}


def journal(first, end):
    kinds, exchanges, size = collections.Counter(), collections.Counter(), collections.Counter()
    numbers = re.findall(r"ASSAY_ENTRY_(\w+) =\s+(\d+)", open(f"{root}/gateway/record/journal.h").read())  # the format's own list
    names = {int(number): name.lower().replace("_", "-") for name, number in numbers}
    db = sqlite3.connect(f"file:{folder}/d/journal/0001.db?mode=ro", uri=True)
    for header, body, raw in db.execute("SELECT header, body, raw FROM entry WHERE seq>=? AND seq<?", (first, end)):
        kind, line = names[int.from_bytes(header[4:6], "big")], header[48:72].rstrip(b"\0").decode()
        kinds[kind] += 1
        if kind == "exchange":
            exchanges[line, json.loads(body).get("outcome", "ok")] += 1
            at = 0
            while at < len(raw):
                length = int.from_bytes(raw[at + 4:at + 8], "big")
                size[line, {1: "sent", 2: "received"}.get(raw[at])] += length
                at += 16 + length
    return kinds, exchanges, size


def prometheus_asked(url):
    """Prometheus scrapes the gateway, holds a count of its journal, and has every rule loaded and evaluated."""
    with open(f"{folder}/prometheus.yml", "w") as out:
        out.write(SETTINGS.replace("ROOT", os.path.abspath(root)).replace("TARGET", urllib.parse.urlsplit(url).netloc))
    where = f"127.0.0.1:{free_port()}"
    server = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
                               f"--web.listen-address={where}"], stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def ask(path):
        try:
            return json.load(urllib.request.urlopen(f"http://{where}/api/v1/{path}", timeout=5))["data"]
        except OSError:
            return {}

    def held(query):
        rows = ask("query?" + urllib.parse.urlencode({"query": query})).get("result") or [{"value": [0, "0"]}]
        return int(rows[0]["value"][1])

    try:
        ok(wait_for(lambda: held("up{job='assay'}") == 1 and held("assay_journal_entries") > 15, 30), "Prometheus scrapes the gateway")
        rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
        want = open(f"{root}/packaging/prometheus/assay.rules.yml").read().count("- alert:")
        ok(len(rules) == want > 5 and wait_for(lambda: all(rule["health"] == "ok" for group in ask("rules")["groups"] for rule in group["rules"]), 15),
           f"each of {want} rules is evaluated: {[(rule['name'], rule['health']) for rule in rules]}")
    finally:
        server.terminate()
        server.wait(20)


gateway = subprocess.Popen([assay, "demo", "-d", f"{folder}/d", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
try:
    url = gateway.stdout.readline().strip()
    _, before = scrape(url)
    first = int(before["assay_journal_entries"])
    for _ in range(200):
        text, after = scrape(url)
        end = int(after["assay_journal_entries"])
        if end >= first + 15:
            break
        time.sleep(0.1)
    kinds, exchanges, size = journal(first, end)
    told = {k: int(v) for k, v in after.items() if k.startswith("assay_journal_entries_total")}
    ok(end >= first + 15 and {k: v for k, v in told.items() if v} == {f'assay_journal_entries_total{{kind="{k}"}}': n for k, n in kinds.items()}, f"entries by kind: {told} {kinds} {first} {end}")
    told = {k: int(v) for k, v in after.items() if k.startswith("assay_line_exchanges_total")}
    ok({k: v for k, v in told.items() if v} == {f'assay_line_exchanges_total{{line="{l}",outcome="{o}"}}': n for (l, o), n in exchanges.items()} and sum(told.values()) > 5, "exchanges by line and outcome")
    told = {k: int(v) for k, v in after.items() if k.startswith("assay_line_bytes_total")}
    ok({k: v for k, v in told.items() if v} == {f'assay_line_bytes_total{{line="{l}",direction="{d}"}}': n for (l, d), n in size.items() if n} and any("received" in k for k in told), f"bytes by line and direction: {told} {size}")
    note = f"{folder}/d/journal/checkpoint"
    note = int(open(note).read().split("\n")[1]) if os.path.exists(note) else 0
    ok(0 <= int(after["assay_journal_tail_entries"]) <= end and int(after["assay_journal_tail_entries"]) >= end - note, "tail that no checkpoint covers")
    # commits: never more than entries, at least one for each group of the journal that somebody waited for
    time.sleep(1.5)  # told once a second
    _, after = scrape(url)
    commits = [(k, float(v)) for k, v in after.items() if k.startswith("assay_commit_duration_seconds_bucket")]
    count, total = int(after["assay_commit_duration_seconds_count"]), float(after["assay_commit_duration_seconds_sum"])
    ok(len(commits) == 10 and [v for _, v in commits] == sorted(v for _, v in commits) and commits[-1][1] == count, f"a histogram that rises to its count: {commits}")
    ok(0 < count <= int(after["assay_journal_entries"]) and 0 < total < 60, f"commits: {count} in {total} s")
    upto = {float(re.search(r'le="([0-9.]+)"', k).group(1)): v for k, v in commits[:-1]}
    ok(total <= sum((upto[e] - upto.get(b, 0)) * e for b, e in zip([0, *sorted(upto)], sorted(upto))) + 60 * (count - upto[2.0]), "their sum lies below their edges")
    # roles: as the kernel has them, and one more start when one is killed
    def role(what, name):
        return int(scrape(url)[1][f'assay_role_{what}{{role="{name}"}}'])

    def below(pid):
        return [pid] + [one for kid in open(f"/proc/{pid}/task/{pid}/children").read().split() for one in below(kid)]

    def kids(name):  # proc(5): 15 characters of a name
        return [int(pid) for pid in below(gateway.pid) if open(f"/proc/{pid}/comm").read().strip() == f"assay-{name}"[:15]]
    for name, process in (("recorder", "recorder"), ("host", "host"), ("web", "web"), ("report", "report-role"), ("notify", "notify")):
        ok(role("processes", name) == len(kids(process)), f"{name}: {role('processes', name)} processes, {kids(process)}")
    hosts, starts = role("processes", "host"), role("starts_total", "host")
    os.kill(kids("host")[0], 9)
    ok(wait_for(lambda: role("starts_total", "host") == starts + 1 and role("processes", "host") == hosts > 1, 20), "a host that is killed is started again")
    now = time.time()
    last = {k: float(v) for k, v in after.items() if k.startswith("assay_instrument_last_reading")}
    ok(last and all(now - 60 < v <= now + 1 for v in last.values()), f"last readings: {last}")
    present = {re.match(r"assay_[a-z_]+", k).group() for k in after}
    for name in ("assay.rules.yml", "assay.dashboard.json"):
        used = set(re.findall(r"\bassay_[a-z_]+", open(f"{root}/packaging/prometheus/{name}").read()))
        ok(used and used <= present, f"{name} names metrics that are not there: {used - present}")
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    ok(done.returncode == 0, f"promtool check metrics: {done.stderr.strip()}")
    done = subprocess.run(["promtool", "test", "rules", "rules.test.yml"], cwd=f"{root}/packaging/prometheus", capture_output=True, text=True)
    ok(done.returncode == 0, f"promtool test rules: {done.stdout} {done.stderr}")
    prometheus_asked(url)
finally:
    gateway.terminate()
    gateway.wait(30)
    shutil.rmtree(folder)
sys.exit(finish())
