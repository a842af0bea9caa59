# SPDX-License-Identifier: Apache-2.0
"""Quality in a real browser: a check weight fails, the balance's results are held, one person writes cause and action in Chinese,
another one releases in English; the chart of a control reads without colour and has a table behind it. What is held is compared
with the API and with what the batches said before."""

import json
import subprocess
import time


def assay(run, place, *words):
    done = subprocess.run([run.binary, *words, "-d", place, "--json"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def until(what, function, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = function()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


def measured(run, gateway, place, material):
    """A run of the one material, weighed by the simulated balance."""
    order = assay(run, place, "qc", "run", "new", "--instrument", "balance-1", "--material", material)
    assay(run, place, "test", "fill", f"{order['run']}.1", "w", "--instrument", "balance-1", "--take")
    return until("the controls are judged", lambda: next((one for one in assay(run, place, "qc", "run", "list")
                                                          if one["run"] == order["run"] and one["state"]), None))


def held_and_released(run, gateway, place, log_in, fill, axe, findings):
    browser = run.browser
    before = {one["batch"]: one["verdict"] for one in gateway.api("/api/v1/batches")["batches"]}
    common = ("--lot", "L1", "--expires", "2099-12-31", "--method", "check-weight", "--coverage", "2", "--unit", "g")
    weight = assay(run, place, "qc", "material", "add", "--kind", "check-weight", "--name-zh", "砝码 200 g", "--name-en", "check weight 200 g",
                   "--level", "1", "--value", "200.0000", "--uncertainty", "0.0005", *common)["material"]
    control = assay(run, place, "qc", "material", "add", "--kind", "control", "--name-zh", "质控样 甲", "--name-en", "control A",
                    "--level", "1", "--value", "100", "--uncertainty", "400", *common)["material"]
    assert measured(run, gateway, place, control)["state"] == "in"
    assert measured(run, gateway, place, weight)["state"] == "out"
    held = until("batches are undetermined", lambda: {one["batch"] for one in gateway.api("/api/v1/batches")["batches"] if "control-check" in one["reasons"]})
    assert "fail" in {before[batch] for batch in held}, before

    password = log_in(run, gateway, "tech")
    browser.js("location.hash = '#/quality'")
    browser.until("the hold, in Chinese", "return document.querySelector('.hold b')?.textContent.includes('期间核查不合格')")
    browser.js(axe)
    found = browser.do_async(findings)
    browser.js("[...document.querySelectorAll('.hold button')].find((b) => b.textContent.includes('写明')).click()")
    browser.until("the question", "return document.querySelector('dialog[open] input[name=cause]')")
    fill(browser, "dialog input[name=cause]", "天平未调平")
    fill(browser, "dialog input[name=action]", "调平并重新校准")
    fill(browser, "dialog input[name=password]", password)
    run.picture("quality-explain-zh")
    browser.click("dialog .button.primary")
    browser.until("it waits for somebody else", "return !document.querySelector('dialog[open]') && document.querySelector('.hold')?.textContent.includes('调平并重新校准')")
    browser.until("who explained it does not release it", "return ![...document.querySelectorAll('.hold button')].some((b) => b.textContent.trim() === '放行')")

    log_in(run, gateway, "review")
    run.go(gateway.url, "quality", "en")
    browser.until("the hold, in English", "return document.querySelector('.hold b')?.textContent.includes('failed its intermediate check')")
    browser.js(axe)
    found += browser.do_async(findings)
    browser.js("[...document.querySelectorAll('.hold button')].find((b) => b.textContent.trim() === 'Release').click()")
    browser.until("cause and action stand there", "return document.querySelector('dialog[open]')?.textContent.includes('天平未调平')")
    fill(browser, "dialog input[name=reason]", "the weighings repeat")
    fill(browser, "dialog input[name=password]", password)
    run.picture("quality-release-en")
    browser.click("dialog .button.primary")
    browser.until("nothing is held", "return !document.querySelector('.hold') && document.querySelector('.quality')?.textContent.includes('No results are held')")
    after = {one["batch"]: one["verdict"] for one in gateway.api("/api/v1/batches")["batches"]}
    assert after == before, (before, after)

    browser.js("[...document.querySelectorAll('.q-list tbody tr')].find((r) => r.textContent.includes('control A')).click()")
    browser.until("the chart", "return document.querySelector('svg.control-chart .q-in') && document.querySelector('.history-table')")
    assert browser.js("return document.querySelectorAll('svg.control-chart .q-line').length") == 7
    assert browser.js("return document.querySelectorAll('.history-table tbody tr').length") == 1
    browser.js(axe)
    found += browser.do_async(findings)
    run.picture("quality-chart-en")
    assert not found, "\n".join(found)
