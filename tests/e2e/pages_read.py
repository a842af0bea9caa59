# SPDX-License-Identifier: Apache-2.0
"""The pages that are read: for everybody who comes (axe-core, keyboard, a phone), batches, standards, trail, drawings. What a page
shows is held against the spec files themselves (read here with ElementTree) and against the API."""

import base64
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from person import fill, log_in  # noqa: E402
from run import ROOT, equal  # noqa: E402


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


def clean(run, what):
    """No serious finding of axe-core on what is shown now: a page filled in, or a dialog."""
    run.browser.js(axe_source())
    found = run.browser.do_async(AXE)
    assert not found, f"{what}: " + "\n".join(found)


# Controls that Tab cannot reach: not disabled, shown, and without a place in the order. Rows of a group of choices share one.
UNREACHABLE = """return [...document.querySelectorAll('a[href], button, input, select, textarea, [role=button]')].filter((e) =>
  !e.disabled && e.offsetParent !== null && e.tabIndex < 0 && !e.closest('[role=radiogroup], [role=listbox]')).map((e) => e.outerHTML.slice(0, 120))"""


def page_addresses(gateway):
    batch = gateway.api("/api/v1/batches")["batches"][0]["batch"]
    result = gateway.api(f"/api/v1/batches/{batch}")["tests"][0]["result"]["result"]
    return ["bench", f"bench/{batch}", "batches", f"batches/{batch}", "review", f"trail/{result}", "trail", "entry/3", "alarms", "certificate", "release", "standards/gb-17401-2014",
            "intake", "producers", "me", "district", "quality", "instrument/balance-1", "admin/instruments", "admin/people", "admin/programme", "admin/state"]


def looked_at(run, gateway, user, language, dark, size, touch, also):
    """Every page, as one person sees it: what axe-core finds there, and also(page)."""
    browser, found = run.browser, []
    browser.size(*size, touch=touch)
    browser.dark(dark)
    log_in(run, gateway, user)
    run.go(gateway.url, "bench", language)
    browser.js(axe_source())
    for page in page_addresses(gateway):
        browser.js("location.hash = '#/' + arguments[0]", page)
        browser.until("content", "return document.querySelector('#page > *') && !document.querySelector('.loading')")
        found += [f"{page}, {language}: {finding}" for finding in browser.do_async(AXE) + also(page)]
    browser.dark(False)
    browser.size(1366, 768)
    assert not found, "\n".join(found)


def nobody_is_shut_out(run, gateway):
    """At a desk, in Chinese, in the light, as QA: no serious finding, and Tab reaches every control."""
    looked_at(run, gateway, "qa", "zh", False, (1366, 768), False, lambda page: [f"Tab does not reach {control}" for control in run.browser.js(UNREACHABLE)])


def login_is_clean(run, gateway):
    """Before anybody is logged in, in both languages."""
    browser = run.browser
    browser.cdp("Network.clearBrowserCookies")
    for language in ("zh", "en"):
        browser.js("localStorage.setItem('assay-language', arguments[0])", language)
        browser.open(f"{gateway.url}/?login-{language}#/login")
        browser.until("the login", "return document.querySelector('.form input[name=password]')")
        clean(run, f"login, {language}")
    browser.js("localStorage.setItem('assay-language', 'zh')")


def phone_fits(run, gateway):
    """360 px, in English, in the dark, as a technician: no serious finding there either, and nothing wider than the screen."""
    def too_wide(page):
        wide = run.browser.js("const p = document.querySelector('.page'); return [document.documentElement.scrollWidth - innerWidth, p.scrollWidth - p.clientWidth]")
        run.picture(f"phone-{page.replace('/', '-')[:24]}")
        return [f"wider than 360 px by {wide}"] if max(wide) > 0 else []
    looked_at(run, gateway, "tech", "en", True, (360, 740), True, too_wide)


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


