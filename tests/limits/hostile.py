#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile XML given to assay spec check: refused within 2 s and 64 MiB, with no file but the specs and no socket opened
(seen under strace).

usage: hostile.py ASSAY SPECS"""

import os
import re
import subprocess
import sys
import tempfile

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
PRODUCT = '<product id="x" name-zh="x" name-en="x" source="s">%s<use standard="GB 2762" category="F18"/></product>'


def files():
    good = PRODUCT % ""
    yield "doctype", HEAD + "<!DOCTYPE product>" + good
    yield "external entity", HEAD + '<!DOCTYPE product [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + PRODUCT % "&a;"
    yield "external dtd", HEAD + '<!DOCTYPE product SYSTEM "http://127.0.0.1:9/x.dtd">' + good
    yield "parameter entity", HEAD + '<!DOCTYPE p [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;]>' + good
    lol = "".join('<!ENTITY l%d "%s">' % (i, ("&l%d;" % (i - 1)) * 10) for i in range(1, 10))
    yield "billion laughs", HEAD + '<!DOCTYPE p [<!ENTITY l0 "lol">' + lol + "]>" + PRODUCT % "&l9;"
    yield "undefined entity", HEAD + PRODUCT % "&a;"
    yield "xinclude", HEAD + PRODUCT % (
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>')
    yield "schema location (harmless)", HEAD + good.replace("<product ", '<product xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
                                                 ' xsi:noNamespaceSchemaLocation="http://127.0.0.1:9/x.xsd" ')
    yield "processing instruction", HEAD + '<?xml-stylesheet href="http://127.0.0.1:9/x"?>' + good
    yield "80,000 attributes", lambda: HEAD + "<product " + " ".join('a%d="1"' % i for i in range(80000)) + "/>"
    yield "65 attributes", HEAD + "<product " + " ".join('a%d="1"' % i for i in range(65)) + "/>"
    yield "80,000 namespaces", lambda: HEAD + "<product " + " ".join('xmlns:a%d="u"' % i for i in range(80000)) + "/>"
    yield "depth", lambda: HEAD + "<product>" + "<a>" * 100000 + "</a>" * 100000 + "</product>"
    yield "8 MB text", lambda: HEAD + PRODUCT % ("x" * 8000000)
    yield "8 MB attribute", lambda: HEAD + good.replace('source="s"', 'source="%s"' % ("y" * 8000000)).replace("F18", "F99")
    yield "9 MB", lambda: HEAD + PRODUCT % ("x" * 9000000)
    yield "8 MB of comments", lambda: HEAD + "<!--" + "- " * 4000000 + "-->" + PRODUCT % "<x/>"
    for many, part in (("elements", "<use/>"), ("empty comments", "<!---->"), ("full tags", "<use " + " ".join('a%d=""' % i for i in range(64)) + "/>"),
                       ("categories", '<category code="1" name-zh="x" name-en="y"/>\n')):
        yield "8 MB of " + many, lambda part=part: HEAD + "<product>" + part * (8000000 // len(part)) + "</product>"
        yield "4 MB of " + many, lambda part=part: HEAD + "<product>" + part * (4000000 // len(part)) + "</product>"
    yield "65,000 elements", lambda: HEAD + "<product>" + "<use/>" * 65000 + "</product>"
    yield "4 MB text", lambda: HEAD + PRODUCT % ("x" * 4190000)
    yield "3 MB and 48,000 parts", lambda: HEAD + good.replace('source="s"', 'source="%s"' % ("y" * 3500000)).replace(
        "<use", '<use standard="GB 2762" category="F18"/>' * 14000 + "<use")
    yield "3 MB and 65,000 comments", lambda: HEAD + good.replace('source="s"', 'source="%s"' % ("y" * 3500000)).replace("F18", "F99").replace(
        "<use", "<!---->" * 65000 + "<use")
    yield "200,000 elements", lambda: HEAD + "<product>" + "<use/>" * 200000 + "</product>"
    for cut in (1, 20, 60, 100, len(good) - 1):
        yield "cut at %d" % cut, (HEAD + good)[:len(HEAD) + cut]
    yield "empty", ""
    yield "utf-16", (HEAD.replace("UTF-8", "UTF-16") + good).encode("utf-16")
    yield "says utf-16", (HEAD.replace("UTF-8", "UTF-16") + good).encode()
    yield "latin-1 bytes", (HEAD + good.replace('name-zh="x"', 'name-zh="\xe9"')).encode("latin-1")
    yield "ucs-4", good.encode("utf-32-le")
    yield "NUL bytes", HEAD + good + "\0" * 100
    yield "gzip", b"\x1f\x8b\x08\x00" + os.urandom(200)
    yield "noise", lambda: os.urandom(100000)
    yield "unknown root", HEAD + "<limits/>"
    yield "cdata end missing", lambda: HEAD + "<product><![CDATA[" + "x" * 100000
    yield "quote end missing", lambda: HEAD + '<product id="' + "x" * 1000000


def write(path, text):
    """By a process of its own: a program starts with the memory of the one that starts it counted as its most, so this one
    stays small and the big texts are made elsewhere."""
    process = os.fork()
    if process == 0:
        text = text() if callable(text) else text
        with open(path, "wb") as out:
            out.write(text if isinstance(text, bytes) else text.encode())
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0


OPENED = re.compile(r'(?:open|openat)\([^"]*"([^"]*)"[^=]*= ([0-9]+)')


def strays(trace, path, specs):
    """Files opened that are neither ours nor the loader's, and sockets."""
    found = []
    for line in trace.splitlines():
        if "socket(" in line or "connect(" in line:
            found.append(line)
        opened = OPENED.search(line)
        if not opened:
            continue
        name = os.path.realpath(opened.group(1))
        own = name == os.path.realpath(path) or name.startswith(os.path.realpath(specs))
        loader = re.match(r"(/usr)?/lib|/etc/ld\.so|/usr/share/locale|/proc/(self|[0-9]+)/|/dev/(null|urandom)|"
                          r"/etc/(ssl|crypto|localtime)|/sys/devices/system|/usr/lib/ssl|/usr/share/zoneinfo|"
                          r"/usr/lib/locale", name)
        if not own and not loader and not opened.group(1).startswith("/usr/share/locale/"):
            found.append(line)
    return found


