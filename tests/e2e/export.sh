#!/usr/bin/env bash
# What leaves the gateway: an export read by Python's csv, json and hashlib alone gives the signed root again; no byte in
# the directory changes; history and trail search name the entries that a plain reading of the journal finds.
set -u
assay=${ASSAY:-build/assay}
folder=$(mktemp -d)
pid=
trap '[ -n "$pid" ] && kill $pid 2>/dev/null; rm -rf "$folder"' EXIT
. "$(dirname "$0")/../counted.sh"
digests() {
	(cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum && find . -printf '%p %s %T@\n' | sort)
}

cat >"$folder/check.py" <<'PY'
import base64, csv, hashlib, json, os, sys
folder, want = sys.argv[1], sys.argv[2]
sha = lambda b: hashlib.sha256(b).digest()
def root(leaves):  # RFC 6962 section 2.1
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha(b"\x01" + root(leaves[:half]) + root(leaves[half:]))
entries = [json.loads(line) for line in open(os.path.join(folder, "entries.jsonl"))]
for entry in entries:
    header = bytes.fromhex(entry["header"])
    assert int.from_bytes(header[8:16], "big") == entry["seq"]
    leaf = sha(b"\0" + header + sha(entry["body_text"].encode()) + sha(bytes.fromhex(entry["raw"])))
    assert leaf.hex() == entry["leaf"], entry["seq"]
    assert json.loads(entry["body_text"]) == entry["body"]
if want == "whole":
    assert [e["seq"] for e in entries] == list(range(len(entries)))
    note = open(os.path.join(folder, "checkpoint")).read().split("\n")
    size = int(note[1])
    assert 0 < size <= len(entries)
    assert base64.b64decode(note[2]) == root([bytes.fromhex(e["leaf"]) for e in entries[:size]])
kinds = {"batches": "batch", "tests": "test", "fills": "fill", "results": "result", "verdicts": "verdict",
         "reviews": "review", "trail": None}
