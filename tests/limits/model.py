#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second judge, written from the rules with fractions.Fraction, and random cases on which it and `assay judge --jsonl`
must agree.

usage: model.py ASSAY SPECS [--cases N] [--seed S] [--jobs N] [--rows]

--rows asks below, at and above each bound of each row instead of random cases. Rules: GB/T 8170-2008 (rounding, comparison),
GB 4789.1 (plans), GB 2760 and GB 2762 (categories, conversions), ILAC-G8 (decision rules), CONTRACT.md (grammar, no row).
Nothing here was taken from the program's own source. Exit 1 at the first disagreements."""

import argparse
import glob
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from fractions import Fraction as F

PASS, FAIL, OPEN, NA = "pass", "fail", "undetermined", "not_applicable"


class Undetermined(Exception):
    """Any reason for which no rule gives a verdict."""


# ---- numbers ---------------------------------------------------------------------------------------------------------

NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?$")


def decimal(text):
    """Value and places of a printed decimal."""
    found = NUMBER.match(text)
    if not found:
        raise Undetermined("bad-value")
    sign, whole, part = found.groups()
    part = part or ""
    if len((whole + part).lstrip("0")) > 27 or len(part) > 27:
        raise Undetermined("overflow")
    value = F(int(whole + part), 10 ** len(part))
    return (-value if sign else value), len(part)


def round_half_even(value, place, tie=0):
    """To 10**-place. tie: 1 when the true value is larger in absolute terms, -1 when smaller."""
    step = F(10) ** -place
    size = abs(value) / step
    whole = size.numerator // size.denominator
    rest = size - whole
    up = rest > F(1, 2) or (rest == F(1, 2) and (tie > 0 or (tie == 0 and whole % 2 == 1)))
    size = (whole + (1 if up else 0)) * step
    return -size if value < 0 else size


class Span:
    """The values a result allows: lo..hi, ends open or not, hi None for no end."""

    def __init__(self, lo, hi, lo_open=False, hi_open=False):
        self.lo, self.hi, self.lo_open, self.hi_open = lo, hi, lo_open, hi_open

    def times(self, factor):
        return Span(self.lo * factor, None if self.hi is None else self.hi * factor, self.lo_open, self.hi_open)

    def plus(self, other):
        hi = None if self.hi is None or other.hi is None else self.hi + other.hi
        return Span(self.lo + other.lo, hi, self.lo_open or other.lo_open, self.hi_open or other.hi_open)

    def rounded(self, place):
        def end(value, inside):
            return round_half_even(value, place, inside if value >= 0 else -inside)
        lo = end(self.lo, 1 if self.lo_open else 0)
        hi = None if self.hi is None else end(self.hi, -1 if self.hi_open else 0)
        return Span(lo, hi)


def at_most(span, bound, open_end):
    """True: every value conforms; False: none does; None: some do."""
    if span.lo > bound or (span.lo == bound and (open_end or span.lo_open)):
        return False
    if span.hi is None:
        return None
    return True if span.hi < bound or (span.hi == bound and (not open_end or span.hi_open)) else None


def at_least(span, bound, open_end):
    if span.hi is not None and (span.hi < bound or (span.hi == bound and (open_end or span.hi_open))):
        return False
    return True if span.lo > bound or (span.lo == bound and (not open_end or span.lo_open)) else None


# ---- result texts ----------------------------------------------------------------------------------------------------

UNITS = {}
for _names, _dimension, _per in (
        ("g/100g %", "m", 2), ("g/kg mg/g", "m", 3), ("mg/100g", "m", 5), ("mg/kg ug/g", "m", 6), ("ug/kg ng/g", "m", 9),
        ("ng/kg", "m", 12), ("g/100mL", "v", 2), ("g/L mg/mL", "v", 3), ("mg/100mL", "v", 5), ("mg/L ug/mL", "v", 6),
        ("ug/L ng/mL", "v", 9), ("ng/L", "v", 12), ("%vol", "a", 0), ("CFU/g", "cfu/g", 0), ("CFU/mL", "cfu/mL", 0),
        ("CFU/g(mL)", "cfu/*", 0), ("MPN/g", "mpn/g", 0), ("MPN/mL", "mpn/mL", 0), ("MPN/g(mL)", "mpn/*", 0),
        ("MPN/100g", "mpn/g", 2), ("MPN/100mL", "mpn/mL", 2), ("/25g", "25/g", 0), ("/25mL", "25/mL", 0),
        ("/25g(mL)", "25/*", 0), ("CFU/250mL", "filter", 0), ("meq/kg", "meq", 0), ("mmol/kg", "mmol", 0),
        ("g/mL kg/L", "density", 0)):
    for _name in _names.split():
        UNITS[_name] = (_dimension, _per)


def plain(unit):
    return unit.replace("\u03bc", "u").replace("\u00b5", "u")


def ratio(source, target):
    """What a number in source is multiplied by to be in target; None when there is no such number."""
    (a, p), (b, q) = UNITS[source], UNITS[target]
    if a == b or (b.endswith("/*") and a.startswith(b[:-1])):
        return F(10) ** (q - p)
    return None


def is_count(unit):
    return unit in UNITS and UNITS[unit][0].split("/")[0] in ("cfu", "mpn", "25", "filter")


WORDS = {"detected": "found", "检出": "found", "negative": "negative", "阴性": "negative", "positive": "positive",
         "阳性": "positive"}
QUANTITY = re.compile(r"([<>]?)(-?[0-9]+(?:\.[0-9]+)?)(?:(?:e|×10\^)([0-9]{1,2}))?(\([+-]\))?(?: (\S+))?$")
ABSENT = re.compile(r"(?:ND|未检出)(?: ?\(LOD ([0-9]+(?:\.[0-9]+)?) ([^\s)]+(?:\(mL\))?)\))?"
                    r"(?: ?\(LOQ ([0-9]+(?:\.[0-9]+)?) ([^\s)]+(?:\(mL\))?)\))?$")


