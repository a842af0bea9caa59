/* SPDX-License-Identifier: Apache-2.0
 * The statements that change the state, all of them, prepared when first used. */
#include "gateway/lab/control.h"
#include "gateway/record/segment.h"
#include "gateway/record/state_tables.h"

#include <stdarg.h>
#include <string.h>

/* Controls hold the result. */
#define RISK_HELD(result)                                                                                    \
	"EXISTS(SELECT 1 FROM hold AS h, result AS o JOIN test AS t ON t.id=o.test WHERE "                   \
	"h.status<>'released' AND o.id=" result " AND (h.method='' OR h.method=t.method) AND "               \
	"o.seq>h.after_seq AND " LAB_MEASURED_ON("h.instrument", "h.method") ")"

/* STATE_ROWS of them */
#define FOUR(row) row "," row "," row "," row
#define ROWS(row) FOUR(FOUR(row))

static const char *const sql[STATE_STATEMENTS] = {
	[STATE_PUT_META] = "INSERT INTO meta(key,value) VALUES(?1,?2)"
			   " ON CONFLICT(key) DO UPDATE SET value=excluded.value",
	[STATE_GET_META] = "SELECT value FROM meta WHERE key=?1",
	[STATE_RESET_MARKS] = "UPDATE line SET generation=0, done_id=0, line_id=0",
	[STATE_GET_MARK] = "SELECT generation, done_id, line_id FROM line WHERE id=?1",
	/* A new generation's ids begin again; a LINE message is ?4, an exchange 0. */
	[STATE_MARK_LINE] =
		"UPDATE line SET line_id=CASE WHEN ?4>0 THEN ?4 WHEN generation=?2 THEN line_id ELSE 0 END,"
		" done_id=CASE WHEN ?3>0 THEN ?3 WHEN generation=?2 THEN done_id ELSE 0 END,"
		" generation=?2 WHERE id=?1 AND generation<=?2",
	[STATE_CLEAR_CHANNELS] = "UPDATE channel SET position=-1",
	[STATE_CLEAR_INSTRUMENTS] = "UPDATE instrument SET position=-1",
	[STATE_CLEAR_LINES] = "UPDATE line SET position=-1",
	[STATE_PUT_LINE] = "INSERT INTO line VALUES(?1,?2,?3,?4,?5,?6,?7,?8,'','','',?9,?10,0,0,0) ON "
			   "CONFLICT(id) DO UPDATE SET"
			   " position=?2,transport=?3,address=?4,name_zh=?5,name_en=?6,settings=?7,"
			   " status=CASE WHEN ?8='disabled' OR status='disabled' THEN ?8 ELSE status END",
	[STATE_PUT_INSTRUMENT] =
		"INSERT INTO instrument VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,'','',"
		"coalesce((SELECT due FROM calibration WHERE instrument=?1 ORDER BY seq DESC LIMIT 1),?11),"
		"?12,?13,?14,?15)"
		" ON CONFLICT(id) DO UPDATE SET line=?2,position=?3,driver=?4,driver_sha256=?5,spec=?6,"
		" name_zh=?7,name_en=?8,model=?9,serial=?10,calibrated_until=coalesce((SELECT due FROM"
		" calibration WHERE instrument=?1 ORDER BY seq DESC LIMIT 1),?11),location=?12,needed_ms=?13,"
		"seq=?14,every_ms=?15",
	[STATE_PUT_CHANNEL] = "INSERT INTO channel VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"
			      " ON CONFLICT(instrument,channel) DO UPDATE SET"
			      " position=?3,name_zh=?4,name_en=?5,band_low=?6,band_high=?7,unit_wanted=?8",
	[STATE_DROP_LINES] = "DELETE FROM line WHERE position<0",
	[STATE_DROP_INSTRUMENTS] = "DELETE FROM instrument WHERE position<0",
	[STATE_DROP_CHANNELS] = "DELETE FROM channel WHERE position<0",
	[STATE_PUT_SPEC] = "INSERT INTO spec VALUES(?1,?2,?3)"
			   " ON CONFLICT(path,sha256) DO UPDATE SET seq=excluded.seq",
	[STATE_PUT_SPEC_SET] = "INSERT OR IGNORE INTO spec_set VALUES(?1,?2,?3,?4,?5)",
	[STATE_PUT_DRIVER] = "INSERT OR IGNORE INTO driver VALUES(?1,?2,?3,?4)",
	[STATE_LINE_STATUS] = "UPDATE line SET status=?2,code=?3,text_zh=?4,text_en=?5,since_ns=?6,seq=?7"
			      " WHERE id=?1",
	[STATE_PUT_EXCHANGE] = "INSERT INTO exchange VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
	[STATE_PUT_EXCHANGE_ROWS] = "INSERT INTO exchange VALUES" ROWS("(?,?,?,?,?,?,?,?,?)"),
	[STATE_PUT_READINGS_ROWS] = "INSERT INTO readings VALUES" ROWS("(?,?,?,?,?)"),
	[STATE_PUT_READINGS] = "INSERT INTO readings VALUES(?1,?2,?3,?4,?5)",
	[STATE_CHANNEL_SEEN] = "INSERT OR IGNORE INTO channel VALUES(?1,?2,9999,?2,?2,'','','',?3)",
	[STATE_PUT_LATEST] = "INSERT INTO latest VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET seq=?3",
	[STATE_PRUNE_LATEST] = "DELETE FROM latest WHERE instrument=?1 AND seq<=(SELECT seq FROM latest"
			       " WHERE instrument=?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
	[STATE_DROP_LATEST] = "DELETE FROM latest WHERE instrument NOT IN (SELECT id FROM instrument)",
	[STATE_IDENTITY] = "UPDATE instrument SET serial_seen=CASE WHEN ?2<>'' THEN ?2 ELSE serial_seen END,"
			   " model_seen=CASE WHEN ?3<>'' THEN ?3 ELSE model_seen END WHERE id=?1",
	[STATE_FIRST_SEEN] = "INSERT OR IGNORE INTO accepted SELECT id,?2,'',?3 FROM instrument"
			     " WHERE id=?1 AND serial=''",
	[STATE_ACCEPT] = "INSERT OR REPLACE INTO accepted VALUES(?1,?2,?3,?4)",
	[STATE_GET_ACCEPTED] = "SELECT serial FROM accepted WHERE instrument=?1 AND was=?2",
	[STATE_PRUNE_EXCHANGES] = "DELETE FROM exchange WHERE seq<?1",
	[STATE_PRUNE_READINGS] = "DELETE FROM readings WHERE seq<?1 AND seq NOT IN (SELECT seq FROM latest)",
	/* every column is decoded, so that every page is read */
	[STATE_WALK_READINGS] = "SELECT seq, instrument, wall_ns, mono_ns, list FROM readings"
				" WHERE seq>?1 ORDER BY seq LIMIT ?2",
	[STATE_PUT_BATCH] = "INSERT INTO batch "
			    "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,'to-test','',?14,NULL,?15,?16,"
			    "?17,?18,?19,?20)",
	[STATE_BATCH_STATUS] = "UPDATE batch SET status=?2 WHERE id=?1",
	[STATE_BATCH_TESTING] = "UPDATE batch SET status='testing' WHERE status='to-test' AND"
				" id=(SELECT batch FROM test WHERE id=?1)",
	[STATE_BATCH_VERDICT] = "UPDATE batch SET verdict=?2, verdict_seq=?3, status=?4 WHERE id=?1",
	[STATE_PUT_TEST] = "INSERT INTO test VALUES(?1,?2,?3,?4,?5,'to-test',?6,?7,'[]','',?8,?9,?10)",
	[STATE_TEST_TESTING] =
		"UPDATE test SET calculated=?2,"
		" status=CASE status WHEN 'to-test' THEN 'testing' ELSE status END WHERE id=?1",
	[STATE_TEST_DONE] = "UPDATE test SET status='done', result=?2, calculated=?3 WHERE id=?1",
	[STATE_TEST_VOID] = "UPDATE test SET status='void' WHERE batch=?1",
	[STATE_PUT_SLOT] = "INSERT INTO slot "
			   "VALUES(?1,?2,?3,?4,?5,'empty','','','',?6,0,'','','',NULL,NULL,0,0,'',?7,0)",
	[STATE_ARM_SLOT] =
		"UPDATE slot SET status='armed',instrument=?5,channel=?6,reason='',reason_zh='',reason_en='',"
		"value='',exchange_seq=NULL,exchange_idx=NULL,wall_ns=?7,mono_ns=?8,boot=?9,seq=?10"
		" WHERE test=?1 AND slot=?2 AND replicate=?3 AND ordinal=?4 AND status NOT IN "
		"('filled','missing')",
	[STATE_DISARM_INSTRUMENT] =
		"UPDATE slot SET status='empty',instrument='',channel='',reason='',reason_zh='',reason_en='',"
		"value='',exchange_seq=NULL,exchange_idx=NULL WHERE status IN ('armed','refused') AND "
		"instrument=?1",
	[STATE_DISARM_TEST] =
		"UPDATE slot SET "
		"status='empty',instrument='',channel='',reason='',reason_zh='',reason_en='',value='',"
		"exchange_seq=NULL,exchange_idx=NULL WHERE test=?1 AND status IN ('armed','refused')",
	[STATE_DISARM_BATCH] =
		"UPDATE slot SET "
		"status='empty',instrument='',channel='',reason='',reason_zh='',reason_en='',value='',"
		"exchange_seq=NULL,exchange_idx=NULL WHERE status IN ('armed','refused')"
		" AND test IN (SELECT id FROM test WHERE batch=?1)",
	[STATE_FILL_SLOT] =
		"UPDATE slot SET status='filled',instrument=?5,channel=?6,value=?7,unit=?8,typed=?9,"
		"reason=?10,reason_zh='',reason_en='',exchange_seq=NULLIF(?11,-1),exchange_idx=NULLIF(?12,-1)"
		","
		"wall_ns=?13,mono_ns=?14,boot=?15,seq=?16"
		" WHERE test=?1 AND slot=?2 AND replicate=?3 AND ordinal=?4",
	[STATE_REFUSE_SLOT] = "UPDATE slot SET "
			      "status='refused',reason=?5,reason_zh=?6,reason_en=?7,value=?8,exchange_seq=?9,"
			      "exchange_idx=?10 WHERE test=?1 AND slot=?2 AND replicate=?3 AND ordinal=?4",
	[STATE_MISS_CONTAINER] =
		"UPDATE slot SET "
		"status='missing',instrument='',channel='',value='',reason='container-missing',"
		"reason_zh=?3,reason_en=?3,exchange_seq=NULL,exchange_idx=NULL,seq=?4 WHERE test=?1 AND "
		"replicate=?2"
		" AND status<>'filled'",
	[STATE_EMPTY_SLOT] =
		"UPDATE slot SET "
		"status='empty',instrument='',channel='',value='',typed=0,reason='',reason_zh='',"
		"reason_en='',exchange_seq=NULL,exchange_idx=NULL,wall_ns=0,mono_ns=0,boot='',seq=?5,taken_"
		"back=1"
		" WHERE test=?1 AND slot=?2 AND replicate=?3 AND ordinal=?4",
	[STATE_DROP_LATER_SLOTS] =
		"DELETE FROM slot WHERE test=?1 AND slot=?2 AND replicate=?3 AND ordinal>?4",
	[STATE_TEST_BEGUN] = "UPDATE test SET status='testing' WHERE id=?1",
	[STATE_FATE] = "UPDATE exchange SET fate=?2 WHERE seq=?1 AND fate<>'filled'",
	[STATE_PUT_RESULT] = "INSERT INTO result VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
	[STATE_PUT_VERDICT] = "INSERT INTO verdict VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
	[STATE_PUT_PERSON] = "INSERT INTO person VALUES(?1,?2,?3,?4,'[]',0,?5,?5,?6,0)",
	/* '' leaves as it is; disabled -1 too */
	[STATE_CHANGE_PERSON] =
		"UPDATE person SET roles=CASE WHEN ?2<>'' THEN ?2 ELSE roles END,"
		" producer=CASE WHEN ?2<>'' THEN ?3 ELSE producer END,"
		" methods=CASE WHEN ?4<>'' THEN ?4 ELSE methods END,"
		" disabled=CASE WHEN ?5>=0 THEN ?5 ELSE disabled END, changed_ns=?6, seq=?7 WHERE user=?1",
	[STATE_SECOND_FACTOR] = "UPDATE person SET second_factor=?2, changed_ns=?3, seq=?4 WHERE user=?1",
	[STATE_PUT_TOKEN] = "INSERT INTO token VALUES(?1,?2,?3,?4,?5,?6,0,?7,?8)",
	[STATE_REVOKE_TOKEN] = "UPDATE token SET revoked=1, seq=?2 WHERE id=?1",
	[STATE_ENTITLE_PERSON] = "INSERT INTO entitled SELECT "
				 "user,'user',?2,?3,name,roles,producer,methods,disabled,9223372036854775807,"
				 "?4,?5 FROM person WHERE user=?1",
	[STATE_ENTITLE_TOKEN] = "INSERT INTO entitled SELECT "
				"id,'token',?2,?3,name,roles,producer,'[]',revoked,until_ns,?4,?5 FROM token"
				" WHERE id=?1",
	[STATE_PUT_REVIEW] = "INSERT INTO review VALUES(?1,?2,?3,?4,?5,?6,?7)",
	/* A retest that decides takes the first result's place; else the worse of the two stands. */
	[STATE_PUT_RISK] =
		"INSERT INTO risk_item SELECT b.product, t.analyte, b.id, ?2, b.origin, b.producer_id, ?3, "
		"CASE WHEN " RISK_HELD(
			"r.id") " THEN 'held' ELSE ?3 END, ?4, ?5,"
				" ?6, ?7, ?8, ?9, r.id, ?10, " RISK_HELD(
					"r.id") " FROM result AS r JOIN test AS t ON t.id=r.test"
						" JOIN batch AS b ON b.id=t.batch WHERE r.id=?1 AND "
						"b.status<>'void'"
						" ON CONFLICT DO UPDATE SET outcome=excluded.outcome,"
						" settled=CASE WHEN quarter=excluded.quarter THEN "
						"excluded.settled ELSE settled END,"
						" held=excluded.held, low=excluded.low, high=excluded.high, "
						"near=excluded.near, maybe_near=excluded.maybe_near,"
						" share_low=excluded.share_low, "
						"share_high=excluded.share_high, result=excluded.result,"
						" seq=excluded.seq WHERE result=excluded.result OR"
						" (excluded.outcome<>'undetermined' AND 'retest-decides'="
						"  (SELECT rule FROM test AS t, result AS r WHERE "
						"r.id=excluded.result AND t.id=r.test)) OR"
						" instr('pass undetermined "
						"fail',excluded.outcome)>instr('pass undetermined "
						"fail',outcome)",
	/* A hold was opened or released: what it reaches is a figure no longer, or again. */
	[STATE_HOLD_RISK] = "UPDATE risk_item SET held=" RISK_HELD(
		"risk_item.result") ","
				    " settled=CASE WHEN quarter<>?2 THEN settled WHEN " RISK_HELD(
					    "risk_item.result") " THEN 'held' ELSE outcome END WHERE "
								"outcome<>'void' AND (product, analyte, "
								"batch) IN (SELECT"
								" b.product, t.analyte, b.id FROM hold AS h, "
								"result AS r JOIN test AS t ON t.id=r.test "
								"JOIN"
								" batch AS b ON b.id=t.batch WHERE h.id=?1 "
								"AND r.seq>h.after_seq AND (h.method='' OR"
								" h.method=t.method) AND " LAB_MEASURED_ON(
									"h.instrument", "h.method") ")",
	[STATE_VOID_RISK] =
		"UPDATE risk_item SET outcome='void', near=0, maybe_near=0,"
		" settled=CASE WHEN quarter=?2 THEN 'void' ELSE settled END, seq=?3"
		" WHERE (product, analyte, batch) IN (SELECT b.product, t.analyte, b.id FROM batch AS b"
		" JOIN test AS t ON t.batch=b.id WHERE b.id=?1)",
	[STATE_PUT_SAMPLE] = "INSERT INTO sample VALUES(?1,?2,?3,?4,?5,?6,?7)",
	[STATE_PUT_HAND] = "INSERT OR IGNORE INTO batch_hand VALUES(?1,?2,?3)",
	[STATE_PUT_HAND_OF_TEST] =
		"INSERT OR IGNORE INTO batch_hand SELECT batch,?2,?3 FROM test WHERE id=?1 AND ?2<>''",
	[STATE_BATCH_RETEST] = "UPDATE batch SET status='testing', verdict='' WHERE id=?1",
	[STATE_PUT_CERTIFICATE] = "INSERT INTO certificate VALUES(?1,?2,?3,?4,'',?5,?6,?7,?8,?9,NULL,'',0)",
	[STATE_REPLACE_CERTIFICATE] = "UPDATE certificate SET replaced_by=?2 WHERE id=?1",
	[STATE_PUT_PAPER] = "UPDATE certificate SET paper_seq=?2,paper_sha256=?3,paper_bytes=?4 WHERE id=?1",
	[STATE_CLEAR_RACK] = "DELETE FROM rack WHERE instrument=?1",
	[STATE_PUT_RACK] = "INSERT OR REPLACE INTO rack VALUES(?1,?2,?3,?4,?5,?6)",
	[STATE_PUT_DAMAGED] = "INSERT OR IGNORE INTO damaged VALUES(?1)",
	[STATE_PUT_FAULT] = "INSERT INTO fault VALUES(?1,?2,?3,?4,?5)",
	[STATE_PRUNE_FAULTS] =
		"DELETE FROM fault WHERE seq<=(SELECT seq FROM fault ORDER BY seq DESC LIMIT 1 OFFSET 200)",
	[STATE_PUT_ALARM_SEEN] = "INSERT OR REPLACE INTO alarm_seen VALUES(?1,?2,?3,?4,?5)",
	[STATE_PUT_PRODUCER] = "INSERT INTO producer VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(id) DO UPDATE SET"
			       " name=?2,licence=?3,body=?4,seq=?6",
	[STATE_PUT_PRODUCER_VERSION] = "INSERT INTO producer_version VALUES(?1,?2,?3,?4,?5,?6)",
	[STATE_PUT_CALIBRATION] = "INSERT INTO calibration VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
	[STATE_CALIBRATED_UNTIL] = "UPDATE instrument SET calibrated_until=?2 WHERE id=?1",
	[STATE_PUT_INSTRUMENT_USE] = "INSERT OR REPLACE INTO instrument_use VALUES(?1,?2,?3,?4,?5,?6,?7)",
	[STATE_PUT_PROGRAMME] =
		"INSERT INTO programme VALUES(?1,?2,?3,?4,?5,?6,?7,?8,0,0,0,?9,?10,?11,?12) ON CONFLICT(id)"
		" DO UPDATE SET name_zh=?2,name_en=?3,tests=?4,producers=?5,alarm_at=?6,valid_until=?7,"
		"prices=?8,reason=?9,who=?10,wall_ns=?11,seq=?12",
	[STATE_PUT_CARD] = "INSERT OR IGNORE INTO card VALUES(?1,?2,?3,0,0,'active',?4,?5,?6)",
	[STATE_PUT_LEDGER] = "INSERT INTO ledger VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
	[STATE_ADD_TO_PROGRAMME] =
		"UPDATE programme SET issued=issued+?2,used=used+?3,saved_fen=saved_fen+?4 WHERE id=?1",
	[STATE_ADD_TO_CARD] =
		"UPDATE card SET tests=tests+?2,used=used+?3,"
		" status=CASE ?4 WHEN 'revoke' THEN 'revoked' ELSE status END,seq=?5 WHERE id=?1",
	[STATE_CLEAR_CONTROL_NEEDS] = "DELETE FROM control_need",
	[STATE_PUT_CONTROL_NEED] = "INSERT OR REPLACE INTO control_need VALUES(?1,?2,?3)",
	[STATE_PUT_MATERIAL] =
		"INSERT INTO control_material VALUES(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT(id) DO UPDATE SET"
		" kind=?2,level=?3,method=?4,status=?5,body=?6,seq=?8",
	[STATE_PUT_CONTROL_RUN] = "INSERT INTO control_run VALUES(?1,?2,?3,?4,?5,?6,?7,?8,'',0,0,'{}',0)",
	[STATE_PUT_CONTROL] = "INSERT INTO control VALUES(?1,?2,?3,?4,?5,?6,'',?7,0,0,0,0,0,0,0,?8)",
	[STATE_JUDGE_CONTROL_RUN] = "UPDATE control_run SET "
				    "state=?2,holds=?3,measured_ns=?4,verdict=?5,judged_seq=?6 WHERE id=?1",
	[STATE_JUDGE_CONTROL] =
		"UPDATE control SET value=?2,judged=1,usable=?3,charted=?4,side=?5,beyond=?6,z_hundredths=?7,"
		"restart=?8 WHERE test=?1",
	[STATE_PUT_INSTRUMENT_CHECK] = "INSERT INTO instrument_check SELECT instrument,?2,id,?3,next_due,?4"
				       " FROM control_run WHERE id=?1",
	[STATE_PUT_CHART] = "INSERT INTO control_chart VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
	[STATE_OPEN_HOLD] = "INSERT INTO hold VALUES(?1,?2,?3,?4,?5,?6,?7,'open','','','','',0,0,?8,?9,?10)",
	[STATE_CHANGE_HOLD] = "UPDATE hold SET status=?2,cause=CASE WHEN ?3<>'' THEN ?3 ELSE cause END,"
			      "action=CASE WHEN ?4<>'' THEN ?4 ELSE action END,"
			      "explained_by=CASE WHEN ?2='explained' THEN ?5 ELSE explained_by END,"
			      "released_by=CASE WHEN ?2='released' THEN ?5 ELSE '' END,"
			      "released_ns=CASE WHEN ?2='released' THEN ?6 ELSE 0 END,"
			      "released_seq=CASE WHEN ?2='released' THEN ?7 ELSE 0 END WHERE id=?1",
	[STATE_PUT_UNCERTAINTY] = "INSERT INTO uncertainty VALUES(?1,?2,?3,?4,?5)",
	[STATE_PUT_SPLIT] = "INSERT INTO split VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
	[STATE_PUT_PROFICIENCY] = "INSERT INTO proficiency VALUES(?1,?2,?3,?4,?5)",
};

