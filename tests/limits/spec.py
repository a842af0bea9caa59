# SPDX-License-Identifier: Apache-2.0
"""assay spec list, show and diff against the XML files themselves, read by xml.etree and compared as rows."""
import glob
import json
import os
import sys
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from outside import ASSAY, assay, check, finish  # noqa: E402

FOLDER = os.path.join(os.path.dirname(ASSAY), "specs")


def told(*arguments):
    done = assay("spec", *arguments, "--json")
    check(done.returncode == 0, f"spec {arguments}: {done.stderr}")
    return json.loads(done.stdout)


def files(kind):
    return [ElementTree.parse(path).getroot() for path in sorted(glob.glob(os.path.join(FOLDER, kind, "*.xml")))]


def lists(standards):
    rows = {row["standard"]: (row["from"], row["until"], row["tree"], int(row["rows"]), row["title_zh"], row["title_en"])
            for row in told("list", "--standards")}
    want = {one.get("id"): (one.get("from", ""), one.get("until", ""), one.get("tree"), len(one.findall("limit")), one.get("title-zh"),
                            one.get("title-en")) for one in standards}
    check(rows == want, f"standards: {set(rows.items()) ^ set(want.items())}")
    rows = sorted((row["product"], row["name_zh"], row["name_en"]) for row in told("list", "--products"))
    want = sorted((one.get("id"), one.get("name-zh"), one.get("name-en")) for one in files("products"))
    check(rows == want and len(rows) >= 40, "products")
    rows = sorted(row["method"] for row in told("list", "--methods"))
    check(rows == sorted(one.get("id") for one in files("methods")) and len(rows) >= 30, "methods")
    for tree in files("categories"):
        rows = {(row["code"], row["parent"], row["name_zh"]) for row in told("list", "--categories", tree.get("tree"))}
        want = {(one.get("code"), one.get("parent", ""), one.get("name-zh")) for one in tree.iter("category")}
        check(rows == want, f"categories of {tree.get('id')}: {len(rows ^ want)} differ")


def shows(standards):
    for one in standards:
        shown = told("show", one.get("id"))
        rows = sorted((row["category"], row["analyte"], row["kind"], row["limit"], row["unit"], row["clause"]) for row in shown["limits"])
        want = sorted((row.get("category"), row.get("analyte"), row.get("kind"), row.get("text"), row.get("unit", ""), row.get("clause"))
                      for row in one.findall("limit"))
        check(rows == want, f"rows of {one.get('id')}: {[pair for pair in zip(rows, want) if pair[0] != pair[1]][:3]}")


def methods():
    """Each figure has its source; a method with one that was not read in the text of its standard says medium."""
    for one in files("methods"):
        name, sources = one.get("id"), [part.get("source") for part in one.iter()]
        check(all(part.get("source") for part in one if part.tag != "slot"), f"{name}: a figure without its source")
        check(all(slot.get("source") for slot in one.findall("slot") if slot.get("repeat") or slot.get("constant-within")), f"{name}: weighings without source")
        check(one.get("limits-source") or not (one.get("lod") or one.get("loq")), f"{name}: LOD without source")
        told_of = " ".join(text for text in [*sources, one.get("limits-source")] if text)
        unread = any(words in told_of for words in ("knowledge", "not verified", "not read"))
        check(not unread or one.get("confidence") == "medium", f"{name}: not verified, and does not say so")
    check(told("show", "gb-5009.3-direct")["confidence"] == "medium", "the confidence of a method is shown")


def diffs(standards):
    by_number = {}
    for one in standards:
        by_number.setdefault(one.get("number"), []).append(one)
    pairs = [pair for editions in by_number.values()
             for pair in zip(sorted(editions, key=lambda e: e.get("from", "")), sorted(editions, key=lambda e: e.get("from", ""))[1:])]
    check(len(pairs) >= 3, f"{len(pairs)} pairs of editions")
    for old, new in pairs:
        changes = told("diff", old.get("id"), new.get("id"))["changes"]
        before, after = ({(row.get("category"), row.get("analyte"), row.get("text")) for row in edition.findall("limit")}
                         for edition in (old, new))
        gone = {(c["category"], c["analyte"], c["before"]) for c in changes if c["change"] in ("removed", "changed")}
        come = {(c["category"], c["analyte"], c["after"]) for c in changes if c["change"] in ("added", "changed")}
        # a row whose figure stands while its condition or method changed is told too: never fewer than what differs in print
        check(before - after <= gone <= before and after - before <= come <= after and (before == after or changes),
              f"{old.get('id')} to {new.get('id')}: {list(before - after - gone)[:2]} {list(after - before - come)[:2]}")
        check(told("diff", new.get("id"), new.get("id"))["changes"] == [], f"{new.get('id')} beside itself")


def refusals():
    for arguments in (("show", "GB 0000-1900"), ("diff", "GB 2762-2022", "nowhere.xml"), ("list", "--categories", "GB0")):
        done = assay("spec", *arguments, "--json")
        check(done.returncode == 1 and {"code", "text_zh", "text_en"} <= set(json.loads(done.stderr)["error"]) and not done.stdout, f"{arguments}: {done}")


def main():
    standards = files("standards")
    lists(standards)
    shows(standards)
    methods()
    diffs(standards)
    refusals()
    return finish()


if __name__ == "__main__":
    sys.exit(main())
