#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Documents for assay-report: documents.py DIR writes one JSON file for each into DIR. Laboratory, people, results and
hashes are made up for the test; nothing here is a statement about a food or a limit."""
import copy
import hashlib
import json
import sys

REASONS = {
    "calibration-overdue": ("仪器校准过期", "the instrument's calibration is overdue"),
    "duplicate-failed": ("平行样之差超过方法允许", "the duplicates differ by more than the method allows"),
    "limit-unverified": ("限量的来源可信度为中，需人工核对",
                         "the limit rests on one unconfirmed source; a person must check it"),
    "incomplete": ("格子没有填齐", "not every slot is filled"),
}


def reason(code):
    zh, en = REASONS[code]
    return {"code": code, "text_zh": zh, "text_en": en}


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test(number, zh, en, limit, standard, method, value, unit, verdict="pass", basis=("", ""), codes=(), clause="表 1",
         title=("", ""), **result):
    found = {"value": value, "unit": unit, "censored": "", "lod": "", "loq": "", "uncertainty": "", "text_zh": "",
             "text_en": ""}
    found.update(result)
    return {"test": f"B26-1119-03.{number}", "analyte_zh": zh, "analyte_en": en, "basis_zh": basis[0],
            "basis_en": basis[1], "method": {"standard": method, "title_zh": title[0], "title_en": title[1]},
            "limit": {"standard": standard, "clause": clause, "text": limit}, "result": found,
            "verdict": {"verdict": verdict, "reasons": [reason(c) for c in codes]}, "was": ""}


def eight():
    nd = {"censored": "not-detected", "loq": "0.005 g/kg"}
    return [
        test(1, "铅", "Lead", "≤ 0.5 mg/kg", "GB 2762-2025", "GB 5009.12-2023", "0.062", "mg/kg",
             basis=("以 Pb 计", "as Pb"), uncertainty="± 0.009 mg/kg, k = 2"),
        test(2, "亚硝酸盐", "Nitrite", "≤ 20 mg/kg", "GB 2762-2025", "GB 5009.33-2025", "3.1", "mg/kg",
             basis=("以 NaNO₂ 计", "as NaNO₂")),
        test(3, "苯甲酸及其钠盐", "Benzoic acid", "≤ 1.0 g/kg", "GB 2760-2024", "GB 5009.28-2016", "", "g/kg",
             basis=("以苯甲酸计", ""), **nd),
        test(4, "山梨酸及其钾盐", "Sorbic acid", "≤ 1.0 g/kg", "GB 2760-2024", "GB 5009.28-2016", "0.112(-)", "g/kg",
             basis=("以山梨酸计", "")),
        test(5, "脱氢乙酸及其钠盐", "Dehydroacetic acid", "≤ 0.3 g/kg", "GB 2760-2024", "GB 5009.121-2016",
             "0.489(+)", "g/kg", basis=("以脱氢乙酸计", "")),
        test(6, "防腐剂用量占比之和", "Sum of preservative ratios", "≤ 1", "GB 2760-2024", "", "0.74", "",
             title=("计算", "calculated")),
        test(7, "糖精钠", "Saccharin", "≤ 0.15 g/kg", "GB 2760-2024", "GB 5009.28-2016", "", "g/kg",
             basis=("以糖精计", ""), **nd),
        test(8, "大肠菌群", "Coliforms", "n=5 c=2 m=10 M=10³ CFU/g", "GB 2714-2015", "GB 4789.3-2025", "5 份均 < 10",
             "CFU/g", text_en="each of 5 below 10"),
    ]


def certificate():
    tests = eight()
    tests[4]["result"]["value"] = "0.089(+)"
    return {
        "kind": "certificate", "certificate": "QX-2026-1187", "issued": "2026-11-23T16:21:07.250+08:00",
        "laboratory": {"name_zh": "清溪县公共食品检测中心", "name_en": "Qingxi County Public Food Testing Centre",
                       "address": "清溪县东街 12 号", "contact": "0000-0000000"},
        "producer": {"name": "陈家酱园", "licence": "SC10000000000000", "address": ""},
        "batch": {
            "batch": "B26-1119-03", "name": "酱香萝卜条", "product_zh": "酱腌菜", "product_en": "Pickled vegetables",
            "category_zh": "腌渍的蔬菜", "category_en": "Pickled vegetables", "lot": "20261112",
            "produced": "2026-11-12", "received": "2026-11-19", "tested_from": "2026-11-20", "tested_to": "2026-11-23",
            "amount": "12 袋 × 200 g", "origin_zh": "送检", "origin_en": "Sent in",
            "samples": [f"S26-1119-03-{n}" for n in range(1, 7)],
            "scope": {"text_zh": "结果仅对来样负责。未列项目未检验。未经本中心书面同意，不得部分复制本报告。",
                      "text_en": "Results relate only to the sample received. Items not listed were not tested. "
                                 "Reproduce in full only."},
            "verdict": "pass", "reasons": [], "text_zh": "所检 8 项全部合格。",
            "text_en": "Pass. All 8 tested items conform."},
        "tests": tests,
        "decision_rule": {"text_zh": "全数值比较法（GB/T 8170），不留保护带。按生产日期适用标准版本。报告值修约一次。",
                          "text_en": "Decision rule: full-value comparison (GB/T 8170), no guard band. Editions by "
                                     "production date. Reported values are rounded once."},
        "notes": [], "replaces": None,
        "signatures": [
            {"action": action, "who": who, "name": name, "at": at, "digest": digest(who)} for action, who, name, at in [
                ("test", "lin.jing", "林静", "2026-11-23T09:12:44.000+08:00"),
                ("review", "zhou.min", "周敏", "2026-11-23T14:52:10+08:00"),
                ("release", "zheng.kai", "郑凯", "2026-11-23T16:20:31+08:00")]],
        "checkpoint": {"size": 205304, "root": "bcc5c27b6935eede" + digest("root")[16:],
                       "at": "2026-11-23T16:20:40+08:00", "witness": "区中心"},
        "check": {"address": "https://qingxi.assay.example/c/QX-2026-1187", "proof": "B26-1119-03.proof"}}


def fail():
    document = certificate()
    document["tests"] = eight()
    for number in (4, 5):
        document["tests"][number]["verdict"]["verdict"] = "fail"
    document["tests"][5]["result"]["value"] = "1.74"
    document["batch"].update(
        verdict="fail", text_zh="所检 8 项中 2 项不合格：脱氢乙酸、防腐剂用量占比之和。",
        text_en="Fail. 2 of 8 tested items exceed the limit: dehydroacetic acid; sum of preservative ratios.")
    return document


def undetermined():
    """25 items, two of them undetermined, one with a limit that nobody has confirmed."""
    document = certificate()
    base = document["tests"]
    document["tests"] = []
    for n in range(25):
        item = copy.deepcopy(base[n % 8])
        item["test"] = f"B26-1119-03.{n + 1}"
        if n >= 8:
            item["analyte_zh"] += f"（第 {n + 1} 项）"
        document["tests"].append(item)
    document["tests"][11]["verdict"] = {"verdict": "undetermined", "reasons": [reason("calibration-overdue"),
                                                                              reason("duplicate-failed")]}
    document["tests"][19]["verdict"] = {"verdict": "undetermined", "reasons": [reason("incomplete")]}
    document["tests"][19]["result"] = None
    document["tests"][2]["verdict"]["reasons"] = [reason("limit-unverified")]
    document["tests"][21]["verdict"]["verdict"] = "not_applicable"
    document["tests"][21]["limit"] = None
    document["batch"].update(
        verdict="undetermined", text_zh="所检 25 项中 2 项不能判定，其余未见不合格。",
        text_en="Undetermined. 2 of 25 tested items could not be judged; none of the others fails.")
    document["notes"] = [{"text_zh": "第 12 项所用天平的校准证书在检验当日已过期，登记新证书后可重新判定。",
                          "text_en": "The balance used for item 12 was past its calibration on the day of the test."}]
    return document


def amended():
    document = certificate()
    document.update(
        certificate="QX-2026-1187-1", issued="2026-11-25T10:05:00+08:00",
        replaces={"certificate": "QX-2026-1187", "issued": "2026-11-23T16:21:07+08:00",
                  "reason": "第 4 项山梨酸的标准曲线用错批次，已重新计算"})
    document["tests"][3]["was"] = "0.121 g/kg"
    document["check"]["address"] += "-1"
    document["signatures"][2].update(at="2026-11-25T10:04:12+08:00", digest=digest("amended"))
    return document


def labels(count=30, first=1):
    names = ["酱香萝卜条", "陈醋", "糯米糍"]
    return {"kind": "labels", "issued": "2026-11-19T08:30:00+08:00",
            "sheet": {"width_mm": "210", "height_mm": "297", "columns": 3, "rows": 8, "left_mm": "7.25", "top_mm": "13",
                      "label_width_mm": "63.5", "label_height_mm": "33.9", "pitch_x_mm": "66", "pitch_y_mm": "33.9",
                      "first": first},
            "labels": [{"sample": f"S26-1119-{n // 6 + 1:02}-{n % 6 + 1}", "name": names[n % 3],
                        "text": "批号 Lot 20261112　2026-11-12　4 ℃"} for n in range(count)]}


def card():
    return {"kind": "card", "issued": "2026-01-05T09:00:00+08:00",
            "laboratory": certificate()["laboratory"], "card": "K26-0017", "producer": certificate()["producer"],
            "programme_zh": "小微食品企业免费检测卡", "programme_en": "Free tests for small food producers",
            "tests": "7 次全项检验　7 full-item tests", "valid_until": "2026-12-31",
            "code": "https://qingxi.assay.example/k/K26-0017"}


def part(kind, zh="", en="", heads=(), rows=()):
    return {"part": kind, "text_zh": zh, "text_en": en, "heads": [{"text_zh": z, "text_en": e, "share": s} for z, e, s in heads],
            "rows": [{"cells": [{"text": text} for text in row]} for row in rows]}


def statement(rows=90):
    """As the quarter's report is: headings, sentences, a note, a table over several pages, a second one whose cells wrap."""
    return {"kind": "statement", "issued": "2026-10-08T00:00:00+08:00", "number": "2026Q3", "title_zh": "季度风险报告", "title_en": "Risks of the quarter",
            "subject": "清溪县 2026-07-01 至 2026-09-30", "laboratory": certificate()["laboratory"],
            "parts": [part("heading", "总体情况", "The whole picture"),
                      part("text", "不合格项目：3/412 = 0.7 % (0.2 – 2.1 %)。", "Items failed: 3/412 = 0.7 % (0.2 – 2.1 %)."),
                      part("table", heads=[("类别与项目", "Class and item", 60), ("不合格", "Failed", 40)],
                           rows=[[f"蔬菜制品 vegetable products · row-{n}-begin", f"{n}/400 row-{n}-end"] for n in range(rows)]),
                      part("note", "每个数字至少来自 5 家企业。", "Each figure is of at least 5 producers."),
                      part("table", heads=[("批次", "Batch", 20), ("说明", "What", 80)], rows=[["S26-0701-01", "脱氢乙酸超标。" * 40]])]}


def main(folder):
    documents = {"pass": certificate(), "fail": fail(), "undetermined": undetermined(), "amended": amended(),
                 "labels": labels(), "labels-svg": labels(5, 4), "card": card(), "statement": statement()}
    for name, document in documents.items():
        with open(f"{folder}/{name}.json", "w", encoding="utf-8") as out:
            json.dump(document, out, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main(sys.argv[1])
