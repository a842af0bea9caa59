#!/bin/bash
# assay line plan: the bytes of each request, with pymodbus's own CRC, and predicted times worked out anew in exact
# fractions from Modbus over Serial Line v1.02, 2.5.1, by python3; usage, errors and exit codes.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/lab.xml" <<'XML'
<lab site="test" origin="test.assay.example" name-zh="测" name-en="test" listen="">
<line id="bus" name-zh="总线" name-en="bus"><modbus-rtu port="/dev/nothing" baud="19200" parity="even"/>
<instrument id="oven" name-zh="箱" name-en="oven" driver="modbus" every="2s"><setting name="unit" value="17"/>
<setting name="turnaround-ms" value="8"/>
<item channel="a" function="3" address="0" type="f32"/><item function="3" address="2" type="hole" count="4"/>
<item channel="b" function="3" address="6" type="s16"/><item channel="c" function="3" address="60" type="s16"/>
<item channel="d" function="2" address="9" type="bit"/><item channel="e" function="4" address="1" type="u16" period-ms="500"/>
</instrument></line>
<line id="net" name-zh="网" name-en="net"><modbus-tcp host="127.0.0.1" port="502"/>
<instrument id="room" name-zh="室" name-en="room" driver="modbus"><item channel="a" function="3" address="0" type="s16"/></instrument></line>
</lab>
XML
"$ASSAY" line plan -c "$dir/lab.xml" --json >"$dir/plan"
"$ASSAY" line plan bus -c "$dir/lab.xml" | grep -q '^oven: every 500 ms 1 requests'
/usr/bin/python3 - "$dir/plan" <<'PY'
import json, sys
from fractions import Fraction
from pymodbus.utilities import computeCRC

rows = [json.loads(line) for line in open(sys.argv[1])]
asked = [row for row in rows if "bytes" in row]
oven = [row for row in asked if row["instrument"] == "oven"]
assert [(r["period_ms"], r["function"], r["address"], r["count"]) for r in oven] == [
    (500, 4, 1, 1), (2000, 2, 9, 1), (2000, 3, 0, 7), (2000, 3, 60, 1)], oven
for row in oven:
    frame = bytes.fromhex(row["bytes"])
    pdu = bytes([17, row["function"]]) + row["address"].to_bytes(2, "big") + row["count"].to_bytes(2, "big")
    assert frame == pdu + computeCRC(pdu).to_bytes(2, "big"), frame.hex()
    data = (row["count"] + 7) // 8 if row["function"] <= 2 else 2 * row["count"]
    character = Fraction(11, 19200)  # start, 8 bits, parity, stop
    takes = (8 + 5 + data) * character + 2 * Fraction(35, 10) * character + Fraction(8, 1000) + Fraction(1, 4000)
    assert abs(takes - Fraction(row["predicted_us"], 10 ** 6)) < Fraction(2, 10 ** 6), (row, float(takes))
for cycle in rows:
    if "requests" in cycle:
        mine = [r["predicted_us"] for r in asked
                if (r["instrument"], r["period_ms"]) == (cycle["instrument"], cycle["period_ms"])]
        assert len(mine) == cycle["requests"] and abs(sum(mine) - cycle["cycle_us"]) <= len(mine), cycle
        assert cycle["cycle_us"] <= cycle["one_by_one_us"], cycle
room = [row for row in asked if row["instrument"] == "room"]
assert [row["bytes"] for row in room] == ["000000000006010300000001"], room
PY
"$ASSAY" line plan --instrument specs/instruments/yudian-ai.xml --baud 9600 >"$dir/slow"
"$ASSAY" line plan --instrument specs/instruments/yudian-ai.xml --baud 115200 --turnaround 1 >"$dir/fast"
if cmp -s "$dir/slow" "$dir/fast"; then echo "the baud rate makes no difference"; exit 1; fi
code() { local wanted=$1; shift; local got=0; "$ASSAY" line plan "$@" >/dev/null 2>"$dir/err" || got=$?
	[ "$got" = "$wanted" ] || { echo "line plan $*: exit code $got, not $wanted"; cat "$dir/err"; exit 1; }; }
code 0 --help
code 2
code 2 -c "$dir/lab.xml" --instrument specs/instruments/yudian-ai.xml
code 2 --instrument specs/instruments/yudian-ai.xml --parity mark
code 1 nowhere -c "$dir/lab.xml"
code 1 --instrument specs/instruments/mettler-mt-sics.xml
code 1 -c "$dir/missing.xml"
