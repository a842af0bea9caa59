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
import time
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
    return ["bench", f"bench/{batch}", "batches", f"batches/{batch}", "review", f"trail/{result}", "trail", "entry/3", "alarms", "certificate", "release", "standards/gb-17401-2014",
            "intake", "producers", "instrument/balance-1", "admin/instruments", "admin/people", "admin/programme", "admin/state"]


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


def password_of(run):
    if run.password:
        return run.password
    with open(os.path.join(run.place, "worked-in", "run", "demo-password"), encoding="ascii") as file:
        return file.read().strip()


def log_in(run, gateway, user):
    """As one of the demonstration's people (its password stands in the data directory), or of run.password's."""
    browser, password = run.browser, password_of(run)
    browser.cdp("Network.clearBrowserCookies")
    browser.js("localStorage.setItem('assay-language', 'zh')")
    browser.open(f"{gateway.url}/?{user}#/login")
    write = """const boxes = [document.querySelector('.form input[name=user]'), document.querySelector('.form input[name=password]')];
        if (boxes.includes(null)) return false;
        boxes.forEach((box, i) => { box.value = arguments[i]; box.dispatchEvent(new Event('input', { bubbles: true })); });
        document.querySelector('.form .button.primary').click();
        return true"""
    said = """return document.querySelector('.rail') && !location.hash.startsWith('#/login') ? 'in'
        : document.querySelector('.refusal') || document.querySelector('.form input[name=user]')?.value === '' ? 'not yet' : ''"""
    for _ in range(6):  # the demonstration adds its people after it has said where it serves; the page may draw its form anew
        browser.until("the login", write, user, password)
        if browser.until(f"{user} is in, or not yet", said) == "in":
            break
        time.sleep(1)
    browser.until(f"{user} is in", "return document.querySelector('.rail') && document.querySelector('a.who[href=\"#/me\"]')")
    return password


def submit(browser, css="dialog[open]"):
    """Press the dialog's button; what it was about is done when the dialog is gone, and refused when it says so."""
    browser.js("document.querySelector(arguments[0]).querySelector('.button.primary').click()", css)
    said = browser.until("done or refused", "return !document.querySelector('dialog[open]') ? 'done' : document.querySelector('dialog[open] .refusal')?.textContent")
    equal(said, "done")


def scan(browser, text):
    """What a scanner leaves in the scan box, however slow the machine that plays it; how fast a scanner types is run.py's to try."""
    browser.js("document.activeElement?.blur()")
    browser.press("/")
    browser.until("the scan box", "return document.activeElement?.id === 'scan'")
    browser.press(*text, "Enter", gap_ms=0)


def fill_all(browser, css, **values):
    for name, value in values.items():
        fill(browser, f"{css} [name={name}]", value)


def code_read(run, css, name):
    """The code in the picture of one element, as zbarimg (zbar) reads it."""
    box = run.browser.js("const e = document.querySelector(arguments[0]); e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]", css)
    picture = os.path.join(PICTURES, f"{name}.png")
    shot = run.browser.cdp("Page.captureScreenshot", format="png", clip={"x": box[0] - 4, "y": box[1] - 4, "width": box[2] + 8, "height": box[3] + 8, "scale": 3})
    with open(picture, "wb") as file:
        file.write(base64.b64decode(shot["data"]))
    return subprocess.run(["zbarimg", "--quiet", "--raw", picture], capture_output=True, timeout=30, check=True).stdout.decode().strip()


def served_bytes(run, path):
    """Content type and bytes of an address, fetched by the page with its session."""
    kind, data = run.browser.do_async("""const done = arguments[arguments.length - 1];
        fetch(arguments[0]).then((a) => a.blob().then((b) => { const r = new FileReader(); r.onload = () => done([a.headers.get('Content-Type') || '', r.result.split(',')[1] || '']); r.readAsDataURL(b); })).catch((e) => done([String(e), '']))""", path)
    return kind, base64.b64decode(data)


def served_pdf(run, path):
    """A PDF as pdftotext (poppler) reads it."""
    kind, data = served_bytes(run, path)
    equal(kind, "application/pdf")
    return subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=True, timeout=30).stdout.decode()