def words_are_known(*_):
    """Every word that a module asks for stands in words.js, in itself or in what it imports, in both languages."""
    place, source, words = os.path.join(ROOT, "gateway", "ui"), {}, {}
    for name in glob.glob(os.path.join(place, "*.js")):
        with open(name, encoding="utf-8") as file:
            source[os.path.basename(name)] = text = file.read()
        words[os.path.basename(name)] = {a or b for a, b in re.findall(r"(?:^|[\s,{])(?:'([\w.-]+)'|([A-Za-z_]\w*)): \[['\"]", text, re.M)}
        for pair in re.findall(r": (\['(?:[^'\\]|\\.)*', '(?:[^'\\]|\\.)*'\])[,\s]", text):
            zh, en = re.findall(r"'((?:[^'\\]|\\.)*)'", pair)
            assert zh and en, pair
    missing = []
    for name, text in source.items():
        near, left = set(), [name, "words.js"]
        while left:
            one = left.pop()
            if one in source and one not in near:
                near.add(one)
                left += re.findall(r"^import .*? from '\./([\w.]+)';", source[one], re.M)
        known = set().union(*(words[one] for one in near))
        missing += [f"{name}: {word}" for word in sorted(set(re.findall(r"\bt\('([\w.-]+)'", text)) - known)]
    equal(missing, [])


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
    equal(browser.js("return [...document.querySelectorAll('.check-list .status')].map((s) => s.textContent)"), ["通过", "通过", "通过"])
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


# Review: drawings

def results_are_drawn(run, gateway):
    """The producer's results against the limit, one mark each, and the duplicates; the figures are the API's."""
    browser = run.browser
    batch = next(one for one in gateway.api("/api/v1/batches")["batches"] if one["verdict"] == "fail")["batch"]
    test = gateway.api(f"/api/v1/batches/{batch}")["tests"][0]
    earlier = gateway.api(f"/api/v1/results/{test['result']['result']}/review")["earlier"]
    assert earlier
    run.go(gateway.url, f"review/{batch}")
    browser.until("both drawings", "return document.querySelectorAll('.drawings .chart').length === 2")
    equal(browser.count(".drawings section:first-child .chart .dot"), sum(one["verdict"] == "pass" for one in earlier))
    equal(browser.js("return [...document.querySelectorAll('.drawings .beyond')].length"), 1)
    equal(browser.text(".drawings .over"), test["result"]["value"])
    equal(browser.js("return [...document.querySelectorAll('.drawings section:first-child tbody td:nth-child(3)')].map((c) => c.textContent.replace(/\\u00a0/g, ' '))"),
          [f"{one['value']} {one['unit']}" for one in reversed(earlier)] + [f"{test['result']['value']} {test['result']['unit']}"])
    equal(browser.js("return [...document.querySelectorAll('.duplicates .strong')].map((c) => c.textContent)"), [one["value"] for one in test["calculated"] if one["name"] == "x"])
    run.picture("review-drawings-zh")


def proof_is_fetched(run, gateway):
    """D: the file that the page gives is one that `assay proof check` and nothing else has to believe."""
    browser = run.browser
    batch = next(one for one in gateway.api("/api/v1/batches")["batches"] if one["verdict"] == "fail")["batch"]
    path = browser.js("return document.querySelector('.checks-panel a.button')?.getAttribute('href')") or f"/api/v1/batches/{batch}/proof"
    text = browser.do_async("const done = arguments[arguments.length - 1]; fetch(arguments[0]).then((a) => a.text()).then(done, (e) => done(String(e)))", path)
    place = os.path.join(run.place, f"{batch}.proof")
    with open(place, "w", encoding="utf-8") as file:
        file.write(text)
    said = subprocess.run([run.binary, "proof", "check", place], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0 and batch in said.stdout, said


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
    equal(sorted(map(tuple, shown)), sorted((row.get("text"), row.get("clause").partition(" ")[0]) for row in spec("gb-17401-2014").findall("limit")))  # its Chinese part


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