for name, kind in kinds.items():
    with open(os.path.join(folder, name + ".csv"), encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    those = [e for e in entries if kind is None or e["kind"] == kind]
    assert [int(r["seq"]) for r in rows] == [e["seq"] for e in those], name
    for row, entry in zip(rows, those):
        assert row["at"] == entry["at"] and None not in row
        for column, cell in row.items():
            value = entry["body"].get(column) if kind else None
            if isinstance(value, str):
                assert cell in (value, "'" + value) and cell[:1] not in ("=", "+", "@"), (name, column, cell)
            elif isinstance(value, list):
                assert cell == " ".join(value)
if want == "formula":
    with open(os.path.join(folder, "batches.csv"), encoding="utf-8-sig", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    assert last["name"] == "'=1+1,\"x\"" and last["producer"] == "粮油, 公司", last
    assert [e for e in entries if e["kind"] == "batch"][-1]["body"]["name"] == "=1+1,\"x\""
PY

# A part and its checkpoint, and three forgeries with every other digest made again; the root by RFC 6962 from tree.txt.
cat >"$folder/tied.py" <<'PY'
import base64, hashlib, json, os, shutil, subprocess, sys
assay, part, work = sys.argv[1:4]
sha = lambda b: hashlib.sha256(b).digest()
read = lambda folder, name: open(os.path.join(folder, name)).read()
size = int(read(part, "checkpoint").split("\n")[1])
leaves = {e["seq"]: bytes.fromhex(e["leaf"]) for e in map(json.loads, read(part, "entries.jsonl").splitlines())}
beside = {(int(a), int(b)): bytes.fromhex(c) for a, b, c in (line.split() for line in read(part, "tree.txt").splitlines())}
def root(first, count):  # RFC 6962 section 2.1
    if (first, count) in beside:
        return beside.pop((first, count))
    if count == 1:
        return leaves[first]
    half = 1
    while half * 2 < count:
        half *= 2
    return sha(b"\x01" + root(first, half) + root(first + half, count - half))
assert len(leaves) > 2 and min(leaves) > 0 and 0 < len(beside) < 80, (len(leaves), len(beside))
assert base64.b64decode(read(part, "checkpoint").split("\n")[2]) == root(0, size) and not beside
report = json.loads(subprocess.run([assay, "verify", part, "--json"], capture_output=True, check=True).stdout)
assert report["tied"] and not report["whole"], report
def forged(name, change):
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(part, work)
    text = change(read(work, name))
    open(os.path.join(work, name), "w").write(text)
    lines = [line.split("  ")[1] for line in read(part, "SHA256SUMS").splitlines()]
    with open(os.path.join(work, "SHA256SUMS"), "w") as out:
        for one in lines:
            out.write("%s  %s\n" % (hashlib.sha256(open(os.path.join(work, one), "rb").read()).hexdigest(), one))
    got = subprocess.run([assay, "verify", work, "--json"], capture_output=True)
    codes = [f["code"] for f in json.loads(got.stdout)["findings"]]
    assert got.returncode == 1 and "export-root-differs" in codes, (name, codes)
    assert subprocess.run(["tests/verify.py", work], capture_output=True).returncode == 1, name
def other_entry(text):
    lines = text.splitlines(True)
    at = next(i for i, line in enumerate(lines) if json.loads(line)["seq"] < size and json.loads(line)["body_text"])
    entry = json.loads(lines[at])
    body = entry["body_text"].replace("0", "1", 1) if "0" in entry["body_text"] else entry["body_text"].replace("e", "a", 1)
    leaf = sha(b"\0" + bytes.fromhex(entry["header"]) + sha(body.encode()) + sha(bytes.fromhex(entry["raw"]))).hex()
    lines[at] = lines[at].replace(entry["leaf"], leaf).replace(json.dumps(entry["body_text"], ensure_ascii=False), json.dumps(body, ensure_ascii=False))
    return "".join(lines)
forged("entries.jsonl", other_entry)
forged("tree.txt", lambda text: "".join(text.splitlines(True)[1:]))
forged("tree.txt", lambda text: text[:-2] + ("0" if text[-2] != "0" else "1") + "\n")
PY

# Wound an export: one bit of each file in three places; then the same with SHA256SUMS made again, an entry left out, two
# exchanged, the tail cut. Both readers must say so (the second one knows tables by their digests alone).
cat >"$folder/wound.py" <<'PY'
import hashlib, json, os, random, shutil, subprocess, sys
assay, whole, work = sys.argv[1:4]
second = ["tests/verify.py"]
random.seed(5009)
def says(first=1, other=1, why=""):
    for command, want in (([assay, "verify"], first), (second, other)):
        got = subprocess.run(command + [work, "--json"], capture_output=True)
        assert got.returncode == want, (why, command, got)
        if want == 1:
            assert json.loads(got.stdout)["findings"], why
def fresh():
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(whole, work)
def sums():
    lines = open(os.path.join(whole, "SHA256SUMS")).read().splitlines()
    with open(os.path.join(work, "SHA256SUMS"), "w") as out:
        for name in (line.split("  ")[1] for line in lines):
            out.write("%s  %s\n" % (hashlib.sha256(open(os.path.join(work, name), "rb").read()).hexdigest(), name))
tried = 0
for name in sorted(os.listdir(whole)):
    for again in (False, True):
        for _ in range(1 if again else 2):
            if again and name == "SHA256SUMS":
                continue
            fresh()
            path = os.path.join(work, name)
            data = bytearray(open(path, "rb").read())
            if not data:  # nothing stands beside the entries of a whole export
                continue
            at = random.randrange(len(data))
            data[at] ^= 1 << random.randrange(8)
            open(path, "wb").write(data)
            if again:
                sums()
            # with its own digests made again, a table, the note to the reader or a shadow of a field is known to the first only
            other = 1 if not again or name == "checkpoint" else None
            got = subprocess.run([assay, "verify", work, "--json"], capture_output=True)
            assert got.returncode == 1 and json.loads(got.stdout)["findings"], (name, at, again, got)
            if other:
                assert subprocess.run(second + [work], capture_output=True).returncode in (1, 2), (name, at)
            tried += 1
lines = open(os.path.join(whole, "entries.jsonl")).readlines()
def put(changed, first, other, why):
    fresh()
    open(os.path.join(work, "entries.jsonl"), "w").writelines(changed)
    sums()
    says(first, other, why)
put(lines[:100] + lines[101:], 1, 1, "left out")
put(lines[:100] + [lines[101], lines[100]] + lines[102:], 1, 1, "exchanged")
forged = json.loads(lines[100])
forged["body_text"] = json.dumps(dict(forged["body"], forged=True))
forged["body"]["forged"] = True
header = bytearray.fromhex(forged["header"])
header[72:76] = len(forged["body_text"].encode()).to_bytes(4, "big")
sha = lambda b: hashlib.sha256(b).digest()
forged["header"] = header.hex()
forged["leaf"] = sha(b"\0" + header + sha(forged["body_text"].encode()) + sha(bytes.fromhex(forged["raw"]))).hex()
put(lines[:100] + [json.dumps(forged, separators=(",", ":"), ensure_ascii=False) + "\n"] + lines[101:], 1, 1, "forged")
print(tried)
PY

timeout 60 "$assay" demo --once -d "$folder/d" >/dev/null
ok $? 'the demonstration plays'
digests "$folder/d" >"$folder/before"
"$assay" export -d "$folder/d" "$folder/whole" >/dev/null
ok $? 'export'
python3 "$folder/check.py" "$folder/whole" whole
ok $? 'every leaf from its parts, the signed root from the leaves, every table from the entries'
(cd "$folder/whole" && sha256sum --quiet -c SHA256SUMS)
ok $? 'digests'
"$assay" verify "$folder/whole" --key "$folder/d/keys/origin.pub" --json >"$folder/said"
[ $? -eq 0 ] && grep -q '"whole":true,"own_key":false' "$folder/said"
ok $? 'assay verify holds the export to be whole, with a key kept elsewhere'
tests/verify.py "$folder/whole" --json | grep -q '"ok": true.*"whole": true'
ok $? 'the second reader agrees'
tried=$(python3 "$folder/wound.py" "$assay" "$folder/whole" "$folder/work")
ok $? "every wound is found ($tried bits flipped)"
"$assay" export -d "$folder/d" "$folder/whole" 2>"$folder/err"
[ $? -eq 1 ] && grep -q 'export-exists\|already' "$folder/err"
ok $? 'a folder that is there is left alone'
"$assay" export -d "$folder/d" --from 2001-02-30 "$folder/never" 2>/dev/null
[ $? -eq 2 ] && [ ! -e "$folder/never" ] && [ ! -e "$folder/never.new" ]
ok $? 'a day that is none is refused'

batch=$(sed -n 2p "$folder/whole/batches.csv" | cut -d, -f3)
python3 - "$folder/whole/entries.jsonl" "$batch" >"$folder/expected" <<'PY'
import json, sys
for line in open(sys.argv[1]):
    entry = json.loads(line)
    ids = [entry["body"].get(name) or "" for name in ("batch", "test", "result")]
    if any(i == sys.argv[2] or i.startswith(sys.argv[2] + ".") for i in ids):
        print(entry["seq"])
PY
"$assay" history -d "$folder/d" "$batch" --json | python3 -c 'import json,sys
for line in sys.stdin: print(json.loads(line)["seq"])' >"$folder/history"
[ -s "$folder/expected" ] && cmp -s "$folder/expected" "$folder/history"
ok $? "the history of $batch is all that names it"
"$assay" history -d "$folder/d" "$batch.1.R1" | grep -q ' fill ' && "$assay" history -d "$folder/d" "$batch.1.R1" | grep -q ' verdict '
ok $? "a result's history has its fillings and its verdict"
"$assay" history -d "$folder/d" nothing 2>/dev/null
[ $? -eq 1 ]
ok $? 'what was never recorded is said'
[ "$("$assay" trail search -d "$folder/d" --what fill --instrument balance-1 | wc -l)" -eq \
	"$(grep -c '"kind":"fill".*"instrument":"balance-1"' "$folder/whole/entries.jsonl")" ]
ok $? 'search by kind and instrument'
[ "$("$assay" trail search -d "$folder/d" --reason out-of-RANGE --about "$(echo "$batch" | sed 's/01$/03/')" | wc -l)" -eq 3 ]
ok $? 'search by reason: the third result, its verdict, its batch'
[ "$("$assay" trail search -d "$folder/d" --who nobody-of-this-name | wc -l)" -eq 0 ] &&
	[ "$("$assay" trail search -d "$folder/d" --to 2001-01-01 | wc -l)" -eq 0 ]
ok $? 'search that finds nothing'
"$assay" journal export -d "$folder/d" >"$folder/lines" && cmp -s "$folder/lines" "$folder/whole/entries.jsonl"
ok $? 'journal export gives the same lines'
"$assay" journal export -d "$folder/d" --since 100 >"$folder/lines" && tail -n +101 "$folder/whole/entries.jsonl" | cmp -s - "$folder/lines"
ok $? 'and those since an entry'
digests "$folder/d" >"$folder/after"
cmp -s "$folder/before" "$folder/after"
ok $? 'no byte, size or time in the directory has changed'

"$assay" demo -d "$folder/d" --listen 127.0.0.1:0 >"$folder/out" 2>/dev/null &
pid=$!
for _ in $(seq 100); do
	[ -s "$folder/out" ] && break
	sleep 0.1
done
sleep 1.1
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
"$assay" batch new -d "$folder/d" --product pastry --name '=1+1,"x"' --producer '粮油, 公司' --lot -7 \
	--produced "$(date +%Y-%m-%d)" --test moisture >/dev/null
ok $? 'a batch whose name looks like a formula'
"$assay" export -d "$folder/d" --from "$now" "$folder/part" >/dev/null
ok $? 'export beside the running gateway'
python3 "$folder/check.py" "$folder/part" formula
ok $? 'a part of it, and no cell is a formula'
"$assay" verify "$folder/part" --json | grep -q '"ok":true.*"whole":false' && tests/verify.py "$folder/part" >/dev/null
ok $? 'a part holds, and is called one'
[ "$(wc -l <"$folder/part/batches.csv")" -eq 2 ]
ok $? 'only what was recorded since'
kill -INT $pid
wait $pid
pid=
"$assay" export -d "$folder/d" --from "$now" "$folder/signed" >/dev/null # the end of the gateway has signed for it
python3 "$folder/tied.py" "$assay" "$folder/signed" "$folder/forged"
ok $? 'a part is tied to the signed root: a forged entry, a dropped or a changed subtree are found'

"$assay" rebuild -d "$folder/d" --json >"$folder/rebuilt"
[ $? -eq 0 ] && grep -q '"compared":true.*"differences":\[\]' "$folder/rebuilt"
ok $? 'the state made again is the same, table by table'
python3 -c 'import sqlite3,sys
db = sqlite3.connect(sys.argv[1]); db.execute("UPDATE verdict SET verdict=?", ("pass",)); db.commit()' "$folder/d/state.db"
"$assay" rebuild -d "$folder/d" --json >"$folder/rebuilt"
[ $? -eq 1 ] && grep -q '"differences":\[{"table":"verdict"' "$folder/rebuilt"
ok $? 'a state that was changed is found, the table named'
"$assay" rebuild -d "$folder/d" >/dev/null
ok $? 'and is as it was'
"$assay" verify --replay "$folder/d" >"$folder/replay"
ok $? "all of it derived again, with what was added: $(tail -n 1 "$folder/replay")"

finish
