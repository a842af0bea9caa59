#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each case prints a document and reads the result with programs that are not ours: pdftotext, pdffonts, pdfinfo and
pdftoppm (poppler), zbarimg (zbar), strace. Expected texts are those put into the document."""
import copy
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import documents

PROGRAM = os.path.abspath(sys.argv[1])
FULL = bool(os.environ.get("ASSAY_FULL"))


def tool(*arguments, **options):
    return subprocess.run(arguments, check=True, capture_output=True, timeout=120, **options).stdout


def run(kind, document, *options, **more):
    data = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    return subprocess.run([PROGRAM, kind, *options], input=data, capture_output=True, timeout=60, **more)


class Printed:
    """A printed document in a folder of its own."""

    def __init__(self, kind, document, *options):
        self.folder = tempfile.TemporaryDirectory(prefix="assay-report-")
        self.path = os.path.join(self.folder.name, "report")
        done = run(kind, document, *options)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stderr == b"", done.stderr
        self.bytes = done.stdout
        with open(self.path, "wb") as out:
            out.write(self.bytes)

    def text(self, *options):
        """The text with every run of blanks (also U+3000 and U+00A0) as one space."""
        return re.sub(r"\s+", " ", tool("pdftotext", "-layout", *options, self.path, "-").decode())

    def pages(self):
        return int(re.search(rb"^Pages: +(\d+)", tool("pdfinfo", self.path), re.M).group(1))

    def codes(self, kind, dpi=200):
        found = set()
        tool("pdftoppm", "-r", str(dpi), "-gray", "-png", self.path, self.path)
        for name in sorted(os.listdir(self.folder.name)):
            if name.endswith(".png"):
                done = subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", f"-S{kind}.enable",
                                       os.path.join(self.folder.name, name)], capture_output=True, timeout=120)
                found |= set(done.stdout.decode().split("\n")) - {""}
        return found

    def check_fonts(self):
        rows = tool("pdffonts", self.path).decode().split("\n")[2:]
        fonts = [row.split() for row in rows if row]
        assert len(fonts) >= 2
        for font in fonts:  # ... emb sub uni object ID
            assert font[-5:-2] == ["yes", "yes", "yes"], font


def has(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in the text"


def refused(document, code, kind="certificate", *options):
    done = run(kind, document, "--json", *options)
    assert done.returncode == 1, done.returncode
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    error = json.loads(done.stderr)["error"]
    assert error["code"] == code, error
    assert error["text_zh"] and error["text_en"] and "\n" not in error["text_en"]


# ---- certificates ---------------------------------------------------------------------------------------------

ROOT16 = "bcc5c27b6935eede"


def case_pass():
    printed = Printed("certificate", documents.certificate())
    text = printed.text()
    assert printed.pages() == 1
    printed.check_fonts()
    has(text, "清溪县公共食品检测中心", "Qingxi County Public Food Testing Centre", "QX-2026-1187", "Page 1 of 1",
        "陈家酱园", "酱香萝卜条", "20261112", "2026-11-12", "2026-11-20 至 2026-11-23", "S26-1119-03-6", "送检 Sent in",
        "所检 8 项全部合格。", "Pass. All 8 tested items conform.", "未列项目未检验", "全数值比较法", "0.112(-) g/kg",
        "GB 5009.12-2023", "GB 2762-2025 表", "以 NaNO₂ 计", "未检出", "LOQ 0.005 g/kg", "± 0.009 mg/kg, k = 2",
        "5 份均 < 10", "计算", "林静", "周敏", "郑凯", "2026-11-23 16:20 +08:00", "bcc5 c27b 6935 eede", "205 304",
        "assay proof check B26-1119-03.proof", "首次签发", "First issue")
    for signature in documents.certificate()["signatures"]:
        has(text.replace(" ", ""), signature["digest"][:32], signature["digest"][32:])
    assert "不合格" not in text and "不能判定" not in text and "Fail" not in text and "Undetermined" not in text
    assert text.count("合格") - text.count("全部合格") == 9  # frame and eight rows
    assert printed.codes("qrcode") == {f"https://qingxi.assay.example/c/QX-2026-1187#205304.{ROOT16}"}


def case_fail():
    printed = Printed("certificate", documents.fail())
    text = printed.text()
    has(text, "不合格", "0.489(+) g/kg", "1.74", "Fail. 2 of 8 tested items exceed the limit")
    assert text.count("不合格") == 4  # frame, its sentence, two rows
    printed.check_fonts()


def case_undetermined():
    printed = Printed("certificate", documents.undetermined())
    assert printed.pages() == 3
    printed.check_fonts()
    for page in (1, 2):  # the heads again on each page of the table
        has(printed.text("-f", str(page), "-l", str(page)), "限量与依据", "Limit and standard",
            f"第 {page} 页，共 3 页", f"Page {page} of 3")
    text = printed.text()
    has(text, "不能判定", "Undetermined", "原因 Reason 仪器校准过期 the instrument's calibration is overdue",
        "原因 Reason 平行样之差超过方法允许", "原因 Reason 格子没有填齐", "无结果", "无限量", "不适用 ",
        "注意 Note 限量的来源可信度为中，需人工核对", "以下空白")
    rows = [int(n) for n in re.findall(r"^ {0,4}(\d+) ", tool("pdftotext", "-layout", printed.path, "-").decode(), re.M)]
    assert [n for n in rows if n <= 25] == list(range(1, 26)), rows
    assert printed.codes("qrcode") == {f"https://qingxi.assay.example/c/QX-2026-1187#205304.{ROOT16}"}


def case_amended():
    text = Printed("certificate", documents.amended()).text()
    has(text, "更正 本报告替代 QX-2026-1187", "this report replaces QX-2026-1187", "第 4 项山梨酸的标准曲线用错批次",
        "更正 Amended QX-2026-1187 中为 was 0.121 g/kg", "替代 Replaces QX-2026-1187", "QX-2026-1187-1")
    assert "首次签发" not in text


def case_long():
    """Four hundred items, long names and reasons: no row is lost, none is cut by a page's end."""
    document = documents.undetermined()
    item = document["tests"][11]
    document["tests"] = []
    for n in range(400):
        row = copy.deepcopy(item)
        row["analyte_zh"] = f"很长的检验项目名称第{n}号" * 4
        row["analyte_en"] = f"item-{n}-end"
        document["tests"].append(row)
    printed = Printed("certificate", document)
    found = re.findall(r"item-(\d+)-end", tool("pdftotext", "-raw", printed.path, "-").decode().replace("\n", ""))
    assert [int(n) for n in found] == list(range(400))


