#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Count x 0.1, x 0.01 and x 0.001 for 10,000 counts against their own decimal limit, through assay judge --jsonl; beside it
how many of the same comparisons binary floating point gets wrong. The product is worked out with integers.

usage: counts.py ASSAY"""

import json
import subprocess
import sys


def text(count, places):
    digits = str(count).rjust(places + 1, "0")
    return digits[:-places] + "." + digits[-places:]


def main():
    cases, doubles = [], 0
    factors = {1: 0.1, 2: 0.01, 3: 0.001}
    for places, factor in factors.items():
        for count in range(1, 10001):
            bound = text(count, places)
            above = text(count * 10 + 1, places + 1)
            for value in (bound, above):
                cases.append({"produced": "2026-10-01", "standard": "GB 2762", "category": "F22.3", "analyte": "cadmium",
                              "results": [value + " mg/kg"], "declared": [
                                  {"kind": "le", "bound": bound, "unit": "mg/kg", "source": "test"}]})
            doubles += count * factor > float(bound)
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([sys.argv[1], "judge", "--jsonl"], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    kinds = [json.loads(line)["verdict"] for line in done.stdout.splitlines()]
    wrong = sum(kind != ("fail" if i % 2 else "pass") for i, kind in enumerate(kinds))
    print("%d comparisons at the limit and just above it: %d false verdicts; with double %d of the %d products lie above "
          "their own limit" % (len(kinds), wrong, doubles, len(kinds) // 2))
    print("counts: %d passed, %d failed" % ((0, 1) if wrong or len(kinds) != 60000 else (1, 0)))
    return 1 if wrong or len(kinds) != 60000 else 0


if __name__ == "__main__":
    sys.exit(main())
