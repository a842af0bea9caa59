# SPDX-License-Identifier: Apache-2.0
"""One batch of soy sauce, from an empty data directory to a certificate that proves itself: first administrator by his one-time
code, people, free tests, a producer's card, intake by the product's plan, weighings from a simulated balance, an analyser that
speaks ASTM, a result above the limit, review, retest, a second person's release, the print, its proof, and back to the bytes.

What is expected comes from the standard's own arithmetic (fractions, here), poppler, zbar, hashlib, tests/verify.py and the API."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import both_languages  # noqa: E402
import pages_read  # noqa: E402
from person import certificate_is_there, code_read, fill, fill_all, log_in, scan, served_bytes, served_pdf, submit  # noqa: E402
from run import Gateway, ROOT, Run, equal  # noqa: E402
from webdriver import Browser  # noqa: E402

PICTURES = os.path.join(ROOT, "build", "pictures")
PRODUCT = "soy-sauce-high-salt-first"
DHA = "dehydroacetic acid and sodium salt as dehydroacetic acid"
WEIGHTS = ["2.5061", "2.5138", "2.4977", "2.5022"]  # g, in the order in which they are put on the balance
PEAKS = [["49.27", "48.93"], ["49.02", "49.11"]]  # mg/L: the first time, and the retest
PEOPLE = [("lin.jing", "林静", "technician"), ("zhou.min", "周敏", "reviewer"), ("zheng.kai", "郑凯", "reviewer"), ("he.qa", "何兰", "qa")]

BALANCE = """<sim protocol="text" serial="B612345678" model="XPR205">
  <answer to="I4\\r\\n" send='I4 A "{serial}"\\r\\n'/><answer to="I2\\r\\n" send='I2 A "{model}"\\r\\n'/>
  <answer to="SI\\r\\n" send="S D     2.5059 g\\r\\n"/>
""" + "".join(f'  <answer to="S\\r\\n" send="S S     {weight} g\\r\\n"/>\n' for weight in WEIGHTS) + "</sim>\n"

LAB = """<lab site="qingxi" origin="qingxi.assay.example" name-zh="清溪公共检测室" name-en="Qingxi public laboratory" address="清溪路 1 号"
     contact="021-5550101" check="https://lab.example/c/" listen="127.0.0.1:0">
  <line id="com1" name-zh="COM1" name-en="COM1"><serial port="{balance}" baud="9600"/>
    <instrument id="balance-1" name-zh="天平 1" name-en="Balance 1" spec="mettler-mt-sics" model="XPR205" serial="B612345678" calibrated-until="2099-12-31"
      location="理化室" every="2s" needed-every="1s"/></line>
  <line id="lc" name-zh="液相色谱" name-en="LC"><tcp host="127.0.0.1" port="{port}" listen="true"/>
    <instrument id="lc-1" name-zh="液相色谱 1" name-en="LC 1" spec="astm-analyser" model="LC-20A" calibrated-until="2099-12-31" location="仪器室"/></line>
