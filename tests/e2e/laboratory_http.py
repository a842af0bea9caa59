#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the commands have just shown is read over HTTP as well, from a running gateway that anybody here may look at.

usage: laboratory_http.py ASSAY URL CERTIFICATE PDF BATCH (ASSAY_DIR set)

The same question put to the command line is the other side of each comparison; the path of an entry is followed with Python's
hashlib by RFC 6962, section 2.1.1."""

import base64
import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

assay, url, certificate, pdf, batch = sys.argv[1:]
failed = []


def ok(condition, what, more=""):
    if not condition:
        failed.append(what)
        print(f"FAILED: {what} {more}")


def get(path, cookie=""):
    try:
        asked = urllib.request.Request(f"{url.rstrip('/')}/api/v1/{path}", headers={"Cookie": cookie} if cookie else {})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def read(path):
    status, _, body = get(path)
    ok(status == 200, path, (status, body[:200]))
    return json.loads(body)


def said(*words):
    done = subprocess.run([assay, *words, "--json"], capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout)


def root_of(leaf, index, size, path):
    """RFC 6962, 2.1.1, from the leaf up."""
    last, node, path = size - 1, leaf, list(path)
    while last:
        if index & 1 or index == last:
            node = hashlib.sha256(b"\1" + path.pop(0) + node).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + path.pop(0)).digest()
        index, last = index >> 1, last >> 1
    ok(not path, "no hash of the path is left over")
    return node


status, headers, body = get(f"certificates/{certificate}/paper")
ok(status == 200 and body == open(pdf, "rb").read(), "the print, byte for byte", (status, len(body)))
ok(headers["Content-Type"] == "application/pdf" and headers["Content-Security-Policy"].startswith("default-src 'none'"), "as a PDF", dict(headers))
ok(f'filename="{certificate}.pdf"' in headers["Content-Disposition"], "with its name")
ok(get("certificates/C2000-0001/paper")[0] == 404, "no print of what is not there")
shown = read(f"certificates/{certificate}")
ok(shown == said("certificate", "show", certificate), "the certificate itself")
page = read("certificates")
ok(page["next"] == "" and [row["certificate"] for row in page["certificates"]] == [row["certificate"] for row in said("certificate", "list")], "all of them")

way = read(f"journal/{shown['paper_seq']}/inclusion")
origin, size, root = way["checkpoint"]["note"].split("\n")[:3]
ok(int(size) == way["checkpoint"]["size"] > shown["paper_seq"], "a checkpoint over it", way["checkpoint"])
got = root_of(bytes.fromhex(way["leaf"]), way["seq"], int(size), [bytes.fromhex(one) for one in way["path"]])
ok(got == base64.b64decode(root), "its path leads to the root that is signed")
with open(os.path.join(os.environ["ASSAY_DIR"], "keys", "origin.pub"), encoding="utf-8") as file:
    ok(way["key"] == file.read().strip(), "and the key it is signed with", way["key"])
ok(get("journal/99999999/inclusion")[0] == 404 and get("journal/x/inclusion")[0] == 400, "no way from an entry that is not there")

trail, after, told = [], 0, []
while after >= 0:
    page = read(f"trail?about={batch}&limit=3&after={after}")
    trail += page["entries"]
    after = page["next"]
done = subprocess.run([assay, "history", batch, "--json"], capture_output=True, text=True, timeout=60)
told = [json.loads(line) for line in done.stdout.splitlines()]
ok(len(told) > 10 and trail == told, "the trail page by page is the history", (len(trail), len(told)))
ok(get("trail?from=yesterday")[0] == 400 and get("trail?limit=0")[0] == 400, "a time or a page that is none is refused")

for path, member, words in (("producers", "producers", ("producer", "list")), ("instruments", "instruments", ("instrument", "list")),
                            ("programmes", "programmes", ("programme", "list")), ("cards", "cards", ("card", "list"))):
    ok(read(path)[member] == said(*words), f"/{path} is what {' '.join(words)} says")
ok(read("producers?q=no-such-name")["producers"] == [] and len(read("producers?q=%E9%99%88%E5%AE%B6")["producers"]) == 1, "a producer by a part of its name")
ok(read("producers?after=P999") == {"producers": [], "next": ""}, "nobody after the last")
card = read("cards")["cards"][0]["card"]
ok(read(f"cards/{card}") == said("card", "show", card) and read(f"cards?after={card}")["cards"] == [], "a card and its ledger")
ok(read("programmes/2026")["prices"] == [{"analyte": "moisture", "price": "80"}] and get("programmes/1999")[0] == 404, "a programme and its prices")
ok(read("entitlement")["findings"] == [], "the ledger adds up here, too")
ok(all("why" in row for row in read("reviews")["reviews"]) and "alarms" in read("alarms"), "what waits, and alarms")

status, headers, body = get("producers?format=csv")
rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
ok(status == 200 and [row["name"] for row in rows] == [row["name"] for row in read("producers")["producers"]], "the register as a table", body[:300])
ok([row["batch"] for row in csv.DictReader(io.StringIO(get("batches?format=csv&order=batch")[2].decode("utf-8-sig")))] ==
   [row["batch"] for row in read("batches?order=batch")["batches"]], "and the batches")

# every list that has a table: as many rows as the list, the same first column; and each address a page's CSV link begins with is one
described = read("openapi.json")["paths"]
tables = {path for path, item in described.items() if any(one.get("name") == "format" for one in item.get("get", {}).get("parameters", []))}
ids = {"/api/v1/instruments/{id}/rack": "balance-1", "/api/v1/standards/{id}/limits": "gb-2762-2025", "/api/v1/standards/{id}/changes": "gb-2762-2025", "/api/v1/products/{id}/plan": "puffed-snack"}
more = {"/api/v1/history": "instrument=balance-1&channel=weight", "/api/v1/standards/{id}/changes": "since=gb-2762-2022", "/api/v1/products/{id}/plan": "produced=2026-01-20",
        "/api/v1/trail": f"about={batch}&limit=500", "/api/v1/standards/{id}/limits": "limit=500"}
ok({"/api/v1/trail", "/api/v1/journal", "/api/v1/standards", "/api/v1/lines", "/api/v1/qc/charts"} <= tables, "the lists that have tables", tables)
for path in sorted(tables - {"/api/v1/users", "/api/v1/tokens"}):
    place = path.replace("{id}", ids.get(path, "none")).removeprefix("/api/v1/")
    query = more.get(path, "")
    listed = read(f"{place}?{query}")
    member = next(name for name, value in listed.items() if isinstance(value, list) and name != "by")
    status, headers, body = get(f"{place}?{query}&format=csv".replace("?&", "?"))
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig")))) if status == 200 else []
    ok(status == 200 and headers["Content-Type"].startswith("text/csv") and "attachment" in headers["Content-Disposition"], f"{path} as a table", (status, body[:200]))
    if path.startswith("/api/v1/district/"):  # figures side by side, a row for each quarter of a group and each item nobody tested
        inside = {"groups": "quarters", "products": "untested"}.get(member, "")
        ok(len(rows) - 1 == sum(max(1, len(one.get(inside, []))) for one in listed[member]) or not listed[member], f"{path}: a row for each", len(rows))
        flat = [dict(zip(rows[0], row)) for row in rows[1:]]
        ok(path != "/api/v1/district/rates" or [row["failed_n"] for row in flat] == [str(one["failed"]["n"]) for one in listed[member]], f"{path}: its figures", flat[:1])
        ok(get(f"{place}?format=xml")[0] == 400, f"{path}: no other format")
        continue
    ok(max(len(rows) - 1, 0) == len(listed[member]) or path in ("/api/v1/frames", "/api/v1/journal", "/api/v1/history"), f"{path}: as many rows", (len(rows), len(listed[member])))
    ok(not listed[member] or not rows or set(rows[0]) == set(listed[member][0]), f"{path}: a column for each member", rows[:1])
    ok(get(f"{place}?{query}&format=xml".replace("?&", "?"))[0] == 400, f"{path}: no other format")
sources = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "gateway", "ui")
links = set()
for name in (one for one in os.listdir(sources) if one.endswith(".js")):
    with open(os.path.join(sources, name), encoding="utf-8") as file:
        text = file.read()
    links |= set(re.findall(r"CsvLink} path=\"(/api/v1/[a-z/]*)", text)) | set(re.findall(r"CsvLink} path=\$\{`(/api/v1/[a-z/]*)", text))
lost = {link for link in links if link not in tables and not (link.endswith("/") and any(table.startswith(link) for table in tables))}
ok(len(links) >= 9 and not lost, "each CSV link of the pages leads to a table", lost)

# what somebody who is logged in has printed: read back with zbar (bar codes and QR codes), the proof with assay proof check
secret = open(os.path.join(os.environ["ASSAY_DIR"], "run", "demo-password")).read().strip()
asked = urllib.request.Request(f"{url.rstrip('/')}/api/v1/session", json.dumps({"user": "tech", "password": secret}).encode(),
                               {"Content-Type": "application/json"})
with urllib.request.urlopen(asked, timeout=20) as answer:
    cookie = answer.headers["Set-Cookie"].split(";")[0]


def codes(pdf_bytes):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/x.pdf", "wb") as file:
            file.write(pdf_bytes)
        subprocess.run(["pdftoppm", "-r", "200", "-png", f"{folder}/x.pdf", f"{folder}/x"], check=True, timeout=60)
        pages = sorted(name for name in os.listdir(folder) if name.endswith(".png"))
        read_out = subprocess.run(["zbarimg", "-q", "--raw", *(f"{folder}/{name}" for name in pages)], capture_output=True, text=True, timeout=60)
        return sorted(read_out.stdout.split())


for path in (f"batches/{batch}/labels", f"cards/{card}/paper", "status"):
    ok(get(path)[0] == 401, f"/{path} is not for who is not logged in")
status, headers, body = get(f"batches/{batch}/labels?first=5", cookie)
samples = [one["sample"] for one in said("batch", "show", batch)["samples"]]
ok(status == 200 and headers["Content-Type"] == "application/pdf" and codes(body) == sorted(samples), "labels of its samples", (status, body[:200]))
ok(get(f"batches/{batch}/labels?first=25", cookie)[0] == 400 and get("batches/none/labels", cookie)[0] == 404, "no place 25, no batch none")
status, _, body = get(f"cards/{card}/paper", cookie)
ok(status == 200 and codes(body) == [card], "the card with its QR code", (status, codes(body) if status == 200 else body[:200]))
status, _, body = get("status", cookie)
ok(status == 200 and json.loads(body)["journal"]["size"] > 100, "how big the journal is", body[:100])
disk, about = json.loads(body)["disk"], os.statvfs(os.environ["ASSAY_DIR"])
ok(abs(disk["free_bytes"] - about.f_bavail * about.f_frsize) < 2 ** 30 and disk["days_left"] is None and not disk["low"],
   "how much the disk has left, and that a journal of minutes does not say for how long", disk)
status, headers, body = get(f"batches/{batch}/proof")
ok(status == 200 and headers["Content-Disposition"] == f'attachment; filename="{batch}.proof"', "a proof to take away", (status, body[:200]))
with tempfile.NamedTemporaryFile() as file:
    file.write(body)
    file.flush()
    checked = subprocess.run([assay, "proof", "check", file.name, "--json"], capture_output=True, text=True, timeout=60)
    ok(checked.returncode == 0 and json.loads(checked.stdout)["batch"] == batch, "and it holds", checked.stderr)
ok(get("batches/none/proof")[0] == 404, "no proof of what is not there")
sys.exit(1 if failed else 0)
