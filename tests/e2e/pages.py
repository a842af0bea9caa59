# SPDX-License-Identifier: Apache-2.0
"""The pages that people work in all day, on a laboratory that has had its morning. What a page shows is held against the spec
files themselves (read here with ElementTree) and against the API."""

import base64
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import quality_page  # noqa: E402
from run import Gateway, PICTURES, ROOT, Run, equal  # noqa: E402
from webdriver import Browser  # noqa: E402


def spec(name):
    return ElementTree.parse(os.path.join(ROOT, "specs", "standards", f"{name}.xml")).getroot()


# Every page: axe-core's findings, and whether the keyboard reaches each control

def axe_source():
    """axe-core by the locked manifest beside this file, fetched once into build/."""
    place = os.path.join(ROOT, "build", "e2e-modules")
    source = os.path.join(place, "node_modules", "axe-core", "axe.min.js")
    locked = os.path.join(ROOT, "tests", "e2e", "package-lock.json")
    if not os.path.exists(source) or os.path.getmtime(source) < os.path.getmtime(locked):
        os.makedirs(place, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(ROOT, "tests", "e2e", name), place)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=place, check=True, timeout=120)
        os.utime(source)
    with open(source, encoding="utf-8") as file:
        return file.read()


AXE = """const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((found) =>
  done(found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) =>
    `${v.id} (${v.impact}): ${v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0] || n.all[0] || n.none[0] || {}).message).join(' | ')}`)), (e) => done(['axe: ' + e]))"""

# Controls that Tab cannot reach: not disabled, shown, and without a place in the order. Rows of a group of choices share one.
UNREACHABLE = """return [...document.querySelectorAll('a[href], button, input, select, textarea, [role=button]')].filter((e) =>
  !e.disabled && e.offsetParent !== null && e.tabIndex < 0 && !e.closest('[role=radiogroup], [role=listbox]')).map((e) => e.outerHTML.slice(0, 120))"""


def page_addresses(gateway):
    batch = gateway.api("/api/v1/batches")["batches"][0]["batch"]
    result = gateway.api(f"/api/v1/batches/{batch}")["tests"][0]["result"]["result"]
    return ["bench", "batches", f"batches/{batch}", "review", f"trail/{result}", "trail", "entry/3", "alarms", "standards/gb-17401-2014"]


def nobody_is_shut_out(run, gateway):
    browser, axe, found = run.browser, axe_source(), []
    for language, dark in (("zh", False), ("en", True)):
        browser.size(1366, 768)
        browser.dark(dark)
        run.go(gateway.url, "bench", language)
        browser.js(axe)
        for page in page_addresses(gateway):
            browser.js("location.hash = '#/' + arguments[0]", page)
            browser.until("content", "return document.querySelector('#page > *') && !document.querySelector('.loading')")
            found += [f"{page}, {language}, {'dark' if dark else 'light'}: {finding}" for finding in browser.do_async(AXE)]
            found += [f"{page}, {language}: Tab does not reach {control}" for control in browser.js(UNREACHABLE)]
    browser.dark(False)
    assert not found, "\n".join(found)


def phone_fits(run, gateway):
    """360 px: nothing wider than the screen, nothing smaller than 11 px, and no serious finding there either."""
    browser, found = run.browser, []
    axe = axe_source()
    browser.size(360, 740, touch=True)
    run.go(gateway.url, "bench", "zh")
    browser.js(axe)
    for page in page_addresses(gateway):
        browser.js("location.hash = '#/' + arguments[0]", page)
        browser.until("content", "return document.querySelector('#page > *') && !document.querySelector('.loading')")
        wide = browser.js("const p = document.querySelector('.page'); return [document.documentElement.scrollWidth - innerWidth, p.scrollWidth - p.clientWidth]")
        if max(wide) > 0:
            found.append(f"{page}: wider than 360 px by {wide}")
        found += [f"{page}, 360 px: {finding}" for finding in browser.do_async(AXE)]
        run.picture(f"phone-{page.replace('/', '-')[:24]}")
    browser.size(1366, 768)
    assert not found, "\n".join(found)