def programme_is_set(run, gateway):
    browser = run.browser
    log_in(run, gateway, "qa")
    browser.js("location.hash = '#/admin/programme'")
    browser.until("the page", "return document.querySelector('#add-programme')")
    browser.click("#add-programme")
    browser.until("the form", "return document.querySelector('dialog[open] [name=programme]')")
    fill_all(browser, "dialog", programme="free-2026", name_zh="免费全项检测", name_en="Free full-item tests", tests="500", producers="72", alarm_at="499")
    fill(browser, "dialog textarea", "amino acid nitrogen 120\nmoisture 60.50")
    submit(browser)
    kept = gateway.api("/api/v1/programmes")["programmes"]
    equal([(one["programme"], one["tests"], one["producers"], one["prices"]) for one in kept],
          [("free-2026", 500, 72, [{"analyte": "amino acid nitrogen", "price": "120"}, {"analyte": "moisture", "price": "60.50"}])])


def producer_has_a_card(run, gateway):
    """Registered and given a card by QA; the QR code is the card's number, as zbar reads it."""
    browser = run.browser
    browser.js("location.hash = '#/producers'")
    browser.until("the page", "return document.querySelector('#add-producer')")
    browser.click("#add-producer")
    browser.until("the form", "return document.querySelector('dialog[open] [name=licence]')")
    fill_all(browser, "dialog", name="永和酱油厂", licence="SC10351010000001", contact="何师傅", phone="13800000000", self_tests="水分、总酸", tests_a_year="24", cost_a_year="36000")
    fill(browser, "dialog input[placeholder]", "jiangyou")
    browser.until("soy sauces", "return document.querySelector('dialog .found button')")
    browser.js("[...document.querySelectorAll('dialog .found button')].find((b) => b.textContent.includes('高盐稀态 一级')).click()")
    submit(browser)
    kept = gateway.api("/api/v1/producers")["producers"]
    one = gateway.api(f"/api/v1/producers/{kept[0]['producer']}")
    equal((one["name"], one["licence"], one["products"], one["self_tests"], one["tests_a_year"], one["address"]),
          ("永和酱油厂", "SC10351010000001", ["soy-sauce-high-salt-first"], ["水分", "总酸"], 24, ""))
    browser.until("his page", "return document.querySelector('#issue-card')")
    browser.click("#issue-card")
    browser.until("the programmes", "return document.querySelector('dialog[open] select option')")
    fill(browser, "dialog [name=tests]", "6")
    submit(browser)
    browser.until("the card", "return document.querySelector('.card-sheet .qr')")
    card = gateway.api("/api/v1/cards")["cards"][0]
    equal((card["tests"], card["remaining"], card["producer"]), (6, 6, one["producer"]))
    equal(code_read(run, ".card-sheet .qr", "card-qr"), card["card"])
    run.picture("producer-card-zh")


def batch_is_taken_in(run, gateway):
    """The list shown is `assay plan`'s; what is ordered is what was ticked; the card that was scanned pays."""
    browser = run.browser
    log_in(run, gateway, "tech")
    browser.js("location.hash = '#/intake'")
    browser.until("products", "return document.querySelector('.found button')")
    card = gateway.api("/api/v1/cards")["cards"][0]
    scan(browser, card["card"])
    browser.until("the card's producer", "return document.querySelector('.intake input[name=producer]').value === '永和酱油厂'")
    fill(browser, ".intake .form input", "jiangyou")
    browser.until("soy sauces", "return [...document.querySelectorAll('.found button')].every((b) => b.textContent.includes('酱油'))")
    browser.js("[...document.querySelectorAll('.found button')].find((b) => b.textContent.includes('高盐稀态 一级')).click()")
    fill_all(browser, ".intake", produced="2026-11-01", name="生抽酱油 <i>", lot="20261101-A", amount="500 mL", retained="500 mL")
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
    equal((kept["name"], kept["lot"], kept["status"], len(kept["tests"]), kept["card"]), ("生抽酱油 <i>", "20261101-A", "to-test", ticked, card["card"]))
    equal(gateway.api(f"/api/v1/cards/{card['card']}")["remaining"], 5)
    said = served_pdf(run, browser.js("return document.querySelector('#labels').getAttribute('href')"))
    assert all(one["sample"] in said for one in kept["samples"]), said


