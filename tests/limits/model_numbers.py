# SPDX-License-Identifier: Apache-2.0
"""Exact numbers, rounding, intervals, units and result texts of the second judge (model.py).

Two arithmetics by the same rules: fractions.Fraction, and Ratio, the same values without being reduced to lowest terms
after each step, which is five times as fast. use() chooses; the run compares the two on part of its cases."""

import re
from fractions import Fraction


class Undetermined(Exception):
    """Any reason for which no rule gives a verdict."""


class Ratio:
    """numerator / denominator, denominator > 0, not reduced. Integers may stand on either side of an operator."""

    __slots__ = ("numerator", "denominator")

    def __init__(self, numerator, denominator=1):
        if type(numerator) is str:
            whole, _, part = numerator.partition(".")
            numerator, denominator = int(whole + part), 10 ** len(part)
        self.numerator, self.denominator = numerator, denominator

    def __mul__(self, other):
        return Ratio(self.numerator * other.numerator, self.denominator * other.denominator)

    __rmul__ = __mul__

    def __truediv__(self, other):
        if other.numerator <= 0:
            if other.numerator == 0:
                raise ZeroDivisionError
            return Ratio(-self.numerator * other.denominator, self.denominator * -other.numerator)
        return Ratio(self.numerator * other.denominator, self.denominator * other.numerator)

    def __rtruediv__(self, other):
        return Ratio(other) / self

    def __add__(self, other):
        if self.denominator == other.denominator:
            return Ratio(self.numerator + other.numerator, self.denominator)
        return Ratio(self.numerator * other.denominator + other.numerator * self.denominator,
                     self.denominator * other.denominator)

    __radd__ = __add__

    def __sub__(self, other):
        return Ratio(self.numerator * other.denominator - other.numerator * self.denominator,
                     self.denominator * other.denominator)

    def __rsub__(self, other):
        return Ratio(other) - self

    def __neg__(self):
        return Ratio(-self.numerator, self.denominator)

    def __abs__(self):
        return Ratio(abs(self.numerator), self.denominator)

    def __floordiv__(self, other):
        return self.numerator * other.denominator // (self.denominator * other.numerator)

    def __lt__(self, other):
        return self.numerator * other.denominator < other.numerator * self.denominator

    def __le__(self, other):
        return self.numerator * other.denominator <= other.numerator * self.denominator

    def __gt__(self, other):
        return self.numerator * other.denominator > other.numerator * self.denominator

    def __ge__(self, other):
        return self.numerator * other.denominator >= other.numerator * self.denominator

    def __eq__(self, other):
        return self.numerator * other.denominator == other.numerator * self.denominator

    __hash__ = None


# The arithmetic in use: its class, its 0, 1 and 1/2, its powers of ten.
F, ZERO, ONE, HALF, TENS = None, None, None, None, {}
KINDS = {}


def use(kind):
    """Fraction or Ratio from here on."""
    global F, ZERO, ONE, HALF, TENS
    if kind not in KINDS:
        KINDS[kind] = (kind, kind(0), kind(1), kind(1, 2),
                       {i: kind(10 ** i) if i >= 0 else kind(1, 10 ** -i) for i in range(-140, 141)})
    F, ZERO, ONE, HALF, TENS = KINDS[kind]


use(Fraction)

NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?$").match


def decimal(text):
    """Value and places of a printed decimal."""
    found = NUMBER(text)
    if not found:
        raise Undetermined("bad-value")
    sign, whole, part = found.groups()
    places = 0
    if part:
        places = len(part)
        whole += part
    if len(whole) > 27 and (places > 27 or len(whole.lstrip("0")) > 27):
        raise Undetermined("overflow")
    value = int(whole)
    return F(-value if sign else value, 10 ** places), places


def round_half_even(value, place, tie=0):
    """To 10**-place. tie: 1 when the true value is larger in absolute terms, -1 when smaller."""
    size = abs(value) * TENS[place]
    whole = size.numerator // size.denominator
    rest = size - whole
    up = rest > HALF or (rest == HALF and (tie > 0 or (tie == 0 and whole % 2 == 1)))
    size = F(whole + (1 if up else 0)) * TENS[-place]
    return -size if value < 0 else size