def case_same_bytes():
    """Another zone, locale, home, working folder and time give the same bytes."""
    moved = {"TZ": "Pacific/Chatham", "LC_ALL": "de_DE.UTF-8", "LANG": "ar_EG.UTF-8", "HOME": "/nonexistent",
             "FONTCONFIG_FILE": "/nonexistent", "PANGO_LANGUAGE": "ja", "SOURCE_DATE_EPOCH": "1", "PATH": "/usr/bin"}
    kinds = [("certificate", documents.undetermined()), ("certificate", documents.amended()),
             ("labels", documents.labels()), ("labels", documents.labels(5, 4), "--svg"), ("card", documents.card()),
             ("statement", documents.statement(5))]
    first = [run(kind, document, *options).stdout for kind, document, *options in kinds]
    time.sleep(1.1)
    for turn in range(20 if FULL else 3):
        for (kind, document, *options), bytes_ in zip(kinds, first):
            again = run(kind, document, *options, env=moved, cwd="/").stdout
            assert bytes_ and again == bytes_, (kind, turn)


def case_file_date():
    """The date in the file is the one in the document: 16:21:07 +08:00."""
    printed = Printed("certificate", documents.certificate())
    info = tool("pdfinfo", "-isodates", printed.path).decode()
    has(info, "2026-11-23T16:21:07+08")
    assert "2026-11-23" in info and info.count("2026-11-23T16:21:07") == 2


# ---- labels and cards ------------------------------------------------------------------------------------------

