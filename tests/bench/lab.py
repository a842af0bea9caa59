#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The laboratory at work over HTTP, from outside, with real processes:

  1. one batch of 25 items from its intake to its certificate, by three people: each request, and the whole
  2. the API with many batches and readings behind it: p50 and p99 of each question, memory of the web role
  3. live viewers while a balance prints: events a second that each gets, how late, what it costs

The rows of 2 are written into the state of a stopped gateway (100,000 batches and 1,000,000 readings; with ASSAY_FULL 1,000,000
and 20,000,000): what is measured is reading, and none of it can be decided about. $ASSAY names the binary."""

import http.client
import json
import os
import sqlite3
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "requirements")]
import people  # noqa: E402
import roles  # noqa: E402

FULL = bool(os.environ.get("ASSAY_FULL"))
BATCHES, READINGS = (1_000_000, 20_000_000) if FULL else (int(os.environ.get("ASSAY_BATCHES", 100_000)), 1_000_000)
ROUNDS = int(os.environ.get("ASSAY_ROUNDS", 400))
VIEWERS, VIEW_S = 100, 10
ITEMS = ["total acid as acetic acid", "aerobic plate count", "coliforms", "moulds", "total arsenic", "lead", "cadmium", "total mercury",
         "acesulfame potassium", "aflatoxin B1", "peroxide value", "acid value", "ammonium salt as N", "amino acid nitrogen", "pH", "aspartame",
         "methanol", "benzoic acid and sodium salt as benzoic acid", "sodium saccharin as saccharin", "sorbic acid and potassium salt as sorbic acid",
         "nitrite as NaNO2", "sulfur dioxide residue", "allura red", "tartrazine", "chloride"]
# typed into the slot of that name; in none of the methods of ITEMS does a quotient of these vanish
VALUES = {"m": "10.0000", "V": "100.0", "v": "5.00", "v0": "0.10", "c": "0.1000", "r": "1.000", "r0": "0.100", "V1": "5.0", "V2": "1.0", "V3": "1.0",
          "Va": "10.0", "Vt": "100.0", "A": "5.00", "c1": "30", "c2": "32", "d": "10", "p": "4.20", "n": "1"}


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(share * len(times)))] * 1000


def line(what, times):
    print(f"  {what:<58} {len(times):6} times   p50 {percentile(times, .5):8.2f} ms   p99 {percentile(times, .99):8.2f} ms", flush=True)


class Kept:
    """A person's requests on one connection that stays open, as a browser's do."""

    def __init__(self, person):
        self.person = person
        self.http = http.client.HTTPConnection(person.gateway.host, person.gateway.port, timeout=60)
        self.times = []

    def call(self, method, path, body=None, signed=False):
        headers = {"Cookie": self.person.cookie, "X-CSRF-Token": self.person.csrf}
        if method != "GET":
            body = dict(body or {}, **({"password": self.person.password} if signed else {}))
            headers["Content-Type"] = "application/json"
        begun = time.perf_counter()
        self.http.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self.http.getresponse()
        text = answer.read()
        self.times.append(time.perf_counter() - begun)
        if answer.status != 200:
            raise SystemExit(f"{method} {path} {body}: {answer.status} {text[:400]}")
        return json.loads(text) if answer.headers["Content-Type"].startswith("application/json") else text


def rss_mib(gateway, name):
    for child in open(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read().split():
        if open(f"/proc/{child}/comm").read().strip() == name:
            return next(int(row.split()[1]) for row in open(f"/proc/{child}/status") if row.startswith("VmRSS")) / 1024
    return 0.0


def certificate(gateway, admin):
    staff = {}
    for user, role in (("li", "technician"), ("wang", "reviewer"), ("zhao", "reviewer")):
        admin.call("POST", "/api/v1/users", {"user": user, "name": user, "roles": role, "producer": "", "new_password": people.password(user)}, signed=True)
        staff[user] = Kept(people.Person(gateway, user, people.password(user)))
    li, wang, zhao = staff["li"], staff["wang"], staff["zhao"]
    begun = time.perf_counter()
    batch = li.call("POST", "/api/v1/batches", {"product": "soy-sauce-high-salt-first", "name": "黄豆酱油", "producer": "酱园", "lot": "L1", "produced": "2026-11-02",
                                               "amount": "500 mL", "origin": "sent-in", "tests": ITEMS})["batch"]
    for test in batch["tests"]:
        for slot in test["slots"]:
            answer = li.call("POST", f"/api/v1/tests/{test['test']}/enter", {
                "slot": slot["slot"], "replicate": slot["replicate"], "reason": "bench", "value": f"{VALUES[slot['slot']]} {slot['unit']}"})
            if answer["test"]["status"] not in ("to-test", "testing"):
                break  # what is common to the duplicates is typed once
    filled = time.perf_counter()
    name = batch["batch"]
    wang.call("POST", f"/api/v1/batches/{name}/confirm", {"reason": "checked"}, signed=True)
    zhao.call("POST", f"/api/v1/batches/{name}/trail-read")
    issued = zhao.call("POST", f"/api/v1/batches/{name}/release", {"reason": ""}, signed=True)["certificate"]
    signed = time.perf_counter()
    while zhao.call("GET", f"/api/v1/certificates/{issued['certificate']}")["paper_seq"] is None:
        time.sleep(0.02)
    paper = zhao.call("GET", f"/api/v1/certificates/{issued['certificate']}/paper")
    done = time.perf_counter()
    print(f"1. a batch of {len(batch['tests'])} items: {done - begun:.2f} s (typed {filled - begun:.2f}, reviewed and released {signed - filled:.2f}, "
          f"printed {done - signed:.2f}: {len(paper)} bytes)")
    line("a value typed", li.times[1:])
    assert len(batch["tests"]) == 25 and paper.startswith(b"%PDF-")


def fill(folder):
    state = sqlite3.connect(f"{folder}/state.db", isolation_level=None)
    state.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-400000; BEGIN")
    begun = time.perf_counter()
    state.execute("""WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i+1<?1)
        INSERT INTO batch(id, product, product_zh, product_en, name, producer, lot, produced, amount, origin, received_ns, sample, who, status, verdict,
          seq, producer_id, card, cannot_test, request_key, request_digest, specs)
        SELECT printf('B%02d-%04d-%04d', 20+i/100000, i/50%1300, i%10000), 'p'||(i%77), '产品'||(i%77), 'product '||(i%77), '食品 '||(i%4999),
          '企业 '||(i%72), 'L'||(i%3000), date('2020-01-01', '+'||(i%2400)||' days'), '500 g', 'sent-in', 1577836800000000000+i*190000000000,
          printf('X%07d', i), 'lin', CASE WHEN i<?1-300 THEN CASE WHEN i%40=0 THEN 'void' ELSE 'released' END ELSE
            CASE i%5 WHEN 0 THEN 'awaiting-review' WHEN 1 THEN 'awaiting-release' WHEN 2 THEN 'testing' ELSE 'to-test' END END,
          CASE WHEN i%31=0 THEN 'fail' WHEN i%57=0 THEN 'undetermined' ELSE 'pass' END, i+1000000, '', '', '[]', '', '', '' FROM n""", (BATCHES,))
    now = time.time_ns()
    state.execute("""WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i+1<?1)
        INSERT INTO readings(seq, instrument, wall_ns, mono_ns, list) SELECT i+100000000, 'room-'||(i%100), ?2-(?1-i)*10000000, 0,
          '[["temperature","22.'||(i%10)||'","°C",1]]' FROM n""", (READINGS, now))
    # a test, a sample, a verdict and, where it was released, a certificate of each
    state.execute("""INSERT INTO test(id, batch, position, analyte, method, status, evidence_instrument, sheet, calculated, result, seq, retest_of, rule)
        SELECT id||'.1', id, 0, 'moisture', 'm', 'done', '', '{}', '[]', '', seq, '', '' FROM batch WHERE seq>=1000000""")
    state.execute("INSERT INTO sample SELECT sample, id, 'test', '500 g', seq, '', 0 FROM batch WHERE seq>=1000000")
    state.execute("INSERT INTO verdict SELECT id, seq, verdict, '[]', '', '', '', '', '文', 'text', '', '', '[]', '{}' FROM batch WHERE seq>=1000000")
    state.execute("""INSERT INTO certificate SELECT 'C'||substr(id,2), id, verdict, '', '', '', 'wang', '{}', received_ns, seq, seq, '', 0 FROM batch
        WHERE seq>=1000000 AND status='released'""")
    state.execute("""WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<4999) INSERT INTO producer
        SELECT printf('PX%05d', i), '食品企业 '||i, '', json_object('name', '食品企业 '||i, 'products', json_array()), 1, i+1000000 FROM n""")
    state.execute("COMMIT")
    state.close()
    print(f"   {BATCHES:,} batches and {READINGS:,} readings written in {time.perf_counter() - begun:.0f} s, state.db {os.path.getsize(folder + '/state.db') / 1e9:.2f} GB")


def questions(gateway, admin):
    me = Kept(admin)
    some = f"B{20 + (BATCHES // 2) // 100000}-{(BATCHES // 2) // 50 % 1300:04}-{(BATCHES // 2) % 10000:04}"
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))
    print("2. the API")
    everything = []
    for path in ("/", "/ui/app.js", "/api/v1/session", "/api/v1/bench", "/api/v1/lines", "/api/v1/frames", "/api/v1/batches", "/api/v1/batches?status=open",
                 "/api/v1/batches?q=%E4%BC%81%E4%B8%9A%207", "/api/v1/batches?q=qiye&order=-received", f"/api/v1/batches/{some}",
                 f"/api/v1/history?instrument=room-7&channel=temperature&from={since}", "/api/v1/reviews", "/api/v1/alarms", "/api/v1/producers",
                 "/api/v1/producers?q=4999", "/api/v1/batches?q=B20-", "/api/v1/batches?q=B20-&order=batch",
                 "/api/v1/certificates", f"/api/v1/certificates?batch={some}", "/api/v1/instruments", "/api/v1/standards", "/api/v1/standards?q=qian",
                 "/api/v1/standards/gb-2762-2025/limits?q=rice", "/api/v1/products?q=jiang", "/api/v1/qc/runs", "/api/v1/splits", "/api/v1/users", "/api/v1/trail?limit=50", "/api/v1/journal?limit=50"):
        me.times = []
        for _ in range(ROUNDS):
            me.call("GET", path)
        line(path, me.times)
        everything += me.times
    line("all together", everything)
    begun = time.perf_counter()
    table = me.call("GET", "/api/v1/batches?format=csv")
    print(f"  every batch as a table: {len(table) / 1e6:.1f} MB in {time.perf_counter() - begun:.1f} s")
    print(f"  memory: web {rss_mib(gateway, 'assay-web'):.0f} MiB, recorder {rss_mib(gateway, 'assay-recorder'):.0f} MiB")


def watch(gateway, person, stop, counts, lates):
    connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=30)
    connection.request("GET", "/api/v1/events", None, {"Cookie": person.cookie})
    stream = connection.getresponse()
    if stream.status != 200:
        counts.append(-stream.status)
        return
    count = 0
    while not stop.is_set():
        row = stream.readline()
        if not row:
            break
        if row.startswith(b"event: frames"):
            stream.readline()
            for frame in json.loads(stream.readline()[5:])[:1]:
                text = frame["readings"][0]["value"] if frame["readings"] else ""
                if text in SENT:
                    lates.append(time.perf_counter() - SENT[text])
        count += row.startswith(b"event: ")
    counts.append(count)
    connection.close()


SENT = {}


def viewers(gateway, admin, balance):
    stop, counts, lates = threading.Event(), [], []
    before = rss_mib(gateway, "assay-web")
    threads = [threading.Thread(target=watch, args=(gateway, admin, stop, counts, lates), daemon=True) for _ in range(VIEWERS)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    end, number = time.monotonic() + VIEW_S, 0
    me = Kept(admin)
    while time.monotonic() < end:
        value = f"{20 + number / 10000:.4f}"
        SENT[value] = time.perf_counter()
        balance.print(value.encode())
        number += 1
        if number % 10 == 0:
            me.call("GET", "/api/v1/bench")
        time.sleep(0.05)
    memory = rss_mib(gateway, "assay-web")
    stop.set()
    for thread in threads:
        thread.join(20)
    good = [count for count in counts if count > 0]
    print(f"3. {len(good)} viewers for {VIEW_S} s, {number / VIEW_S:.0f} readings/s: each got {min(good, default=0) / VIEW_S:.1f} to "
          f"{max(good, default=0) / VIEW_S:.1f} events/s, refused {sum(count < 0 for count in counts)}")
    if len(good) < VIEWERS or not lates:
        raise SystemExit(f"only {len(good)} of {VIEWERS} viewers saw anything, {len(lates)} frames in time")
    line("a print key to its frame in a viewer's stream", lates)
    line("a page's question meanwhile", me.times)
    print(f"  memory of web: {before:.0f} MiB before, {memory:.0f} MiB with all of them")


def main():
    with tempfile.TemporaryDirectory() as folder:
        balance = roles.Balance()
        gateway = people.Gateway(f"{folder}/d", web=roles.balance_line(balance))
        try:
            admin = people.first_admin(gateway)
            certificate(gateway, admin)
            gateway.stop()
            fill(gateway.folder)
            gateway.start()
            questions(gateway, admin)
            viewers(gateway, admin, balance)
            gateway.stop()
        finally:
            if gateway.process.poll() is None:
                gateway.process.kill()
    sys.exit(people.finish())


if __name__ == "__main__":
    main()
