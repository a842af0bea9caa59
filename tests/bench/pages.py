#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the first page weighs and how soon it can be used, in chromium on loopback: bytes on the wire of everything the Bench needs
(as the browser counts them), and the time from the request to the page that answers keys (its own mark "usable"). Aims: under
100 kB, under 300 ms. Measured 11 times with an empty cache, the middle is given."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
from run import Gateway  # noqa: E402
from webdriver import Browser  # noqa: E402

ROUNDS = 11
SIZES = """const own = performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).filter((e) => !e.name.includes('/api/'));
return { wire: own.reduce((sum, e) => sum + e.transferSize, 0), whole: own.reduce((sum, e) => sum + e.decodedBodySize, 0), files: own.length,
  usable: performance.getEntriesByName('usable')[0]?.startTime ?? null, painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null }"""


def main():
    binary = os.path.abspath(os.environ.get("ASSAY", "build/assay"))
    place = tempfile.mkdtemp(prefix="assay-pages-")
    browser = gateway = None
    try:
        subprocess.run([binary, "demo", "--once", "-d", place], check=True, timeout=120, stdout=subprocess.DEVNULL)
        gateway = Gateway(binary, place)
        browser = Browser()
        browser.size(1366, 768)
        browser.cdp("Network.enable")
        browser.cdp("Network.setCacheDisabled", cacheDisabled=True)
        found = []
        for _ in range(ROUNDS):
            browser.open("about:blank")
            browser.open(gateway.url + "/#/bench")
            browser.until("the bench", "return document.querySelector('.job')")
            time.sleep(0.3)
            found.append(browser.js(SIZES))
        middle = {key: sorted(one[key] or 0 for one in found)[ROUNDS // 2] for key in found[0]}
        print(f"first page: {middle['files']} files, {middle['wire'] / 1000:.1f} kB on the wire ({middle['whole'] / 1000:.1f} kB whole), aim 100 kB")
        print(f"usable after {middle['usable']:.0f} ms, painted after {middle['painted']:.0f} ms, aim 300 ms")
    finally:
        if browser:
            browser.close()
        if gateway:
            gateway.stop()
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