def case_labels():
    printed = Printed("labels", documents.labels())
    wanted = {label["sample"] for label in documents.labels()["labels"]}
    assert printed.pages() == 2
    printed.check_fonts()
    text = printed.text()
    for sample in wanted:
        has(text, sample)
    assert printed.codes("code128", 300) == wanted


def case_labels_places():
    """The first label in the place named, all in millimetres: page, place and pitch as pdftotext's boxes have them."""
    document = documents.labels(2, 6)  # third column of the second row, then first of the third
    printed = Printed("labels", document)
    boxes = tool("pdftotext", "-bbox", printed.path, "-").decode()
    found = {m[2]: (float(m[0]), float(m[1])) for m in
             re.findall(r'<word xMin="([\d.]+)" yMin="([\d.]+)"[^>]*>(S26[^<]*)</word>', boxes)}
    millimetre = 72 / 25.4
    for sample, column, row in (("S26-1119-01-1", 2, 1), ("S26-1119-01-2", 0, 2)):
        x, y = (v / millimetre for v in found[sample])
        assert 7.25 + column * 66 <= x <= 7.25 + column * 66 + 63.5, (sample, x)
        assert 13 + row * 33.9 + 33.9 / 2 <= y <= 13 + (row + 1) * 33.9, (sample, y)


def case_labels_bar_codes():
    """Every printable character, and the code sets for digits, come back from the scanner as they went in."""
    document = documents.labels(1)
    document["sheet"].update(columns=1, rows=6, label_width_mm="190", pitch_x_mm="190", pitch_y_mm="40")
    document["labels"] = [{"sample": text, "name": "x", "text": ""} for text in (
        "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz",
        "12345678901234567890", "A1234567B89012C3", "7")]
    assert Printed("labels", document).codes("code128", 300) == {label["sample"] for label in document["labels"]}


def case_labels_svg():
    document = documents.labels(5, 4)
    with tempfile.TemporaryDirectory(prefix="assay-report-") as folder:
        svg = Printed("labels", document, "--svg")
        os.rename(svg.path, f"{folder}/labels.svg")
        tool("xmllint", "--noout", "--nonet", f"{folder}/labels.svg")
        tool("chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
             "--force-device-scale-factor=3", "--window-size=800,1130", f"--screenshot={folder}/labels.png",
             f"file://{folder}/labels.svg", cwd=folder)
        found = tool("zbarimg", "-q", "--raw", "-Sdisable", "-Scode128.enable", f"{folder}/labels.png").decode()
        assert set(found.split()) == {label["sample"] for label in document["labels"]}, found
    refused(documents.labels(30), "report-one-page", "labels", "--svg")


def case_card():
    printed = Printed("card", documents.card())
    assert printed.pages() == 1
    printed.check_fonts()
    has(printed.text(), "陈家酱园", "K26-0017", "2026-12-31", "7 full-item tests")
    assert printed.codes("qrcode") == {"https://qingxi.assay.example/k/K26-0017"}
    width, height = re.search(rb"Page size: +([\d.]+) x ([\d.]+)", tool("pdfinfo", printed.path)).groups()
    assert abs(float(width) / 72 * 25.4 - 85.6) < 0.02 and abs(float(height) / 72 * 25.4 - 53.98) < 0.02


# ---- statements ------------------------------------------------------------------------------------------------

def case_statement():
    printed = Printed("statement", documents.statement())
    pages, text = printed.pages(), printed.text()
    assert pages >= 3, pages
    printed.check_fonts()
    has(text, "清溪县公共食品检测中心", "2026Q3", "季度风险报告", "Risks of the quarter", "清溪县 2026-07-01 至 2026-09-30", "总体情况", "The whole picture",
        "3/412 = 0.7 % (0.2 – 2.1 %)", "每个数字至少来自 5 家企业。", "S26-0701-01", f"第 {pages} 页，共 {pages} 页", f"Page 1 of {pages}")
    raw = tool("pdftotext", "-raw", printed.path, "-").decode().replace("\n", "")
    for mark in ("begin", "end"):  # each row once, in order, none lost at a page's end
        assert [int(n) for n in re.findall(rf"row-(\d+)-{mark}", raw)] == list(range(90)), mark
    assert raw.count("脱氢乙酸超标。") == 40  # a cell that wraps is whole
    of_table = [page for page in range(1, pages + 1)
                if "row-" in tool("pdftotext", "-f", str(page), "-l", str(page), "-raw", printed.path, "-").decode()]
    assert text.count("Class and item") == len(of_table) > 1, of_table  # the table's head again on each of its pages


