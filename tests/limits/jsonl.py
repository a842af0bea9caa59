# SPDX-License-Identifier: Apache-2.0
"""assay judge --jsonl against the sentences of CONTRACT.md about it, one check or more for each. The limits used: lead in
GB 2762-2025 F18 (bakery wares) 0.5 mg/kg; methanol in GB 2757; counts of GB 7099-2015; GB 2760-2024."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from outside import ASSAY, check, finish  # noqa: E402

LEAD = {"produced": "2026-10-01", "standard": "GB 2762", "category": "F18", "analyte": "lead"}
OUT = ["id", "verdict", "reasons", "text_zh", "text_en", "standard", "clause", "limit", "compared", "derivation"]


def ask(*lines):
    """Answers to lines, given as dict or as they are."""
    text = b"".join((line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()) + b"\n"
                    for line in lines)
    done = subprocess.run([ASSAY, "judge", "--jsonl"], input=text, stdout=subprocess.PIPE, timeout=60)
    check(done.returncode == 0, f"exit {done.returncode}")
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    check(len(answers) == len(lines), f"{len(lines)} lines in, {len(answers)} out")
    return answers


QUEUE = []  # cases and what is wanted of their answers: all are asked at once


def verdict(case, wanted, *reasons):
    QUEUE.append((case, lambda answer: answer.get("verdict") == wanted and all(one in answer["reasons"] for one in reasons), (wanted, *reasons)))


def refused(case, code):
    QUEUE.append((case, lambda answer: answer.get("error", {}).get("code") == code and answer["error"]["text_zh"] and answer["error"]["text_en"]
                  and "verdict" not in answer, code))


def judge_queue():
    for (case, good, wanted), answer in zip(QUEUE, ask(*(case for case, _, _ in QUEUE))):
        check(good(answer), f"{str(case)[:300]}: {wanted}, not {answer}")


def order_and_errors():
    lines = [dict(LEAD, id=str(i), results=["0.5"]) for i in range(2000)]
    lines[7], lines[300], lines[1500] = "{", "[1]", b'{"id":"\xff"}'
    answers = ask(*lines)
    check([a["id"] for i, a in enumerate(answers) if i not in (7, 300, 1500)] == [str(i) for i in range(2000) if i not in (7, 300, 1500)], "order")
    for i in (7, 300, 1500):
        check(answers[i]["id"] is None and answers[i]["line"] == i + 1 and answers[i]["error"]["code"] == "json-invalid", f"line {i}: {answers[i]}")
    answer = ask(dict(LEAD, id="q", results=["0.5"]))[0]
    check(list(answer) == OUT, f"fields out: {list(answer)}")
    check(isinstance(answer["derivation"], list) and answer["derivation"] and isinstance(answer["reasons"], list), "lists")
    check((answer["standard"], answer["clause"], answer["limit"], answer["compared"]) == ("GB 2762-2025", "表1 table 1", "≤0.5 mg/kg", "0.5 mg/kg"), f"limit: {answer}")
    check(ask(dict(LEAD, id=7, results=["0.5"]))[0]["id"] == 7 and ask(dict(LEAD, results=["0.5"]))[0]["id"] is None, "id as it was given")
    for code, case in (("field-unknown", dict(LEAD, result="0.5")), ("field-missing", {"id": "a", "results": ["0.5"]}),
                       ("field-type", dict(LEAD, results="0.5")), ("field-type", dict(LEAD, results=[None])),
                       ("value-unknown", dict(LEAD, results=["0.5"], compare="half")),
                       ("value-unknown", dict(LEAD, results=["0.5"], decision={"rule": "lenient"})),
                       ("field-twice", '{"id":"1",' + json.dumps(dict(LEAD, id="2"))[1:]),
                       ("list-too-long", dict(LEAD, results=["0.5"] * 65)), ("json-invalid", ""),
                       ("line-too-long", '{"id":"' + "x" * (1 << 20) + '"}')):
        refused(case, code)
    answers = ask(dict(LEAD, id="a", results=["0.5"]), '{"id":"' + "x" * (3 << 20) + '"}', dict(LEAD, id="b", results=["0.51"]))
    check([a.get("verdict") for a in answers] == ["pass", None, "fail"] and answers[1]["line"] == 2, "the rest goes on after a line too long")


def numbers():
    """Every quantity is text."""
    aux = {"produced": "2026-10-01", "standard": "GB 2757", "category": "P.2757.GRAIN", "analyte": "methanol", "results": ["0.31 g/L"]}
    sums = {"produced": "2026-10-01", "standard": "GB 2760", "category": "04.02.02.03", "analyte": "x"}
    for number in ("0.5", "5", "-1", "5e-1"):
        line = json.dumps(LEAD)[:-1]
        for field in ('"results":[%s]', '"results":["0.5",%s]', '"results":%s', '"components":{"a":"1","b":%s}', '"components":%s',
                      '"results":["0.5"],"decision":{"rule":"guard","U":%s}', '"results":["0.5"],"decision":{"rule":"guard","U":"0.1","r":%s}',
                      '"results":["0.5"],"declared":[{"kind":"le","bound":%s,"unit":"mg/kg","source":"label"}]',
                      '"results":["0.5"],"tested":%s'):
            refused(line + "," + field % number + "}", "number-not-text")
    refused(json.dumps(dict(LEAD, produced=2026, results=["0.5"])), "number-not-text")
    refused(json.dumps(dict(sums, category=4.02, results=["0.5"])), "number-not-text")
    answer = ask(dict(LEAD, id="k", results=[0.5]))[0]
    check(answer["id"] == "k" and answer["line"] == 1, f"the id stands with the error: {answer}")
    # in aux a number's digits are taken as written: 52.0 and "52.0" are one, 0.31 at 52.0 %vol is 0.596 (GB 2757, limit 0.6)
    for abv in (52.0, "52.0", "52.0 %vol"):
        verdict(dict(aux, aux={"abv": abv}), "pass")
    for abv in ("51.60", "51.600"):
        line = json.dumps(dict(aux, aux={"abv": "@"}))
        a, b = ask(line.replace('"@"', abv), line.replace("@", abv))
        check(a["compared"] == b["compared"] and a["derivation"] == b["derivation"], f"digits as written: {a} {b}")


def editions_and_names():
    for analyte in ("lead", "铅", "7439-92-1"):
        verdict(dict(LEAD, analyte=analyte, results=["0.51"]), "fail")
    verdict(dict(LEAD, analyte="phlogiston", results=["0.51"]), "undetermined", "analyte-unknown")
    verdict(dict(LEAD, standard="GB 2762-2022", results=["0.51"]), "undetermined", "not-in-force")
    verdict(dict(LEAD, category="F99", results=["0.51"]), "undetermined", "category-unknown")
    # no row: no limit in GB 2762, not permitted in GB 2760
    verdict(dict(LEAD, analyte="methylmercury", results=["1"]), "undetermined", "no-limit")
    bread = dict(LEAD, standard="GB 2760", category="06.02.01", analyte="cyclamate")
    check((lambda a: (a["verdict"], a["limit"]))(ask(dict(bread, results=["detected"]))[0]) == ("fail", "不得使用 not permitted"), "not permitted")
    verdict(dict(bread, results=["ND (LOD 0.01 g/kg)"]), "pass")
    verdict(dict(bread, results=["ND"]), "pass", "lod-not-stated")
    verdict(dict(bread, analyte="phlogiston", results=["detected"]), "undetermined", "analyte-unknown")


def texts():
    """The grammar of results: what is read, and what is refused and never repaired."""
    for text, wanted in (("0.50 mg/kg", "pass"), ("0.5", "pass"), ("0.50(+) mg/kg", "fail"), ("0.50(-) mg/kg", "pass"), ("500 ug/kg", "pass"),
                         ("501 μg/kg", "fail"), ("501 µg/kg", "fail"), ("ND (LOD 0.01 mg/kg)", "pass"), ("未检出 (LOD 0.01 mg/kg)", "pass"),
                         ("ND (LOQ 0.5 mg/kg)", "pass"), ("<0.5 mg/kg", "pass"), (">0.5 mg/kg", "fail")):
        verdict(dict(LEAD, results=[text]), wanted)
    for text in ("0,5 mg/kg", "０.５ mg/kg", "1,234", "NaN", "inf", "-inf", "OL", "+0.5", ".5", "5.", "0.5mg/kg", " 0.5 mg/kg", "0.5 mg/kg ", "0.5  mg/kg",
                 "5e-1 mg/kg", "1.1e4 mg/kg", "1.1×10^4 mg/kg", "0x1", "≤0.5", "0.5 (+)", "nd", "1/2", "", "0.5 furlong"):
        QUEUE.append((dict(LEAD, results=[text]), lambda answer: answer.get("verdict") == "undetermined" and answer["reasons"], "refused"))
    verdict(dict(LEAD, results=["ND"]), "undetermined", "lod-not-stated")
    verdict(dict(LEAD, results=["<0.6 mg/kg"]), "undetermined")
    verdict(dict(LEAD, results=["0.1 mg/kg", "0.2 mg/kg"]), "undetermined", "several-results")
    # GB 7099-2015: aerobic plate count n=5 c=2 m=10^4 M=10^5, the three of standards.md section 5
    count = {"produced": "2026-10-01", "standard": "GB 7099", "category": "P.7099", "analyte": "aerobic plate count"}
    for results, wanted in (("1.3e3 6.8e4 3.4e4 2.4e5 1.2e4", "fail"), ("2.2e2 4.8e4 5.5e4 4.4e4 7.2e4", "fail"),
                            ("1.1×10^4 1.2e4 9000 8e3 1e4", "pass"), ("1.1e4 1.2e4 9e3 8e3", "undetermined"), ("<10 <10 <10 <10 <10", "pass"),
                            (">3.0e5", "fail")):
        verdict(dict(count, results=[one + " CFU/g" for one in results.split()]), wanted)


def main():
    order_and_errors()
    numbers()
    editions_and_names()
    texts()
    judge_queue()
    return finish()


if __name__ == "__main__":
    sys.exit(main())
