/* SPDX-License-Identifier: Apache-2.0
 * The ledger of free tests added up again, line by line, against the sums that are shown and the batches it names. */
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"

/* A row of the query is a finding: subject, then what was found against what should be. */
static const struct check {
	const char *code, *sql, *zh, *en;
} checks[] = {
	{"card-sum",
		"SELECT c.id AS subject, c.tests||' / '||c.used AS found,"
		" coalesce(sum(l.issued),0)||' / '||coalesce(sum(l.used),0) AS wanted FROM card AS c"
		" LEFT JOIN ledger AS l ON l.card=c.id GROUP BY c.id HAVING "
		"c.tests<>coalesce(sum(l.issued),0)"
		" OR c.used<>coalesce(sum(l.used),0)",
		"检测卡的次数/已用与账不符", "tests and uses of the card are not the sum of the ledger"},
	{"programme-sum",
		"SELECT g.id AS subject, g.issued||' / '||g.used||' / '||g.saved_fen AS found,"
		" coalesce(sum(l.issued),0)||' / '||coalesce(sum(l.used),0)||' / "
		"'||coalesce(sum(l.saved_fen),0)"
		" AS wanted FROM programme AS g LEFT JOIN ledger AS l ON l.programme=g.id GROUP BY g.id "
		"HAVING"
		" g.issued<>coalesce(sum(l.issued),0) OR g.used<>coalesce(sum(l.used),0) OR"
		" g.saved_fen<>coalesce(sum(l.saved_fen),0)",
		"项目的发出/已用/金额与账不符", "issued, used and saved are not the sum of the ledger"},
	{"over-issued",
		"SELECT id AS subject, issued AS found, tests AS wanted FROM programme WHERE issued>tests OR "
		"issued<0",
		"发出的次数超过项目", "more tests were issued than the programme has"},
	{"over-used",
		"SELECT id AS subject, used AS found, tests AS wanted FROM card WHERE used>tests OR used<0",
		"用掉的次数超过检测卡", "more tests were used than the card has"},
	{"too-many-producers",
		"SELECT g.id AS subject, count(DISTINCT c.producer) AS found, g.producers AS wanted FROM "
		"programme"
		" AS g JOIN card AS c ON c.programme=g.id GROUP BY g.id HAVING count(DISTINCT "
		"c.producer)>g.producers",
		"企业数超过项目名额", "more producers have cards than there are places"},
	{"card-unknown",
		"SELECT l.seq AS subject, l.card AS found, '' AS wanted FROM ledger AS l LEFT JOIN card AS c"
		" ON c.id=l.card WHERE c.id IS NULL OR c.programme<>l.programme OR c.producer<>l.producer",
		"账上的检测卡与登记不符", "a line of the ledger names another card than the register"},
	{"batch-unknown",
		"SELECT l.seq AS subject, l.batch AS found, '' AS wanted FROM ledger AS l LEFT JOIN batch AS "
		"b"
		" ON b.id=l.batch WHERE l.batch<>'' AND b.id IS NULL",
		"账上的批次不存在", "a line of the ledger names a batch that is not there"},
	{"void-not-returned",
		"SELECT l.batch AS subject, sum(l.used) AS found, 0 AS wanted FROM ledger AS l JOIN batch AS "
		"b ON"
		" b.id=l.batch WHERE b.status='void' GROUP BY l.batch HAVING sum(l.used)<>0",
		"批次已作废，检测卡没有退回", "the batch is void and its test was not given back"},
	{"batch-not-once",
		"SELECT l.batch AS subject, sum(l.used) AS found, 1 AS wanted FROM ledger AS l JOIN batch AS "
		"b ON"
		" b.id=l.batch WHERE b.status<>'void' GROUP BY l.batch HAVING sum(l.used)<>1",
		"批次没有恰好扣一次", "the batch was not paid for exactly once"},
	{"batch-not-paid",
		"SELECT b.id AS subject, b.card AS found, '' AS wanted FROM batch AS b WHERE b.card<>'' AND "
		"NOT EXISTS"
		" (SELECT 1 FROM ledger AS l WHERE l.batch=b.id AND l.card=b.card AND l.action='redeem')",
		"批次写着检测卡，账上没有", "the batch names a card that the ledger never redeemed for it"},
};

json_t *lab_entitlement_audit(sqlite3 *state, struct assay_error *err)
{
	json_t *findings = json_array(), *rows, *row;
	size_t index;

	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		rows = query_list(state, query_prepare(state, err, checks[i].sql, ""), err);
		if (!rows) {
			json_decref(findings);
			return NULL;
		}
		json_array_foreach(rows, index, row)
		{
			(void)json_object_set_new(row, "code", json_string(checks[i].code));
			(void)json_object_set_new(row, "text_zh", json_string(checks[i].zh));
			(void)json_object_set_new(row, "text_en", json_string(checks[i].en));
			(void)json_array_append(findings, row);
		}
		json_decref(rows);
	}
	return findings;
}

json_t *assay_query_entitlement(sqlite3 *state, struct assay_error *err)
{
	json_t *findings = lab_entitlement_audit(state, err),
	       *programmes = findings ? assay_query_programmes(state, err) : NULL;

	if (programmes)
		return json_pack("{s:o,s:o}", "findings", findings, "programmes", programmes);
	json_decref(findings);
	return NULL;
}
