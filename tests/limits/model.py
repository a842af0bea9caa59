#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second judge, written from the rules with exact fractions, and cases on which it and `assay judge --jsonl` must agree.

usage: model.py ASSAY SPECS [--cases N] [--seed S] [--jobs N] [--rows]

--rows asks below, at and above each bound of each row instead of random cases. Rules: GB/T 8170-2008 (rounding, comparison),
GB 4789.1 (plans), GB 2760 and GB 2762 (categories, conversions), ILAC-G8 (decision rules), CONTRACT.md (grammar, no row).
Nothing here was taken from the program's own source. All cases are computed in unreduced fractions (model_numbers.Ratio);
those of the first of every fifty blocks of 20,000, and all edges, by fractions.Fraction too. Exit 1 at the first
disagreements."""

import argparse
import collections
import json
import multiprocessing
import os
import re
import selectors
import subprocess
import sys
import time
from fractions import Fraction

import model_numbers
from model_cases import Cases
from model_judge import OPEN, Judge
from model_numbers import Ratio, Undetermined
from model_specs import Specs

BLOCK = 20000  # cases that follow from one seed
EXCHANGE = 500  # lines given to the program before its answers are read
HEAD = re.compile(rb'\{"id":([0-9]+),"verdict":"([a-z_]+)"').match


class Program:
    """One `assay judge --jsonl`, asked many times."""

    def __init__(self, assay):
        self.process = subprocess.Popen([assay, "judge", "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.to, self.back = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self.to, False)
        os.set_blocking(self.back, False)
        self.wait = selectors.DefaultSelector()
        self.wait.register(self.back, selectors.EVENT_READ)

    def ask(self, lines, count):
        """Lines out for count lines in; both ways at once, or the two would wait for each other."""
        rest, parts, got = memoryview(lines), [], 0
        self.wait.register(self.to, selectors.EVENT_WRITE)
        while got < count:
            for key, _ in self.wait.select():
                if key.fd == self.to:
                    rest = rest[os.write(self.to, rest):]
                    if not rest:
                        self.wait.unregister(self.to)
                else:
                    part = os.read(self.back, 1 << 20)
                    if not part:
                        raise EOFError("assay ended (%s)" % self.process.wait())
                    parts.append(part)
                    got += part.count(b"\n")
        answer = b"".join(parts).split(b"\n")
        if len(answer) != count + 1 or answer[count]:
            raise EOFError("%d lines in, %d out" % (count, len(answer) - 1))
        return answer


class Worker:
    def __init__(self, assay, specs):
        self.program, self.specs = Program(assay), {}
        for kind in (Fraction, Ratio):
            model_numbers.use(kind)
            self.specs[kind] = Specs(specs)
        self.cases = Cases(self.specs[Ratio])
        self.encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    def judged(self, kind, cases):
        model_numbers.use(kind)
        specs, verdicts = self.specs[kind], []
        for _, case in cases:
            try:
                verdicts.append(Judge(specs, case).verdict())
            except Undetermined:
                verdicts.append(OPEN)
        return verdicts

    def compare(self, cases, also, tally):
        """Disagreements over some cases, as text."""
        wrong = []
        lines = "".join('{"id":%d,%s\n' % (i, self.encode(case)[1:]) for i, (_, case) in enumerate(cases))
        answers = self.program.ask(lines.encode(), len(cases))
        models = [(kind, self.judged(kind, cases)) for kind in ((Ratio, Fraction) if also else (Ratio,))]
        for i, (sort, case) in enumerate(cases):
            found = HEAD(answers[i])
            said = found.group(2).decode() if found and int(found.group(1)) == i else "nothing for this line"
            tally[sort, said] += 1
            for kind, verdicts in models:
                if verdicts[i] != said:
                    wrong.append("model (%s) %s, assay %s\n  %s\n  %s" % (
                        kind.__name__, verdicts[i], said, self.encode(case), answers[i].decode()))
        return wrong

    def run(self, stream, also):
        """Cases done, disagreements, how many of each kind and verdict."""
        done, wrong, tally, cases = 0, [], collections.Counter(), []
        for case in stream:
            cases.append(case)
            if len(cases) == EXCHANGE:
                wrong += self.compare(cases, also, tally)
                done, cases = done + len(cases), []
        wrong += self.compare(cases, also, tally) if cases else []
        return done + len(cases), wrong, tally, done + len(cases) if also else 0


WORKER = None


def begin(assay, specs):
    global WORKER
    WORKER = Worker(assay, specs)


def block(work):
    seed, number, count = work
    WORKER.cases.seed("%d/%d" % (seed, number))
    return WORKER.run((WORKER.cases.make() for _ in range(count)), number % 50 == 0)


def random_results(options):
    work = [(options.seed, i, min(BLOCK, options.cases - i * BLOCK)) for i in range(-(-options.cases // BLOCK))]
    with multiprocessing.Pool(options.jobs, begin, (options.assay, options.specs)) as pool:
        yield from pool.imap_unordered(block, work)


def edge_results(options):
    worker = Worker(options.assay, options.specs)
    yield worker.run(worker.cases.edges(), True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("assay")
    parser.add_argument("specs")
    parser.add_argument("--cases", type=int, default=200000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rows", action="store_true")
    options = parser.parse_args()
    start, done, wrong, tally, both, told = time.monotonic(), 0, [], collections.Counter(), 0, 0
    for count, texts, counts, also in edge_results(options) if options.rows else random_results(options):
        done, both = done + count, both + also
        wrong += texts
        tally.update(counts)
        if done - told >= 500000 and not wrong:
            told = done
            print("%d of %d cases, %d s" % (done, options.cases, time.monotonic() - start), flush=True)
        if wrong:
            break
    print("".join(text + "\n" for text in wrong[:10]), end="")
    for title, part in (("kinds", 0), ("verdicts", 1)):
        sums = collections.Counter()
        for key, count in tally.items():
            sums[key[part]] += count
        print("%s: %s" % (title, ", ".join("%s %d" % one for one in sorted(sums.items()))))
    print("%d cases (%d by Fraction too), %s, %d disagreements, %d s" % (
        done, both, "edges of every row" if options.rows else "seed %d" % options.seed, len(wrong),
        time.monotonic() - start))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