</lab>
"""


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


# What people enter here stays as it was entered.
DATA = ["永和酱油厂", "永和生抽", "何师傅", "水分、总酸", "20261101-A", "清溪公共检测室", "清溪路 1 号", "理化室", "仪器室", "王敏", "容量瓶", "未稀释", "滴定管、平板或他机打印", "超限，复测确认", "两次结果一致，超限成立",
        *(name for _, name, _ in PEOPLE)]


class Analyser:
    """Speaks as an instrument does by LIS01-A2: ENQ, frames with their sums, EOT; goes on only when it is acknowledged."""

    def __init__(self, port):
        self.port, self.line = port, None

    def connect(self):
        end = time.monotonic() + 20  # the gateway opens its lines after it serves
        while not self.line:
            try:
                self.line = socket.create_connection(("127.0.0.1", self.port), timeout=20)
            except ConnectionRefusedError:
                assert time.monotonic() < end, "nobody listens for the analyser"
                time.sleep(0.1)

    def acknowledged(self, data):
        self.line.sendall(data)
        equal(self.line.recv(1), b"\x06")

    def report(self, sample, values):
        records = ["H|\\^&|||LC20^1|||||HOST||P|LIS2-A2", "P|1", f"O|1|{sample}||^^^DHA|R"]
        records += [f"R|{i}|^^^DHA|{value}|mg/L||N||F" for i, value in enumerate(values, 1)] + ["L|1|N"]
        self.connect()
        self.acknowledged(b"\x05")
        for i, record in enumerate(records, 1):
            body = f"{i % 8}{record}\r\x03".encode()
            self.acknowledged(b"\x02" + body + b"%02X\r\n" % (sum(body) % 256))
        self.line.sendall(b"\x04")


class Simulated:
    """The balance on a pseudo-terminal with a name of its own."""

    def __init__(self, binary, place):
        script, self.port = os.path.join(place, "balance.xml"), os.path.join(place, "com1")
        with open(script, "w", encoding="utf-8") as file:
            file.write(BALANCE)
        self.process = subprocess.Popen([binary, "sim", script, "--link", self.port], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip(), "assay sim did not say its port"

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdin.close()
        self.process.stdout.close()


def ask(browser, method, path, body=None):
    """A request of the page that is open, with its session."""
    said = browser.do_async("""const done = arguments[arguments.length - 1], [method, path, body] = arguments;
        fetch('/api/v1/login').then((a) => a.json()).then(({ me }) => fetch(path, { method, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf },
          body: body === null ? undefined : JSON.stringify(body) })).then((a) => a.text().then((text) => done([a.status, text])), (e) => done([0, String(e)]))""", method, path, body)
    assert said[0] < 300, (method, path, body, said)
    return json.loads(said[1])


class Day:
    """What one step hands to the next."""

    def __init__(self, run, gateway, analyser):
        self.run, self.gateway, self.analyser, self.browser = run, gateway, analyser, run.browser
        self.batch = self.test = self.result = self.certificate = None
        self.left = []

    def api(self, path):
        return ask(self.browser, "GET", path)

    def picture(self, name):
        """Of what is shown, in both languages; a string left in the other one is kept for the end."""
        self.left += both_languages.both(self.browser, name, DATA, lambda as_named: self.browser.picture(os.path.join(PICTURES, f"{as_named}.png")))


def first_administrator(day):
    browser = day.browser
    with open(os.path.join(day.run.place, "lab", "run", "first-admin"), encoding="ascii") as file:
        code = file.read().strip()
    browser.open(day.gateway.url)
    browser.until("the first-run page", "return document.querySelector('input[name=code]')")
    fill_all(browser, ".gate", code=code, user="boss", name="王敏", new_password=day.run.password, again=day.run.password)
    pages_read.clean(day.run, "the first-run page")
    day.picture("1-first-admin")
    browser.click(".form .button.primary")
    browser.until("the pages", "return document.querySelector('.rail a[href$=admin]')")


def people(day):
    browser = day.browser
    browser.js("location.hash = '#/admin/people'")
    for user, name, role in PEOPLE:
        browser.until("the users", "return document.querySelector('#add-user') && !document.querySelector('dialog[open]')")
        browser.click("#add-user")
        browser.until("the form", "return document.querySelector('dialog[open] input[name=user]')")
        fill_all(browser, "dialog", user=user, name=name, new_password=day.run.password, password=day.run.password)
        if user == PEOPLE[0][0]:
            day.picture("1-user-dialog")
        browser.click(f"dialog input[name=role-{role}]")
        submit(browser)
    browser.until("all of them", "return document.querySelectorAll('.people tbody tr').length === arguments[0]", len(PEOPLE) + 1)
    equal({one["user"]: one["roles"] for one in day.api("/api/v1/users")["users"]}, {"boss": "admin", **{user: role for user, _, role in PEOPLE}})


def producer_with_card(day):
    """By the same steps as tests/e2e/pages.py, as QA; the card's QR code read by zbar."""
    browser = day.browser
    log_in(day.run, day.gateway, "he.qa")
    ask(browser, "PUT", "/api/v1/programmes/free-2026", {"name_zh": "免费全项检测", "name_en": "Free full-item tests", "tests": 500, "producers": 72, "alarm_at": 50,
                                                          "prices": [{"analyte": DHA, "price": "180"}, {"analyte": "lead", "price": "120.50"}], "reason": ""})
    browser.js("location.hash = '#/producers'")
    browser.until("the page", "return document.querySelector('#add-producer')")
    browser.click("#add-producer")
    browser.until("the form", "return document.querySelector('dialog[open] [name=licence]')")
    fill_all(browser, "dialog", name="永和酱油厂", licence="SC10351010000001", contact="何师傅", self_tests="水分、总酸", tests_a_year="24", cost_a_year="36000")
    day.picture("2-producer-dialog")
    submit(browser)
    browser.until("his page", "return document.querySelector('#issue-card')")
    browser.click("#issue-card")
    browser.until("the programmes", "return document.querySelector('dialog[open] select option')")
    fill(browser, "dialog [name=tests]", "7")
    day.picture("2-card-dialog")
    submit(browser)
    browser.until("the card", "return document.querySelector('.card-sheet .qr')")
    day.card = day.api("/api/v1/cards")["cards"][0]["card"]
    equal(code_read(day.run, ".card-sheet .qr", "card-qr"), day.card)
    browser.js("document.querySelector('.page > *').scrollTop = 0")
    day.picture("2-producer")


