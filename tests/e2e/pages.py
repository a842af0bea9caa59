# SPDX-License-Identifier: Apache-2.0
"""The pages that people work in all day, on a laboratory that has had its morning: the steps of the work, after those of
pages_read.py."""

import json
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pages_read  # noqa: E402
import quality_page  # noqa: E402
from person import fill, log_in, submit, scan, fill_all, code_read, served_pdf, certificate_is_there  # noqa: E402
from run import Gateway, PICTURES, Run, equal  # noqa: E402
from webdriver import Browser  # noqa: E402



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
    pages_read.clean(run, "a producer with his card")
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
    found = "[...document.querySelectorAll('.found button')]"
    browser.until("soy sauces", f"return {found}.length && {found}.every((b) => b.textContent.includes('酱油'))")
    browser.js(f"{found}.find((b) => b.textContent.includes('高盐稀态 一级')).click()")
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
    pages_read.clean(run, "the dialog of a slot")
    fill(browser, "dialog input[name=value]", f"1.000 {slot['unit']}".strip())
    fill(browser, "dialog input[name=reason]", "滴定管读数")
    browser.click("dialog .button.primary")
    browser.until("a typed value in its slot, or why not", "return !document.querySelector('dialog[open]') && document.querySelector('.slot.filled')?.textContent.includes('手工值') || document.querySelector('dialog .refusal')")
    equal(browser.count("dialog .refusal"), 0)
    filled = [s for s in gateway.api(f"/api/v1/tests/{test['test']}")["slots"] if s["status"] == "filled"]
    equal([(s["value"], s["typed"]) for s in filled], [("1.000", True)])
    run.picture("bench-typed-zh")
    browser.js("document.activeElement?.blur()")
    browser.press("Backspace")
    browser.until("the question why", "return document.querySelector('dialog[open] input[name=reason]')")
    pages_read.clean(run, "the dialog of taking back")
    fill(browser, "dialog input[name=reason]", "看错刻度")
    submit(browser)
    browser.until("an empty slot", "return !document.querySelector('.slot.filled')")
    equal([s for s in gateway.api(f"/api/v1/tests/{test['test']}")["slots"] if s["status"] == "filled"], [])
    said = [json.loads(line) for line in subprocess.run([run.binary, "journal", "-d", os.path.join(run.place, "worked-in"), "--json"], capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()]
    equal([(one["body"]["action"], one["body"]["value"], one["body"]["reason"]) for one in said if one["kind"] == "slot"], [("taken-back", "1.000", "看错刻度")])


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
    pages_read.clean(run, "the dialog of a signature")
    fill(browser, "dialog input[name=reason]", "样品名称有误")
    fill(browser, "dialog input[name=password]", password)
    browser.click("dialog .button.primary")
    second = certificate_is_there(run, gateway, first)
    equal(gateway.api(f"/api/v1/certificates/{second}")["replaces"], first)
    said = served_pdf(run, browser.js("return document.querySelector('#paper').getAttribute('href')"))
    assert first in said and second in said and "样品名称有误" in said, said
    pages_read.clean(run, "a certificate")
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
    pages_read.clean(run, "a producer's own page")
    run.picture("phone-mine-zh")
    failed = next(one for one in every if one["verdict"] == "fail" and one["producer"] == "禾香食品")
    browser.js("[...document.querySelectorAll('.mine a.own')].find((a) => a.textContent.includes(arguments[0])).click()", failed["name"])
    browser.until("the value over the limit", "return document.querySelector('.own-result .figure.fail b')?.textContent === arguments[0]",
                  gateway.api(f"/api/v1/batches/{failed['batch']}")["tests"][0]["result"]["value"])
    wide = browser.js("const p = document.querySelector('.page'); return p.scrollWidth - p.clientWidth")
    assert wide <= 0, wide
    pages_read.clean(run, "a producer's own batch")
    run.picture("phone-mine-one-zh")
    other = next(one for one in every if one["producer"] != "禾香食品")
    browser.js("location.hash = '#/mine/' + arguments[0]", other["batch"])
    browser.until("another's is refused", "return document.querySelector('.mine .nothing')")
    browser.js("location.hash = '#/bench'")
    browser.until("and there is no Bench for him", "return document.querySelector('.mine ul') && !document.querySelector('.bench')")
    browser.size(1366, 768)
    equal([said for said in browser.complaints() if "status of 40" not in said], [])


def quality_holds(run, gateway):
    quality_page.held_and_released(run, gateway, os.path.join(run.place, "worked-in"), log_in, pages_read.axe_source(), pages_read.AXE)


def nothing_complained(run):
    """But that somebody was not in yet, or an entry not signed yet."""
    equal([said for said in run.browser.complaints() if not re.search(r"status of 40[14]", said)], [])


def worked_in(run):
    place = os.path.join(run.place, "worked-in")
    subprocess.run([run.binary, "demo", "--once", "-d", place], check=True, timeout=60, stdout=subprocess.DEVNULL)
    gateway = Gateway(run.binary, place)
    try:
        for name, function in (("the first page names its modules", pages_read.first_page_is_flat), ("every word is there", pages_read.words_are_known), ("Batches: filtered, sorted, counted", pages_read.batches_are_filtered), ("no serious finding, every control by keyboard: zh, light", pages_read.nobody_is_shut_out), ("no serious finding at the login", pages_read.login_is_clean),
                               ("no serious finding, nothing too wide: a phone of 360 px, en, dark", pages_read.phone_fits), ("Standards: every edition, its rows as in the file", pages_read.editions_are_listed), ("Standards: Chinese, pinyin, English", pages_read.limits_are_found),
                               ("Standards: two editions compared", pages_read.editions_are_compared), ("Standards: page after page", pages_read.rows_go_on), ("Trail: the ladder's hashes", pages_read.ladder_is_climbed), ("Trail: the proof fetched and checked", pages_read.proof_is_fetched), ("Trail: the journal searched", pages_read.journal_is_searched),
                               ("Review: results and duplicates drawn", pages_read.results_are_drawn)):
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