def alarm_is_noted(run, gateway):
    """499 free tests of 500 are left, which is where the programme warns."""
    browser = run.browser
    browser.until("the bell", "return document.querySelector('.bell.und')")
    browser.click(".bell")
    browser.until("the alarm", "return document.querySelector('.alarm .button')")
    equal([one["kind"] for one in gateway.api("/api/v1/alarms")["alarms"]], ["entitlement"])
    browser.click(".alarm .button")
    browser.until("the question", "return document.querySelector('dialog[open] [name=reason]')")
    fill(browser, "dialog [name=reason]", "已告知质量负责人")
    submit(browser)
    equal([one["acknowledged"]["reason"] for one in gateway.api("/api/v1/alarms")["alarms"]], ["已告知质量负责人"])
    browser.until("the bell is quiet", "return document.querySelector('.bell:not(.und)')")
    run.picture("alarms-zh")


def rack_is_loaded(run, gateway):
    """The sample scanned at the rack: its open slots take the positions."""
    browser = run.browser
    batch = next(one["batch"] for one in gateway.api("/api/v1/batches?status=open")["batches"] if one["name"].startswith("生抽"))
    browser.js("location.hash = '#/instrument/balance-1'")
    browser.until("the rack", "return document.querySelector('#rack')")
    browser.click("#rack")
    browser.until("its editor", "return document.querySelector('form.rack')")
    browser.js("document.activeElement.blur()")
    scan(browser, batch)
    slots = sum(len(test["slots"]) for test in gateway.api(f"/api/v1/batches/{batch}")["tests"])
    browser.until("every open slot", "return document.querySelectorAll('form.rack tbody tr').length === arguments[0]", slots)
    while browser.count("form.rack tbody tr") > 2:
        browser.js("[...document.querySelectorAll('form.rack tbody .button')].pop().click()")
    browser.click("form.rack .button.primary")
    browser.until("loaded", "return !document.querySelector('form.rack') || document.querySelector('form.rack .refusal')")
    equal(browser.count("form.rack .refusal"), 0)
    equal([one["position"] for one in gateway.api("/api/v1/instruments/balance-1/rack")["places"]], ["1", "2"])


def calibration_is_registered(run, gateway):
    browser = run.browser
    log_in(run, gateway, "qa")
    browser.js("location.hash = '#/admin/instruments'")
    browser.until("the instruments", "return document.querySelectorAll('.admin tbody tr').length === arguments[0]", len(gateway.api("/api/v1/instruments")["instruments"]))
    browser.js("[...document.querySelectorAll('.admin tbody tr')].find((r) => r.textContent.includes('天平 1')).click()")
    browser.until("the balance", "return document.querySelector('#calibrate')")
    browser.click("#calibrate")
    browser.until("the form", "return document.querySelector('dialog[open] [name=certificate]')")
    fill_all(browser, "dialog", certificate="JL-2026-0815", laboratory="市计量院", calibrated="2026-08-15", due="2027-08-14")
    submit(browser)
    one = gateway.api("/api/v1/instruments/balance-1")
    equal((one["calibrated_until"], one["calibrations"][0]["certificate"]), ("2027-08-14", "JL-2026-0815"))
    run.picture("instrument-zh")


def slot_is_worked(run, gateway):
    browser = run.browser
    log_in(run, gateway, "tech")
    browser.js("location.hash = '#/bench'")
    browser.until("the Bench", "return document.querySelector('.bench .job')")
    batch = next(one for one in gateway.api("/api/v1/batches?status=open")["batches"] if one["name"].startswith("生抽"))
    scan(browser, batch["sample"])
    browser.until("the scanned sample's worksheet", "return document.querySelector('.job-head h2')?.textContent.includes('生抽酱油') && location.hash.startsWith('#/bench/')")
    test = gateway.api(f"/api/v1/batches/{batch['batch']}")["tests"][0]
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


def certificate_is_there(run, gateway, but=""):
    browser = run.browser
    browser.until("the certificate and its print", "return document.querySelector('#paper') && document.querySelector('.certificate h2').textContent !== arguments[0]", but, seconds=60)
    return browser.text(".certificate h2")