def first_page_is_flat(run, gateway):
    """Every module that the first page needs is named in it, so that none waits for another; and none that it does not need."""
    with open(os.path.join(ROOT, "gateway", "ui", "index.html"), encoding="utf-8") as file:
        named = set(re.findall(r'modulepreload" href="/ui/([\w.]+)"', file.read()))
    needed, left = set(), ["app.js"]
    while left:
        name = left.pop()
        if name not in needed:
            needed.add(name)
            if name != "standalone.module.js":
                with open(os.path.join(ROOT, "gateway", "ui", name), encoding="utf-8") as file:
                    left += re.findall(r"^import .*? from '\./([\w.]+)';", file.read(), flags=re.M)
    equal(named, needed - {"app.js"})


# Batches

def batches_are_filtered(run, gateway):
    browser = run.browser
    batches = {one["name"]: one for one in gateway.api("/api/v1/batches")["batches"]}
    run.go(gateway.url, "batches", "zh")
    browser.until("all", "return document.querySelectorAll('.list tbody tr').length === arguments[0]", len(batches))
    for typed in ("xmgb", "香米", batches["香米锅巴"]["lot"], batches["香米锅巴"]["batch"]):
        browser.js("const box = document.querySelector('.filter input'); box.value = arguments[0]; box.dispatchEvent(new Event('input', { bubbles: true }))", typed)
        browser.until(f"one by {typed}", "const rows = document.querySelectorAll('.list tbody tr'); return rows.length === 1 && rows[0].textContent.includes('香米锅巴')")
    browser.press("f", "Escape")
    browser.until("all again", "return document.querySelectorAll('.list tbody tr').length === arguments[0]", len(batches))
    browser.click("th.c-received .sort")
    newest = sorted(batches.values(), key=lambda one: one["received"], reverse=True)
    browser.until("newest first", "return [...document.querySelectorAll('.list tbody .c-batch')].map((c) => c.textContent.trim()).join() === arguments[0]", ",".join(one["batch"] for one in newest))
    shown = browser.js("return [...document.querySelectorAll('.tabs button em')].map((e) => e.textContent)")
    counted = [len(batches)] + [sum(test(one) for one in batches.values()) for test in (
        lambda one: one["status"] not in ("released", "void"), lambda one: one["status"] == "awaiting-review", lambda one: one["status"] == "awaiting-release",
        lambda one: one["verdict"] == "fail", lambda one: one["verdict"] == "undetermined", lambda one: one["status"] == "released", lambda one: one["status"] == "void")]
    equal(shown, [str(count) for count in counted])


# Trail

def ladder_is_climbed(run, gateway):
    """What the page shows as root is what hashlib makes of the leaf and the siblings (RFC 9162, 2.1.3.2), and what the note says."""
    browser = run.browser
    batch = next(one for one in gateway.api("/api/v1/batches")["batches"] if one["verdict"] == "fail")["batch"]
    result = gateway.api(f"/api/v1/batches/{batch}")["tests"][0]["result"]
    run.go(gateway.url, f"trail/{result['result']}")
    browser.until("the checks", "return document.querySelector('.checks-panel .status.tag.pass')", seconds=75)
    shown = browser.js("return [...document.querySelectorAll('.ladder .hash')].map((g) => [g.getAttribute('class').split(' ')[1], g.getAttribute('aria-label').split(' ').pop()])")
    sequence = gateway.api(f"/api/v1/results/{result['result']}/trace")["readings"][0]["exchange"]["seq"]
    found = gateway.api(f"/api/v1/journal/{int(browser.text('.bytes .pairs dd').replace(' ', '').replace(chr(0x2009), ''))}/inclusion")
    at, last, hashed = found["seq"], found["checkpoint"]["size"] - 1, bytes.fromhex(found["leaf"])
    parts = [("leaf", found["leaf"])]
    for sibling in found["path"]:
        left = at % 2 == 1 or at == last
        pair = bytes.fromhex(sibling) + hashed if left else hashed + bytes.fromhex(sibling)
        hashed = hashlib.sha256(b"\1" + pair).digest()
        while left and at % 2 == 0 and at:
            at, last = at // 2, last // 2
        at, last = at // 2, last // 2
        parts += [("sibling", sibling), ("part", hashed.hex())]
    parts[-1] = ("root", parts[-1][1])
    equal([tuple(one) for one in shown], parts)
    equal(base64.b64encode(hashed).decode(), found["checkpoint"]["note"].split("\n")[2])
    assert sequence > 0
    equal(browser.js("return [...document.querySelectorAll('.check-list .status')].map((s) => s.textContent)"), ["通过", "通过", "未能核对"])
    browser.js("[...document.querySelectorAll('.node-name')].find((b) => b.textContent === '判定').click()")
    verdict = result["verdict"]["seq"]
    browser.until("the verdict's own proof", "return document.querySelector('.ladder-ends')?.textContent.includes(arguments[0])", f"叶 {verdict}")
    run.picture("trail-proof-zh")


