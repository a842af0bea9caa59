#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a careful script does with decimal: edition by date, nearest category, unit, comparison. In-process, no JSON, no texts.
Run by tests/bench/bench_judge beside the library."""

import re
import time
import xml.etree.ElementTree as ET
from decimal import Decimal

QUESTIONS = [("GB 2762", "F04.2.2", "cadmium", "0.19 mg/kg", "2026-10-01"),
             ("GB 2762", "F18.2", "lead", "0.501 mg/kg", "2026-08-01"),
             ("GB 17401", "P.17401.OIL", "moisture", "6.98 g/100g", "2026-10-01"),
             ("GB 2717", "P.2717", "amino acid nitrogen", "0.41 g/100mL", "2026-10-01")]
FILES = ("gb-2762-2022", "gb-2762-2025", "gb-17401-2014", "gb-2717-2018")
RESULT = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(?: (\S+))?$")


def main():
    editions, parents = {}, {}
    for name in FILES:
        root = ET.parse("specs/standards/%s.xml" % name).getroot()
        rows = {(row.get("category"), row.get("analyte")): (row.get("kind"), Decimal(row.get("upper") or row.get("lower")),
                                                           row.get("unit"))
                for row in root.iter("limit") if row.get("kind") in ("le", "ge")}
        editions.setdefault(root.get("number"), []).append((root.get("from"), root.get("until") or "9", rows))
    for name in ("gb-2762", "product"):
        for node in ET.parse("specs/categories/%s.xml" % name).getroot():
            parents[node.get("code")] = node.get("parent")

    def judge(standard, category, analyte, text, day):
        number, unit = RESULT.match(text).groups()
        for begun, until, rows in editions[standard]:
            if begun <= day < until:
                while category is not None:
                    row = rows.get((category, analyte))
                    if row:
                        kind, bound, wanted = row
                        if unit is not None and unit != wanted:
                            return "undetermined"
                        value = Decimal(number)
                        return "pass" if (value <= bound if kind == "le" else value >= bound) else "fail"
                    category = parents.get(category)
        return "undetermined"

    count = 200000
    begun = time.process_time()
    for i in range(count):
        judge(*QUESTIONS[i & 3])
    print("python3 decimal, the same steps: %8.0f a second, in-process, without conversions, JSON or texts" % (
        count / (time.process_time() - begun)))


if __name__ == "__main__":
    main()