class Result:
    """kind: number, below, above, nd, found, negative, positive."""

    def __init__(self, text):
        self.unit, self.span, self.places, self.exponent, self.marked = "", None, None, False, False
        if text in WORDS:
            self.kind = WORDS[text]
            return
        found = ABSENT.match(text)
        if found:
            self.kind = "nd"
            value, unit = (found.group(1), found.group(2)) if found.group(1) else (found.group(3), found.group(4))
            if value:
                limit, _ = decimal(value)
                if limit <= 0:
                    raise Undetermined("bad-value")
                self.unit = plain(unit)
                self.span = Span(F(0), limit, False, True)
            return
        found = QUANTITY.match(text)
        if not found:
            raise Undetermined("bad-value")
        sign, number, exponent, mark, unit = found.groups()
        value, places = decimal(number)
        self.exponent = exponent is not None
        if exponent:
            value *= F(10) ** int(exponent)
            places = max(0, places - int(exponent))
        self.unit = plain(unit or "")
        self.kind = {"": "number", "<": "below", ">": "above"}[sign]
        self.value, self.places, self.marked = value, places, bool(mark)
        if sign and (value < 0 or mark or (sign == "<" and value == 0)):
            raise Undetermined("bad-value")
        half = F(1, 2) * F(10) ** -places
        if sign == "<":
            self.span = Span(F(0), value, False, True)
        elif sign == ">":
            self.span = Span(value, None, True, False)
        elif mark == "(+)":
            self.span = Span(value, value + half, True, False) if value >= 0 else Span(value - half, value, False, True)
        elif mark == "(-)":
            if value == 0:
                raise Undetermined("bad-value")
            self.span = Span(value - half, value, False, True) if value > 0 else Span(value, value + half, True, False)
        else:
            self.span = Span(value, value)


# ---- the specs -------------------------------------------------------------------------------------------------------

class Specs:
    def __init__(self, folder):
        self.tree, self.standards, self.names, self.analytes = {}, [], {}, {}
        for path in sorted(glob.glob(folder + "/categories/*.xml")):
            root = ET.parse(path).getroot()
            self.tree[root.get("tree")] = {c.get("code"): c for c in root}
        for path in sorted(glob.glob(folder + "/standards/*.xml")):
            root = ET.parse(path).getroot()
            rows = {}
            for limit in root.iter("limit"):
                rows.setdefault((limit.get("category"), limit.get("analyte")), []).append(limit)
                for name in (limit.get("analyte"), limit.get("analyte-zh")):
                    self.name(name, limit.get("analyte"), 0, F(1))
                if limit.get("cas"):
                    self.name(limit.get("cas"), limit.get("analyte"), 1, F(1))
            self.standards.append((root, rows, {a for _, a in rows}))
        for path in glob.glob(folder + "/analytes/*.xml"):
            for analyte in ET.parse(path).getroot():
                for name in (analyte.get("names") or "").split("|"):
                    self.name(name, analyte.get("name"), 1, F(1))
                for salt in analyte.findall("as"):
                    factor = F(salt.get("factor"))
                    for name in salt.get("names").split("|"):
                        self.name(name, analyte.get("name"), 2, 1 / factor if salt.get("divide") else factor)
                self.analytes[analyte.get("name")] = analyte
        self.ancestors, self.editions, self.synonyms = {}, {}, {}
        for text, meanings in self.names.items():
            for analyte in meanings:
                self.synonyms.setdefault(analyte, []).append(text)

    def name(self, text, analyte, rank, factor):
        if text:
            meanings = self.names.setdefault(text, {})
            if analyte not in meanings or meanings[analyte][0] > rank:
                meanings[analyte] = (rank, factor)

    def edition(self, name, day):
        if (name, day) not in self.editions:
            self.editions[name, day] = self.look_for_edition(name, day)
        return self.editions[name, day]

    def look_for_edition(self, name, day):
        for root, rows, analytes in self.standards:
            begun = (root.get("from") or "") <= day and (not root.get("until") or day < root.get("until"))
            if root.get("id") == name or (root.get("number") == name and begun):
                if not begun:
                    raise Undetermined("not-in-force")
                return root, rows, analytes
        raise Undetermined("standard-unknown")

    def levels(self, tree, code):
        """Lists of codes by distance; a food named inside its category (.X1) stands alone, and is not climbed through."""
        key = (tree, code)
        if key not in self.ancestors:
            seen, levels, here = {code}, [], [code]
            while here:
                levels.append(here)
                above = []
                for one in here:
                    if one != code and re.search(r"\.X[0-9]+$", one):
                        continue
                    node = self.tree[tree][one]
                    for parent in [node.get("parent")] + (node.get("also-in") or "").split():
                        if parent and parent not in seen:
                            seen.add(parent)
                            above.append(parent)
                here = above
            self.ancestors[key] = (levels, seen)
        return self.ancestors[key]

    def find(self, edition, code, name):
        root, rows, analytes = edition
        tree = root.get("tree")
        levels, above = self.levels(tree, code)
        if re.search(r"\.X[0-9]+$", code):
            levels = levels[:1]
        for rank in (0, 1, 2):
            wanted = {a: f for a, (r, f) in self.names.get(name, {}).items() if r == rank and a in analytes}
            for level in levels:
                found = []
                for one in level:
                    for analyte, factor in wanted.items():
                        for row in rows.get((one, analyte), []):
                            cut = set((row.get("except") or "").split())
                            only = set((row.get("only") or "").split())
                            if not cut & above and (not only or code == row.get("category") or only & above):
                                found.append((row, factor))
                if found:
                    if rank < 2 and len({row.get("analyte") for row, _ in found}) > 1:
                        raise Undetermined("analyte-ambiguous")
                    return found
        return []


# ---- judging ---------------------------------------------------------------------------------------------------------