def journal_is_searched(run, gateway):
    browser = run.browser
    batch = gateway.api("/api/v1/batches")["batches"][0]["batch"]
    run.go(gateway.url, "trail", "en")
    browser.until("the search", "return document.querySelector('.search-form')")
    fill(browser, ".search-form [name=about]", batch)
    fill(browser, ".search-form [name=what]", "fill")
    browser.click(".search-form .button.primary")
    wanted = [str(row["seq"]) for row in gateway.api(f"/api/v1/trail?about={batch}&what=fill&limit=500")["entries"]]
    assert len(wanted) >= 6
    browser.until("what the API finds", "return [...document.querySelectorAll('.search .story tbody td:first-child')].map((c) => c.textContent.replace(/\\D/g, '')).join() === arguments[0]", ",".join(wanted))
    run.picture("trail-search-en")
    browser.js("document.querySelector('.search .story tbody tr').focus()")
    browser.press("Enter")
    browser.until("the entry as it stands", "return document.querySelector('.entry .note-text')?.textContent.includes(arguments[0])", f'"test": "{batch}')


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
    browser.js("document.querySelector('.limits tbody .row-open').focus()")
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


# People at work

def fill(browser, css, value):
    browser.js("""const box = document.querySelector(arguments[0]); box.value = arguments[1];
        box.dispatchEvent(new Event('input', { bubbles: true })); box.dispatchEvent(new Event('change', { bubbles: true }))""", css, value)


def log_in(run, gateway, user):
    """As one of the demonstration's people; its password stands in the data directory."""
    browser = run.browser
    with open(os.path.join(run.place, "worked-in", "run", "demo-password"), encoding="ascii") as file:
        password = file.read().strip()
    browser.cdp("Network.clearBrowserCookies")
    run.go(gateway.url, "login")
    browser.until("the login", "return document.querySelector('input[name=user]')")
    fill(browser, "input[name=user]", user)
    fill(browser, "input[name=password]", password)
    browser.click(".form .button.primary")
    browser.until(f"{user} is in", "return document.querySelector('.rail') && document.querySelector('.who')?.textContent.startsWith('示范')")
    return password


