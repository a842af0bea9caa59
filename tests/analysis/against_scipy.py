#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Figures of gateway/analysis against scipy, numpy and exact fractions on the same data, to six digits.

usage: against_scipy.py PROGRAM      PROGRAM is figures.c, built (against_scipy.sh does both)
"""
import subprocess
import sys
from fractions import Fraction

import numpy as np
from scipy import special, stats

SEED = 20261125
passed = failed = 0
program = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(name, *numbers):
    program.stdin.write(name + " " + " ".join(str(n) for n in numbers) + "\n")
    program.stdin.flush()
    return program.stdout.readline().split()


def compare(what, found, expected, relative=5e-7, absolute=1e-12):
    global passed, failed
    expected = list(expected)
    good = len(found) == len(expected) and all(
        abs(float(f) - e) <= absolute + relative * abs(e) for f, e in zip(found, expected))
    passed += good
    failed += not good
    if not good:
        print(f"{what}: {found}, expected {expected}")


def rates(rng):
    for n in (1, 2, 5, 12, 42, 333, 5000, 1000000):
        for count in sorted({0, 1, n // 50, n // 3, n // 2, n - 1, n}):
            for confidence in (0.95, 0.99):
                tail = (1 - confidence) / 2
                exact = stats.binomtest(count, n).proportion_ci(confidence, "exact")
                compare(f"Clopper-Pearson {count}/{n}", ask("rate", 0, count, n, confidence),
                        [count / n, exact.low, exact.high])
                beta = stats.beta(count + 0.5, n - count + 0.5)
                compare(f"Jeffreys {count}/{n}", ask("rate", 1, count, n, confidence),
                        [count / n, beta.ppf(tail) if count else 0, beta.ppf(1 - tail) if count < n else 1])


def excesses(rng):
    for total, bad, n, count in ((4012, 86, 12, 6), (4012, 86, 42, 1), (4012, 86, 42, 5), (500, 10, 400, 9),
                                 (8000000, 160000, 4000, 110), (8000000, 160000, 90000, 1700), (30, 15, 10, 10)):
        table = [[count, n - count], [bad - count, total - bad - n + count]]
        expected = stats.hypergeom.sf(count - 1, total, bad, n)
        if total < 10000:
            compare(f"Fisher {count}/{n}", [expected], [stats.fisher_exact(table, "greater")[1]], 1e-6)
        compare(f"excess {count}/{n} of {bad}/{total}", ask("excess", count, n, bad, total), [expected])


def discoveries(rng):
    for n in (1, 7, 96, 400):
        p = np.round(rng.uniform(size=n) ** 2, 12)
        order = np.argsort(p)
        adjusted = np.minimum(1, np.minimum.accumulate((p[order] * n / np.arange(1, n + 1))[::-1])[::-1])
        expected = np.empty(n)
        expected[order] = adjusted
        compare(f"Benjamini-Hochberg {n}", ask("discovery", *p), expected)


def robusts(rng):
    def algorithm_a(x):
        mean, sd = np.median(x), 1.483 * np.median(np.abs(x - np.median(x)))
        for _ in range(3000):
            clipped = np.clip(x, mean - 1.5 * sd, mean + 1.5 * sd)
            mean, sd = clipped.mean(), 1.134 * clipped.std(ddof=1)
        return mean, sd
    # the creosote means of ISO 5725-5:1998, as given with R's metRology
    sets = [np.array([24.140, 20.155, 19.500, 20.300, 20.705, 17.570, 20.100, 20.940, 21.185])]
    sets += [np.round(np.append(rng.normal(10, 0.3, n), rng.normal(14, 3, n // 6)), 4) for n in (12, 30, 99)]
    for x in sets:
        compare(f"algorithm A {len(x)}", ask("robust", *x), algorithm_a(x))


def trends(rng):
    for n, digits in ((4, 6), (8, 6), (12, 6), (40, 6), (40, 1), (60, 6), (25, 0), (12, 0)):
        x = np.round(rng.normal(0, 1, n) + 0.05 * np.arange(n), digits) + 0.0
        s = sum(np.sign(x[j] - x[i]) for i in range(n) for j in range(i + 1, n))
        ties = np.unique(x, return_counts=True)[1]
        variance = (n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
        exact = len(ties) == n and n <= 40
        tau = stats.kendalltau(np.arange(n), x, method="exact" if exact else "asymptotic")
        p = tau.pvalue if exact else 2 * stats.norm.sf(max(0, abs(s) - 1) / variance ** 0.5)
        slope = np.sort([(x[j] - x[i]) / (j - i) for i in range(n) for j in range(i + 1, n)])
        half, middle = stats.norm.ppf(0.975) * variance ** 0.5 / 2, (len(slope) - 1) / 2
        at = [np.interp(np.clip(r, 0, len(slope) - 1), np.arange(len(slope)), slope)
              for r in (middle - half, middle + half)]
        compare(f"trend {n} to {digits} digits", ask("trend", *x),
                [s, variance, p, tau.statistic, np.median(slope), *at])


def agreements(rng):
    for n in (3, 17, 60):
        ours = np.round(rng.normal(50, 10, n), 3)
        theirs = np.round(ours * 1.02 + rng.normal(0, 2, n), 3)
        d = theirs - ours
        mean, sd, t = d.mean(), d.std(ddof=1), stats.t.ppf(0.975, n - 1)
        low, high = stats.t.interval(0.95, n - 1, mean, stats.sem(d))
        reach = t * sd * (1 / n + 1.96 ** 2 / (2 * (n - 1))) ** 0.5
        pairs = [v for pair in zip(theirs, ours) for v in pair]
        compare(f"agreement {n}", ask("agreement", *pairs),
                [sd, mean, low, high, mean - 1.96 * sd, mean - 1.96 * sd - reach, mean + 1.96 * sd,
                 mean + 1.96 * sd + reach])


def charts(rng):
    for n in (20, 43, 200):
        x = [f"{v:.4f}" for v in rng.normal(0.5, 0.013, n)]
        exact = [Fraction(v) for v in x]
        mean = sum(exact) / n
        variance = sum((v - mean) ** 2 for v in exact) / (n - 1)
        found = ask("chart", *x)
        compare(f"chart {n} (exact)", [float(len(found) == 2 and [Fraction(f) for f in found] == [mean, variance])], [1])
        compare(f"chart {n}", [float(Fraction(f)) for f in found],
                [np.mean([float(v) for v in x]), np.var([float(v) for v in x], ddof=1)])


def lines(rng):
    for n in (3, 6, 12):
        x = np.round(np.linspace(0, 200, n), 3)
        y = np.round(1.0003 * x + 0.0021 + rng.normal(0, 0.0004, n), 4)
        fit = stats.linregress(x, y)
        found = ask("line", *[v for pair in zip([f"{v:.3f}" for v in x], [f"{v:.4f}" for v in y]) for v in pair])
        compare(f"line {n}", [float(Fraction(f)) for f in found], [fit.slope, fit.intercept, fit.rvalue ** 2],
                absolute=1e-9)


def uncertainties(rng):
    for n, pairs in ((20, 8), (70, 40)):
        x = np.round(rng.normal(10, 0.2, n), 4)
        d = np.round(rng.normal(10, 1, (pairs, 1)) + rng.normal(0, 0.1, (pairs, 2)), 4)
        control = 100 * x.std(ddof=1) / x.mean()
        duplicate = np.sqrt(np.mean((100 * (d[:, 0] - d[:, 1]) / d.mean(axis=1)) ** 2) / 2)
        bias = np.sqrt(3.0 ** 2 + 1.0 ** 2 + 2.0 ** 2 / 5)
        compare(f"uncertainty {n}", ask("uncertainty", n, *x, *d.ravel()),
                [control, duplicate, bias, 2 * np.sqrt(control ** 2 + duplicate ** 2 + bias ** 2)])


def shrinkages(rng):
    """The same model by numerical integration. The program sums over a grid: posterior means to 0.5 %, ends to 2 %."""
    for children in ([(1, 40), (0, 38), (2, 45), (6, 12), (0, 41)], [(2, 100)] * 8 + [(1, 3)],
                     [(int(rng.binomial(200, p)), 200) for p in rng.beta(4, 40, 12)]):
        x, n = np.array(children, float).T
        z = np.median(n)
        t = np.linspace(-25, 12, 3000)
        m = special.expit(t)[:, None, None]
        share, share_weight = np.polynomial.legendre.leggauss(120)
        share, share_weight = (share + 1) / 2, share_weight / 2
        strength = (z * share / (1 - share))[None, :, None]
        log = np.sum(special.betaln(m * strength + x, (1 - m) * strength + n - x)
                     - special.betaln(m * strength, (1 - m) * strength), axis=2, keepdims=True)
        log += 0.5 * np.log(m * (1 - m)) + np.log(share_weight)[None, :, None]
        weight = np.exp(log - log.max())
        weight /= weight.sum()
        at = (m * strength + x) / (strength + n)
        mean = np.sum(weight * at, axis=(0, 1))
        second = np.sum(weight * at * (at * (strength + n) + 1) / (strength + n + 1), axis=(0, 1))
        size = mean * (1 - mean) / (second - mean ** 2) - 1
        found = [float(v) for v in ask("shrink", *[int(v) for pair in children for v in pair])]
        compare("shrunk means", found[0::3], mean, 0.005)
        ends = [stats.beta(mean * size, (1 - mean) * size).ppf(p) for p in (0.025, 0.975)]
        compare("shrunk lower ends", found[1::3], ends[0], 0.02, 0.0001)
        compare("shrunk upper ends", found[2::3], ends[1], 0.02)


def main():
    print(f"seed {SEED}")
    rng = np.random.default_rng(SEED)
    for part in (rates, excesses, discoveries, robusts, trends, agreements, charts, lines, uncertainties, shrinkages):
        part(rng)
    program.stdin.close()
    program.wait()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
