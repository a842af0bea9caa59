#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""assay plan -c LAB.xml and -d DIR: which items the laboratory can test. The expected answer is worked out from lab.xml,
the instrument files and the method files with ElementTree: a slot that nobody reads by eye (a typed figure, a burette's
mL, a bare count) needs a channel in its unit, a watched condition a channel of its name and unit.

usage: plan.py ASSAY SPECS"""

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

ASSAY, SPECS = sys.argv[1:3]
LABS = ("weighing", "moisture", "hplc", "microbiology")
PRODUCTS = ("pastry", "soy-sauce-high-salt-first", "baijiu", "honey")
passed = failed = 0


def check(good, what):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAILED", what)


def channels(path):
    """(name, unit) of each channel of a laboratory; lab.xml's unit goes over the instrument file's."""
    found = set()
    for line in ET.parse(path).getroot().iter("line"):
        if line.get("disabled") == "true":
            continue
        for instrument in line.iter("instrument"):
            units = {}
            if instrument.get("spec"):
                spec = ET.parse(f"{SPECS}/instruments/{instrument.get('spec')}.xml").getroot()
                units = {one.get("name"): one.get("unit", "") for one in spec.findall("channel")}
            for one in instrument.findall("channel"):
                if one.get("unit"):
                    units[one.get("name")] = one.get("unit")
            found |= set(units.items())
    return found


def missing(method, have):
    """Unit of the first thing nothing here gives, "" when all is there."""
    root = ET.parse(f"{SPECS}/methods/{method}.xml").getroot()
    plain = {unit.replace("\u03bc", "u").replace("\u00b5", "u") for _, unit in have}
    for slot in root.findall("slot"):
        unit = slot.get("unit").replace("\u03bc", "u").replace("\u00b5", "u")
        if slot.get("typed") != "yes" and unit not in ("mL", "1", "") and unit not in plain:
            return slot.get("unit")
    for rule in root.findall("evidence"):
        if (rule.get("channel"), rule.get("unit")) not in have:
            return rule.get("unit")
    return ""


def plan(product, *options):
    done = subprocess.run([ASSAY, "plan", product, "--produced", "2026-11-20", "--json", *options], capture_output=True, timeout=30)
    return json.loads(done.stdout) if done.returncode == 0 else done


def main():
    cannot = can = 0
    for lab in LABS:
        path = f"{SPECS}/examples/{lab}.xml"
        have = channels(path)
        for product in PRODUCTS:
            got = plan(product, "-c", path)
            for item in got["items"]:
                unit = missing(item["method"], have) if item["method"] else ""
                reason = "no-method" if not item["method"] else "no-instrument" if unit else ""
                check((item["reason"], item["missing_unit"], item["testable"]) == (reason, unit, not reason),
                      f"{lab} {product} {item['analyte']} {item['method']}: {item['reason']} {item['missing_unit']}, not {reason} {unit}")
                cannot, can = cannot + (reason == "no-instrument"), can + (not reason)
            check(got["untested"] == sum(not item["testable"] for item in got["items"]), f"{lab} {product}: count of untested")
    check(cannot > 0 and can > 0, "the laboratories can test some items and not others")
    # Without a laboratory a method is enough; with a directory its lab.xml is the laboratory.
    check(all(item["testable"] == bool(item["method"]) for item in plan("pastry")["items"]), "without a laboratory")
    with tempfile.TemporaryDirectory() as room:
        with open(f"{SPECS}/examples/weighing.xml", "rb") as source, open(f"{room}/lab.xml", "wb") as out:
            out.write(source.read())
        check(plan("pastry", "-d", room) == plan("pastry", "-c", f"{SPECS}/examples/weighing.xml"), "-d DIR is its lab.xml")
        check(os.listdir(room) == ["lab.xml"], "nothing is written into DIR")
        done = plan("pastry", "-d", room, "-c", f"{room}/lab.xml")
        check(getattr(done, "returncode", 0) == 2, "-c and -d together are refused")
        done = plan("pastry", "-c", f"{room}/none.xml")
        check(getattr(done, "returncode", 0) == 1, "a lab.xml that is not there is refused")
    # gb-2762-2017.xml holds five rows of many (no-row="left-out"), and no edition of GB 2762 here is older: the plan says so.
    old = json.loads(subprocess.run([ASSAY, "plan", "pastry", "--produced", "2018-01-01", "--json"], check=True, capture_output=True, timeout=30).stdout)
    check({"standard": "GB 2762-2017", "reason": "rows-left-out"} in old["gaps"], "rows that are left out are said")
    older = json.loads(subprocess.run([ASSAY, "plan", "pastry", "--produced", "2010-01-01", "--json"], check=True, capture_output=True, timeout=30).stdout)
    check({"standard": "GB 2762", "reason": "not-in-force"} in older["gaps"], "standards without an edition on the day are said")
    check(plan("pastry")["gaps"] == [], "no gap today")
    # The sampling plan as gb-2726-2016.xml prints it: n=5, c=2, m=10000, M=100000.
    meat = {(item["standard"], item["analyte"]): item for item in plan("cooked-meat")["items"]}
    count = meat[("GB 2726-2016", "aerobic plate count")]
    check((count["n"], count["c"], count["m"], count["M"]) == (5, 2, "10000", "100000"), f"sampling plan: {count}")
    print(f"plan: {passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