def batch_is_taken_in(run, gateway):
    """The list shown is `assay plan`'s; what is ordered is what was ticked."""
    browser = run.browser
    log_in(run, gateway, "tech")
    browser.js("location.hash = '#/intake'")
    browser.until("products", "return document.querySelector('.found button')")
    fill(browser, ".intake .form input", "jiangyou")
    browser.until("soy sauces", "return [...document.querySelectorAll('.found button')].every((b) => b.textContent.includes('酱油'))")
    browser.js("[...document.querySelectorAll('.found button')].find((b) => b.textContent.includes('高盐稀态 一级')).click()")
    for name, value in (("produced", "2026-11-01"), ("name", "生抽酱油 <i>"), ("producer", "永和酱油厂"), ("lot", "20261101-A"), ("amount", "500 mL")):
        fill(browser, f".intake input[name={name}]", value)
    browser.until("the list", "return document.querySelectorAll('.plan tbody tr').length")
    plan = json.loads(subprocess.run([run.binary, "plan", "soy-sauce-high-salt-first", "--produced", "2026-11-01", "--json"], check=True, capture_output=True, timeout=30).stdout)
    analytes = {item["analyte"] for item in plan["items"]}
    testable = {item["analyte"] for item in plan["items"] if item["testable"]}
    equal(browser.count(".plan tbody tr"), len(analytes))
    equal(browser.count(".plan tr.untested"), len(analytes - testable))
    ticked = browser.count(".plan input:checked")
    assert 0 < ticked <= len(testable), ticked
    run.picture("intake-zh")
    browser.click(".intake .button.primary")
    batch = browser.until("taken in", "return document.querySelector('.done b')?.textContent || document.querySelector('.refusal')?.textContent")
    kept = gateway.api(f"/api/v1/batches/{batch}")
    equal((kept["name"], kept["lot"], kept["status"], len(kept["tests"])), ("生抽酱油 <i>", "20261101-A", "to-test", ticked))


def slot_is_worked(run, gateway):
    browser = run.browser
    browser.js("location.hash = '#/bench'")
    browser.until("the new batch's tests", "return document.querySelector('.job-head h2')?.textContent.includes('生抽酱油')")
    test = gateway.api("/api/v1/bench")["tests"][0]
    slot = sorted((s for s in test["slots"]), key=lambda s: s["replicate"])[0]
    browser.click(".bench-actions .button.primary")
    browser.until("the question", "return document.querySelector('dialog[open] .segments')")
    browser.js("[...document.querySelectorAll('dialog .segments button')].pop().click()")
    fill(browser, "dialog input[name=value]", f"1.000 {slot['unit']}".strip())
    fill(browser, "dialog input[name=reason]", "滴定管读数")
    browser.click("dialog .button.primary")
    browser.until("a typed value in its slot, or why not", "return !document.querySelector('dialog[open]') && document.querySelector('.slot.filled')?.textContent.includes('手工值') || document.querySelector('dialog .refusal')")
    equal(browser.count("dialog .refusal"), 0)
    filled = [s for s in gateway.api(f"/api/v1/tests/{test['test']}")["slots"] if s["status"] == "filled"]
    equal([(s["value"], s["typed"]) for s in filled], [("1.000", True)])
    run.picture("bench-typed-zh")


def decision_is_signed(run, gateway):
    browser = run.browser
    password = log_in(run, gateway, "review")
    batch = next(one for one in gateway.api("/api/v1/batches?status=awaiting-review")["batches"] if one["verdict"] == "fail")
    browser.js("location.hash = '#/review/' + arguments[0]", batch["batch"])
    browser.until("the evidence and the choices", "return document.querySelector('.review-head .big') && document.querySelector('.choice-card')")
    equal(browser.count(".choice-card input:checked"), 0)
    assert browser.js("return document.querySelector('.button.sign').disabled"), "it can be signed with nothing chosen"
    browser.js("document.querySelector('.review-evidence').focus()")
    browser.press("1")
    browser.until("confirm is chosen", "return document.querySelector('.choice-card.chosen')?.textContent.includes('确认不合格')")
    fill(browser, ".decision textarea", "平行样一致，烘箱在范围内，结果成立")
    fill(browser, ".decision input[type=password]", "not the password")
    browser.click(".button.sign")
    browser.until("a refusal in words", "return document.querySelector('.decision .refusal')?.textContent.includes('密码')")
    equal(browser.js("return [document.querySelector('.decision textarea').value, document.querySelector('.decision input[type=password]').value]"),
          ["平行样一致，烘箱在范围内，结果成立", ""])
    equal(gateway.api(f"/api/v1/batches/{batch['batch']}")["status"], "awaiting-review")
    fill(browser, ".decision input[type=password]", password)
    run.picture("review-signing-zh")
    browser.click(".button.sign")
    browser.until("it leaves the queue", "return ![...document.querySelectorAll('.queue-item')].some((q) => q.textContent.includes(arguments[0]))", batch["batch"])
    kept = gateway.api(f"/api/v1/batches/{batch['batch']}")
    equal(kept["status"], "awaiting-release")
    equal([(one["action"], one["reason"]) for one in kept["reviews"]], [("confirm", "平行样一致，烘箱在范围内，结果成立")])