def case_refused_statement():
    make = documents.statement
    for code, path, value in [("report-field-missing", "parts.0.heads", None), ("report-field-unknown", "parts.0.colour", "red"),
                              ("report-field-invalid", "parts.0.part", "picture"), ("report-field-invalid", "parts", make()["parts"] * 41),
                              ("report-field-invalid", "parts.1.text_zh", "字" * 801), ("report-field-invalid", "subject", "a\nb"),
                              ("report-field-invalid", "kind", "certificate"), ("report-field-invalid", "issued", "2026-10-08"),
                              ("report-no-glyph", "parts.2.rows.0.cells.0.text", "\U0001f336"),
                              ("report-field-invalid", "parts.2.rows.0.cells", [{"text": "x"}] * 11)]:
        try:
            refused(changed(make, path, value), code, "statement")
        except AssertionError as error:
            raise AssertionError(f"{path} = {str(value)[:60]!r}: {error}") from error
    refused(changed(make, "parts.2.rows.3.cells", [{"text": "one cell of two"}]), "report-contradiction", "statement")
    refused(make(), "report-field-invalid", "certificate")


# ---- refusals --------------------------------------------------------------------------------------------------

def changed(make, path, value):
    """make() with the member at path ("tests.0.verdict.verdict") set, or removed when value is None."""
    document = make()
    at = document
    *way, last = path.split(".")
    for step in way:
        at = at[int(step) if step.isdigit() else step]
    if value is None:
        del at[last]
    else:
        at[int(last) if last.isdigit() else last] = value
    return document


