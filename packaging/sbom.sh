#!/usr/bin/env bash
# sbom.sh FILE...: what the programs are linked with, as a CycloneDX 1.4 document on standard output (S39). Read from the
# binaries themselves (the loader's list), and from dpkg which package and version each library is.
set -euo pipefail
VERSION=$(sed -n 's/^VERSION  *:= //p' "$(dirname "$0")/../Makefile")
export VERSION
for file in "$@"; do ldd "$file"; done | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u | python3 -c '
import hashlib, json, os, subprocess, sys
libraries = [(line.rstrip("\n"), os.path.realpath(line.rstrip("\n"))) for line in sys.stdin]
places = sorted({place for _, real in libraries for place in (real, real.removeprefix("/usr"))})
owners = {}
for line in subprocess.run(["dpkg-query", "-S", *places], capture_output=True, text=True).stdout.splitlines():
    package, _, place = line.rpartition(": ")
    owners[place] = package.split(",")[0].split(":")[0]
shown = subprocess.run(["dpkg-query", "-Wf", "${Package} ${Version}\n", *sorted(set(owners.values()))], capture_output=True, text=True)
versions = dict(line.split() for line in shown.stdout.splitlines())
parts = []
for name, real in libraries:
    package = owners.get(real) or owners.get(real.removeprefix("/usr")) or "unknown"
    version = versions.get(package, "")
    parts.append({"type": "library", "name": os.path.basename(name), "version": version, "purl": f"pkg:deb/debian/{package}@{version}",
                  "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(open(real, "rb").read()).hexdigest()}]})
json.dump({"bomFormat": "CycloneDX", "specVersion": "1.4", "version": 1,
           "metadata": {"component": {"type": "application", "name": "assay", "version": os.environ["VERSION"]}}, "components": parts}, sys.stdout, indent=1)
print()'