def batch_is_released(run, gateway):
    """Not before its trail was read to the end; amended, the new certificate names the old one."""
    browser = run.browser
    password = log_in(run, gateway, "review")
    batch = next(one for one in gateway.api("/api/v1/batches?status=awaiting-release")["batches"] if one["verdict"] == "pass")["batch"]
    browser.size(1366, 560)  # so that the trail has more than fits
    browser.js("location.hash = '#/release/' + arguments[0]", batch)
    browser.until("its trail", "return document.querySelectorAll('.release .story-scroll tbody tr').length > 20")
    assert browser.js("return document.querySelector('#trail-read').disabled && document.querySelector('.button.sign').disabled"), "it can be signed unread"
    browser.js("document.querySelector('.story-scroll').scrollTop = 1e6")
    browser.until("read to its end", "return !document.querySelector('#trail-read').disabled")
    browser.click("#trail-read")
    browser.until("the reading is written down", "return document.querySelector('.decision .status.pass')")
    equal([one["action"] for one in gateway.api(f"/api/v1/batches/{batch}")["reviews"]], ["trail-read"])
    fill(browser, ".decision input[type=password]", password)
    run.picture("release-zh")
    browser.click(".button.sign")
    first = certificate_is_there(run, gateway)
    browser.size(1366, 768)
    kept = gateway.api(f"/api/v1/batches/{batch}")
    equal((kept["status"], [one["certificate"] for one in kept["certificates"]]), ("released", [first]))
    said = served_pdf(run, browser.js("return document.querySelector('#paper').getAttribute('href')"))
    assert first in said and batch in said and "合格" in said, said
    browser.js("document.querySelector('.certificate .story-scroll').scrollTop = 1e6")
    browser.until("read to its end again", "return document.querySelector('#read-trail:enabled')")
    browser.click("#read-trail")
    browser.until("written down", "return document.querySelector('.certificate .buttons .status.pass')")
    browser.click("#amend")
    browser.until("the question", "return document.querySelector('dialog[open] input[name=reason]')")
    fill(browser, "dialog input[name=reason]", "样品名称有误")
    fill(browser, "dialog input[name=password]", password)
    browser.click("dialog .button.primary")
    second = certificate_is_there(run, gateway, first)
    equal(gateway.api(f"/api/v1/certificates/{second}")["replaces"], first)
    said = served_pdf(run, browser.js("return document.querySelector('#paper').getAttribute('href')"))
    assert first in said and second in said and "样品名称有误" in said, said
    run.picture("certificate-zh")


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
    """But that somebody was not in yet, or an entry not signed yet."""
    equal([said for said in run.browser.complaints() if not re.search(r"status of 40[14]", said)], [])


def worked_in(run):
    place = os.path.join(run.place, "worked-in")
    subprocess.run([run.binary, "demo", "--once", "-d", place], check=True, timeout=60, stdout=subprocess.DEVNULL)
    gateway = Gateway(run.binary, place)
    try:
        for name, function in (("the first page names its modules", first_page_is_flat), ("every word is there", words_are_known), ("Batches: filtered, sorted, counted", batches_are_filtered), ("no serious finding, every control by keyboard: zh, light", nobody_is_shut_out),
                               ("no serious finding, nothing too wide: a phone of 360 px, en, dark", phone_fits), ("Standards: every edition, its rows as in the file", editions_are_listed), ("Standards: Chinese, pinyin, English", limits_are_found),
                               ("Standards: two editions compared", editions_are_compared), ("Standards: page after page", rows_go_on), ("Trail: the ladder's hashes", ladder_is_climbed), ("Trail: the proof fetched and checked", proof_is_fetched), ("Trail: the journal searched", journal_is_searched),
                               ("Review: results and duplicates drawn", results_are_drawn)):
            run.check(name, function, run, gateway)
        run.check("nothing in the console", nothing_complained, run)
        for name, function in (("Admin: the programme of free tests", programme_is_set), ("Producers: registered, given a card", producer_has_a_card), ("Intake: a soy sauce, its whole list, paid by card", batch_is_taken_in),
                               ("Alarms: noted", alarm_is_noted), ("Rack: loaded by scanning", rack_is_loaded), ("Instrument: a calibration certificate", calibration_is_registered), ("Bench: a slot, typed", slot_is_worked), ("Review: signed, and not with a wrong password", decision_is_signed),
                               ("Release: read, signed, printed, amended", batch_is_released), ("a producer sees his own", maker_sees_his_own),
                               ("Quality: a check weight fails, results are held and released by two", quality_holds)):
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
