# SPDX-License-Identifier: Apache-2.0
"""The specs as the second judge reads them: from the XML by its own reader, rows found by the rules of the standards."""

import glob
import re
import xml.etree.ElementTree as ET

import model_numbers as n
from model_numbers import Undetermined, plain

INSIDE = re.compile(r"\.X[0-9]+$").search  # a food named inside its category


class Row:
    """A limit: get() its attributes, and what judging needs of them, worked out once."""

    def __init__(self, node):
        self.get = node.attrib.get
        get = self.get
        self.kind, self.analyte, self.category = get("kind"), get("analyte"), get("category")
        self.convert = get("convert")
        self.unit = plain(get("unit")) if get("unit") is not None else None
        self.cut, self.only = frozenset((get("except") or "").split()), frozenset((get("only") or "").split())
        self.when, self.unless = frozenset((get("when") or "").split()), frozenset((get("unless") or "").split())
        self.left_out_when = frozenset((get("left-out-when") or "").split())
        self.dilution = (get("dilution") or "").split()
        self.eighth_when, self.alternative_when = get("eighth-when"), get("alternative-when")
        self.lower = n.F(get("lower")) if get("lower") else None
        self.upper = n.F(get("upper")) if get("upper") else None
        self.lower_open = bool(get("lower-open")) or self.kind == "gt"
        self.upper_open = bool(get("upper-open")) or self.kind in ("lt", "nd")
        self.m, self.big = (n.F(get(name)) if get(name) else None for name in ("m", "M"))
        places = [len(get(k).partition(".")[2]) for k in ("upper", "lower") if get(k)]
        self.place = int(get("place")) if get("place") else (max(places) if places else None)
        self.screen = get("screen").replace(" ", "_") if get("screen") else None
        self.scales = {}  # by unit of the result


class Edition:
    def __init__(self, root):
        self.get, self.root = root.get, root
        self.tree, self.begin, self.end = root.get("tree"), root.get("from") or "", root.get("until")
        self.rows, self.groups = {}, {}
        for limit in root.iter("limit"):
            row = Row(limit)
            self.rows.setdefault((row.category, row.analyte), []).append(row)
            self.groups.setdefault(row.analyte, []).append(row.get("group") or "")
        self.analytes = set(self.groups)
        self.gaps = root.findall("left-out") + root.findall("review")
        self.dryings = root.findall("drying")
        self.found = {}  # rows by category and name


class Specs:
    """Numbers in the arithmetic in use when it is made."""

    def __init__(self, folder):
        self.tree, self.standards, self.names, self.analytes = {}, [], {}, {}
        for path in sorted(glob.glob(folder + "/categories/*.xml")):
            root = ET.parse(path).getroot()
            self.tree[root.get("tree")] = {c.get("code"): c for c in root}
        for path in sorted(glob.glob(folder + "/standards/*.xml")):
            root = ET.parse(path).getroot()
            self.standards.append(Edition(root))
            for limit in root.iter("limit"):
                for name in (limit.get("analyte"), limit.get("analyte-zh")):
                    self.name(name, limit.get("analyte"), 0, n.ONE)
                if limit.get("cas"):
                    self.name(limit.get("cas"), limit.get("analyte"), 1, n.ONE)
        for path in glob.glob(folder + "/analytes/*.xml"):
            for analyte in ET.parse(path).getroot():
                for name in (analyte.get("names") or "").split("|"):
                    self.name(name, analyte.get("name"), 1, n.ONE)
                for salt in analyte.findall("as"):
                    factor = n.F(salt.get("factor"))
                    for name in salt.get("names").split("|"):
                        self.name(name, analyte.get("name"), 2, 1 / factor if salt.get("divide") else factor)
                self.analytes[analyte.get("name")] = analyte
        self.ancestors, self.editions, self.synonyms = {}, {}, {}
        self.parts = {name: [part.get("names").split("|") for part in node.findall("part")]
                      for name, node in self.analytes.items()}
        self.same = {name: {plain(e.get("unit")): (plain(e.get("of")), n.F(e.get("factor")))
                            for e in node.findall("equivalent")} for name, node in self.analytes.items()}
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
        for edition in self.standards:
            begun = edition.begin <= day and (not edition.end or day < edition.end)
            if edition.get("id") == name or (edition.get("number") == name and begun):
                if not begun:
                    raise Undetermined("not-in-force")
                return edition
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
                    if one != code and INSIDE(one):
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
        """Rows and the factor of the name, nearest level first; the answer is kept."""
        found = edition.found.get((code, name))
        if found is None:
            try:
                found = self.look_for_rows(edition, code, name)
            except Undetermined as ambiguous:
                found = ambiguous
            edition.found[code, name] = found
        if type(found) is Undetermined:
            raise found
        return found

    def look_for_rows(self, edition, code, name):
        levels, above = self.levels(edition.tree, code)
        if INSIDE(code):
            levels = levels[:1]
        for rank in (0, 1, 2):
            wanted = [(a, f) for a, (r, f) in self.names.get(name, {}).items() if r == rank and a in edition.analytes]
            for level in levels if wanted else ():
                found = []
                for one in level:
                    for analyte, factor in wanted:
                        for row in edition.rows.get((one, analyte), ()):
                            if not row.cut & above and (not row.only or code == row.category or row.only & above):
                                found.append((row, factor))
                if found:
                    if rank < 2 and len({row.analyte for row, _ in found}) > 1:
                        raise Undetermined("analyte-ambiguous")
                    return found
        return []
