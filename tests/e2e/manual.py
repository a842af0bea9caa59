"""manual.py ASSAY: what the program takes, what its --help says, what the manual says and what completion offers are one list.
Commands by assay --help, options by the tables getopt gets (in the sources), verbs by the usage lines and assay(1). The guides name
only commands, options and pictures there are; so do alert rules. Prints "N passed, N failed"."""
import glob, os, re, subprocess, sys

assay = os.path.abspath(sys.argv[1])
root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
passed = failed = 0


def ok(good, what):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAILED:", what)


def read(name):
    with open(f"{root}/{name}", encoding="utf-8") as file:
        return file.read()


def helped(*words):
    done = subprocess.run([assay, *words, "--help"], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    return done.stdout if done.returncode == 0 else ""


def plain(roff):
    """A manual page without its marks."""
    return re.sub(r"\\f.|\\&", "", roff.replace("\\-", "-").replace('"', ""))


def options_of(text):
    return set(re.findall(r"(?<![a-z-])--([a-z][a-z-]*)", text))


commands = re.findall(r"^  ([a-z-]+)  ", helped(), re.M)
ok(len(commands) > 30, f"commands: {commands}")
helps = {command: helped(command) for command in commands}
page = plain(read("gateway/man/assay.1")).split(".SH COMMANDS")[1].split(".SH EXIT")[0]
sections = {}
for part in re.split(r"^\.TP\n", page, flags=re.M)[1:]:
    head, _, rest = part.partition("\n")
    for name in re.split(r"[\s,]+", re.sub(r"^\.BR? ", "", head)):
        sections[name] = rest
named = set(sections) & set(commands)
ok(named | {"key"} == set(commands), f"commands that assay(1) does not tell, or that are none: {set(commands) ^ named}")
subs = {("line", verb) for verb in re.findall(r"^  ([a-z]+) ", helps.get("line", ""), re.M)} | {("spec", "bundle")}
subs |= {("qc", noun) for noun in re.findall(r"assay qc ([a-z|]+)", helps["qc"])[0].split("|")}
for words in sorted(subs):
    helps[" ".join(words)] = helped(*words)
for command, text in sorted(helps.items()):
    ok(text.startswith("usage: assay " + command) and len(text.splitlines()) > 1, f"assay {command} --help: {text[:60]!r}")
    ok(max(map(len, text.splitlines())) <= 140, f"assay {command} --help: a line of {max(map(len, text.splitlines()))} characters")

# verbs: each usage line's second word is somewhere in assay(1), or in a page of its own
pages = page + plain(read("gateway/man/assay-line.1"))
for command, text in sorted(helps.items()):
    for verbs in re.findall(rf"^(?:usage:)? *assay {command} ([a-z][a-z|-]*)(?![a-z|=-])", text, re.M):
        for verb in verbs.split("|"):
            ok(re.search(rf"\b{verb}\b", pages), f"assay {command} {verb} stands in no manual page")

# options: what getopt is given stands in the help beside it
for path in sorted(glob.glob(f"{root}/gateway/cli/*.c")):
    source = open(path, encoding="utf-8").read()
    text = "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', source))
    taken = re.findall(r'\{\s*"([a-z][a-z-]*)",\s*(?:no|required|optional)_argument,\s*NULL,\s*\'(.)\'', source)
    taken = {name for name, letter in taken if name not in ("help", "dir") and not re.search(rf"(?<![a-z-])-{letter} ", text)}
    taken |= set(re.findall(r"\{\"([a-z][a-z-]*)\", '[tnlpf]'", source))
    if path.endswith("producer_report.c"):  # its help stands with the register's
        text += helps["producer"]
    ok(taken <= options_of(text), f"{os.path.basename(path)}: options in no help: {sorted(taken - options_of(text))}")
known = set().union(*(options_of(text) for text in helps.values())) | options_of(helped()) | {"help", "version"}
for page_name in ("assay.1", "assay-line.1", "assay-sim.5", "assay.xml.5", "assay-journal.5", "assay-driver.7"):
    text = re.sub(r"\.Fl -", "--", plain(read(f"gateway/man/{page_name}")))
    ok(options_of(text) - {"offline"} <= known | {"url", "mail-from", "mail-rcpt"}, f"{page_name}: options nobody knows: {options_of(text) - known}")

# every kind of entry stands in assay-journal(5) with its number
kinds = re.findall(r"ASSAY_ENTRY_(\w+) =\s+(\d+)", read("gateway/record/journal.h"))
listed = plain(read("gateway/man/assay-journal.5"))
for name, number in kinds:
    ok(re.search(rf"^{number} {name.lower().replace('_', '-')}\b", listed, re.M), f"assay-journal(5): no kind {number} {name.lower()}")
ok(len(kinds) > 30, f"kinds: {len(kinds)}")

# guides, README and alert rules: commands with verb and options as they are
for name in ["README.md", "SECURITY.md", "CONTRIBUTING.md", "packaging/prometheus/assay.rules.yml"] + [f"gateway/man/{g}.md" for g in ("technician", "qa", "administrator")]:
    text = read(name).replace("sudo -u assay ", "")
    for line in re.findall(r"(?:^|[`/ ：:；;])assay ([a-z][^`;，。；：/|\n]*)", text, re.M):
        words = line.split()
        command = words[0]
        if command not in commands:
            ok(name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "packaging/prometheus/assay.rules.yml") and not re.search(rf"`(build/)?assay {command}", text), f"{name}: there is no command {command}: {line}")
            continue
        topic = " ".join(words[:2]) if " ".join(words[:2]) in helps else command
        body = helps[topic]
        if len(words) > 1 and re.fullmatch(r"[a-z][a-z-]*", words[1]) and f"assay {command} {words[1]}" not in helps[command] and topic == command:
            ok(re.search(rf"\b{words[1]}\b", helps[command]) or command in ("verify", "plan"), f"{name}: assay {command} has no {words[1]}: {line}")
        ok(options_of(line) <= options_of(body) | options_of(helps[command]) | {"help"}, f"{name}: assay {line}: {options_of(line) - options_of(body)}")
