# SPDX-License-Identifier: Apache-2.0
"""The pages that people work in all day, on a laboratory that has had its morning. What a page shows is held against the spec
files themselves (read here with ElementTree) and against the API."""

import glob
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from run import Gateway, PICTURES, ROOT, Run, equal  # noqa: E402
from webdriver import Browser  # noqa: E402


def spec(name):
    return ElementTree.parse(os.path.join(ROOT, "specs", "standards", f"{name}.xml")).getroot()


# Standards

def editions_are_listed(run, gateway):
    files = glob.glob(os.path.join(ROOT, "specs", "standards", "*.xml"))
    run.browser.size(1366, 768)
    run.go(gateway.url, "standards")
    run.browser.until("every edition", "return document.querySelectorAll('.edition').length === arguments[0]", len(files))
    run.browser.press("g", "s")
    run.browser.js("[...document.querySelectorAll('.edition')].find((e) => e.textContent.includes('GB 17401-2014')).click()")
    run.browser.until("its rows", "return document.querySelectorAll('.limits tbody tr').length === arguments[0]", len(spec("gb-17401-2014").findall("limit")))
    shown = run.browser.js("return [...document.querySelectorAll('.limits tbody tr')].map((r) => [r.querySelector('.c-limit b').textContent.replace(/\\u00a0/g, ' '), r.querySelector('.c-clause').textContent])")
    equal(sorted(map(tuple, shown)), sorted((row.get("text"), row.get("clause")) for row in spec("gb-17401-2014").findall("limit")))


def limits_are_found(run, gateway):
    browser = run.browser
    for language, typed, wanted in (("zh", "脱氢乙酸", "脱氢乙酸"), ("zh", "tqys", "脱氢乙酸"), ("en", "dehydroacetic", "dehydroacetic acid")):
        run.go(gateway.url, f"standards/gb-2760-2024/{typed}", language)
        browser.until("two editions", "return document.querySelectorAll('.edition').length === 2")
        rows = [row for row in spec("gb-2760-2024").findall("limit") if "dehydroacetic acid" in row.get("analyte")]
        browser.until(f"its rows by {typed}", "return document.querySelectorAll('.limits tbody tr').length === arguments[0]", len(rows))
        assert browser.js("return [...document.querySelectorAll('.c-analyte')].slice(1).every((c) => c.textContent.includes(arguments[0]))", wanted)
        run.picture(f"standards-{'pinyin' if typed == 'tqys' else language}")
    browser.js("document.querySelector('.limits tbody tr').focus()")
    browser.press("Enter")
    browser.until("the row's source", "return document.querySelector('.row-more')?.textContent.includes(arguments[0])", rows[0].get("source")[:40])
    browser.press("f", "Escape")
    browser.until("Esc clears", "return document.querySelector('.editions input').value === '' && document.querySelectorAll('.edition').length > 2")


def editions_are_compared(run, gateway):
    browser = run.browser
    run.go(gateway.url, "standards/gb-2762-2025")
    browser.until("an older edition to choose", "return document.querySelector('.chosen select')")
    browser.js("const s = document.querySelector('.chosen select'); s.value = 'gb-2762-2022'; s.dispatchEvent(new Event('change', { bubbles: true }))")
    key = lambda row: (row.get("category"), row.get("analyte"), row.get("unit"), row.get("measure"), row.get("when"), row.get("only"))  # noqa: E731
    old, new = ({key(row): row for row in spec(name).findall("limit")} for name in ("gb-2762-2022", "gb-2762-2025"))
    changed = [k for k in old.keys() & new.keys() if any(old[k].get(a) != new[k].get(a) for a in ("kind", "text", "except", "unless", "convert"))]
    browser.until("the counts", "return document.querySelector('.counts')?.textContent.replace(/\\s/g, '') === arguments[0]",
                  f"改变{len(changed)}，新增{len(new.keys() - old.keys())}，删除{len(old.keys() - new.keys())}")
    run.picture("standards-compare-zh")
    # most of the older GB 2760 was never entered: said, so that nobody takes its rows for all
    run.go(gateway.url, "standards/gb-2760-2024", "en")
    browser.until("the select", "return document.querySelector('.chosen select')")
    browser.js("const s = document.querySelector('.chosen select'); s.value = 'gb-2760-2014'; s.dispatchEvent(new Event('change', { bubbles: true }))")
    browser.until("said", "return document.querySelector('.note')?.textContent.includes('Only a part of GB 2760-2014 was entered')")


def rows_go_on(run, gateway):
    run.go(gateway.url, "standards/gb-2762-2025")
    run.browser.until("a hundred", "return document.querySelectorAll('.limits tbody tr').length === 100")
    run.browser.click(".more .button")
    run.browser.until("two hundred", "return document.querySelectorAll('.limits tbody tr').length === 200")
    run.browser.click(".more .button")
    total = len(spec("gb-2762-2025").findall("limit"))
    run.browser.until("all", "return document.querySelectorAll('.limits tbody tr').length === arguments[0] && !document.querySelector('.more .button')", total)


def nothing_complained(run):
    equal(run.browser.complaints(), [])


def worked_in(run):
    place = os.path.join(run.place, "worked-in")
    subprocess.run([run.binary, "demo", "--once", "-d", place], check=True, timeout=60, stdout=subprocess.DEVNULL)
    gateway = Gateway(run.binary, place)
    try:
        for name, function in (("Standards: every edition, its rows as in the file", editions_are_listed), ("Standards: Chinese, pinyin, English", limits_are_found),
                               ("Standards: two editions compared", editions_are_compared), ("Standards: page after page", rows_go_on)):
            run.check(name, function, run, gateway)
        run.check("nothing in the console", nothing_complained, run)
    finally:
        run.check("SIGTERM: exit 0", lambda: equal(gateway.stop(), 0))


def main(binary):
    run = Run(os.path.abspath(binary))
    os.makedirs(PICTURES, exist_ok=True)
    try:
        run.browser = Browser()
        for part in (worked_in,):
            run.check(part.__name__.replace("_", " "), part, run)
    finally:
        if run.browser:
            run.browser.close()
        shutil.rmtree(run.place, ignore_errors=True)
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed or not run.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "build/assay"))
