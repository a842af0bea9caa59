"""lab_xml.py ASSAY: lab.xml's manual, schema, driver and examples agree. Every element and attribute of lab.xsd stands in
assay.xml(5) and the other way round; <item> has the options of the modbus driver's table; each example passes the check and
uses only the file names and methods there are. Prints "N passed, N failed"."""
import glob, json, os, re, subprocess, sys
import xml.etree.ElementTree as xml

assay = sys.argv[1]
root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
passed = failed = 0


def ok(good, what):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAILED:", what)


XS = "{http://www.w3.org/2001/XMLSchema}"
schema = xml.parse(f"{root}/specs/schema/lab.xsd")
attributes = {a.get("name") for a in schema.iter(XS + "attribute")}
elements = {e.get("name") for e in schema.iter(XS + "element")}
manual = open(f"{root}/gateway/man/assay.xml.5").read()
body = manual[manual.index(".Sh DESCRIPTION"):manual.index(".Sh FILES")]
told = set()
for words in re.findall(r"^\.It Cm (.+)$", body, re.M):
    told |= set(re.split(r"\s*,\s*", words.strip()))
for words in re.findall(r"^\.(?:Cm|Pq Cm) ([a-z -]+)(?: [.,;)].*)?$", body, re.M):
    told |= set(words.split())
ok(attributes <= told, f"attributes of lab.xsd that the manual does not tell: {sorted(attributes - told)}")
listed = {w for words in re.findall(r"^\.It Cm (.+)$", body, re.M) for w in re.split(r"\s*,\s*", words.strip())}
ok(listed <= attributes, f"attributes of the manual that lab.xsd does not know: {sorted(listed - attributes)}")
named = set(re.findall(r"<([a-z-]+)>", body))
ok(elements == named, f"elements: {sorted(elements ^ named)}")

# each code that a mistake can have, as the sources that read the file set them
codes = set()
for source in glob.glob(f"{root}/gateway/config*.c"):
    codes |= set(re.findall(r'ASSAY_E[A-Z]+,\s*"([a-z]+(?:-[a-z]+)+)"', open(source).read()))
told = {w for words in re.findall(r"^\.It Li (.+)$", manual[manual.index(".Sh DIAGNOSTICS"):], re.M) for w in re.split(r"\s*,\s*", words.strip())}
ok(len(codes) > 20 and codes <= told, f"codes of mistakes that the manual does not tell: {sorted(codes - told)}")

item = next(e for e in schema.iter(XS + "element") if e.get("name") == "item")
columns = {a.get("name") for a in item.iter(XS + "attribute")}
driver = json.loads(subprocess.run([assay, "driver", "show", "modbus", "--json"], capture_output=True, text=True, check=True).stdout)
options = {o["name"] for o in driver["options"] if o.get("group") == "item"}
ok(columns == options and len(options) > 10, f"<item> and the modbus driver: {sorted(columns ^ options)}")

examples = sorted(glob.glob(f"{root}/specs/examples/*.xml"))
ok(len(examples) >= 10, "ten examples")
methods = {m.get("standard").split("-")[0] for f in glob.glob(f"{root}/specs/methods/*.xml") for m in xml.parse(f).iter() if m.get("standard")}
for example in examples:
    name = os.path.basename(example)
    done = subprocess.run([assay, "serve", "--check", "-c", example], capture_output=True, text=True)
    ok(done.returncode == 0, f"{name}: {done.stderr.strip()}")
    text = open(example).read()
    numbers = set(re.findall(r"GB \d+(?:\.\d+)?", text))
    known = {n for n in numbers if any(m == n or m.startswith(n + ".") for m in methods)}
    ok(known == numbers, f"{name}: methods that are not there: {numbers - known}")
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
