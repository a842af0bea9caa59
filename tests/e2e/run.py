# SPDX-License-Identifier: Apache-2.0
"""End to end: the real binary, its real simulators on pseudo-terminals and sockets, Debian's chromium.

One laboratory is watched while it works (slots fill, live, without a reload); another has had its morning and is walked
through: batch, result, bytes, review. What the pages show is held against the API, which is another way to the same facts.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fixture  # noqa: E402
from webdriver import Browser  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PICTURES = os.path.join(ROOT, "build", "e2e")
PAGES = ["bench", "batches", "review", "trail"]


class Gateway:
    """assay demo, or serve, in a directory of its own, on a free port."""

    def __init__(self, binary, place, command="demo"):
        self.process = subprocess.Popen([binary, command, "-d", place, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.url, self.said, self.complained = None, [], []
        self.readers = [threading.Thread(target=self.listen, args=(stream, lines), daemon=True)
                        for stream, lines in ((self.process.stdout, self.said), (self.process.stderr, self.complained))]
        for reader in self.readers:
            reader.start()
        end = time.monotonic() + 20
        while not self.url and time.monotonic() < end and self.process.poll() is None:
            time.sleep(0.05)
            for line in list(self.said):
                match = re.search(r"http://127\.0\.0\.1:\d+", line)
                self.url = self.url or (match and match.group(0))
        if not self.url:
            self.stop()
            raise AssertionError(f"the gateway did not say where it serves: {self.said} {self.complained}")

    @staticmethod
    def listen(stream, lines):
        for line in stream:
            lines.append(line)

    def api(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise AssertionError("the gateway did not stop within 20 s of SIGTERM") from None
        for reader in self.readers:
            reader.join(5)
        return code


class Run:
    def __init__(self, binary):
        self.binary, self.passed, self.failed = binary, 0, 0
        self.place = tempfile.mkdtemp(prefix="assay-e2e-")
        self.browser = None
        self.password = None  # of everybody, where it is not the demonstration's

    def check(self, name, function, *arguments):
        only = os.environ.get("ASSAY_ONLY")  # a pattern: while working, not every step each time
        if only and len(arguments) > 1 and not re.search(only, name):
            return
        try:
            function(*arguments)
        except Exception:  # noqa: BLE001: one failure must not hide the others
            self.failed += 1
            print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
            try:
                self.browser.picture(os.path.join(PICTURES, f"failed-{re.sub(r'[^a-z0-9]+', '-', name.lower())}.png"))
            except Exception:  # noqa: BLE001
                pass
        else:
            self.passed += 1
            print(f"ok      {name}", flush=True)

    def picture(self, name):
        self.browser.picture(os.path.join(PICTURES, f"{name}.png"))

    def go(self, url, page, language="zh"):
        self.browser.open(f"{url}/#/{page}")
        self.browser.js("localStorage.setItem('assay-language', arguments[0]); location.reload()", language)
        self.browser.until("the page is there", "return document.querySelector('.app') && document.documentElement.lang.slice(0, 2) === arguments[0]", language)


def equal(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


# A laboratory at work

def feed_arrives(run, gateway):
    run.browser.size(1366, 768)
    run.go(gateway.url, "bench")
    run.browser.until("three lines", "return document.querySelectorAll('.line-group').length === 3")
    run.browser.until("all online", "const s = [...document.querySelectorAll('.line-head .status')]; return s.length && s.every((one) => one.textContent.includes('在线'))", seconds=30)
    run.browser.until("an armed slot", "return document.querySelector('.slot.armed')", seconds=30)
    run.browser.until("which instrument fills which slot", "return document.querySelector('.instruction.accent')?.textContent.includes('天平 1 的下一个稳定读数')", seconds=30)
    run.browser.until("a live number with its unit", "return /^-?[\\d.]+\\u00a0g$/.test(document.querySelector('.live-number')?.textContent || '')", seconds=30)


def slots_fill(run, gateway):
    browser = run.browser
    browser.js("window.stayed = true")
    before = browser.count(".slot.filled")
    browser.until("another slot filled", "return document.querySelectorAll('.slot.filled').length > arguments[0]", before, seconds=45)
    browser.until("an instruction in green", "return document.querySelector('.instruction.pass')", seconds=45)
    browser.until("two slots filled", "return document.querySelectorAll('.slot.filled').length >= 2", seconds=60)
    assert browser.js("return window.stayed"), "the page was loaded again"
    test = gateway.api("/api/v1/bench")["tests"][0]
    shown = browser.js("return [...document.querySelectorAll('.slot.filled .v')].map((v) => v.firstChild.textContent)")
    wanted = {slot["value"] for slot in test["slots"] if slot["status"] == "filled"}
    assert set(shown) <= wanted and shown, f"{shown} are not among {wanted}"
    browser.until("the next slot armed", "return document.querySelector('.slot.armed') && document.querySelector('.live-number .moving')?.textContent", seconds=30)
    run.picture("bench-armed-zh")


def frames_are_live(run, _):
    first = run.browser.text(".frames tbody tr .at")
    run.browser.until("a newer frame", "return document.querySelector('.frames tbody tr .at').textContent !== arguments[0]", first)
    assert run.browser.count(".frames .control") >= 2, "CR and LF are not shown by name"
    run.browser.until("a moving digit in grey or settled ones in bold", "return document.querySelector('.live-number .settled')", seconds=10)


def bench_does_not_scroll(run, _):
    sizes = run.browser.js("const r = document.documentElement, p = document.querySelector('.page'); return [r.scrollWidth, innerWidth, r.scrollHeight, innerHeight, p.scrollHeight, p.clientHeight]")
    assert sizes[0] <= sizes[1] and sizes[2] <= sizes[3] and sizes[4] <= sizes[5], sizes
    run.picture("bench-zh")
    run.browser.dark(True)
    time.sleep(0.3)
    run.picture("bench-zh-dark")
    run.browser.dark(False)


def language_switches(run, gateway):
    browser = run.browser
    browser.press("Alt+l")
    browser.until("English", "return document.querySelector('.top h1').textContent === 'Bench' && document.documentElement.lang === 'en'")
    run.picture("bench-en")
    browser.open(f"{gateway.url}/")
    browser.js("location.reload()")
    browser.until("English again after a reload", "return document.querySelector('.top h1')?.textContent === 'Bench'")
    browser.click(".segments button[lang=zh]")
    browser.until("Chinese", "return document.querySelector('.top h1').textContent === '工作台' && document.documentElement.lang === 'zh-CN'")


def feed_is_lost(run, gateway):
    run.browser.until("live", "return document.querySelector('.live-number')")
    equal(gateway.stop(), 0)
    run.browser.until("the bar that says so", "return /画面停在 \\d\\d:\\d\\d:\\d\\d.*不影响采集/.test(document.querySelector('.feed')?.textContent || '')", seconds=20)
    run.picture("feed-lost")
    run.browser.open("about:blank")
    run.browser.complaints()  # refused connections are what this was about


# A laboratory that has had its morning

def batches_are_judged(run, gateway):
    run.browser.size(1366, 768)
    run.go(gateway.url, "batches")
    run.browser.until("three batches", "return document.querySelectorAll('.list tbody tr').length === 3")
    listed = {batch["batch"]: batch for batch in gateway.api("/api/v1/batches")["batches"]}
    equal(sorted(batch["verdict"] for batch in listed.values()), ["fail", "pass", "undetermined"])
    words = {"pass": "合格", "fail": "不合格", "undetermined": "不能判定"}
    rows = run.browser.js("return [...document.querySelectorAll('.list tbody tr')].map((r) => [r.querySelector('.c-batch').textContent.trim(), r.querySelector('.c-verdict').textContent.trim(), r.querySelector('.c-attention').textContent.trim()])")
    for name, verdict, attention in rows:
        equal(verdict, words[listed[name]["verdict"]])
        equal(attention, listed[name]["attention_zh"])
        assert (attention != "") == (listed[name]["status"] == "awaiting-review"), (name, attention)
    equal([listed[name]["status"] for name, _, _ in rows][-1], "awaiting-release")
    run.picture("batches-zh")


def keyboard_works(run, gateway):
    browser = run.browser
    browser.press("j")
    browser.until("first row chosen", "return document.activeElement === document.querySelectorAll('.list tbody tr')[0]")
    browser.press("j", "ArrowDown")
    browser.until("third row chosen", "return document.activeElement === document.querySelectorAll('.list tbody tr')[2]")
    browser.press("k", "Enter")
    browser.until("the second batch opened", "return document.querySelector('.batch-head .verdict-line')")
    browser.press("Escape")
    browser.until("back in the list", "return document.querySelector('.list')")
    for key, page in (("r", "复核"), ("t", "追溯"), ("b", "工作台"), ("l", "批次")):
        browser.press("g", key, gap_ms=120)
        browser.until(f"G {key}", "return document.querySelector('.top h1').textContent === arguments[0]", page)
    browser.press("f")
    browser.until("the filter", "return document.activeElement === document.querySelector('.filter input')")
    browser.press(*"qzx", gap_ms=40)
    browser.until("nothing found, said so", "return document.querySelector('.table-scroll .nothing')?.textContent.includes('没有符合的批次')")
    browser.press("Escape")
    browser.until("the filter cleared", "return document.querySelectorAll('.list tbody tr').length === 3")
    browser.press("?")
    browser.until("the list of keys", "return document.querySelector('dialog.help[open]')")
    run.picture("help-zh")
    browser.press("Escape")
    browser.until("the list of keys closed", "return !document.querySelector('dialog.help')")
    sample = gateway.api("/api/v1/batches")["batches"][0]
    browser.press("/")
    browser.press(*sample["sample"], "Enter", gap_ms=5)
    browser.until("the sample's batch", "return document.querySelector('.batch-head')?.textContent.includes(arguments[0])", sample["batch"])


def scanner_works(run, gateway):
    browser = run.browser
    batch = gateway.api("/api/v1/batches")["batches"][-1]
    browser.js("location.hash = '#/batches'")
    browser.until("the list", "return document.querySelector('.list')")
    browser.press(*batch["batch"], "Enter", gap_ms=3)
    browser.until("the scanned batch", "return document.querySelector('.batch-head')?.textContent.includes(arguments[0])", batch["batch"])


def batch_is_opened(run, gateway):
    browser = run.browser
    passed = next(batch for batch in gateway.api("/api/v1/batches")["batches"] if batch["verdict"] == "pass")
    full = gateway.api(f"/api/v1/batches/{passed['batch']}")
    browser.js("location.hash = '#/batches'")
    browser.until("the list", "return document.querySelector('.list')")
    browser.js("[...document.querySelectorAll('.list tbody tr')].find((r) => r.textContent.includes(arguments[0])).click()", passed["batch"])
    browser.until("its page", "return document.querySelector('.batch-head')?.textContent.includes(arguments[0])", passed["batch"])
    result = full["tests"][0]["result"]
    equal(browser.text(".test-head .figure"), f"{result['value']} {result['unit']}")
    assert full["scope"]["text_zh"] in browser.text(".batch-head .scope")
    run.picture("batch-zh")


def bytes_are_reached(run, gateway):
    """The marked bytes, read as ASCII, are the reading; and so in the API."""
    browser = run.browser
    browser.click(".test-head a.end")
    browser.until("the trail", "return document.querySelector('.trail .hex .v')")
    equal(browser.count(".reading-choices button[aria-pressed=true]"), 1)
    result = browser.js("return decodeURIComponent(location.hash.split('/')[2])")
    trace = gateway.api(f"/api/v1/results/{result}/trace")
    readings = sorted(trace["readings"], key=lambda reading: reading["replicate"])
    assert len(readings) >= 6
    equal(browser.count(".reading-choices button"), len(readings))
    for i, reading in enumerate(readings):
        browser.js("document.querySelector(`.reading-choices button[data-reading='${arguments[0]}']`).click()", i)
        browser.until("this reading's bytes", "return document.querySelector('.bytes .legend.v').textContent.includes(arguments[0])", reading["value"])
        marked = browser.js("return [...document.querySelectorAll('.bytes .octets .v')].map((s) => s.textContent.trim()).filter(Boolean)")
        equal(bytes.fromhex("".join(marked)).decode("ascii"), reading["value"])
        unit = browser.js("return [...document.querySelectorAll('.bytes .octets .u')].map((s) => s.textContent.trim()).filter(Boolean)")
        equal(bytes.fromhex("".join(unit)).decode("ascii"), reading["unit"])
        shown = browser.js("return [...document.querySelectorAll('.bytes .octets')].map((s) => s.textContent).join(' ').trim().split(/\\s+/).join('')")
        equal(shown.lower(), reading["exchange"]["received"].lower())
    browser.press("[")
    browser.until("the reading before", "return document.querySelector('.reading-choices button[aria-pressed=true]').dataset.reading === String(arguments[0])", len(readings) - 2)
    assert trace["limit"]["sha256"][:12] in browser.text(".trail-details")
    run.picture("trail-zh")
    browser.dark(True)
    time.sleep(0.3)
    run.picture("trail-zh-dark")
    browser.dark(False)


def review_waits(run, gateway):
    browser = run.browser
    run.go(gateway.url, "review")
    waiting = gateway.api("/api/v1/batches?status=awaiting-review")["batches"]
    equal(len(waiting), 2)
    browser.until("two wait", "return document.querySelectorAll('.queue-item').length === 2")
    equal(browser.text(".rail em"), "2")
    browser.until("the evidence", "return document.querySelector('.review-head .big')")
    for batch in waiting:
        browser.js("[...document.querySelectorAll('.queue-item')].find((q) => q.textContent.includes(arguments[0])).click()", batch["batch"])
        browser.until("whoever decides logs in first", "return document.querySelector('.decision a.button[href=\"#/login\"]')")
        browser.until("its evidence", "return document.querySelector('.review-head')?.textContent.includes(arguments[0])", batch["batch"])
        word = {"fail": "不合格", "undetermined": "不能判定"}[batch["verdict"]]
        equal(browser.text(".review-head .big .tag"), word)
        run.picture(f"review-{batch['verdict']}-zh")


def narrow_fits(run, gateway):
    batch = gateway.api("/api/v1/batches")["batches"][0]["batch"]
    result = next(test["result"]["result"] for b in gateway.api("/api/v1/batches")["batches"]
                  for test in gateway.api(f"/api/v1/batches/{b['batch']}")["tests"] if test["result"])
    for width, height, languages in ((360, 740, "zh en"), (390, 844, "zh"), (768, 1024, "en"), (1366, 768, "zh en"), (1920, 1080, "zh")):
        run.browser.size(width, height)
        for language in languages.split():
            run.go(gateway.url, "bench", language)
            for page in PAGES + [f"batches/{batch}", f"trail/{result}"]:
                run.browser.js("location.hash = '#/' + arguments[0]", page)
                run.browser.until("content", "return !document.querySelector('.loading')")
                time.sleep(0.2)
                wide = run.browser.js("const p = document.querySelector('.page'); return [document.documentElement.scrollWidth, innerWidth, p.scrollWidth, p.clientWidth]")
                assert wide[0] <= wide[1] and wide[2] <= wide[3], f"{page} at {width}, {language}: {wide}"
                if width == 390 and language == "zh":
                    run.picture(f"phone-{page.split('/')[0]}{'-one' if '/' in page else ''}")
    run.browser.size(1366, 768)


def nothing_complained(run):
    equal(run.browser.complaints(), [])


# States that the demonstration does not reach, on an invented state

def other_states(run, server):
    browser = run.browser
    browser.size(1366, 768)
    run.go(server, "bench")
    browser.until("every line", "return document.querySelectorAll('.line-group').length === 5")
    states = browser.js("return [...document.querySelectorAll('.line-head .status')].map((s) => s.textContent.trim())")
    assert states[1].startswith("静默 26") and states[4].startswith("断线 19"), states
    assert "3 条告警" in browser.text(".top"), browser.text(".top")
    assert browser.text(".instrument.bad .val") == "92.4 °C"
    assert "无读数" in browser.js("return [...document.querySelectorAll('.instrument')].find((i) => i.textContent.includes('pH')).textContent")
    assert "请检查插头与电源" in browser.text(".instrument-list")
    browser.until("a script from the wire shown as text", "return [...document.querySelectorAll('.frames .raw')].some((r) => r.textContent.includes('<script>'))")
    run.picture("states-zh")
    run.go(server, "batches")
    browser.until("markup in a name shown as text", "return [...document.querySelectorAll('.list td')].some((c) => c.textContent.includes('<b>x</b>'))")
    equal(browser.count(".list td .c-product b"), 0)
    run.go(server, "trail/R-nothing")
    browser.until("a result that does not exist is said", "return document.querySelector('.nothing')?.textContent.includes('没有这个地址')")
    browser.complaints()


def first_state_is_quiet(run):
    """A gateway without a feed: said in words, nothing invented."""
    server = fixture.serve()
    fixture.Handler.broken.set()
    try:
        run.browser.open(f"http://127.0.0.1:{server.server_address[1]}/#/bench")
        run.browser.until("said", "return document.querySelector('.feed')?.textContent.includes('还没有连上网关')", seconds=10)
        equal(run.browser.count(".live-number"), 0)
        fixture.Handler.broken.clear()
        run.browser.until("it comes by itself", "return document.querySelector('.live-number') && !document.querySelector('.feed')", seconds=15)
        run.browser.complaints()
    finally:
        server.shutdown()


def headers_hold(_, gateway):
    with urllib.request.urlopen(gateway.url + "/", timeout=10) as answer:
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        request = urllib.request.Request(gateway.url + "/api/v1/batches", data=b"{}", method=method, headers={"Content-Type": "application/json"})
        try:
            urllib.request.urlopen(request, timeout=10)
            raise AssertionError(f"{method} was not refused")
        except urllib.error.HTTPError as error:
            equal(error.code, 401)
            equal(error.headers["Content-Type"], "application/problem+json")
    equal(gateway.api("/healthz")["status"], "ok")
    equal(gateway.api("/api/v1/openapi.json")["openapi"][:4], "3.1.")
    with urllib.request.urlopen(gateway.url + "/metrics", timeout=10) as answer:
        assert b"\nassay_line_status{" in answer.read()


def working_laboratory(run):
    gateway = Gateway(run.binary, os.path.join(run.place, "at-work"))
    try:
        for name, function in (("live lines and the armed slot", feed_arrives), ("slots fill without a reload", slots_fill), ("frames are live", frames_are_live),
                               ("Bench does not scroll at 1366 x 768", bench_does_not_scroll), ("Alt L switches the language, and it stays", language_switches)):
            run.check(name, function, run, gateway)
        run.check("nothing in the console", nothing_complained, run)
        run.check("a lost feed is said, SIGTERM ends in order", feed_is_lost, run, gateway)
    finally:
        gateway.stop()


def finished_laboratory(run):
    place = os.path.join(run.place, "finished")
    subprocess.run([run.binary, "demo", "--once", "-d", place], check=True, timeout=60, stdout=subprocess.DEVNULL)
    gateway = Gateway(run.binary, place)
    try:
        for name, function in (("health, metrics, headers, 401", headers_hold), ("three batches, three verdicts", batches_are_judged), ("keyboard", keyboard_works),
                               ("scanner", scanner_works), ("a batch is opened", batch_is_opened), ("a result is walked to its bytes", bytes_are_reached),
                               ("review lists what waits", review_waits), ("no page is wider than 360 px to 1920 px", narrow_fits)):
            run.check(name, function, run, gateway)
        run.check("nothing in the console, no refused content", nothing_complained, run)
    finally:
        run.check("SIGTERM: exit 0", lambda: equal(gateway.stop(), 0))


def invented_laboratory(run):
    server = fixture.serve()
    try:
        run.check("silent, down, out of band, hostile text", other_states, run, f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
    run.check("no feed yet", first_state_is_quiet, run)


def main(binary):
    run = Run(os.path.abspath(binary))
    os.makedirs(PICTURES, exist_ok=True)
    try:
        run.browser = Browser()
        parts = [invented_laboratory] if binary == "-" else [working_laboratory, finished_laboratory, invented_laboratory]
        for part in parts:
            run.check(part.__name__.replace("_", " "), part, run)
    finally:
        if run.browser:
            run.browser.close()
        shutil.rmtree(run.place, ignore_errors=True)
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed or not run.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "build/assay"))