FAIL = documents.fail
PASS = documents.certificate
UNDETERMINED = documents.undetermined
AMENDED = documents.amended
REFUSED = [
    ("report-field-invalid", PASS, "kind", "poster"),
    ("report-field-invalid", PASS, "kind", "labels"),
    ("report-field-unknown", PASS, "colour", "red"),
    ("report-field-unknown", PASS, "tests.3.result.colour", "red"),
    ("report-field-unknown", PASS, "tests.3.result.a\nb", "red"),
    ("report-field-missing", PASS, "tests.3.limit.clause", None),
    ("report-field-missing", PASS, "decision_rule", None),
    ("report-field-invalid", PASS, "tests.0.result.value", 0.062),
    ("report-field-invalid", PASS, "tests", {}),
    ("report-field-invalid", PASS, "tests", PASS()["tests"] * 51),
    ("report-field-invalid", PASS, "batch.name", "x" * 81),
    ("report-field-invalid", PASS, "batch.name", "a\tb"),
    ("report-field-invalid", PASS, "batch.name", "不\u202e格合"),
    ("report-field-invalid", PASS, "batch.name", "0\u2066.5"),
    ("report-field-invalid", PASS, "batch.name", "合\u200b格"),
    ("report-no-glyph", PASS, "batch.name", "\U0001f336"),
    ("report-field-invalid", PASS, "batch.produced", "2026-02-29"),
    ("report-field-invalid", PASS, "batch.produced", "2026-11-12 "),
    ("report-field-invalid", PASS, "issued", "2026-11-23T16:21:07"),
    ("report-field-invalid", PASS, "issued", "2026-11-23T24:21:07Z"),
    ("report-field-invalid", PASS, "checkpoint.root", "BCC5" + "0" * 60),
    ("report-field-invalid", PASS, "checkpoint.size", -1),
    ("report-field-invalid", PASS, "checkpoint.size", "205304"),
    ("report-field-invalid", PASS, "tests.0.verdict.verdict", ""),
    ("report-field-invalid", PASS, "tests.0.verdict.verdict", "PASS"),
    ("report-contradiction", PASS, "tests.0.verdict.verdict", "fail"),
    ("report-contradiction", PASS, "tests.0.verdict", {"verdict": "undetermined",
                                                       "reasons": [documents.reason("incomplete")]}),
    ("report-contradiction", PASS, "batch.verdict", "fail"),
    ("report-contradiction", PASS, "batch.verdict", "undetermined"),
    ("report-contradiction", PASS, "batch.reasons", [documents.reason("incomplete")]),
    ("report-contradiction", PASS, "tests", []),
    ("report-contradiction", FAIL, "batch.verdict", "pass"),
    ("report-contradiction", UNDETERMINED, "batch.verdict", "pass"),
    ("report-contradiction", UNDETERMINED, "tests.11.verdict.reasons", []),
    ("report-contradiction", PASS, "tests.0.limit", "null"),
    ("report-contradiction", PASS, "tests.0.result", "null"),
    ("report-contradiction", PASS, "tests.0.result.value", ""),
    ("report-contradiction", PASS, "tests.2.result.value", "0.001"),
    ("report-contradiction", PASS, "tests.0.verdict.reasons", [documents.reason("calibration-overdue")]),
    ("report-contradiction", FAIL, "tests.4.verdict.reasons", [documents.reason("duplicate-failed")]),
    ("report-contradiction", PASS, "tests.0.method.standard", "GB 5009.12"),
    ("report-contradiction", PASS, "tests.0.limit.standard", "GB 2762"),
    ("report-contradiction", PASS, "tests.5.method.title_zh", ""),
    ("report-contradiction", PASS, "tests.0.was", "0.07"),
    ("report-contradiction", PASS, "signatures.2.who", "lin.jing"),
    ("report-contradiction", PASS, "signatures.2.who", "zhou.min"),
    ("report-contradiction", PASS, "signatures", PASS()["signatures"][:2]),
    ("report-contradiction", PASS, "check.address", "https://qingxi.assay.example/c/QX-2026-1188"),
    ("report-contradiction", PASS, "check.address", "javascript:QX-2026-1187"),
    ("report-contradiction", PASS, "check.address", "https://a.example/#QX-2026-1187"),
    ("report-contradiction", AMENDED, "replaces.certificate", "QX-2026-1187-1"),
    ("report-contradiction", AMENDED, "replaces.reason", ""),
]


def case_refusals():
    for code, make, path, value in REFUSED:
        try:
            document = changed(make, path, value)
            if value == "null":
                document = json.loads(json.dumps(document).replace('"null"', "null"))
            refused(document, code)
        except AssertionError as error:
            raise AssertionError(f"{path} = {str(value)[:60]!r}: {error}") from error


def case_refused_labels():
    make = documents.labels
    for code, path, value in [
            ("report-field-invalid", "labels.0.sample", ""), ("report-field-invalid", "labels.0.sample", "样品"),
            ("report-field-invalid", "labels.0.sample", "x" * 33), ("report-field-invalid", "sheet.left_mm", "7.255"),
            ("report-field-invalid", "sheet.left_mm", "1e1"), ("report-field-invalid", "sheet.left_mm", "-1"),
            ("report-contradiction", "sheet.left_mm", "20"), ("report-contradiction", "sheet.pitch_x_mm", "60"),
            ("report-contradiction", "sheet.first", 25), ("report-contradiction", "sheet.first", 0),
            ("report-contradiction", "labels", []), ("report-label-narrow", "sheet.label_width_mm", "25"),
            ("report-label-low", "sheet.label_height_mm", "15"), ("report-field-missing", "issued", None)]:
        try:
            refused(changed(make, path, value), code, "labels")
        except AssertionError as error:
            raise AssertionError(f"{path} = {value!r}: {error}") from error
    refused(changed(documents.card, "code", "https://qingxi.assay.example/k/K26-0018"), "report-contradiction", "card")


