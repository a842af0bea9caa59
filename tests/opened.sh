# shellcheck shell=bash
# Sourced by scripts that work in a demonstration's laboratory: assay, a folder of its own ($ASSAY_DIR below it) that goes with the
# script, begin and end of a gateway there, member NAME... of a JSON object on standard input; and what counted.sh has.
assay=${ASSAY:-build/assay}
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
export ASSAY_DIR=$folder/d
. "$(dirname "${BASH_SOURCE[0]}")/counted.sh"
member() { python3 -c 'import json,sys; v=json.load(sys.stdin)
for name in sys.argv[1:]: v=v[int(name)] if isinstance(v,list) else v[name]
print(v if isinstance(v,str) else json.dumps(v,ensure_ascii=False))' "$@"; }
# refused CODE COMMAND...: exit 1 and that code
refused() {
	local code=$1
	shift
	"$assay" "$@" --json 2>"$folder/err" >/dev/null
	[ $? -eq 1 ] && [ "$(member error code <"$folder/err")" = "$code" ]
	ok $? "$* is refused with $code: $(cat "$folder/err")"
}
begin() {
	rm -f "$folder/out"
	"$assay" demo -d "$ASSAY_DIR" --listen 127.0.0.1:0 >"$folder/out" 2>"$folder/gateway" &
	pid=$!
	for _ in $(seq 300); do
		[ -s "$folder/out" ] && break
		sleep 0.1
	done
}
end() {
	kill -INT "$pid"
	wait "$pid"
	pid=
}