def intake(day):
    """The whole list of the product's plan; the scanned card pays."""
    browser = day.browser
    log_in(day.run, day.gateway, "lin.jing")
    browser.js("location.hash = '#/intake'")
    browser.until("products", "return document.querySelector('.found button')")
    scan(browser, day.card)
    browser.until("the card's producer", "return document.querySelector('.intake input[name=producer]').value === '永和酱油厂'")
    fill(browser, ".intake .form input", "jiangyou")
    browser.until("soy sauces", "return [...document.querySelectorAll('.found button')].some((b) => b.textContent.includes('高盐稀态 一级'))")
    browser.js("[...document.querySelectorAll('.found button')].find((b) => b.textContent.includes('高盐稀态 一级')).click()")
    fill_all(browser, ".intake", produced="2026-11-01", name="永和生抽", lot="20261101-A", amount="500 mL × 6", retained="500 mL")
    browser.until("the list", "return document.querySelectorAll('.plan tbody tr').length")
    plan = json.loads(subprocess.run([day.run.binary, "plan", PRODUCT, "--produced", "2026-11-01", "--json"], check=True, capture_output=True, timeout=30).stdout)
    wanted = {item["analyte"] for item in plan["items"] if item["testable"] and item["applies"]}
    equal(browser.count(".plan input:checked"), len(wanted))
    day.picture("3-intake")
    browser.click(".intake .button.primary")
    day.batch = browser.until("taken in", "return document.querySelector('.done b')?.textContent || document.querySelector('.refusal')?.textContent")
    kept = day.api(f"/api/v1/batches/{day.batch}")
    equal(({test["analyte"] for test in kept["tests"]}, kept["card"], day.api(f"/api/v1/cards/{day.card}")["remaining"]), (wanted, day.card, 6))
    day.test = next(test for test in kept["tests"] if test["analyte"] == DHA)["test"]


def weigh(day, test, replicate, weight):
    """Arm the slot on its worksheet, press Enter at the balance: its next stable reading is there."""
    browser = day.browser
    slot = f".slot[data-slot='m.{replicate}']"
    browser.until("the slot", "return document.querySelector(arguments[0] + '[role=button]')", slot)
    browser.click(slot)
    browser.until("which instrument", "return document.querySelector('dialog[open] select')?.value === 'balance-1'")
    if (test, replicate) == (day.test, 1):
        day.picture("4-slot-dialog")
    submit(browser)
    browser.until("armed", "return document.querySelector(arguments[0] + '.armed')", slot)
    browser.js("document.activeElement?.blur()")
    browser.press("Enter")
    browser.until("filled", "return document.querySelector(arguments[0] + '.filled .v')?.textContent.startsWith(arguments[1])", slot, weight)
    filled = next(one for one in day.api(f"/api/v1/tests/{test}")["slots"] if (one["slot"], one["replicate"]) == ("m", replicate))
    equal((filled["value"], filled["typed"], filled["instrument"]), (weight, False, "balance-1"))