# what the pages tell to type
told = [(path, command) for path in sorted(glob.glob(f"{root}/gateway/ui/*.js"))
        for command in re.findall(r"(?:<code>|[ >'`])assay ([a-z][^<'`\n]*)", open(path, encoding="utf-8").read()) if command.split()[0] in commands]
ok(len(told) > 2, f"commands in pages: {told}")
for path, line in told:
    ok(options_of(line) <= options_of(helps[line.split()[0]]) | {"help"}, f"{os.path.basename(path)}: assay {line}")
for guide in glob.glob(f"{root}/gateway/man/*.md"):
    pictures = re.findall(r"^!\[.*\]\((.*)\)$", open(guide, encoding="utf-8").read(), re.M)
    ok(any("-zh" in picture for picture in pictures) and any("-en" in picture for picture in pictures), f"{os.path.basename(guide)}: a picture in each language")
    for picture in pictures:
        ok(os.path.exists(f"{root}/gateway/man/{picture}"), f"{os.path.basename(guide)}: no picture {picture}")

# completion, asked as bash would
SCRIPT = f'. "{root}/packaging/assay.bash-completion"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _assay; printf "%s\\n" "${{COMPREPLY[@]}}"'


def offered(*words):
    said = subprocess.run(["bash", "-c", SCRIPT, "bash", assay, *words], capture_output=True, text=True, timeout=30).stdout
    return {word.removeprefix("--") for word in said.split()}


ok(offered("") - {"help", "version"} == set(commands), f"completion offers the commands: {offered('') ^ set(commands)}")
for words, want in {("batch",): {"new", "list", "show", "review", "confirm", "trail-read", "release", "void"}, ("key",): {"change"},
                    ("line",): {"list", "watch", "record", "replay", "probe", "confirm", "plan"}, ("split",): {"enter", "list"},
                    ("qc",): {"material", "run", "chart", "hold", "proficiency", "uncertainty"}, ("alarm",): {"list", "acknowledge"},
                    ("spec",): {"check", "list", "show", "diff", "whatif", "bundle", "reasons", "conditions"}}.items():
    ok(offered(*words, "") == want, f"completion of assay {words[0]}: {offered(*words, '')}")
for command, text in helps.items():
    words = command.split()
    if words[0] == "qc":
        continue  # the noun's verbs have the options
    ok(options_of(text) - {"help"} <= offered(*words, "--"), f"completion of assay {command} --: {options_of(text) - offered(*words, '--')}")
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