def case_refused_input():
    good = json.dumps(PASS(), ensure_ascii=False).encode()
    refused(b"", "report-not-json")
    refused(good[:-1], "report-not-json")
    refused(good + b"x", "report-not-json")
    refused(good.replace("陈家".encode(), b"\xff\xfe"), "report-not-json")
    refused(b'{"kind": "certificate", "kind": "certificate"}', "report-not-json")
    refused(b"[" * 13 + b"]" * 13, "report-too-deep")
    refused(b"[" * 1000000, "report-too-deep")
    refused(b" " * 4194304 + good, "report-too-large")
    refused(b"[]", "report-field-invalid")
    plain = run("certificate", b"{}")
    assert plain.returncode == 1 and plain.stderr.startswith(b"assay-report: ") and plain.stderr.count(b"\n") == 1


def case_usage():
    for arguments in ([], ["poster"], ["certificate", "card"], ["certificate", "--svg"], ["labels", "--colour"]):
        done = subprocess.run([PROGRAM, *arguments], input=b"", capture_output=True, timeout=20)
        assert done.returncode == 2 and done.stdout == b"" and b"usage: " in done.stderr, arguments
    done = subprocess.run([PROGRAM, "--help"], input=b"", capture_output=True, timeout=20)
    assert done.returncode == 0 and done.stdout.startswith(b"usage: ")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, "card"], input=json.dumps(documents.card()).encode(), stdout=full,
                              stderr=subprocess.PIPE, timeout=20)
    assert done.returncode == 1 and b"standard output" in done.stderr


# ---- confinement -----------------------------------------------------------------------------------------------

def case_confined():
    """While it waits for its document: filter on, limits down."""
    with subprocess.Popen([PROGRAM, "card"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        for _ in range(100):
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status, \
                    open(f"/proc/{process.pid}/limits", encoding="ascii") as limits:
                seccomp, text = re.search(r"^Seccomp:\s+(\d)", status.read(), re.M).group(1), limits.read()
            if seccomp == "2":
                break
            time.sleep(0.05)
        process.stdin.close()
        process.wait(20)
    assert seccomp == "2"
    for line in (r"Max cpu time\s+15\s", r"Max address space\s+1073741824\s", r"Max core file size\s+0\s",
                 r"Max file size\s+16777216\s"):
        assert re.search(line, text), line


def case_files_opened():
    """Nothing but shared libraries and the fonts, and those for reading only; no socket, no other program. jansson reads
    /dev/urandom to seed its tables; cairo asks /etc/localtime for a date that ours then takes the place of."""
    with tempfile.TemporaryDirectory(prefix="assay-report-") as folder:
        log = f"{folder}/strace"
        done = subprocess.run(["strace", "-f", "-o", log, "-e", "trace=open,openat,creat,socket,connect,execve",
                               PROGRAM, "certificate"], input=json.dumps(PASS()).encode(), capture_output=True,
                              timeout=120)
        assert done.returncode == 0, done.stderr
        with open(log, encoding="utf-8") as file:
            calls = file.read()
    assert calls.count("execve(") == 1 and "socket(" not in calls and "connect(" not in calls
    fonts = set()
    for path, flags in re.findall(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]*)", ([A-Z_|]+)', calls):
        assert "O_RDONLY" in flags, (path, flags)
        if path.startswith("/usr/share/fonts/"):
            fonts.add(os.path.basename(path))
        else:
            assert re.match(r"(/usr)?/lib/|/etc/ld\.so\.cache$|/dev/urandom$|/etc/localtime$|/proc/self/fd/\d+$|/proc/(self/)?(maps|filesystems)$|"
                            r"/sys/devices/system/cpu|/proc/cpuinfo$", path), path
    assert fonts == {"NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"}, fonts


def main():
    passed = failed = 0
    for name, case in list(globals().items()):
        if not name.startswith("case_"):
            continue
        begun = time.monotonic()
        try:
            case()
            passed += 1
            print(f"ok      {name[5:]} {time.monotonic() - begun:.1f} s")
        except Exception as error:  # one case's fault is no other's
            failed += 1
            print(f"FAILED  {name[5:]}: {type(error).__name__}: {error}")
            if isinstance(error, subprocess.CalledProcessError):
                print((error.stderr or b"").decode(errors="replace")[-2000:])
    print(f"report: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