def measured(day, test, weights, peaks, picture=None):
    """Weighings on the Bench, concentrations from the analyser, which names the test; volume and dilution typed."""
    browser = day.browser
    for replicate, weight in enumerate(weights, 1):
        weigh(day, test, replicate, weight)
    day.analyser.report(test, peaks)
    for replicate, peak in enumerate(peaks, 1):
        browser.until("the analyser's value", "return document.querySelector(arguments[0])?.textContent.includes(arguments[1])", f".slot[data-slot='r.{replicate}'].filled", peak)
    if picture:
        day.picture(picture)
    browser.click(".slot[data-slot='V.1']")
    browser.until("the question", "return document.querySelector('dialog[open] .segments')")
    browser.js("[...document.querySelectorAll('dialog .segments button')].pop().click()")
    fill(browser, "dialog input[name=value]", "25.00 mL")
    fill(browser, "dialog input[name=reason]", "容量瓶")
    if picture:
        day.picture("4-typed-dialog")
    submit(browser)
    ask(browser, "POST", f"/api/v1/tests/{test}/enter", {"slot": "n", "replicate": 1, "value": "1 1", "reason": "未稀释"})
    expected = [Fraction(peak) * 25 * 1 / (Fraction(weight) * 1000) for weight, peak in zip(weights, peaks)]
    mean = sum(expected) / len(expected)
    result = browser.until("the result", "return document.querySelector('.job .result-link b')?.textContent.replace(/\\u00a0/g, ' ')")
    equal(Fraction(result.split(" ")[0]), round(mean * 1000) / Fraction(1000))  # three significant digits, 0.4...
    kept = day.api(f"/api/v1/tests/{test}")["result"]
    equal((f"{kept['value']} {kept['unit']}", Fraction(kept["exact"]), kept["verdict"]["verdict"]), (result, mean, "fail"))
    return kept["result"]


def above_the_limit(day):
    browser = day.browser
    browser.js("location.hash = '#/bench'")
    browser.until("the Bench", "return document.querySelector('.bench .job')")
    scan(browser, day.batch)
    browser.until("its tests", "return document.querySelectorAll('.job-tabs button').length > 10")
    browser.js("[...document.querySelectorAll('.job-tabs button')].find((b) => b.textContent.includes('脱氢乙酸')).click()")
    browser.until("its worksheet", "return document.querySelector('.job-head h2')?.textContent.includes('脱氢乙酸')")
    day.result = measured(day, day.test, WEIGHTS[:2], PEAKS[0], "4-bench")


# What the technician reads from burettes, plates and other people's prints, so that nothing else is above its limit.
TYPED = {"m": "2.0000", "r": "0.00", "r0": "0.00", "V": "25.00", "v": "8.00", "v0": "0.05", "c": "0.0500", "Va": "20.00", "Vt": "100.00", "A": "0.00", "V1": "25.00", "V2": "10.00", "V3": "1.00",
         "c1": "12", "c2": "14", "d": "10", "x": "0", "n": "1"}


def the_others(day):
    """Every other slot of the list, typed as the burette or the plate says it."""
    browser = day.browser
    own = {("sulfur dioxide residue", "v"): "0.05", ("amino acid nitrogen", "v"): "30.00", ("amino acid nitrogen", "V"): "5.00", ("total nitrogen", "v"): "40.00", ("total nitrogen", "V"): "2.00"}
    for test in day.api(f"/api/v1/batches/{day.batch}")["tests"]:
        while not test["result"]:  # a slot that replicates share is filled for all of them
            slot = next(one for one in test["slots"] if one["status"] != "filled")
            value = own.get((test["analyte"], slot["slot"]), TYPED[slot["slot"]])
            test = ask(browser, "POST", f"/api/v1/tests/{test['test']}/enter", {"slot": slot["slot"], "replicate": slot["replicate"], "value": f"{value} {slot['unit']}", "reason": "滴定管、平板或他机打印"})["test"]
    kept = day.api(f"/api/v1/batches/{day.batch}")
    equal([test["test"] for test in kept["tests"] if not test["result"]], [])
    equal((kept["status"], kept["verdict"]), ("awaiting-review", "fail"))