sqlite3_stmt *state_statement(struct assay_state *state, enum state_statement which, struct assay_error *err)
{
	int rc = SQLITE_OK;

	if (!state->statement[which])
		rc = sqlite3_prepare_v3(
			state->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, &state->statement[which], NULL);
	if (rc == SQLITE_OK)
		return state->statement[which];
	(void)assay_sqlite_error(err, state->db, state->path, rc);
	return NULL;
}

int state_run(struct assay_state *state, enum state_statement which, struct assay_error *err,
	const char *values, ...)
{
	sqlite3_stmt *run = state_statement(state, which, err);
	va_list args;
	int rc = SQLITE_OK, status = ASSAY_OK;

	if (!run)
		return ASSAY_EDAMAGED;
	if (strlen(values) != (size_t)sqlite3_bind_parameter_count(run))
		return assay_sqlite_error(err, NULL, state->path, SQLITE_RANGE);
	va_start(args, values);
	for (int column = 1; values[column - 1] && rc == SQLITE_OK; column++) {
		switch (values[column - 1]) {
		case 't':
			rc = sqlite3_bind_text(run, column, va_arg(args, const char *), -1, SQLITE_STATIC);
			break;
		case 'i':
			rc = sqlite3_bind_int64(run, column, va_arg(args, int64_t));
			break;
		case 's': {
			const char *text = va_arg(args, const char *);
			size_t length = va_arg(args, size_t);

			rc = sqlite3_bind_text(run, column, text, (int)length, SQLITE_STATIC);
			break;
		}
		case 'b': {
			const void *blob = va_arg(args, const void *);
			size_t length = va_arg(args, size_t);

			rc = sqlite3_bind_blob(run, column, blob, (int)length, SQLITE_STATIC);
			break;
		}
		default:
			rc = sqlite3_bind_null(run, column);
			break;
		}
	}
	va_end(args);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(run);
	if (rc != SQLITE_DONE)
		status = assay_sqlite_error(err, state->db, state->path, rc);
	(void)sqlite3_reset(run);
	return status;
}
