#!/usr/bin/env bash
# Microbiology with a sampling plan, by command against a running gateway: cooked meat, plate count, n=5 c=2 m=1e4 M=1e5 (the
# row of GB 2726-2016; verdicts from the table of standards.md section 5). One batch passes and goes to its certificate, one
# fails with containers missing, one stays undetermined; then everything is verified, derived again and made again.
# shellcheck disable=SC2154 # assay, folder: opened.sh
set -u
. "$(dirname "$0")/../opened.sh"
new() {
	"$assay" batch new --product cooked-meat --name 酱牛肉 --producer 禾香食品 --lot "$1" --produced 2026-01-20 \
		--test 'aerobic plate count' --json | member batch
}
# count TEST CONTAINER PLATE PLATE DILUTION, each typed
count() {
	"$assay" test enter "$1" c1 "$3 1" --replicate "$2" --reason 菌落计数 --json >/dev/null &&
		"$assay" test enter "$1" c2 "$4 1" --replicate "$2" --reason 菌落计数 --json >/dev/null &&
		"$assay" test enter "$1" d "$5 1" --replicate "$2" --reason 稀释倍数 --json >/dev/null
}
# verdict TEST VERDICT VALUE
verdict() {
	"$assay" test show "$1" --json >"$folder/test"
	[ "$(member result verdict verdict <"$folder/test")" = "$2" ] && [ "$(member result value <"$folder/test")" = "$3" ]
	ok $? "$1 is $2: $(member result value <"$folder/test") $(member result verdict text_zh <"$folder/test")"
}

begin
pass=$(new P)
"$assay" batch show "$pass" --json | member samples >"$folder/samples"
[ "$(grep -o '"role": "container"' "$folder/samples" | wc -l)" = 5 ] &&
	"$assay" batch show "$pass" --json | member tests 0 plan containers | grep -q "$pass-1.1.*$pass-1.5"
ok $? 'intake makes five containers, each with its bar code'
"$assay" print labels "$pass" --out "$folder/labels.pdf" && pdftoppm -r 200 -png "$folder/labels.pdf" "$folder/label" &&
	zbarimg -q --raw "$folder"/label*.png 2>/dev/null | sort >"$folder/codes"
printf '%s\n' "$pass" "$pass-1.1" "$pass-1.2" "$pass-1.3" "$pass-1.4" "$pass-1.5" | sort | cmp -s - "$folder/codes"
ok $? "labels of all six, read back with zbar: $(tr '\n' ' ' <"$folder/codes")"
count "$pass.1" 1 110 110 100 && count "$pass.1" 2 120 120 100 && count "$pass.1" 3 90 90 100 && count "$pass.1" 4 80 80 100
ok $? 'four containers are counted'
[ "$("$assay" test show "$pass.1" --json | member status)" = testing ]
ok $? 'and the fifth is waited for'
"$assay" test enter "$pass.1" c1 '77 1' --replicate 5 --reason 看错 --json >/dev/null &&
	"$assay" test take-back "$pass.1" --reason 看错了皿 --json >/dev/null && count "$pass.1" 5 100 100 100
ok $? 'the fifth, after a wrong figure was taken back'
verdict "$pass.1" pass '11000; 12000; 9000; 8000; 10000'
member result verdict reasons <"$folder/test" | grep -q 'typed-value.*reading-taken-back'
ok $? 'typed counts and what was taken back wait for a second look'
me=$(id -un)
"$assay" batch confirm "$pass" --reason 看过 --who "$me" --json >/dev/null 2>"$folder/err"
[ $? -eq 1 ]
ok $? "not by whoever typed them: $(cat "$folder/err")"
"$assay" batch confirm "$pass" --reason 平皿照片核对 --who zhou --json >/dev/null
ok $? 'a second person looks'
printf 'a pass phrase of zheng\n' | "$assay" user add zheng --name 郑签发 --role reviewer --json >/dev/null
ok $? 'who is a registered user'
"$assay" batch trail-read "$pass" --who zheng --json >/dev/null && certificate=$("$assay" certificate issue "$pass" --who zheng --json | member certificate)
ok $? 'a third releases'
for _ in $(seq 100); do
	"$assay" proof "$pass" >"$folder/proof" 2>/dev/null && break
	sleep 1
done
"$assay" proof check "$folder/proof" >"$folder/checked"
ok $? "its proof holds: $(head -n 1 "$folder/checked")"
"$assay" certificate print "$certificate" --out "$folder/c.pdf" && pdftotext -layout "$folder/c.pdf" "$folder/c.txt"
grep -q 'n=5, c=2, m=10000, M=100000 CFU/g' "$folder/c.txt" && grep -q '11000; 12000;' "$folder/c.txt" && grep -q 郑签发 "$folder/c.txt"
ok $? 'the certificate lists the counts in order and names the plan, and the releaser by his full name'

fail=$(new F)
count "$fail.1" 1 240 240 1000
for k in 2 3 4 5; do "$assay" test missing "$fail.1" --replicate $k --reason 破损 --json >/dev/null || break; done
verdict "$fail.1" fail '240000; —; —; —; —'
"$assay" test retest "$fail.1" --rule retest-decides --reason x --who zhou --json 2>"$folder/err"
[ "$(member error code <"$folder/err")" = retest-final ]
ok $? 'and is never tested again'

open=$(new U)
for k in 1 2 3 4; do count "$open.1" $k 10 10 100 || break; done
"$assay" test missing "$open.1" --replicate 5 --reason 打碎 --json >/dev/null
verdict "$open.1" undetermined '1000; 1000; 1000; 1000; —'
member result verdict reasons <"$folder/test" | grep -q too-few-results
ok $? 'because one of the five is missing'
"$assay" trace "$open.1.R1" >"$folder/trace" && grep -q "($open-1.4).*1000 CFU/g" "$folder/trace" && grep -q "($open-1.5)" "$folder/trace"
ok $? 'its trace shows the five'
"$assay" batch show "$open" --json >"$folder/before"

end
"$assay" verify "$ASSAY_DIR" --replay --json | grep -q '"differences":0'
ok $? 'verified, and the same when everything is derived again'
"$assay" rebuild -d "$ASSAY_DIR" >/dev/null
ok $? 'the state is made again'
begin
"$assay" batch show "$open" --json | cmp -s - "$folder/before"
ok $? 'and says the same'
end
finish