def decide(day, key, word, reason, **choices):
    browser = day.browser
    browser.until("the evidence and the choices", "return document.querySelector('.review-head .big') && document.querySelector('.choice-card')")
    browser.js("document.querySelector('.review-evidence').focus()")
    browser.press(key)
    browser.until("chosen", "return document.querySelector('.choice-card.chosen')?.textContent.includes(arguments[0])", word)
    for i, value in enumerate(choices.values()):
        browser.js("const s = document.querySelectorAll('.decision select')[arguments[0]]; s.value = arguments[1]; s.dispatchEvent(new Event('change', { bubbles: true }))", i, value)
    fill(browser, ".decision textarea", reason)
    fill(browser, ".decision input[type=password]", day.run.password)


def retest_is_ordered(day):
    """Its rule is fixed before the new result is seen; the first result stays."""
    browser = day.browser
    log_in(day.run, day.gateway, "zhou.min")
    browser.js("location.hash = '#/review/' + arguments[0]", day.batch)
    decide(day, "2", "安排复测", "超限，复测确认", test=day.test, rule="retest-decides")
    browser.js("[...document.querySelectorAll('.review-test')].find((t) => t.textContent.includes('脱氢乙酸')).scrollIntoView()")
    day.picture("5-review")
    browser.click(".button.sign")
    browser.until("signed", "return document.querySelector('.decision textarea')?.value !== '超限，复测确认' || document.querySelector('.decision .refusal') || !document.querySelector('.decision')")
    equal(browser.count(".decision .refusal"), 0)
    tests = {test["test"]: test for test in day.api(f"/api/v1/batches/{day.batch}")["tests"]}
    again = [test for test in tests.values() if test["retest_of"] == day.test]
    equal([test["rule"] for test in again], ["retest-decides"])
    equal(tests[day.test]["result"]["result"], day.result)
    log_in(day.run, day.gateway, "lin.jing")
    browser.js("location.hash = '#/bench/' + arguments[0]", day.batch)
    browser.until("the new worksheet", "return document.querySelector('.job-head h2')?.textContent.includes('脱氢乙酸') && document.querySelector('.slot.empty')")
    day.result = measured(day, again[0]["test"], WEIGHTS[2:], PEAKS[1])


def fail_is_confirmed(day):
    browser = day.browser
    log_in(day.run, day.gateway, "zhou.min")
    browser.js("location.hash = '#/review/' + arguments[0]", day.batch)
    decide(day, "1", "确认不合格", "两次结果一致，超限成立")
    browser.click(".button.sign")
    browser.until("nothing waits", "return document.querySelector('.review.none') || document.querySelector('.decision .refusal')")
    equal(browser.count(".decision .refusal"), 0)
    equal(day.api(f"/api/v1/batches/{day.batch}")["status"], "awaiting-release")


def released_by_another(day):
    """The reviewer may not; another reads the trail to its end and signs."""
    browser = day.browser
    for user, allowed in (("zhou.min", False), ("zheng.kai", True)):
        log_in(day.run, day.gateway, user)
        browser.js("location.hash = '#/release/' + arguments[0]", day.batch)
        browser.until("its trail", "return document.querySelectorAll('.release .story-scroll tbody tr').length > 50")
        browser.until("read to its end", "document.querySelector('.story-scroll').scrollTop = 1e7; return document.querySelector('#trail-read:enabled')")
        browser.click("#trail-read")
        browser.until("written down", "return document.querySelector('.decision .status.pass')")
        fill(browser, ".decision input[type=password]", day.run.password)
        if allowed:
            day.picture("6-release")
        browser.click(".button.sign")
        if not allowed:
            browser.until("refused: his own work", "return document.querySelector('.decision .refusal')?.textContent.includes('参与过')")
            equal(day.api(f"/api/v1/batches/{day.batch}")["status"], "awaiting-release")
    day.certificate = certificate_is_there(day.run, day.gateway)
    day.picture("7-certificate")