def maker_sees_his_own(run, gateway):
    """After the review: a producer's user, on a phone, finds his batches and nobody else's, and nothing of the laboratory."""
    browser = run.browser
    browser.complaints()
    every = gateway.api("/api/v1/batches")["batches"]
    log_in(run, gateway, "maker")
    browser.size(390, 844, touch=True)
    browser.until("his batches", "return document.querySelectorAll('.mine a.own').length === arguments[0]", sum(one["producer"] == "禾香食品" for one in every))
    equal(browser.js("return [...document.querySelectorAll('.rail a:not(.logo)')].map((a) => a.getAttribute('href'))"), ["#/mine", "#/standards"])
    run.picture("phone-mine-zh")
    failed = next(one for one in every if one["verdict"] == "fail" and one["producer"] == "禾香食品")
    browser.js("[...document.querySelectorAll('.mine a.own')].find((a) => a.textContent.includes(arguments[0])).click()", failed["name"])
    browser.until("the value over the limit", "return document.querySelector('.own-result .figure.fail b')?.textContent === arguments[0]",
                  gateway.api(f"/api/v1/batches/{failed['batch']}")["tests"][0]["result"]["value"])
    wide = browser.js("const p = document.querySelector('.page'); return p.scrollWidth - p.clientWidth")
    assert wide <= 0, wide
    run.picture("phone-mine-one-zh")
    other = next(one for one in every if one["producer"] != "禾香食品")
    browser.js("location.hash = '#/mine/' + arguments[0]", other["batch"])
    browser.until("another's is refused", "return document.querySelector('.mine .nothing')")
    browser.js("location.hash = '#/bench'")
    browser.until("and there is no Bench for him", "return document.querySelector('.mine ul') && !document.querySelector('.bench')")
    browser.size(1366, 768)
    equal([said for said in browser.complaints() if "status of 40" not in said], [])


def quality_holds(run, gateway):
    quality_page.held_and_released(run, gateway, os.path.join(run.place, "worked-in"), log_in, fill, axe_source(), AXE)


def nothing_complained(run):
    equal(run.browser.complaints(), [])


def worked_in(run):
    place = os.path.join(run.place, "worked-in")
    subprocess.run([run.binary, "demo", "--once", "-d", place], check=True, timeout=60, stdout=subprocess.DEVNULL)
    gateway = Gateway(run.binary, place)
    try:
        for name, function in (("the first page names its modules", first_page_is_flat), ("Batches: filtered, sorted, counted", batches_are_filtered), ("no serious finding, every control by keyboard, zh and en, light and dark", nobody_is_shut_out),
                               ("a phone of 360 px", phone_fits), ("Standards: every edition, its rows as in the file", editions_are_listed), ("Standards: Chinese, pinyin, English", limits_are_found),
                               ("Standards: two editions compared", editions_are_compared), ("Standards: page after page", rows_go_on), ("Trail: the ladder's hashes", ladder_is_climbed), ("Trail: the journal searched", journal_is_searched)):
            run.check(name, function, run, gateway)
        run.check("nothing in the console", nothing_complained, run)
        for name, function in (("Intake: a soy sauce, its whole list", batch_is_taken_in), ("Bench: a slot, typed", slot_is_worked), ("Review: signed, and not with a wrong password", decision_is_signed),
                               ("a producer sees his own", maker_sees_his_own), ("Quality: a check weight fails, results are held and released by two", quality_holds)):
            run.check(name, function, run, gateway)
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
