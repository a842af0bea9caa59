# SPDX-License-Identifier: Apache-2.0
"""What specs/instruments holds, counted by xml.etree, not by our own reader."""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from outside import ASSAY, check, finish  # noqa: E402

FOLDER = os.path.join(os.path.dirname(ASSAY), "specs/instruments")
# Family by family, as the laboratory was promised them.
PROMISED = ["mettler-mt-sics", "kern-kcp", "kern-ew", "sartorius-sbi", "and-standard", "and-csv", "ohaus-ex", "ohaus-scout",
            "radwag", "orion-star", "mettler-sevenmulti", "wtw-ph", "atlas-ezo-ph", "atlas-ezo-ec", "jenway-63xx",
            "spectronic-20d", "anton-paar-dma", "metrohm-titrino-plus", "rotronic-hc2", "testomat", "sartorius-ma",
            "xy-md02", "sht3x-transmitter", "omron-e5cc", "eurotherm-2400", "yudian-ai", "supmea-ph", "lighthouse-particle",
            "foss-milkoscan", "seal-aq2", "lachat", "winlab32", "hach-dr3900", "masshunter", "chemstation-area",
            "labsolutions"]
# Devices whose manuals give a way to ask who they are: the driver's own (MT-SICS I4, SBI x1_ and x2_) or the file's.
WHO_IT_IS = {"mettler-mt-sics": "sics", "kern-kcp": "sics", "sartorius-sbi": "sbi", "and-standard": "request",
             "ohaus-ex": "request", "radwag": "request", "orion-star": "request", "atlas-ezo-ph": "request",
             "atlas-ezo-ec": "request", "anton-paar-dma": "request", "rotronic-hc2": "request"}
NEW = """<instrument driver="ascii" maker="Nobody" model="New" every="30s" needed-every="1s" source="this test"
    not-verified="everything">
  <line pattern="(?&lt;value&gt;-?[0-9]+\\.[0-9]+) (?&lt;unit&gt;[a-z]+)" channel="weight"/>
  <unit text="g" unit="g"/>
  <channel name="weight" name-zh="称量值" name-en="weight" unit="g"/>
"""


def main():
    transcripts, lines = 0, []
    for name in sorted(os.listdir(FOLDER)):
        path = os.path.join(FOLDER, name)
        root = ElementTree.parse(path).getroot()
        own = root.findall("transcript")
        transcripts += len(own)
        check(len(own) >= 3 and root.get("not-verified") and root.get("source"), f"{name}: three transcripts, and says what is not tried")
        check(all(one.get("source") and one.get("origin") in ("captured", "manual", "grammar") for one in own), f"{name}: sources")
        asks = any(one.get("want") == "identity" for one in root.findall("request")) and \
            any(one.get("means") == "identity" for one in root.findall("line"))
        how = WHO_IT_IS.get(name[:-4])
        check(how in (None, root.get("driver")) or (how == "request" and asks), f"{name}: it is asked who it is")
        check(name != "rotronic-hc2.xml" or any(one.get("serial") == "0060568338" for one in own), "a probe tells its number")
        if root.get("driver") in ("ascii", "modbus"):
            with open(path, encoding="utf-8") as file:
                rest = re.sub(r"[ \t]*<transcript\b(?:[^>]*/>|.*?</transcript>)[ \t]*\n?", "", file.read(), flags=re.S)
            lines.append((rest.count("\n"), name))
    check(max(lines)[0] < 30, f"under 30 lines without transcripts: {sorted(lines)[-6:]}")
    for name in PROMISED:
        check(os.path.exists(os.path.join(FOLDER, name + ".xml")), f"{name}.xml is there")
    check(transcripts >= 200, f"{transcripts} transcripts")
    with tempfile.TemporaryDirectory() as room:
        path = os.path.join(room, "new.xml")
        rows = [("12.50 g", "12.50", "g"), ("-0.1 g", "-0.1", "g"), ("7.0 g", "7.0", "g")]
        with open(path, "w", encoding="utf-8") as file:
            file.write(NEW)
            for text, value, unit in rows:
                file.write(f'  <transcript name="{text}" origin="grammar" source="this test" '
                           f'bytes="{(text + chr(13) + chr(10)).encode().hex(" ")}">'
                           f'<reading channel="weight" value="{value}" unit="{unit}"/></transcript>\n')
            file.write("</instrument>\n")
        done = subprocess.run([ASSAY, "driver", "test", path], capture_output=True, text=True, timeout=30)
        check(done.returncode == 0 and "3 transcripts good" in done.stdout, f"a new instrument: {done.stdout}{done.stderr}")
    return finish()


if __name__ == "__main__":
    sys.exit(main())