def print_is_opened(day):
    """The PDF of the journal: what poppler reads in it, how it draws it, and what its QR code says."""
    browser = day.browser
    path = browser.js("return document.querySelector('#paper').getAttribute('href')")
    said = served_pdf(day.run, path)
    value = day.api(f"/api/v1/results/{day.result}/review")["test"]["result"]["value"]
    for wanted in (day.certificate, day.batch, "永和酱油厂", "不合格", value, "GB 2760-2024", "SC10351010000001"):
        assert wanted in said, (wanted, said)
    assert "127.0.0.1" not in said, said  # a producer without an address has none
    file = os.path.join(day.run.place, "certificate.pdf")
    with open(file, "wb") as out:
        out.write(served_bytes(day.run, path)[1])
    subprocess.run(["pdftoppm", "-r", "96", "-png", "-f", "1", "-l", "1", "-singlefile", file, os.path.join(PICTURES, "8-print")], check=True, timeout=60)
    subprocess.run(["pdftoppm", "-r", "200", "-png", file, os.path.join(day.run.place, "page")], check=True, timeout=60)
    sheets = sorted(os.path.join(day.run.place, name) for name in os.listdir(day.run.place) if re.match(r"page-\d+\.png$", name))
    read = subprocess.run(["zbarimg", "--quiet", "--raw", *sheets], capture_output=True, text=True, timeout=60).stdout
    assert day.certificate in read and "lab.example" in read, read


def proof_holds(day):
    """The file that the page gives, checked by `assay proof check` and by another program."""
    file = os.path.join(day.run.place, f"{day.batch}.proof")
    end = time.monotonic() + 75  # a checkpoint is signed once a minute
    while True:
        kind, data = served_bytes(day.run, f"/api/v1/batches/{day.batch}/proof")
        if b"not-signed-yet" not in data[:400] and b"problem" not in kind.encode():
            break
        assert time.monotonic() < end, data[:400]
        time.sleep(1)
    with open(file, "wb") as out:
        out.write(data)
    for command in ([day.run.binary, "proof", "check", file], ["/usr/bin/python3", os.path.join(ROOT, "tests", "verify.py"), file]):
        said = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert said.returncode == 0, (command, said.stdout[-500:], said.stderr[-500:])


def walked_back(day):
    """From the figure to the bytes the analyser sent, and up the ladder to a signed root."""
    browser = day.browser
    browser.js("location.hash = '#/trail/' + arguments[0]", day.result)
    browser.until("the trail", "return document.querySelector('.reading-choices button')")
    for value, sent in ((WEIGHTS[2], f"S S     {WEIGHTS[2]} g\r\n"), (PEAKS[1][0], f"R|1|^^^DHA|{PEAKS[1][0]}|mg/L")):
        browser.js("[...document.querySelectorAll('.reading-choices button')].find((b) => b.textContent.includes(arguments[0])).click()", value)
        browser.until("its bytes", "return document.querySelector('.bytes .legend.v')?.textContent.includes(arguments[0])", value)
        marked = browser.js("return [...document.querySelectorAll('.bytes .octets .v')].map((s) => s.textContent.trim()).filter(Boolean).join('')")
        assert bytes.fromhex(marked).decode("ascii") in (value, ""), marked  # the driver astm names no place
        whole = bytes.fromhex(browser.js("return [...document.querySelectorAll('.bytes .octets')].map((s) => s.textContent).join('').replace(/\\s/g, '')"))
        assert sent.encode() in whole, whole
    browser.until("the ladder holds", "return document.querySelector('.checks-panel .status.tag.pass')", seconds=75)
    equal(browser.js("return [...document.querySelectorAll('.check-list .status')].map((s) => s.textContent.trim())"), ["通过", "通过", "通过"])
    altered = browser.do_async("""const done = arguments[arguments.length - 1];
        Promise.all([import('/ui/proof.js'), fetch('/api/v1/journal/3/inclusion').then((a) => a.json())]).then(async ([{ signature }, { checkpoint: { note }, key }]) =>
          done([await signature(note, key), await signature(note.replace(/\\n(\\d)/, '\\n1$1'), key), await signature(note, key.replace(/\\+[0-9a-f]{8}\\+/, '+00000000+'))]), (e) => done(String(e)))""")
    equal(altered, ["holds", "not", "other"])
    equal(browser.js("return [...document.querySelectorAll('.chain .k')].map((k) => k.textContent)"), ["证书", "签发", "复核", "复核", "判定", "限量", "结果", "读数", "帧", "字节"])
    day.picture("9-trail")


