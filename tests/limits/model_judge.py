# SPDX-License-Identifier: Apache-2.0
"""The second judge: a case of `assay judge --jsonl` to its verdict, in the arithmetic in use (model_numbers.use)."""

import model_numbers as n
from model_numbers import COUNTS, PORTIONS, SHIFTS, UNITS, Result, Span, Undetermined, at_least, at_most, ratio
from model_specs import INSIDE

PASS, FAIL, OPEN, NA = "pass", "fail", "undetermined", "not_applicable"


class Judge:
    def __init__(self, specs, case):
        self.specs, self.case = specs, case
        self.conditions = set(case.get("conditions", []))
        self.aux = case.get("aux", {})

    def plain_aux(self, name, unit):
        result = Result(self.aux[name])
        if result.kind != "number" or result.exponent or result.marked or result.value < 0:
            raise Undetermined("aux-invalid")
        if not result.unit or result.unit == unit:
            return result.value
        factor = ratio(result.unit, unit) if result.unit in UNITS and unit in UNITS else None
        if factor is None:
            raise Undetermined("aux-invalid")
        return result.value * factor

    def share(self, name, unit, rest):
        value = self.plain_aux(name, unit)
        value = 100 - value if rest else value
        if not 0 < value <= 100:
            raise Undetermined("aux-invalid")
        return 100 / value

    def to_unit(self, source, row):
        """Factor from the result's unit to the row's; what needs no density is kept with the row."""
        factor = row.scales.get(source)
        if factor is None:
            factor, keep = self.look_for_unit(source, row.unit, row.analyte)
            if keep:
                row.scales[source] = factor
        return factor

    def look_for_unit(self, source, target, analyte):
        if source == target:
            return n.ONE, True
        if source not in UNITS:
            raise Undetermined("unit-unknown")
        if target in UNITS:
            factor = ratio(source, target)
            if factor is not None:
                return factor, True
        same = self.specs.same.get(analyte, {})
        if source in same and target in UNITS and ratio(same[source][0], target) is not None:
            return ratio(same[source][0], target) / same[source][1], True
        kinds = (UNITS[source][0], UNITS.get(target, ("?",))[0])
        if kinds in (("v", "m"), ("m", "v")):
            if "density" not in self.aux:
                raise Undetermined("density-needed")
            density = self.plain_aux("density", "g/mL")
            if density <= 0:
                raise Undetermined("aux-invalid")
            if kinds == ("v", "m"):
                return ratio(source, "mg/L") / density * ratio("mg/kg", target), False
            return ratio(source, "mg/kg") * density * ratio("mg/L", target), False
        raise Undetermined("unit-mismatch")

    def measure(self, row, text, factor, place):
        """Span in the limit's unit and on its basis; None for not detected without a limit of detection."""
        result = Result(text)
        source = result.unit or row.unit
        if result.unit and result.unit not in UNITS:
            raise Undetermined("unit-unknown")
        if result.exponent and source not in COUNTS:
            raise Undetermined("bad-value")
        span = result.span
        if span is None:
            return result, None, n.ONE
        if (place is not None and result.kind == "number" and not result.marked and source not in COUNTS and
                result.value >= 0 and SHIFTS.get((source, row.unit)) is not None):
            shift = UNITS[row.unit][1] - UNITS[source][1]
            if result.places - shift < place:
                half = n.HALF * n.TENS[-result.places]
                span = Span(max(n.ZERO, result.value - half), result.value + half)
        scale = self.to_unit(source, row)
        if factor is not n.ONE:
            scale = scale * factor
        convert = row.convert
        if convert == "dry" and "dry-basis" not in self.conditions:
            if "moisture" not in self.aux:
                raise Undetermined("moisture-needed")
            scale = scale * self.share("moisture", "g/100g", True)
        elif convert == "fat" and "fat-basis" not in self.conditions:
            if "fat" not in self.aux:
                raise Undetermined("fat-needed")
            scale = scale * self.share("fat", "g/100g", False)
        elif convert == "alcohol" and "alcohol-basis" not in self.conditions:
            if "abv" not in self.aux:
                raise Undetermined("alcohol-needed")
            scale = scale * self.share("abv", "%vol", False)
        if scale is not n.ONE:
            span = span.times(scale)
        if span.lo < 0:
            raise Undetermined("negative-value")
        return result, span, scale

    def limit_factor(self, row, above):
        if row.eighth_when in self.conditions:
            return n.F(1, 8)
        if row.dilution:
            needed = any(word in self.conditions or word in above for word in row.dilution)
            if "dilution" in self.aux:
                value = self.plain_aux("dilution", "")
                if value < 1:
                    raise Undetermined("aux-invalid")
                return value
            if needed:
                raise Undetermined("dilution-needed")
        return n.ONE

    def dried(self, row, edition, above):
        """GB 2762 clause 3.5: the row to use, what its limit is multiplied by, and whether that factor is missing."""
        if row.eighth_when in self.conditions or row.dilution:
            return row, self.limit_factor(row, above), False
        for rule in edition.dryings:
            code = rule.get("dried")
            if rule.get("family") not in above or not (
                    "dried" in self.conditions or "drying_factor" in self.aux or (code and code in above)):
                continue
            own = self.specs.levels(edition.tree, row.category)[1]
            if (code and code in own) or row.convert == "dry":
                break
            if rule.get("products") in own:
                fresh = self.case.get("fresh_category")
                if fresh is None or fresh not in self.specs.tree[edition.tree]:
                    raise Undetermined("fresh-category-needed")
                found = self.specs.find(edition, fresh, row.analyte)
                if not found:
                    break
                row = found[0][0]
            if "drying_factor" in self.aux:
                factor = self.plain_aux("drying_factor", "")
            elif "moisture" in self.aux and "fresh_moisture" in self.aux:
                factor = self.share("fresh_moisture", "g/100g", True) / self.share("moisture", "g/100g", True)
            else:
                return row, n.ONE, True
            if factor < 1:
                raise Undetermined("aux-invalid")
            return row, factor, False
        return row, n.ONE, False

    def bounds(self, row, factor):
        lower, upper = row.lower, row.upper
        if row.alternative_when and row.alternative_when in self.conditions:
            upper = n.F(row.get("alternative-upper"))
        if row.kind == "tol_pm":
            if "declared_value" not in self.aux:
                raise Undetermined("declared-value-needed")
            declared = self.plain_aux("declared_value", row.unit)
            by = upper * declared / 100 if row.get("relative") else upper
            lower, upper = declared - by, declared + by
        if factor is not n.ONE:
            lower, upper = (None if end is None else end * factor for end in (lower, upper))
        return lower, row.lower_open, upper, row.upper_open

    def compare(self, row, span, bounds, scale, source):
        rounded = row.get("compare") == "rounded" or self.case.get("compare") == "rounded"
        if row.get("compare") == "rounded" and self.case.get("compare") == "full":
            raise Undetermined("compare-fixed")
        if rounded:
            span = span.rounded(row.place)

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
            factor = ratio(u.unit, source) if u.unit else n.ONE
            w = u.value * factor * scale * n.F(self.case["decision"].get("r", "1"))
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
        screened = self.aux.get(row.screen) if row.screen else None
        if text is None:
            if screened is None:
                raise Undetermined("no-result")
            result, span, scale = self.measure(row, screened, n.ONE, row.place)
            if span is None:
                raise Undetermined("lod-not-stated")
            return PASS if self.compare(row, span, bounds, scale, result.unit or row.unit) == PASS else OPEN
        result, span, scale = self.measure(row, text, factor, row.place)
        if span is None:
            raise Undetermined("no number")
        answer = self.compare(row, span, bounds, scale, result.unit or row.unit)
        if answer == OPEN and screened is not None and result.kind in ("nd", "below") and not missing and \
                self.case.get("decision", {}).get("rule", "simple") == "simple":
            _, span, scale = self.measure(row, screened, n.ONE, row.place)
            if span is not None and self.compare(row, span, bounds, scale, row.unit) == PASS:
                return PASS
        return answer

    def absence(self, row, unit, kind):
        text = self.single()
        if text is None:
            raise Undetermined("no-result")
        result = Result(text)
        if self.case.get("decision", {}).get("rule", "simple") != "simple":
            raise Undetermined("decision-not-for-kind")
        portion = unit in PORTIONS
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
            if result.exponent and unit not in COUNTS:
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
        results, size, c = self.case.get("results", []), int(row.get("n")), int(row.get("c"))
        if self.case.get("decision", {}).get("rule", "simple") != "simple" or self.case.get("compare") == "rounded":
            raise Undetermined("decision-not-for-kind")
        if not results or len(results) > size:
            raise Undetermined("number of results")
        unit, three = row.unit, row.kind == "plan3"
        best, worst = [], []

        def place_of(above_m, above_big):
            return 2 if three and above_big else (1 if above_m else 0)

        for text in results:
            if unit in PORTIONS:
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
            result, span, _ = self.measure(row, text, n.ONE, None)
            if span is None:
                if result.kind != "nd":
                    raise Undetermined("result-kind")
                best.append(0)
                worst.append(place_of(True, True))
                continue
            if UNITS[unit][0] == "filter" and span.hi is not None and span.hi_open:
                top = -((-span.hi) // 1) - 1
                span = Span(span.lo, n.F(max(top, 0)), span.lo_open, False)
            over_m = at_most(span, row.m, False)
            over_big = at_most(span, row.big, False) if three else True
            best.append(place_of(over_m is False, over_big is False))
            worst.append(place_of(over_m is not True, over_big is not True))

        def fails(places):
            return places.count(2) > 0 or places.count(1) > c

        if fails(best):
            return FAIL
        if len(results) < size or fails(worst):
            return OPEN
        return PASS

    def sum(self, row, factor, edition, above):
        components = self.case.get("components", {})
        if not components:
            return self.numeric(row, factor, edition, above)
        if self.case.get("results"):
            raise Undetermined("several-results")
        parts = [[name.lower() for name in names] for names in self.specs.parts[row.analyte]]
        row, limit_factor, missing = self.dried(row, edition, above)
        seen, total, unknown = set(), Span(n.ZERO, n.ZERO), False
        for name, text in components.items():
            at = [i for i, names in enumerate(parts) if name.lower() in names]
            if not at or at[0] in seen:
                raise Undetermined("component")
            seen.add(at[0])
            result, span, _ = self.measure(row, text, n.ONE, None)
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
        answer = self.compare(row, total, self.bounds(row, limit_factor), n.ONE, row.unit)
        if missing and answer != PASS:
            return OPEN
        return OPEN if unknown and answer != FAIL else answer

    def ratio(self, row):
        """Numerator and denominator as two results of one dimension."""
        components = self.case.get("components", {})
        if self.case.get("decision", {}).get("rule", "simple") != "simple":
            raise Undetermined("decision-not-for-kind")
        top, bottom = Result(components[row.analyte]), Result(components[row.get("to")])
        for one in (top, bottom):
            if one.span is None or one.exponent or one.span.lo < 0:
                raise Undetermined("no interval")
        factor = n.ONE
        if bottom.unit:
            if top.unit not in UNITS or bottom.unit not in UNITS or ratio(top.unit, bottom.unit) is None:
                raise Undetermined("unit-mismatch")
            factor = ratio(top.unit, bottom.unit)
        span = top.span.times(factor)
        if bottom.span.hi == 0:
            raise Undetermined("ratio-undefined")
        lo = n.ZERO if bottom.span.hi is None else span.lo / bottom.span.hi
        hi = None if span.hi is None or bottom.span.lo == 0 else span.hi / bottom.span.lo
        out = Span(lo, hi, span.lo_open or bottom.span.hi_open, span.hi_open or bottom.span.lo_open)
        return self.compare(row, out, self.bounds(row, n.ONE), n.ONE, "")

    def shares(self, row, edition, code, above):
        components = self.case.get("components", {})
        if len(components) < 2 or self.case.get("decision", {}).get("rule", "simple") != "simple" or \
                self.case.get("compare") == "rounded":
            raise Undetermined("component-missing")
        total, failed, unsure, group, seen = Span(n.ZERO, n.ZERO), False, False, None, set()
        for name, text in components.items():
            found = self.specs.find(edition, code, name)
            meanings = [a for a, (r, _) in sorted(self.specs.names.get(name, {}).items(), key=lambda i: i[1][0])
                        if a in edition.analytes]
            if not meanings or meanings[0] in seen:
                raise Undetermined("component")
            seen.add(meanings[0])
            mine = edition.groups[meanings[0]][0]
            if mine.split()[:1] != [row.get("group")] or (group is not None and group != mine):
                raise Undetermined("component-not-in-group")
            group = mine
            allowed = [(r, f) for r, f in found if r.kind in ("le", "lt")]
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
            limit, factor = min(residues or allowed, key=lambda one: one[0].upper * ratio(
                one[0].unit, "g/kg" if UNITS[one[0].unit][0] == "m" else "g/L"))
            result, span, _ = self.measure(limit, text, factor, None)
            if result.kind == "nd":
                continue
            if span is None:
                raise Undetermined("result-kind")
            bound = limit.upper * self.limit_factor(limit, above)
            if at_most(span, bound, limit.kind == "lt") is False:
                failed = True
            total = total.plus(span.times(1 / bound))
        if failed:
            return FAIL
        answer = at_most(total, row.upper, False)
        if answer is True and unsure:
            return OPEN
        return PASS if answer is True else (FAIL if answer is False else OPEN)

    def row(self, row, factor, edition, code):
        kind = row.kind
        above = self.specs.levels(edition.tree, code)[1]
        if self.conditions & row.left_out_when:
            return OPEN
        if not row.when <= self.conditions or self.conditions & row.unless or \
                ("use-level" in self.conditions and row.get("measure") == "residue"):
            return NA
        try:
            if kind in ("le", "lt", "ge", "gt", "range", "tol_pm") or (
                    kind == "nd" and row.upper is not None and row.upper > 0):
                return self.numeric(row, factor, edition, above)
            if kind in ("nd", "prohibited", "qual_negative"):
                return self.absence(row, row.unit, kind)
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
            node = self.specs.tree[edition.tree].get(case["category"])
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
        above = self.specs.levels(edition.tree, code)[1]
        known = [a for a in self.specs.names.get(name, {}) if a in edition.analytes]
        for gap in edition.gaps:
            group = gap.get("group")
            if gap.get("category") in above and (not group or (known and group in edition.groups[known[0]])):
                return OPEN
        if INSIDE(code) or edition.get("no-row") != "not-permitted" or not known:
            return OPEN
        return self.absence(None, "g/kg", "prohibited")