class Span:
    """The values a result allows: lo..hi, ends open or not, hi None for no end."""

    __slots__ = ("lo", "hi", "lo_open", "hi_open")

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
    if span.lo > bound or ((open_end or span.lo_open) and span.lo == bound):
        return False
    if span.hi is None:
        return None
    return True if span.hi < bound or ((not open_end or span.hi_open) and span.hi == bound) else None


def at_least(span, bound, open_end):
    if span.hi is not None and (span.hi < bound or ((open_end or span.hi_open) and span.hi == bound)):
        return False
    return True if span.lo > bound or ((not open_end or span.lo_open) and span.lo == bound) else None


# ---- units and result texts ------------------------------------------------------------------------------------------

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


def shift_of(source, target):
    """Power of ten from source to target; None when they are of two dimensions."""
    (a, p), (b, q) = UNITS[source], UNITS[target]
    return q - p if a == b or (b.endswith("/*") and a.startswith(b[:-1])) else None


SHIFTS = {(a, b): shift_of(a, b) for a in UNITS for b in UNITS}
COUNTS = {unit for unit in UNITS if UNITS[unit][0].split("/")[0] in ("cfu", "mpn", "25", "filter")}
PORTIONS = {unit for unit in UNITS if UNITS[unit][0].startswith("25/")}


def ratio(source, target):
    """What a number in source is multiplied by to be in target; None when there is no such number."""
    shift = SHIFTS[source, target]
    return None if shift is None else TENS[shift]


WORDS = {"detected": "found", "检出": "found", "negative": "negative", "阴性": "negative", "positive": "positive",
         "阳性": "positive"}
QUANTITY = re.compile(r"([<>]?)(-?[0-9]+(?:\.[0-9]+)?)(?:(?:e|×10\^)([0-9]{1,2}))?(\([+-]\))?(?: (\S+))?$").match
ABSENT = re.compile(r"(?:ND|未检出)(?: ?\(LOD ([0-9]+(?:\.[0-9]+)?) ([^\s)]+(?:\(mL\))?)\))?"
                    r"(?: ?\(LOQ ([0-9]+(?:\.[0-9]+)?) ([^\s)]+(?:\(mL\))?)\))?$").match


class Result:
    """kind: number, below, above, nd, found, negative, positive."""

    __slots__ = ("kind", "unit", "span", "value", "places", "exponent", "marked")

    def __init__(self, text):
        self.unit, self.span, self.places, self.exponent, self.marked = "", None, None, False, False
        found = QUANTITY(text)
        if found:
            self.quantity(*found.groups())
        elif text in WORDS:
            self.kind = WORDS[text]
        else:
            found = ABSENT(text)
            if not found:
                raise Undetermined("bad-value")
            self.kind = "nd"
            value, unit = (found.group(1), found.group(2)) if found.group(1) else (found.group(3), found.group(4))
            if value:
                limit, _ = decimal(value)
                if limit <= 0:
                    raise Undetermined("bad-value")
                self.unit = plain(unit)
                self.span = Span(ZERO, limit, False, True)

    def quantity(self, sign, number, exponent, mark, unit):
        value, places = decimal(number)
        if exponent:
            self.exponent = True
            value *= TENS[int(exponent)]
            places = max(0, places - int(exponent))
        if unit:
            self.unit = plain(unit)
        self.value, self.places, self.marked = value, places, bool(mark)
        if not sign and not mark:
            self.kind, self.span = "number", Span(value, value)
        elif sign:
            self.kind = "below" if sign == "<" else "above"
            if value < 0 or mark or (sign == "<" and value == 0):
                raise Undetermined("bad-value")
            self.span = Span(ZERO, value, False, True) if sign == "<" else Span(value, None, True, False)
        else:
            self.kind = "number"
            half = HALF * TENS[-places]
            if mark == "(+)":
                self.span = (Span(value, value + half, True, False) if value >= 0
                             else Span(value - half, value, False, True))
            elif value == 0:
                raise Undetermined("bad-value")
            else:
                self.span = (Span(value - half, value, False, True) if value > 0
                             else Span(value, value + half, True, False))