def main():
    assay, specs = sys.argv[1], sys.argv[2]
    passed, failed = 0, 0
    traced = subprocess.run(["strace", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0
    with tempfile.TemporaryDirectory() as folder:
        path, trace = folder + "/hostile.xml", folder + "/trace"
        for name, text in files():
            write(path, text)
            process = subprocess.Popen([assay, "spec", "check", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            out, err = process.stdout.read(), process.stderr.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds, mib = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
            wrong = []
            if "harmless" in name:  # a location of a schema is not followed: the file is good and nothing else is opened
                err = out
            elif process.returncode != 1 or not err or out:
                wrong.append("exit %s %s" % (process.returncode, (out + err)[:200]))
            if seconds > 2:
                wrong.append("%.2f s" % seconds)
            if mib > 64:
                wrong.append("%.0f MiB" % mib)
            if traced:
                subprocess.run(["strace", "-f", "-qq", "-e", "trace=open,openat,socket,connect", "-o", trace, assay, "spec",
                                "check", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
                with open(trace, encoding="utf-8", errors="replace") as lines:
                    wrong += strays(lines.read(), path, specs)
            print("%-27s %5.2f s %5.1f MiB  %s" % (name, seconds, mib, "; ".join(wrong) or err.decode().strip()[:100]))
            passed, failed = passed + (not wrong), failed + bool(wrong)
    if not traced:
        print("strace cannot trace here: opened files were not looked at")
    print("hostile: %d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
