#!/usr/bin/env bash
# The demonstration from outside, as CONTRACT says: --once --json gives one JSON line for each of three batches within
# 30 s and nothing else; the directory verifies; a second run plays nothing twice; a run that was killed in the middle
# is continued; served, it answers on the address it prints and ends with 0, leaving no process.
set -u
assay=${ASSAY:-build/assay}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
. "$(dirname "$0")/../counted.sh"

# Three verdicts, and results worked out again from the masses the simulated balance shows (gateway/demo/play.c) by
# GB 5009.3-2016's X = (m1-m2)/(m1-m3)*100, mean of two, three significant digits; the smaller of the last two m2.
cat >"$folder/check.py" <<'PY'
import json, sys
from decimal import Decimal as D, ROUND_HALF_EVEN
from fractions import Fraction as F
masses = [  # m3, m1, m2 of two replicates, 0.1 mg
    [(201127, 231486, 229841), (217046, 248962, 247219)],
    [(198834, 229210, 226658), (205512, 236620, 233970)],
    [(200415, 230980, 229360), (213307, 244021, 242369)],
]
lines = [json.loads(line) for line in open(sys.argv[1])]
assert len(lines) == 3, len(lines)
assert [b["verdict"] for b in lines] == ["pass", "fail", "undetermined"], [b["verdict"] for b in lines]
assert [b["reasons"] for b in lines] == [[], [], ["condition-out-of-range"]], [b["reasons"] for b in lines]
for batch, replicates in zip(lines, masses):
    assert set(batch) == {"batch", "verdict", "reasons", "results", "scope"}, set(batch)
    assert batch["scope"]["tests"] == ["moisture"]
    assert len(batch["results"]) == 1
    mean = sum(F(m1 - m2, m1 - m3) * 100 for m3, m1, m2 in replicates) / 2
    assert 1 <= mean < 10
    value = (D(mean.numerator) / D(mean.denominator)).quantize(D("0.01"), ROUND_HALF_EVEN)
    assert batch["results"][0]["value"] == str(value), (batch["results"][0]["value"], value)
    assert batch["results"][0]["unit"] == "g/100g"
PY

begun=$(date +%s)
timeout 60 "$assay" demo --once --json -d "$folder/d" >"$folder/first"
ok $? 'demo --once exits 0'
[ $(($(date +%s) - begun)) -le 30 ]
ok $? 'within 30 s'
python3 "$folder/check.py" "$folder/first"
ok $? 'three batches, as worked out from the masses'
"$assay" verify "$folder/d" >/dev/null
ok $? 'the directory verifies'
"$assay" verify "$folder/d" --replay --json | grep -q '"differences":0'
ok $? 'and is the same when all of it is derived again'

timeout 60 "$assay" demo --once --json -d "$folder/d" >"$folder/second"
ok $? 'a second run exits 0'
cmp -s "$folder/first" "$folder/second"
ok $? 'a second run says the same and plays nothing twice'

timeout -s KILL 4 "$assay" demo --once --json -d "$folder/k" >/dev/null 2>&1
timeout 60 "$assay" demo --once --json -d "$folder/k" >"$folder/third"
ok $? 'a run killed in the middle is continued'
python3 "$folder/check.py" "$folder/third"
ok $? 'and comes to the same results'
"$assay" verify "$folder/k" --replay >/dev/null
ok $? 'and verifies, derived again'

"$assay" demo -d "$folder/d" --listen 127.0.0.1:0 >"$folder/out" 2>"$folder/err" &
pid=$!
for _ in $(seq 100); do
	[ -s "$folder/out" ] && break
	sleep 0.1
done
url=$(head -n 1 "$folder/out")
curl -s -m 5 "$url/healthz" | grep -q '"status":"ok"'
ok $? "pages answer at the address it prints ($url)"
curl -s -m 5 "$url/api/v1/batches" | grep -q '"batches":'
ok $? 'whoever is at this machine may look'
[ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' -X POST "$url/api/v1/batches")" = 401 ]
ok $? 'and writes nothing without logging in'
password=$(sed -n 's/.*with the password //p' "$folder/out")
for _ in $(seq 100); do
	curl -s -m 5 -H 'Content-Type: application/json' -d "{\"user\":\"maker\",\"password\":\"$password\"}" "$url/api/v1/session" | grep -q '"roles":"producer"' && break
	tries=$((${tries:-0} + 1))
	[ $tries -ge 4 ] && break
	sleep 1
done
[ "${tries:-0}" -lt 4 ]
ok $? 'its people log in with the password it prints'
children=$(cat /proc/$pid/task/$pid/children)
kill -INT $pid
wait $pid
ok $? 'SIGINT ends it with 0'
left=0
for child in $children; do
	[ -e "/proc/$child/stat" ] && ! grep -q ') Z' "/proc/$child/stat" && left=$((left + 1))
done
[ $left -eq 0 ]
ok $? "nothing is left running ($left)"

"$assay" demo -d "$folder/d" --json 2>/dev/null
[ $? -eq 2 ]
ok $? '--json without --once is a usage error'
mkdir "$folder/real" && echo '<lab site="real"/>' >"$folder/real/lab.xml"
"$assay" demo -d "$folder/real" --once 2>"$folder/err"
[ $? -eq 1 ] && grep -q 'real/lab.xml' "$folder/err" && [ "$(cat "$folder/real/lab.xml")" = '<lab site="real"/>' ]
ok $? "another laboratory's directory is refused and left alone"

finish
