#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""In a real browser, from an empty directory: the first administrator by his one-time code, a user, his login and logout, a changed
password, a disabled user. What the pages say is held against the API."""

import base64
import hashlib
import hmac
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pages_read  # noqa: E402
from webdriver import Browser  # noqa: E402

ASSAY = os.environ.get("ASSAY", "build/assay")
PICTURES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "build", "e2e")
SECRET = "vier unzusammen 4"
passed = failed = 0


def ok(condition, what, more=""):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {what} {more}", flush=True)


def fill(browser, **values):
    for name, value in values.items():
        browser.js("""const box = document.querySelector(`input[name="${arguments[0]}"]`); box.value = arguments[1];
            box.dispatchEvent(new Event('input', { bubbles: true }))""", name, value)


def send(browser):
    browser.click(".form .button.primary")


def totp(key, ahead=0):
    """RFC 6238, by Python's hmac."""
    digest = hmac.new(base64.b32decode(key), struct.pack(">Q", int(time.time()) // 30 + ahead), hashlib.sha1).digest()
    at = digest[19] & 15
    return "%06d" % ((struct.unpack(">I", digest[at:at + 4])[0] & 0x7FFFFFFF) % 1000000)


def second_factor(browser):
    """S19: set up with the keyboard alone, asked for at the next login."""
    browser.js("document.querySelector('#set-up-factor').focus()")
    browser.press("Enter")
    browser.until("the signature", "return document.querySelector('dialog[open] input[name=password]')")
    browser.js("document.querySelector('dialog input[name=password]').focus()")
    browser.press(*(SECRET + "li"), "Enter")
    browser.until("the key", "return document.querySelector('#factor-key') && document.activeElement.name === 'code'")
    ok(browser.count("#second-factor svg.qr path") == 1, "S19 the secret is there to be scanned")
    key = browser.text("#factor-key").replace(" ", "")
    browser.js(pages_read.axe_source())
    found = browser.do_async(pages_read.AXE)
    ok(found == [], "S19 axe-core finds nothing serious", found)
    browser.picture(f"{PICTURES}/second-factor-zh.png")
    browser.press(*totp(key), "Enter")
    browser.until("it is on", "return document.querySelector('#second-factor #set-up-factor')?.textContent === '重新设置'")
    browser.js("[...document.querySelectorAll('.gate .button')].find((b) => b.textContent === '退出登录').click()")
    browser.until("the login", "return document.querySelector('input[name=user]') && !document.querySelector('.rail')")
    fill(browser, user="li.na", password=SECRET + "li")
    send(browser)
    browser.until("the code is asked for", "return document.activeElement?.name === 'code'")
    ok(browser.count(".refusal") == 0, "S19 asking is no refusal")
    browser.press(*totp(key), "Enter")
    browser.until("a refusal", "return document.querySelector('.refusal')")
    ok("验证码" in browser.text(".refusal"), "S19 a code counts once", browser.text(".refusal"))
    fill(browser, code=totp(key, 1))
    send(browser)
    browser.until("the pages", "return document.querySelector('.rail')")
    browser.js("location.hash = '#/me'")
    browser.until("my page", "return document.querySelector('.gate input[name=again]')")


def scenario(browser, url, folder):
    code = open(f"{folder}/run/first-admin").read().strip()
    browser.open(url)
    browser.until("the first-run page", "return document.querySelector('input[name=code]')")
    ok("管理员" in browser.text(".gate h2"), "the first-run page asks for the first administrator", browser.text(".gate h2"))
    browser.picture(f"{PICTURES}/first-admin-zh.png")
    fill(browser, code="AAAA-BBBB-CCCC-DDDD", user="boss", name="王敏", new_password=SECRET, again=SECRET)
    send(browser)
    browser.until("a refusal", "return document.querySelector('.refusal')")
    ok("代码" in browser.text(".refusal"), "a wrong code is refused in words", browser.text(".refusal"))
    ok(browser.count(".rail") == 0, "and nothing of the laboratory is shown")
    fill(browser, code=code, user="boss", name="王敏", new_password=SECRET, again=SECRET + "x")
    send(browser)
    browser.until("the difference is said", "return document.querySelector('.refusal')?.textContent.includes('不同')")
    fill(browser, code=code, again=SECRET)
    send(browser)
    browser.until("the pages", "return document.querySelector('.rail a[href$=admin]')")
    ok(browser.text(".who") == "王敏", "who is logged in stands at the top", browser.text(".who"))
    ok(browser.js("return document.cookie") == "", "S11 no script sees the cookie")

    browser.js("location.hash = '#/admin/people'")
    browser.until("the users", "return document.querySelector('#add-user')")
    browser.click("#add-user")
    browser.until("the form", "return document.querySelector('dialog[open] input[name=user]')")
    fill(browser, user="li.na", name="李娜 <b>", new_password=SECRET + "li", password="wrong password")
    browser.click("dialog input[name=role-technician]")
    browser.click("dialog .button.primary")
    browser.until("a refusal", "return document.querySelector('dialog .refusal')")
    ok("密码" in browser.text("dialog .refusal"), "a signature with a wrong password is refused", browser.text("dialog .refusal"))
    fill(browser, password=SECRET)
    browser.click("dialog .button.primary")
    browser.until("the user in the list", "return [...document.querySelectorAll('.people td')].some((td) => td.textContent === 'li.na')")
    ok("李娜 <b>" in browser.text(".people"), "S22 a name is shown as it was typed", browser.text(".people"))
    ok(browser.count(".people b") == 0, "S22 and is no markup")
    browser.picture(f"{PICTURES}/admin-zh.png")
    browser.click("#add-token")
    browser.until("the form", "return document.querySelector('dialog[open] input[name=days]')")
    fill(browser, name="LIMS", password=SECRET)
    browser.click("dialog .button.primary")
    browser.until("the secret", "return document.querySelector('#secret')")
    ok(re.fullmatch(r"[\w-]{43}", browser.text("#secret")) is not None, "the token is shown once", browser.text("#secret"))

    browser.click(".who")
    browser.until("my page", "return document.querySelector('.gate input[name=again]')")
    browser.js("[...document.querySelectorAll('.gate .button')].find((b) => b.textContent === '退出登录').click()")
    browser.until("the login", "return document.querySelector('input[name=user]') && !document.querySelector('.rail')")
    browser.picture(f"{PICTURES}/login-zh.png")
    status = browser.js("const r = new XMLHttpRequest(); r.open('GET', '/api/v1/batches', false); r.send(); return r.status")
    ok(status == 401, "after logging out the API answers 401", status)
    fill(browser, user="li.na", password="wrong")
    send(browser)
    browser.until("a refusal", "return document.querySelector('.refusal')")
    fill(browser, user="li.na", password=SECRET + "li")
    send(browser)
    browser.until("the pages", "return document.querySelector('.rail')")
    browser.js("location.hash = '#/admin/people'")
    browser.until("his Admin", "return document.querySelector('.admin-page .tabs')")
    ok(browser.count('.tabs a[href="#/admin/people"]') == 0 and browser.count("#add-user") == 0, "a technician's Admin has no people")
    mine = browser.js("const r = new XMLHttpRequest(); r.open('GET', '/api/v1/login', false); r.send(); return r.responseText")
    ok(json.loads(mine)["me"]["roles"] == "technician", "the API says so too", mine)
    browser.js("location.hash = '#/me'")
    browser.until("my page", "return document.querySelector('.gate input[name=again]')")
    second_factor(browser)
    fill(browser, password=SECRET + "li", new_password=SECRET + "na", again=SECRET + "na")
    send(browser)
    browser.until("the login, which asks for the code again", "return document.querySelector('input[name=user]') && !document.querySelector('.rail')")
    # disabled at the machine: the page notices with its next request
    done = subprocess.run([ASSAY, "user", "disable", "li.na", "--reason", "left", "-d", folder], capture_output=True, text=True, timeout=30)
    ok(done.returncode == 0, "disabled", done.stderr)
    browser.open(url)
    browser.until("the login", "return document.querySelector('input[name=user]') && !document.querySelector('.rail')")
    browser.press("Tab", "Tab")
    expected = [c for c in browser.complaints() if "status of 40" not in c and "status of 42" not in c]
    ok(not expected, "the console has nothing to say but the refusals", expected)


def main():
    os.makedirs(PICTURES, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/lab.xml", "w") as file:
            file.write('<lab site="t" origin="t.example/log" name-zh="试" name-en="trial" listen="127.0.0.1:0"/>\n')
        process = subprocess.Popen([ASSAY, "serve", "-d", folder, "--json"], stdout=subprocess.PIPE)
        browser = None
        try:
            url = json.loads(process.stdout.readline())["url"]
            browser = Browser()
            browser.size(1280, 900)
            scenario(browser, url, folder)
        finally:
            if browser:
                browser.close()
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            process.stdout.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