class Judge:
    def __init__(self, specs, case):
        self.specs, self.case = specs, case
        self.conditions = set(case.get("conditions", []))
        self.aux = case.get("aux", {})

    def plain_aux(self, name, unit):
        result = Result(str(self.aux[name]))
        if result.kind != "number" or result.exponent or result.marked or result.value < 0:
            raise Undetermined("aux-invalid")
        factor = F(1)
        if result.unit:
            factor = ratio(result.unit, unit) if result.unit in UNITS and unit in UNITS else None
            if factor is None:
                raise Undetermined("aux-invalid")
        return result.value * factor

    def share(self, name, unit, rest):
        value = self.plain_aux(name, unit)
        value = 100 - value if rest else value
        if not 0 < value <= 100:
            raise Undetermined("aux-invalid")
        return F(100) / value

    def to_unit(self, source, row, analyte):
        target = plain(row.get("unit"))
        if source == target:
            return F(1)
        if source not in UNITS:
            raise Undetermined("unit-unknown")
        if target in UNITS:
            factor = ratio(source, target)
            if factor is not None:
                return factor
        node = self.specs.analytes.get(analyte)
        same = {plain(e.get("unit")): (plain(e.get("of")), F(e.get("factor"))) for e in
                (node.findall("equivalent") if node is not None else [])}
        if source in same and target in UNITS and ratio(same[source][0], target) is not None:
            return ratio(same[source][0], target) / same[source][1]
        kinds = (UNITS[source][0], UNITS.get(target, ("?",))[0])
        if kinds in (("v", "m"), ("m", "v")):
            if "density" not in self.aux:
                raise Undetermined("density-needed")
            density = self.plain_aux("density", "g/mL")
            if density <= 0:
                raise Undetermined("aux-invalid")
            if kinds == ("v", "m"):
                return ratio(source, "mg/L") / density * ratio("mg/kg", target)
            return ratio(source, "mg/kg") * density * ratio("mg/L", target)
        raise Undetermined("unit-mismatch")

    def measure(self, row, text, factor, place):
        """Span in the limit's unit and on its basis; None for not detected without a limit of detection."""
        result = Result(text)
        source = result.unit or plain(row.get("unit"))
        if result.unit and result.unit not in UNITS:
            raise Undetermined("unit-unknown")
        if result.exponent and not is_count(source):
            raise Undetermined("bad-value")
        if result.span is None:
            return result, None, F(1)
        span = result.span
        target = plain(row.get("unit"))
        if (result.kind == "number" and not result.marked and place is not None and not is_count(source) and
                result.value >= 0 and source in UNITS and target in UNITS and ratio(source, target) is not None):
            shift = UNITS[target][1] - UNITS[source][1]
            if result.places - shift < place:
                half = F(1, 2) * F(10) ** -result.places
                span = Span(max(F(0), result.value - half), result.value + half)
        scale = self.to_unit(source, row, row.get("analyte")) * factor
        convert = row.get("convert")
        if convert == "dry" and "dry-basis" not in self.conditions:
            if "moisture" not in self.aux:
                raise Undetermined("moisture-needed")
            scale *= self.share("moisture", "g/100g", True)
        elif convert == "fat" and "fat-basis" not in self.conditions:
            if "fat" not in self.aux:
                raise Undetermined("fat-needed")
            scale *= self.share("fat", "g/100g", False)
        elif convert == "alcohol" and "alcohol-basis" not in self.conditions:
            if "abv" not in self.aux:
                raise Undetermined("alcohol-needed")
            scale *= self.share("abv", "%vol", False)
        span = span.times(scale)
        if span.lo < 0:
            raise Undetermined("negative-value")
        return result, span, scale

    def limit_factor(self, row, above):
        if row.get("eighth-when") in self.conditions:
            return F(1, 8)
        words = (row.get("dilution") or "").split()
        if words:
            needed = any(word in self.conditions or word in above for word in words)
            if "dilution" in self.aux:
                value = self.plain_aux("dilution", "")
                if value < 1:
                    raise Undetermined("aux-invalid")
                return value
            if needed:
                raise Undetermined("dilution-needed")
        return F(1)

    def dried(self, row, edition, above):
        """GB 2762 clause 3.5: the row to use, what its limit is multiplied by, and whether that factor is missing."""
        root = edition[0]
        if row.get("eighth-when") in self.conditions or row.get("dilution"):
            return row, self.limit_factor(row, above), False
        for rule in root.findall("drying"):
            code = rule.get("dried")
            if rule.get("family") not in above or not (
                    "dried" in self.conditions or "drying_factor" in self.aux or (code and code in above)):
                continue
            own = self.specs.levels(root.get("tree"), row.get("category"))[1]
            if (code and code in own) or row.get("convert") == "dry":
                break
            if rule.get("products") in own:
                fresh = self.case.get("fresh_category")
                if fresh is None or fresh not in self.specs.tree[root.get("tree")]:
                    raise Undetermined("fresh-category-needed")
                found = self.specs.find(edition, fresh, row.get("analyte"))
                if not found:
                    break
                row = found[0][0]
            if "drying_factor" in self.aux:
                factor = self.plain_aux("drying_factor", "")
            elif "moisture" in self.aux and "fresh_moisture" in self.aux:
                factor = self.share("fresh_moisture", "g/100g", True) / self.share("moisture", "g/100g", True)
            else:
                return row, F(1), True
            if factor < 1:
                raise Undetermined("aux-invalid")
            return row, factor, False
        return row, F(1), False

    def bounds(self, row, factor):
        kind = row.get("kind")
        lower = F(row.get("lower")) if row.get("lower") else None
        upper = F(row.get("upper")) if row.get("upper") else None
        if row.get("alternative-when") in self.conditions and row.get("alternative-when"):
            upper = F(row.get("alternative-upper"))
        if kind == "tol_pm":
            if "declared_value" not in self.aux:
                raise Undetermined("declared-value-needed")
            declared = self.plain_aux("declared_value", plain(row.get("unit")))
            by = upper * declared / 100 if row.get("relative") else upper
            lower, upper = declared - by, declared + by
        return (None if lower is None else lower * factor, bool(row.get("lower-open")) or kind == "gt",
                None if upper is None else upper * factor, bool(row.get("upper-open")) or kind in ("lt", "nd"))

    def place(self, row):
        places = [len(row.get(k).partition(".")[2]) for k in ("upper", "lower") if row.get(k)]
        return int(row.get("place")) if row.get("place") else max(places)

    def compare(self, row, span, bounds, scale, short, source):
        rounded = row.get("compare") == "rounded" or self.case.get("compare") == "rounded"
        if row.get("compare") == "rounded" and self.case.get("compare") == "full":
            raise Undetermined("compare-fixed")
        if rounded:
            span = span.rounded(self.place(row))

        def within(lower, lower_open, upper, upper_open):
            answers = []
            if lower is not None:
                answers.append(at_least(span, lower, lower_open))
            if upper is not None:
                answers.append(at_most(span, upper, upper_open))
            return False if False in answers else (None if None in answers else True)

        lower, lower_open, upper, upper_open = bounds
        simple = within(lower, lower_open, upper, upper_open)
        rule = self.case.get("decision", {}).get("rule", "simple")
        if rule == "simple":
            answer = simple
        else:
            u = Result(self.case["decision"]["U"])
            factor = ratio(u.unit, source) if u.unit else F(1)
            w = u.value * factor * scale * F(self.case["decision"].get("r", "1"))
            inner = within(None if lower is None else lower + w, lower_open, None if upper is None else upper - w,
                           upper_open)
            outer = within(None if lower is None else lower - w, lower_open, None if upper is None else upper + w,
                           upper_open)
            if rule == "guard":
                answer = inner
            elif rule == "non-binary":
                answer = True if inner is True else (False if outer is False else None)
            else:
                answer = True if simple is True else (False if outer is False else None)
        return PASS if answer is True else (FAIL if answer is False else OPEN)

    def single(self):
        if self.case.get("components"):
            raise Undetermined("components-not-for-kind")
        results = self.case.get("results", [])
        if len(results) > 1:
            raise Undetermined("several-results")
        return results[0] if results else None

    def numeric(self, row, factor, edition, above):
        row, limit_factor, missing = self.dried(row, edition, above)
        answer = self.number(row, factor, limit_factor, missing)
        return answer if answer == PASS or not missing else OPEN

    def number(self, row, factor, limit_factor, missing):
        bounds = self.bounds(row, limit_factor)
        text = self.single()
        screened = None
        if row.get("screen"):
            key = row.get("screen").replace(" ", "_")
            if key in self.aux:
                screened = (str(self.aux[key]),)
        if text is None:
            if not screened:
                raise Undetermined("no-result")
            result, span, scale = self.measure(row, screened[0], F(1), self.place(row))
            if span is None:
                raise Undetermined("lod-not-stated")
            return PASS if self.compare(row, span, bounds, scale, False,
                                        result.unit or plain(row.get("unit"))) == PASS else OPEN
        result, span, scale = self.measure(row, text, factor, self.place(row))
        if span is None:
            raise Undetermined("no number")
        answer = self.compare(row, span, bounds, scale, False, result.unit or plain(row.get("unit")))
        if answer == OPEN and screened and result.kind in ("nd", "below") and not missing and \
                self.case.get("decision", {}).get("rule", "simple") == "simple":
            _, span, scale = self.measure(row, screened[0], F(1), self.place(row))
            if span is not None and self.compare(row, span, bounds, scale, False, plain(row.get("unit"))) == PASS:
                return PASS
        return answer

    def absence(self, row, unit, kind):
        text = self.single()
        if text is None:
            raise Undetermined("no-result")
        result = Result(text)
        if self.case.get("decision", {}).get("rule", "simple") != "simple":
            raise Undetermined("decision-not-for-kind")
        portion = unit in UNITS and UNITS[unit][0].startswith("25/")
        if kind == "qual_negative":
            if result.kind not in ("negative", "positive"):
                raise Undetermined("result-kind")
            return PASS if result.kind == "negative" else FAIL
        if result.kind in ("negative", "positive"):
            if not portion:
                raise Undetermined("result-kind")
            found = result.kind == "positive"
        elif result.kind == "nd":
            if result.span is not None and not self.fits(result.unit, unit):
                raise Undetermined("unit-mismatch")
            found = False
        elif result.kind == "found":
            found = True
        else:
            if result.unit and not self.fits(result.unit, unit):
                raise Undetermined("unit-mismatch")
            if result.exponent and not is_count(unit):
                raise Undetermined("bad-value")
            if result.kind == "below":
                raise Undetermined("below-not-nd")
            if result.value < 0:
                raise Undetermined("negative-value")
            found = result.kind == "above" or result.value > 0 or result.marked
            if not found and not portion:
                raise Undetermined("zero-not-nd")
        if found and kind == "prohibited" and self.conditions & {"carry-over", "natural-background"}:
            raise Undetermined("review")
        return FAIL if found else PASS

    @staticmethod
    def fits(source, target):
        if source not in UNITS:
            return False
        if source == target or (target in UNITS and ratio(source, target) is not None):
            return True
        return target in UNITS and {UNITS[source][0], UNITS[target][0]} == {"m", "v"}

    def plan(self, row):
        results, n, c = self.case.get("results", []), int(row.get("n")), int(row.get("c"))
        if self.case.get("decision", {}).get("rule", "simple") != "simple" or self.case.get("compare") == "rounded":
            raise Undetermined("decision-not-for-kind")
        if not results or len(results) > n:
            raise Undetermined("number of results")
        unit, three = plain(row.get("unit")), row.get("kind") == "plan3"
        m, big = F(row.get("m")), F(row.get("M")) if three else None
        best, worst = [], []

        def place_of(above_m, above_big):
            return 2 if three and above_big else (1 if above_m else 0)

        for text in results:
            if UNITS[unit][0].startswith("25/"):
                result = Result(text)
                if result.kind in ("nd", "negative"):
                    found = False
                elif result.kind in ("found", "positive"):
                    found = True
                else:
                    if result.unit and (result.unit not in UNITS or ratio(result.unit, unit) is None):
                        raise Undetermined("unit-mismatch")
                    if result.kind == "below" or result.value < 0:
                        raise Undetermined("below")
                    found = result.kind == "above" or result.value > 0
                best.append(place_of(found, found))
                worst.append(best[-1])
                continue
            result, span, _ = self.measure(row, text, F(1), None)
            if span is None:
                if result.kind != "nd":
                    raise Undetermined("result-kind")
                best.append(0)
                worst.append(place_of(True, True))
                continue
            if UNITS[unit][0] == "filter" and span.hi is not None and span.hi_open:
                top = -((-span.hi) // 1) - 1
                span = Span(span.lo, F(max(top, 0)), span.lo_open, False)
            over_m = at_most(span, m, False)
            over_big = at_most(span, big, False) if three else True
            best.append(place_of(over_m is False, over_big is False))
            worst.append(place_of(over_m is not True, over_big is not True))

        def fails(places):
            return places.count(2) > 0 or places.count(1) > c

        if fails(best):
            return FAIL
        if len(results) < n or fails(worst):
            return OPEN
        return PASS

    def sum(self, row, factor, edition, above):
        components = self.case.get("components", {})
        if not components:
            return self.numeric(row, factor, edition, above)
        if self.case.get("results"):
            raise Undetermined("several-results")
        parts = [part.get("names").lower().split("|") for part in
                 self.specs.analytes[row.get("analyte")].findall("part")]
        row, limit_factor, missing = self.dried(row, edition, above)
        seen, total, unknown = set(), Span(F(0), F(0)), False
        for name, text in components.items():
            at = [i for i, names in enumerate(parts) if name.lower() in names]
            if not at or at[0] in seen:
                raise Undetermined("component")
            seen.add(at[0])
            result, span, _ = self.measure(row, text, F(1), None)
            if span is None:
                if result.kind != "nd":
                    raise Undetermined("result-kind")
                unknown = True
            else:
                total = total.plus(span)
        unknown = unknown or len(seen) < len(parts)
        if unknown:
            if self.case.get("decision", {}).get("rule", "simple") != "simple":
                raise Undetermined("open")
            total.hi = None
        answer = self.compare(row, total, self.bounds(row, limit_factor), F(1), False, plain(row.get("unit")))
        if missing and answer != PASS:
            return OPEN
        return OPEN if unknown and answer != FAIL else answer

    def ratio(self, row):
        """Numerator and denominator as two results of one dimension."""
        components = self.case.get("components", {})
        if self.case.get("decision", {}).get("rule", "simple") != "simple":
            raise Undetermined("decision-not-for-kind")
        top, bottom = Result(components[row.get("analyte")]), Result(components[row.get("to")])
        for one in (top, bottom):
            if one.span is None or one.exponent or one.span.lo < 0:
                raise Undetermined("no interval")
        factor = F(1)
        if bottom.unit:
            if top.unit not in UNITS or bottom.unit not in UNITS or ratio(top.unit, bottom.unit) is None:
                raise Undetermined("unit-mismatch")
            factor = ratio(top.unit, bottom.unit)
        span = top.span.times(factor)
        if bottom.span.hi == 0:
            raise Undetermined("ratio-undefined")
        lo = F(0) if bottom.span.hi is None else span.lo / bottom.span.hi
        hi = None if span.hi is None or bottom.span.lo == 0 else span.hi / bottom.span.lo
        out = Span(lo, hi, span.lo_open or bottom.span.hi_open, span.hi_open or bottom.span.lo_open)
        return self.compare(row, out, self.bounds(row, F(1)), F(1), False, "")

    def shares(self, row, edition, code, above):
        components = self.case.get("components", {})
        if len(components) < 2 or self.case.get("decision", {}).get("rule", "simple") != "simple" or \
                self.case.get("compare") == "rounded":
            raise Undetermined("component-missing")
        total, failed, unsure, group, seen = Span(F(0), F(0)), False, False, None, set()
        for name, text in components.items():
            found = self.specs.find(edition, code, name)
            meanings = [a for a, (r, _) in sorted(self.specs.names.get(name, {}).items(), key=lambda i: i[1][0])
                        if a in edition[2]]
            if not meanings or meanings[0] in seen:
                raise Undetermined("component")
            seen.add(meanings[0])
            groups = [r.get("group") or "" for (_, a), rows in edition[1].items() if a == meanings[0] for r in rows]
            mine = groups[0]
            if mine.split()[:1] != [row.get("group")] or (group is not None and group != mine):
                raise Undetermined("component-not-in-group")
            group = mine
            allowed = [(r, f) for r, f in found if r.get("kind") in ("le", "lt")]
            if not allowed:
                result = Result(text)
                if result.kind == "below" or (result.kind == "number" and result.value <= 0):
                    unsure = True
                elif result.kind in ("negative", "positive"):
                    raise Undetermined("result-kind")
                elif result.kind != "nd":
                    failed = True
                continue
            residues = [one for one in allowed if one[0].get("measure") != "use"]
            limit, factor = min(residues or allowed, key=lambda one: F(one[0].get("upper")) * ratio(
                plain(one[0].get("unit")), "g/kg" if UNITS[plain(one[0].get("unit"))][0] == "m" else "g/L"))
            result, span, _ = self.measure(limit, text, factor, None)
            if result.kind == "nd":
                continue
            if span is None:
                raise Undetermined("result-kind")
            bound = F(limit.get("upper")) * self.limit_factor(limit, above)
            if at_most(span, bound, limit.get("kind") == "lt") is False:
                failed = True
            total = total.plus(span.times(1 / bound))
        if failed:
            return FAIL
        answer = at_most(total, F(row.get("upper")), False)
        if answer is True and unsure:
            return OPEN
        return PASS if answer is True else (FAIL if answer is False else OPEN)

    def row(self, row, factor, edition, code):
        kind = row.get("kind")
        above = self.specs.levels(edition[0].get("tree"), code)[1]
        if self.conditions & set((row.get("left-out-when") or "").split()):
            return OPEN
        if not set((row.get("when") or "").split()) <= self.conditions or \
                self.conditions & set((row.get("unless") or "").split()) or \
                ("use-level" in self.conditions and row.get("measure") == "residue"):
            return NA
        try:
            if kind in ("le", "lt", "ge", "gt", "range", "tol_pm") or (
                    kind == "nd" and row.get("upper") and F(row.get("upper")) > 0):
                return self.numeric(row, factor, edition, above)
            if kind in ("nd", "prohibited", "qual_negative"):
                return self.absence(row, plain(row.get("unit")), kind)
            if kind in ("plan2", "plan3"):
                return self.plan(row)
            if kind in ("sum_le", "sum_ge"):
                return self.sum(row, factor, edition, above)
            if kind == "ratio_le":
                return self.ratio(row)
            return self.shares(row, edition, code, above)
        except Undetermined:
            return OPEN

    def verdict(self):
        case = self.case
        try:
            edition = self.specs.edition(case["standard"], case["produced"])
            node = self.specs.tree[edition[0].get("tree")].get(case["category"])
            if node is None or node.get("reserved"):
                return OPEN
            found = self.specs.find(edition, case["category"], case["analyte"])
            if not found:
                return self.nothing(edition, case["category"], case["analyte"])
        except Undetermined:
            return OPEN
        kinds = [self.row(row, factor, edition, case["category"]) for row, factor in found]
        for kind in (FAIL, OPEN, PASS, NA):
            if kind in kinds:
                return kind
        return OPEN

    def nothing(self, edition, code, name):
        root, rows, analytes = edition
        above = self.specs.levels(root.get("tree"), code)[1]
        known = [a for a in self.specs.names.get(name, {}) if a in analytes]
        for gap in root.findall("left-out") + root.findall("review"):
            group = gap.get("group")
            if gap.get("category") in above and (not group or (known and any(
                    r.get("group") == group for (_, a), rs in rows.items() if a == known[0] for r in rs))):
                return OPEN
        if re.search(r"\.X[0-9]+$", code) or root.get("no-row") != "not-permitted" or not known:
            return OPEN
        return self.absence(None, "g/kg", "prohibited")


# ---- cases -----------------------------------------------------------------------------------------------------------

def text_of(value, places):
    """Fraction to decimal text with that many places, cut."""
    scaled = int(value * 10 ** places)
    digits = str(abs(scaled)).rjust(places + 1, "0")
    whole, part = digits[:len(digits) - places], digits[len(digits) - places:] if places else ""
    return ("-" if scaled < 0 else "") + whole + ("." + part if part else "")


class Cases:
    def __init__(self, specs, seed):
        self.specs, self.random = specs, random.Random(seed)
        self.rows = [(root, row) for root, rows, _ in specs.standards for many in rows.values() for row in many]
        self.below = {}
        for tree, nodes in specs.tree.items():
            for code in nodes:
                if not nodes[code].get("reserved"):
                    for other in specs.levels(tree, code)[1]:
                        self.below.setdefault((tree, other), []).append(code)
        self.weighted = [one for one in self.rows if one[1].get("kind") != "le"]

    def unit_near(self, unit):
        r = self.random
        unit = plain(unit)
        if unit in UNITS and r.random() < 0.3:
            dimension = UNITS[unit][0]
            unit = r.choice([u for u in UNITS if UNITS[u][0] == dimension])
        elif r.random() < 0.03:
            unit = r.choice(list(UNITS) + ["ppm", "mg"])
        return unit

    def number(self, bound, row_unit, places):
        """Text near a bound, in some unit, sometimes censored or marked."""
        r = self.random
        unit = self.unit_near(row_unit)
        factor = ratio(plain(row_unit), unit) if plain(row_unit) in UNITS and unit in UNITS else F(1)
        value = bound * (factor if factor is not None else F(1))
        more = r.choice((0, 0, 0, 1, 2, 3, 5))
        width = max(0, places + more + (int(-UNITS[unit][1] + UNITS[plain(row_unit)][1]) if factor is not None and
                                        unit in UNITS and plain(row_unit) in UNITS else 0))
        width = min(width, 14)
        step = F(1, 10 ** width)
        pick = r.random()
        if pick < 0.35:
            value += step * r.choice((-2, -1, 0, 0, 1, 2))
        elif pick < 0.6:
            value *= F(r.randrange(0, 300), 100)
        elif pick < 0.8:
            value += step * r.randrange(-60, 61) * F(1, 2)
        elif pick < 0.82:
            value = -value
        if r.random() < 0.05:
            width = max(0, width - 1)
        digits = text_of(value, width)
        if is_count(unit) and r.random() < 0.3 and value > 0:
            exponent = r.randrange(0, 6)
            digits = text_of(value / 10 ** exponent, 1) + r.choice(("e%d", "×10^%d")) % exponent
        tail = " " + unit if r.random() < 0.7 or unit != plain(row_unit) else ""
        if tail and r.random() < 0.1:
            tail = tail.replace("ug", "μg")
        pick = r.random()
        if pick < 0.72:
            return digits + tail
        if pick < 0.78:
            return digits + r.choice(("(+)", "(-)")) + tail
        if pick < 0.84:
            return "<" + digits.lstrip("-") + tail
        if pick < 0.87:
            return ">" + digits.lstrip("-") + tail
        if pick < 0.93:
            return "%s (%s %s %s)" % (r.choice(("ND", "未检出")), r.choice(("LOD", "LOQ")), digits.lstrip("-"), unit)
        return r.choice(("ND", "未检出", "detected", "检出", "negative", "阴性", "positive", "阳性", "0", "0 " + unit,
                         digits + " " + unit + " x", "1,5", "NaN", digits + unit))

    def base(self, root, row):
        r = self.random
        tree = root.get("tree")
        code = row.get("category")
        if r.random() < 0.4:
            code = r.choice(self.below[(tree, code)])
        day = root.get("from") or "2026-10-01"
        if r.random() < 0.1:
            day = r.choice(("2017-09-16", "2023-06-30", "2025-02-07", "2025-02-08", "2026-09-01", "2026-09-02"))
        name = row.get("analyte")
        if r.random() < 0.15:
            name = r.choice(self.specs.synonyms[row.get("analyte")])
        return {"produced": day, "standard": root.get("id" if r.random() < 0.5 else "number"), "category": code,
                "analyte": name}

    def aux(self, case, row):
        r = self.random
        aux = {}
        if row.get("convert") or r.random() < 0.02:
            for key, unit in (("moisture", " g/100g"), ("fat", " %"), ("abv", " %vol")):
                if r.random() < 0.8:
                    aux[key] = text_of(F(r.randrange(1, 1000), 10), 1) + (unit if r.random() < 0.5 else "")
        if row.get("dilution") and r.random() < 0.5:
            aux["dilution"] = text_of(F(r.randrange(5, 400), 10), 1)
        if row.get("kind") == "tol_pm" and r.random() < 0.95:
            aux["declared_value"] = text_of(F(r.randrange(300, 700), 10), 1)
        if row.get("screen") and r.random() < 0.5:
            aux[row.get("screen").replace(" ", "_")] = self.number(F(row.get("upper")), row.get("unit"), 2)
        if r.random() < 0.3:
            aux["density"] = text_of(F(r.randrange(700, 1400), 1000), 3)
        if aux:
            case["aux"] = aux

    def conditions(self, case, row):
        r = self.random
        names = []
        for key, chance in (("when", 0.8), ("unless", 0.2), ("left-out-when", 0.2), ("alternative-when", 0.5),
                            ("eighth-when", 0.5)):
            names += [c for c in (row.get(key) or "").split() if r.random() < chance]
        names += [c for c in (row.get("dilution") or "").split() if c[0].islower() and r.random() < 0.4]
        if row.get("convert") and r.random() < 0.1:
            names.append({"dry": "dry-basis", "fat": "fat-basis", "alcohol": "alcohol-basis"}[row.get("convert")])
        if row.get("kind") == "prohibited" and r.random() < 0.1:
            names.append(r.choice(("carry-over", "natural-background")))
        if row.get("measure") and r.random() < 0.2:
            names.append("use-level")
        if case["category"].startswith(("F03", "F08", "F09")) and r.random() < 0.2:
            names.append("dried")
            if r.random() < 0.6:
                case.setdefault("aux", {})["drying_factor"] = text_of(F(r.randrange(8, 100), 10), 1)
            elif r.random() < 0.5:
                case.setdefault("aux", {}).update(moisture="12.5", fresh_moisture=text_of(F(r.randrange(100, 950), 10), 1))
            if r.random() < 0.7:
                case["fresh_category"] = r.choice(("F03.1", "F08.1.1", "F09.1.1", "F09.1.2", "F09.1.3.2", "F99"))
        if names:
            case["conditions"] = sorted(set(names))

    def options(self, case, row, bound):
        r = self.random
        if r.random() < 0.25:
            case["compare"] = r.choice(("full", "rounded", "rounded"))
        if r.random() < 0.15:
            case["decision"] = {"rule": r.choice(("simple", "guard", "non-binary", "guarded-rejection"))}
            places = len((row.get("upper") or row.get("lower") or "1").partition(".")[2]) + 1
            case["decision"]["U"] = text_of(bound * F(r.randrange(1, 30), 100), places)
            if r.random() < 0.5:
                case["decision"]["r"] = r.choice(("1", "0.83", "1.5", "0"))

    def make(self):
        r = self.random
        root, row = r.choice(self.weighted if r.random() < 0.5 else self.rows)
        case = self.base(root, row)
        kind = row.get("kind")
        bound_text = row.get(r.choice([k for k in ("upper", "lower") if row.get(k)] or ["m"])) or "0.01"
        bound, places = F(bound_text), len(bound_text.partition(".")[2])
        self.aux(case, row)
        self.conditions(case, row)
        if kind in ("plan2", "plan3"):
            n = int(row.get("n"))
            count = r.choice((n, n, n, n, n - 1, 1, n + 1))
            m = F(row.get("m"))
            scale = [m] * 4 + [F(row.get("M")) if row.get("M") else m + 1]
            case["results"] = [self.number(r.choice(scale), row.get("unit"), 0) if r.random() < 0.3 else
                               self.count(r.choice(scale)) for _ in range(count)]
            if r.random() < 0.03:
                case["decision"] = {"rule": "guard", "U": "1"}
            return case
        if kind == "ratio_sum":
            return self.shares(case, row, root)
        if kind in ("sum_le", "sum_ge") and r.random() < 0.85:
            names = [part.get("names").split("|") for part in self.specs.analytes[row.get("analyte")].findall("part")]
            if r.random() < 0.1:
                names.pop()
            r.shuffle(names)
            case["components"] = {r.choice(n): self.number(bound / len(names), row.get("unit"), places + 1)
                                  for n in names}
            self.options(case, row, bound)
            return case
        if kind == "ratio_le":
            lower = text_of(F(r.randrange(0, 120), 100), 2)
            unit = r.choice((" g/100mL", " g/100mL", " g/L", ""))
            case["analyte"] = row.get("analyte")
            case["components"] = {row.get("analyte"): self.number(F(lower) * F(3, 10), "g/100mL", 3),
                                  row.get("to"): r.choice(("", "", "", "<", ">")) + lower + unit}
            return case
        if kind == "tol_pm" and "aux" in case and "declared_value" in case["aux"]:
            bound = F(case["aux"]["declared_value"]) + r.choice((-1, 1)) * bound
        if bound == 0:
            bound = F(1)
        case["results"] = [self.number(bound, row.get("unit") or "g/kg", places)]
        if r.random() < 0.01:
            case["results"] *= 2
        if r.random() < 0.02:
            case["results"] = []
        self.options(case, row, bound)
        return case

    def count(self, bound):
        r = self.random
        value = max(0, int(bound * F(r.randrange(0, 200), 100)) + r.choice((-1, 0, 0, 0, 1)))
        return r.choice(("%d", "%d", "%d", "<%d" if value else "%d", ">%d")) % value

    def shares(self, case, row, root):
        r = self.random
        edition = next(e for e in self.specs.standards if e[0] is root)
        group = row.get("group")
        members = sorted({a for (_, a), rows in edition[1].items() for one in rows
                          if (one.get("group") or "").split()[:1] == [group] and one.get("kind") != "ratio_sum"})
        if group == "colour" and r.random() < 0.9:
            hue = r.choice(("colour red", "colour yellow", "colour blue", "colour orange-yellow"))
            members = [a for a in members if any(one.get("group") == hue for (_, b), rows in edition[1].items()
                                                 if b == a for one in rows)]
        case["analyte"] = row.get("analyte")
        anchor = r.choice([one for (_, a), rows in edition[1].items() if a in members for one in rows])
        case["category"] = anchor.get("category")
        picked = r.sample(members, min(len(members), r.randrange(1, 4)))
        case["components"] = {}
        for name in picked:
            found = [one for one, _ in self.specs.find(edition, case["category"], name) if one.get("upper")]
            limit = F(found[0].get("upper")) if found else F(1, 2)
            unit = found[0].get("unit") if found else "g/kg"
            case["components"][name] = self.number(limit / len(picked), unit, 3)
        self.aux(case, anchor)
        return case

    def edges(self):
        """Below, at and above each bound of each row, in its own unit and one more digit."""
        for root, row in self.rows:
            case = {"produced": root.get("from") or "2026-10-01", "standard": root.get("id"),
                    "category": row.get("category"), "analyte": row.get("analyte")}
            if row.get("when"):
                case["conditions"] = row.get("when").split()
            aux = {}
            if row.get("convert") == "dry":
                aux["moisture"] = "0"
            if row.get("convert") == "fat":
                aux["fat"] = "100"
            if row.get("convert") == "alcohol":
                aux["abv"] = "100"
            if row.get("dilution"):
                aux["dilution"] = "1"
            if row.get("kind") == "tol_pm":
                aux["declared_value"] = "50"
            if aux:
                case["aux"] = aux
            kind = row.get("kind")
            if kind in ("plan2", "plan3"):
                for bound in [F(row.get("m"))] + ([F(row.get("M"))] if row.get("M") else []):
                    for step in (-1, 0, 1):
                        value = max(F(0), bound + step)
                        yield dict(case, results=["%d" % value] * int(row.get("n")))
                        yield dict(case, results=["%d" % value] + ["0"] * (int(row.get("n")) - 1))
                continue
            if kind in ("ratio_le", "ratio_sum"):
                continue
            texts = [row.get(k) for k in ("lower", "upper") if row.get(k)]
            for text in texts or ["0"]:
                places = len(text.partition(".")[2])
                bound = F(text)
                for base in ([F(50) - bound, F(50) + bound] if kind == "tol_pm" else [bound]):
                    for step in (-1, 0, 1):
                        yield dict(case, results=[text_of(base + F(step, 10 ** (places + 1)), places + 1)])
            for word in ("ND", "ND (LOD 0.000001 g/kg)", "detected", "阴性", "positive", "0"):
                yield dict(case, results=[word])


def judge_all(assay, cases):
    lines = "".join(json.dumps(dict(case, id=i), ensure_ascii=False) + "\n" for i, case in enumerate(cases))
    done = subprocess.run([assay, "judge", "--jsonl"], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    out = done.stdout.decode().splitlines()
    if len(out) != len(cases):
        sys.exit("%d lines in, %d out" % (len(cases), len(out)))
    head = re.compile(r'\{"id":([0-9]+),"verdict":"([a-z_]+)"')
    verdicts = []
    for i, line in enumerate(out):
        found = head.match(line)
        if not found or int(found.group(1)) != i:
            sys.exit("line %d: %s\n%s" % (i, line, json.dumps(cases[i], ensure_ascii=False)))
        verdicts.append(found.group(2))
    return verdicts, out


def run(options, seed, count):
    """One stream of cases: number done, disagreements (text), tally."""
    specs = Specs(options.specs)
    cases = Cases(specs, seed)
    stream = cases.edges() if options.rows else (cases.make() for _ in range(count))
    done, wrong, tally, block, ended = 0, [], {}, [], False
    while not ended and not wrong:
        one = next(stream, None)
        ended = one is None
        if not ended:
            block.append(one)
        if len(block) < 20000 and not ended:
            continue
        verdicts, out = judge_all(options.assay, block)
        for case, verdict, line in zip(block, verdicts, out):
            try:
                wanted = Judge(specs, case).verdict()
            except Undetermined:
                wanted = OPEN
            tally[verdict] = tally.get(verdict, 0) + 1
            if wanted != verdict:
                wrong.append("model %s, assay %s\n  %s\n  %s" % (
                    wanted, verdict, json.dumps(case, ensure_ascii=False), line))
        done += len(block)
        block = []
    return done, wrong, tally


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("assay")
    parser.add_argument("specs")
    parser.add_argument("--cases", type=int, default=200000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rows", action="store_true")
    options = parser.parse_args()
    if options.rows:
        results = [run(options, options.seed, 0)]
    else:
        each = -(-options.cases // options.jobs)
        with multiprocessing.Pool(options.jobs) as pool:
            results = pool.starmap(run, [(options, options.seed * 1000 + i, each) for i in range(options.jobs)])
    wrong, tally = [], {}
    for _, texts, counts in results:
        wrong += texts
        for kind, count in counts.items():
            tally[kind] = tally.get(kind, 0) + count
    print("\n".join(wrong[:10]))
    print("%d cases, seed %d, %d disagreements: %s" % (sum(r[0] for r in results), options.seed, len(wrong), ", ".join(
        "%s %d" % one for one in sorted(tally.items()))))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
