# SPDX-License-Identifier: Apache-2.0
"""What a person does at the pages: fills in, scans, logs in, signs, fetches a paper."""

import base64
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from run import PICTURES, equal  # noqa: E402


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
    os.makedirs(os.path.dirname(picture), exist_ok=True)
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


def certificate_is_there(run, gateway, but=""):
    browser = run.browser
    browser.until("the certificate and its print", "return document.querySelector('#paper') && document.querySelector('.certificate h2').textContent !== arguments[0]", but, seconds=60)
    return browser.text(".certificate h2")
