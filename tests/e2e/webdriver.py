# SPDX-License-Identifier: Apache-2.0
"""A browser by the WebDriver protocol, with nothing but the standard library: Debian's chromium and chromium-driver."""

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Alt": "\ue00a", "ArrowDown": "\ue015", "ArrowUp": "\ue013", "Tab": "\ue004", "Backspace": "\ue003"}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1"]


class WebDriverError(Exception):
    pass


class Browser:
    """One chromium with a profile of its own. Close it: it leaves nothing behind."""

    def __init__(self, language="zh-CN"):
        self.place = tempfile.mkdtemp(prefix="assay-e2e-")
        self.session = None
        self.driver = subprocess.Popen(["/usr/bin/chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True, env=dict(os.environ, HOME=self.place, TMPDIR=self.place), start_new_session=True)
        self.base = None
        for line in self.driver.stdout:
            match = re.search(r"successfully on port (\d+)", line)
            if match:
                self.base = f"http://127.0.0.1:{match.group(1)}"
                break
        if not self.base:
            raise WebDriverError("chromedriver did not start")
        options = {"args": FLAGS + [f"--user-data-dir={self.place}/profile", f"--lang={language}"], "binary": "/usr/bin/chromium",
                   "prefs": {"intl.accept_languages": language}}
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = answer["sessionId"]
        self.do("POST", "/timeouts", {"script": 120000})

    def call(self, method, path, body=None, timeout=60):
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data=data, method=method, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise WebDriverError(f"{value.get('error')}: {value.get('message', '').splitlines()[0]}") from None

    def do(self, method, path, body=None):
        return self.call(method, f"/session/{self.session}{path}", body)

    def cdp(self, command, **parameters):
        return self.do("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height, touch=False):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=touch)

    def dark(self, on):
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if on else "light"}])

    def open(self, url):
        self.do("POST", "/url", {"url": url})

    def js(self, script, *arguments):
        return self.do("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def count(self, css):
        return self.js("return document.querySelectorAll(arguments[0]).length", css)

    def text(self, css):
        return self.js("const e = document.querySelector(arguments[0]); return e ? e.textContent.replace(/\\s+/g, ' ').trim() : null", css)

    def click(self, css):
        element = self.do("POST", "/element", {"using": "css selector", "value": css})
        self.do("POST", f"/element/{element[ELEMENT]}/click")

    def press(self, *keys, gap_ms=60):
        """Keys one after the other, at a person's pace (faster would be a scanner). "Alt+l" holds Alt."""
        actions = []
        for key in keys:
            held = key.split("+") if len(key) > 1 and "+" in key else [key]
            for one in held:
                actions.append({"type": "keyDown", "value": KEYS.get(one, one)})
            for one in reversed(held):
                actions.append({"type": "keyUp", "value": KEYS.get(one, one)})
            actions.append({"type": "pause", "duration": gap_ms})
        self.do("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def until(self, what, script, *arguments, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.js(script, *arguments)
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds} s: {what}")

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.do("GET", "/screenshot")))

    def do_async(self, script, *arguments):
        return self.call("POST", f"/session/{self.session}/execute/async", {"script": script, "args": list(arguments)}, timeout=130)

    def complaints(self):
        """What the console said since last asked: errors, warnings and refused content."""
        return [entry["message"] for entry in self.do("POST", "/se/log", {"type": "browser"}) if entry["level"] in ("SEVERE", "WARNING")]

    def close(self):
        try:
            if self.session:
                self.call("DELETE", f"/session/{self.session}", timeout=10)
        except (WebDriverError, OSError):
            pass
        self.driver.terminate()
        try:
            self.driver.wait(10)
        except subprocess.TimeoutExpired:
            self.driver.kill()
            self.driver.wait()
        self.driver.stdout.close()
        shutil.rmtree(self.place, ignore_errors=True)