def every_page(day):
    """Every page there is, in both languages, the English one dark too: nothing complains."""
    browser = day.browser
    producer = day.api("/api/v1/producers")["producers"][0]["producer"]
    for name, address in (("bench", "bench"), ("batches", "batches"), ("batch", f"batches/{day.batch}"), ("review", "review"), ("release", "release"), ("certificate", f"certificate/{day.certificate}"),
                          ("trail", f"trail/{day.result}"), ("trail-search", "trail"), ("entry", "entry/3"), ("quality", "quality"), ("standards", "standards"), ("standard", "standards/gb-2760-2024"),
                          ("district", "district"), ("producers", "producers"), ("producer", f"producers/{producer}"), ("card", f"producers/{producer}/{day.card}"), ("instruments", "admin/instruments"),
                          ("instrument", "instrument/balance-1"), ("programme", "admin/programme"), ("state", "admin/state"), ("alarms", "alarms"), ("me", "me")):
        browser.js("location.hash = '#/' + arguments[0]", address)
        browser.until(f"{name} is drawn", "return location.hash === '#/' + arguments[0] && document.querySelector('#page > *')?.textContent && !document.querySelector('.loading')", address)
        time.sleep(0.5)  # what it fetches by and by
        day.picture(name)
    browser.press("?")
    browser.until("the keys", "return document.querySelector('dialog[open]')")
    day.picture("keys")
    browser.press("Escape")
    browser.dark(True)
    both_languages.switch(browser, "en")
    for name, address, wanted in (("trail", f"trail/{day.result}", "Inclusion proof"), ("certificate", f"certificate/{day.certificate}", "Open the PDF"), ("batch", f"batches/{day.batch}", "What happened"), ("bench", "bench", "Lines and instruments")):
        browser.js("location.hash = '#/' + arguments[0]", address)
        browser.until(wanted, "return document.querySelector('#page').textContent.includes(arguments[0]) && !document.querySelector('.loading')", wanted)
        browser.picture(os.path.join(PICTURES, f"dark-en-{name}.png"))
    browser.dark(False)
    both_languages.switch(browser, "zh")


def each_in_its_language(day):
    """What every picture of the day had in the other language."""
    assert not day.left, "\n".join(sorted(set(day.left)))


STEPS = [first_administrator, people, producer_with_card, intake, above_the_limit, the_others, retest_is_ordered, fail_is_confirmed, released_by_another, print_is_opened, walked_back, proof_holds, every_page, each_in_its_language]


def the_day(run):
    os.makedirs(os.path.join(run.place, "lab"))
    balance, port = Simulated(run.binary, run.place), free_port()
    with open(os.path.join(run.place, "lab", "lab.xml"), "w", encoding="utf-8") as file:
        file.write(LAB.format(balance=balance.port, port=port))
    gateway = Gateway(run.binary, os.path.join(run.place, "lab"), "serve")
    try:
        day = Day(run, gateway, Analyser(port))
        for step in STEPS:
            before = run.failed
            run.check(step.__name__.replace("_", " "), step, day)
            if run.failed > before:
                break  # each step stands on the one before
        said = [one for one in run.browser.complaints() if not re.search(r"status of (40|42)\d", one)]
        run.check("nothing in the console but refusals", equal, said, [])
    finally:
        run.check("SIGTERM: exit 0", lambda: equal(gateway.stop(), 0))
        balance.stop()


def main(binary):
    run = Run(os.path.abspath(binary))
    run.password = "vier unzusammen 4"
    os.makedirs(PICTURES, exist_ok=True)
    os.makedirs(PICTURES, exist_ok=True)
    try:
        run.browser = Browser()
        run.browser.size(1366, 768)
        run.check("the day", the_day, run)
    finally:
        if run.browser:
            run.browser.close()
        shutil.rmtree(run.place, ignore_errors=True)
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed or not run.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "build/assay"))
