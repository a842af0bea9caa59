# SPDX-License-Identifier: Apache-2.0
"""Cases for the two judges: random ones near the bounds of the rows, and the edges of every row."""

import random

from model_numbers import COUNTS, SHIFTS, UNITS, Ratio, plain

TENS = {i: Ratio(10 ** i) if i >= 0 else Ratio(1, 10 ** -i) for i in range(-40, 41)}


def text_of(value, places):
    """Decimal text with that many places, cut."""
    top = value.numerator * 10 ** places
    digits = str(abs(top) // value.denominator)
    if places:
        digits = digits.rjust(places + 1, "0")
        digits = digits[:-places] + "." + digits[-places:]
    return "-" + digits if top < 0 and digits.strip("0.") else digits


def places_of(text):
    return len(text.partition(".")[2])


class Cases:
    """Random cases; specs of Ratio. kind: of the row that the case was made from."""

    def __init__(self, specs):
        self.specs = specs
        self.rows = [(edition, row) for edition in specs.standards for many in edition.rows.values() for row in many]
        self.below, self.members, self.units = {}, {}, {}
        for tree, nodes in specs.tree.items():
            for code in nodes:
                if not nodes[code].get("reserved"):
                    for other in specs.levels(tree, code)[1]:
                        self.below.setdefault((tree, other), []).append(code)
        for unit, (dimension, _) in UNITS.items():
            self.units[unit] = [other for other in UNITS if UNITS[other][0] == dimension]
        self.strange = list(UNITS) + ["ppm", "mg"]
        self.weighted = [one for one in self.rows if one[1].kind != "le"]
        self.seed(0)

    def seed(self, seed):
        """The cases from here on follow from the seed alone."""
        self.chance = random.Random(seed).random

    def pick(self, options):
        return options[int(self.chance() * len(options))]

    def between(self, low, end):
        """low <= a whole number < end"""
        return low + int(self.chance() * (end - low))

    def unit_near(self, unit):
        if unit in UNITS and self.chance() < 0.3:
            return self.pick(self.units[unit])
        if self.chance() < 0.03:
            return self.pick(self.strange)
        return unit

    def number(self, bound, row_unit, places):
        """Text near a bound, in some unit, sometimes censored or marked."""
        row_unit = plain(row_unit)
        unit = self.unit_near(row_unit)
        value, width = bound, places + self.pick((0, 0, 0, 1, 2, 3, 5))
        shift = SHIFTS.get((row_unit, unit))
        if shift is not None:
            value = value * TENS[shift]
            width += UNITS[row_unit][1] - UNITS[unit][1]
        width = min(max(0, width), 14)
        sort = self.chance()
        if sort < 0.35:
            value = value + Ratio(self.pick((-2, -1, 0, 0, 1, 2)), 10 ** width)
        elif sort < 0.6:
            value = value * Ratio(self.between(0, 300), 100)
        elif sort < 0.8:
            value = value + Ratio(self.between(-60, 61), 2 * 10 ** width)
        elif sort < 0.82:
            value = -value
        if self.chance() < 0.05:
            width = max(0, width - 1)
        digits = text_of(value, width)
        if unit in COUNTS and self.chance() < 0.3 and value > 0:
            exponent = self.between(0, 6)
            digits = text_of(value * TENS[-exponent], 1) + self.pick(("e%d", "×10^%d")) % exponent
        tail = " " + unit if self.chance() < 0.7 or unit != row_unit else ""
        if tail and self.chance() < 0.1:
            tail = tail.replace("ug", "μg")
        return self.dressed(digits, unit, tail)

    def dressed(self, digits, unit, tail):
        sort = self.chance()
        if sort < 0.72:
            return digits + tail
        if sort < 0.78:
            return digits + self.pick(("(+)", "(-)")) + tail
        if sort < 0.84:
            return "<" + digits.lstrip("-") + tail
        if sort < 0.87:
            return ">" + digits.lstrip("-") + tail
        if sort < 0.93:
            return "%s (%s %s %s)" % (self.pick(("ND", "未检出")), self.pick(("LOD", "LOQ")), digits.lstrip("-"), unit)
        return self.pick(("ND", "未检出", "detected", "检出", "negative", "阴性", "positive", "阳性", "0", "0 " + unit,
                          digits + " " + unit + " x", "1,5", "NaN", digits + unit))

    def base(self, root, row):
        tree = root.tree
        code = row.category
        if self.chance() < 0.4:
            code = self.pick(self.below[(tree, code)])
        day = root.get("from") or "2026-10-01"
        if self.chance() < 0.1:
            day = self.pick(("2017-09-16", "2023-06-30", "2025-02-07", "2025-02-08", "2026-09-01", "2026-09-02"))
        name = row.analyte
        if self.chance() < 0.15:
            name = self.pick(self.specs.synonyms[row.analyte])
        return {"produced": day, "standard": root.get("id" if self.chance() < 0.5 else "number"), "category": code,
                "analyte": name}

    def aux(self, case, row):
        aux = {}
        if row.convert or self.chance() < 0.02:
            for key, unit in (("moisture", " g/100g"), ("fat", " %"), ("abv", " %vol")):
                if self.chance() < 0.8:
                    aux[key] = text_of(Ratio(self.between(1, 1000), 10), 1) + (unit if self.chance() < 0.5 else "")
        if row.dilution and self.chance() < 0.5:
            aux["dilution"] = text_of(Ratio(self.between(5, 400), 10), 1)
        if row.kind == "tol_pm" and self.chance() < 0.95:
            aux["declared_value"] = text_of(Ratio(self.between(300, 700), 10), 1)
        if row.screen and self.chance() < 0.5:
            aux[row.screen] = self.number(row.upper, row.get("unit"), 2)
        if self.chance() < 0.3:
            aux["density"] = text_of(Ratio(self.between(700, 1400), 1000), 3)
        if aux:
            case["aux"] = aux

    def conditions(self, case, row):
        names = []
        for key, often in (("when", 0.8), ("unless", 0.2), ("left-out-when", 0.2), ("alternative-when", 0.5),
                            ("eighth-when", 0.5)):
            names += [c for c in (row.get(key) or "").split() if self.chance() < often]
        names += [c for c in row.dilution if c[0].islower() and self.chance() < 0.4]
        if row.convert and self.chance() < 0.1:
            names.append({"dry": "dry-basis", "fat": "fat-basis", "alcohol": "alcohol-basis"}[row.convert])
        if row.kind == "prohibited" and self.chance() < 0.1:
            names.append(self.pick(("carry-over", "natural-background")))
        if row.get("measure") and self.chance() < 0.2:
            names.append("use-level")
        if case["category"].startswith(("F03", "F08", "F09")) and self.chance() < 0.2:
            names.append("dried")
            if self.chance() < 0.6:
                case.setdefault("aux", {})["drying_factor"] = text_of(Ratio(self.between(8, 100), 10), 1)
            elif self.chance() < 0.5:
                case.setdefault("aux", {}).update(moisture="12.5", fresh_moisture=text_of(Ratio(self.between(100, 950), 10), 1))
            if self.chance() < 0.7:
                case["fresh_category"] = self.pick(("F03.1", "F08.1.1", "F09.1.1", "F09.1.2", "F09.1.3.2", "F99"))
        if names:
            case["conditions"] = sorted(set(names))

    def options(self, case, row, bound):
        if self.chance() < 0.25:
            case["compare"] = self.pick(("full", "rounded", "rounded"))
        if self.chance() < 0.15:
            case["decision"] = {"rule": self.pick(("simple", "guard", "non-binary", "guarded-rejection"))}
            places = places_of(row.get("upper") or row.get("lower") or "1") + 1
            case["decision"]["U"] = text_of(bound * Ratio(self.between(1, 30), 100), places)
            if self.chance() < 0.5:
                case["decision"]["r"] = self.pick(("1", "0.83", "1.5", "0"))

    def make(self):
        """Kind of the row, and the case."""
        edition, row = self.pick(self.weighted if self.chance() < 0.5 else self.rows)
        case = self.base(edition, row)
        self.aux(case, row)
        self.conditions(case, row)
        if row.kind in ("plan2", "plan3"):
            self.containers(case, row)
        elif row.kind == "ratio_sum":
            self.shares(case, row, edition)
        else:
            bound_text = row.get(self.pick([k for k in ("upper", "lower") if row.get(k)] or ["m"])) or "0.01"
            self.one(case, row, Ratio(bound_text), places_of(bound_text))
        return row.kind, case

    def containers(self, case, row):
        size = int(row.get("n"))
        count = self.pick((size, size, size, size, size - 1, 1, size + 1))
        scale = [row.m] * 4 + [row.big if row.big is not None else row.m + 1]
        case["results"] = [self.number(self.pick(scale), row.unit, 0) if self.chance() < 0.3 else
                           self.count(self.pick(scale)) for _ in range(count)]
        if self.chance() < 0.03:
            case["decision"] = {"rule": "guard", "U": "1"}

    def one(self, case, row, bound, places):
        """A result, the parts of a sum, or the two of a ratio."""
        if row.kind in ("sum_le", "sum_ge") and self.chance() < 0.85:
            parts = list(self.specs.parts[row.analyte])
            if self.chance() < 0.1:
                parts.pop()
            start = self.between(0, len(parts))
            case["components"] = {self.pick(names): self.number(bound / len(parts), row.unit, places + 1)
                                  for names in parts[start:] + parts[:start]}
            self.options(case, row, bound)
            return
        if row.kind == "ratio_le":
            lower = text_of(Ratio(self.between(0, 120), 100), 2)
            unit = self.pick((" g/100mL", " g/100mL", " g/L", ""))
            case["analyte"] = row.analyte
            case["components"] = {row.analyte: self.number(Ratio(lower) * Ratio(3, 10), "g/100mL", 3),
                                  row.get("to"): self.pick(("", "", "", "<", ">")) + lower + unit}
            return
        if row.kind == "tol_pm" and "aux" in case and "declared_value" in case["aux"]:
            bound = Ratio(case["aux"]["declared_value"]) + self.pick((-1, 1)) * bound
        if bound == 0:
            bound = Ratio(1)
        case["results"] = [self.number(bound, row.unit or "g/kg", places)]
        if self.chance() < 0.01:
            case["results"] *= 2
        if self.chance() < 0.02:
            case["results"] = []
        self.options(case, row, bound)

    def count(self, bound):
        value = max(0, bound * Ratio(self.between(0, 200), 100) // 1 + self.pick((-1, 0, 0, 0, 1)))
        return self.pick(("%d", "%d", "%d", "<%d" if value else "%d", ">%d")) % value

    def of_group(self, edition, group, hue):
        """Additives of a group (of one hue, unless ""), and the rows a case may start from."""
        key = (edition.get("id"), group, hue)
        if key not in self.members:
            rows = [row for many in edition.rows.values() for row in many if row.kind != "ratio_sum"]
            members = sorted({row.analyte for row in rows if (row.get("group") or "").split()[:1] == [group]
                              and (not hue or row.get("group") == hue)})
            self.members[key] = (members, [row for row in rows if row.analyte in members])
        return self.members[key]

    def shares(self, case, row, edition):
        group, hue = row.get("group"), ""
        if group == "colour" and self.chance() < 0.9:
            hue = self.pick(("colour red", "colour yellow", "colour blue", "colour orange-yellow"))
        members, rows = self.of_group(edition, group, hue)
        case["analyte"] = row.analyte
        anchor = self.pick(rows)
        case["category"] = anchor.category
        start, count = self.between(0, len(members)), min(len(members), self.between(1, 4))
        picked = (members + members)[start:start + count]
        if count > 1 and self.chance() < 0.5:
            picked = sorted({anchor.analyte, *picked[1:]})
        case["components"] = {}
        for name in picked:
            found = [one for one, _ in self.specs.find(edition, case["category"], name) if one.upper is not None]
            limit, unit = (found[0].upper, found[0].unit) if found else (Ratio(1, 2), "g/kg")
            case["components"][name] = self.number(limit / len(picked), unit, 3)
        self.aux(case, anchor)

    def edges(self):
        """Kind and case below, at and above each bound of each row, in its own unit and one more digit."""
        for edition, row in self.rows:
            case = {"produced": edition.begin or "2026-10-01", "standard": edition.get("id"),
                    "category": row.category, "analyte": row.analyte}
            if row.when:
                case["conditions"] = sorted(row.when)
            aux = {}
            if row.convert:
                aux.update({"dry": {"moisture": "0"}, "fat": {"fat": "100"}, "alcohol": {"abv": "100"}}[row.convert])
            if row.dilution:
                aux["dilution"] = "1"
            if row.kind == "tol_pm":
                aux["declared_value"] = "50"
            if aux:
                case["aux"] = aux
            for more in self.edges_of(edition, row):
                yield row.kind, dict(case, **more)

    def edges_of(self, edition, row):
        if row.kind in ("plan2", "plan3"):
            for bound in [row.m] + ([row.big] if row.big is not None else []):
                for step in (-1, 0, 1):
                    value = str(max(0, bound // 1 + step))
                    for above in (int(row.get("n")), int(row.get("c")), int(row.get("c")) + 1, 1):
                        yield {"results": [value] * above + ["0"] * (int(row.get("n")) - above)}
        elif row.kind == "ratio_le":
            for step in (-1, 0, 1):
                yield {"components": {row.analyte: text_of(row.upper + Ratio(step, 10000), 4) + " g/100mL",
                                      row.get("to"): "1.00 g/100mL"}}
        elif row.kind == "ratio_sum":
            yield from self.share_edges(edition, row)
        else:
            yield from self.single_edges(row)

    def single_edges(self, row):
        for text in [row.get(k) for k in ("lower", "upper") if row.get(k)] or ["0"]:
            places, bound = places_of(text), Ratio(text)
            for base in ([50 - bound, 50 + bound] if row.kind == "tol_pm" else [bound]):
                for step in (-1, 0, 1):
                    yield {"results": [text_of(base + Ratio(step, 10 ** (places + 1)), places + 1)]}
        for word in ("ND", "ND (LOD 0.000001 g/kg)", "detected", "阴性", "positive", "0"):
            yield {"results": [word]}

    def share_edges(self, edition, row):
        """Two additives of one group where both are allowed: half of each limit, and one digit to either side."""
        rows, pairs = self.of_group(edition, row.get("group"), "")[1], {}
        for one in rows:
            if one.kind == "le" and not one.when and not one.convert and not one.dilution and one.upper > 0:
                pairs.setdefault((one.category, one.get("group"), one.unit), {}).setdefault(one.analyte, one)
        for (code, _, unit), found in sorted(pairs.items()):
            for a, b in zip(list(found.values()), list(found.values())[1:]):
                for step in (-1, 0, 1):
                    yield {"category": code, "components": {
                        a.analyte: text_of(a.upper / 2, 6) + " " + unit,
                        b.analyte: text_of(b.upper / 2 + Ratio(step, 10 ** 6), 6) + " " + unit}}
