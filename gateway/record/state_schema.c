/* SPDX-License-Identifier: Apache-2.0
 * The tables of the state. Every row names the entry (seq) it came from; deleting the file loses nothing. A change
 * here raises ASSAY_STATE_VERSION, and the state is made again from the journal. */
#include "gateway/record/state_tables.h"

const char *const assay_state_schema[] = {
	/* applied: entries applied; header: of the last one, as hex, so that a state from another journal is noticed;
	 * site; supervisor: which supervisor's generations the lines' marks belong to. */
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",

	/* done_id: everything the host of this generation has told up to it is in the journal. line_id: its last LINE. */
	"CREATE TABLE line("
	" id TEXT PRIMARY KEY, position INTEGER NOT NULL, transport TEXT NOT NULL, address TEXT NOT NULL,"
	" name_zh TEXT NOT NULL, name_en TEXT NOT NULL, settings TEXT NOT NULL,"
	" status TEXT NOT NULL, code TEXT NOT NULL, text_zh TEXT NOT NULL, text_en TEXT NOT NULL,"
	" since_ns INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" generation INTEGER NOT NULL, done_id INTEGER NOT NULL, line_id INTEGER NOT NULL) STRICT, WITHOUT "
	"ROWID",

	"CREATE TABLE instrument("
	" id TEXT PRIMARY KEY, line TEXT NOT NULL, position INTEGER NOT NULL, driver TEXT NOT NULL,"
	" driver_sha256 TEXT NOT NULL, spec TEXT NOT NULL, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,"
	" model TEXT NOT NULL, serial TEXT NOT NULL, serial_seen TEXT NOT NULL, model_seen TEXT NOT NULL,"
	" calibrated_until TEXT NOT NULL, location TEXT NOT NULL, needed_ms INTEGER NOT NULL, seq INTEGER "
	"NOT NULL, every_ms INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID",

	/* Which device belongs at an instrument's place: the first that said who it was, or the one a person confirmed.
	 * was: the serial number lab.xml named then, '' none; counts as long as lab.xml says the same. */
	"CREATE TABLE accepted(instrument TEXT PRIMARY KEY, serial TEXT NOT NULL, was TEXT NOT NULL,"
	" seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",

	/* The channels, those of lab.xml and those seen. band_*: what lab.xml allows, '' none; unit_wanted: '' any. position
	 * 9999: a channel that lab.xml and the instrument's file do not name. */
	"CREATE TABLE channel("
	" instrument TEXT NOT NULL, channel TEXT NOT NULL, position INTEGER NOT NULL,"
	" name_zh TEXT NOT NULL, name_en TEXT NOT NULL,"
	" band_low TEXT NOT NULL, band_high TEXT NOT NULL, unit_wanted TEXT NOT NULL, seq INTEGER NOT NULL,"
	" PRIMARY KEY(instrument, channel)) STRICT, WITHOUT ROWID",

	/* History, in the order of the journal: a row for each exchange with its readings as the entry has them, so that a
	 * device with many channels costs one row, appended; ASSAY_STATE_READING takes it apart. Older than ASSAY_STATE_READINGS entries: only in the journal. */
	"CREATE TABLE readings("
	" seq INTEGER PRIMARY KEY, instrument TEXT NOT NULL, wall_ns INTEGER NOT NULL, mono_ns INTEGER NOT "
	"NULL,"
	" list TEXT NOT NULL) STRICT",
	"CREATE INDEX readings_by_instrument ON readings(instrument, seq)",
	/* Where the last value of each channel stands: for each list of channels an instrument gives together (shape: a hash
	 * of their names) the last exchange with it. ASSAY_STATE_LAST takes it apart. Of an instrument whose lists are never
	 * the same the newest LATEST_SHAPES are kept. */
	"CREATE TABLE latest(instrument TEXT NOT NULL, shape INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" PRIMARY KEY(instrument, shape)) STRICT, WITHOUT ROWID",
	/* The latest exchanges, for the list of frames; body as in the journal; received: at most
	 * ASSAY_STATE_RECEIVED bytes. fate: '', 'unassigned' (offered, no slot waited), 'filled', 'refused'. */
	"CREATE TABLE exchange("
	" seq INTEGER PRIMARY KEY, line TEXT NOT NULL, instrument TEXT NOT NULL, wall_ns INTEGER NOT NULL,"
	" outcome TEXT NOT NULL, solicited INTEGER NOT NULL, received BLOB NOT NULL, body TEXT NOT NULL,"
	" fate TEXT NOT NULL) STRICT",

	"CREATE TABLE batch("
	" id TEXT PRIMARY KEY, product TEXT NOT NULL, product_zh TEXT NOT NULL, product_en TEXT NOT NULL,"
	" name TEXT NOT NULL, producer TEXT NOT NULL, lot TEXT NOT NULL,"
	" produced TEXT NOT NULL, amount TEXT NOT NULL, origin TEXT NOT NULL, received_ns INTEGER NOT NULL,"
	" sample TEXT NOT NULL, who TEXT NOT NULL,"
	" status TEXT NOT NULL," /* to-test, testing, awaiting-review, awaiting-release, void */
	" verdict TEXT NOT NULL," /* '' none yet, else pass, fail, undetermined */
	" seq INTEGER NOT NULL, verdict_seq INTEGER,"
	" producer_id TEXT NOT NULL," /* in the register, '' not registered */
	" card TEXT NOT NULL," /* that paid for it, '' none */
	" cannot_test TEXT NOT NULL," /* JSON list: what its plan asks for and was not ordered, with the reason */
	" request_key TEXT NOT NULL, request_digest TEXT NOT NULL,"
	" specs TEXT NOT NULL," /* digest of the set it was registered under, '' before sets were recorded */
	/* in which order lists show them: what waits for a person first, of open ones the oldest, of closed ones the newest */
	" need INTEGER AS (CASE status WHEN 'awaiting-review' THEN 0 WHEN 'awaiting-release' THEN 1"
	"  WHEN 'testing' THEN 2 WHEN 'to-test' THEN 3 WHEN 'released' THEN 4 ELSE 5 END),"
	" turn INTEGER AS (CASE WHEN status IN ('released','void') THEN -received_ns ELSE received_ns END)"
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX batch_by_key ON batch(request_key) WHERE request_key<>''",
	"CREATE INDEX batch_by_seq ON batch(seq)",
	"CREATE INDEX batch_by_status ON batch(status, seq)",
	"CREATE INDEX batch_by_producer ON batch(producer_id, seq)",

	"CREATE TABLE sample("
	" id TEXT PRIMARY KEY, batch TEXT NOT NULL, role TEXT NOT NULL," /* test, retained, container */
	" amount TEXT NOT NULL, seq INTEGER NOT NULL, test TEXT NOT NULL, container INTEGER NOT NULL) "
	"STRICT, WITHOUT ROWID",
	"CREATE INDEX sample_by_batch ON sample(batch)",
	/* Who did what to a batch: registered, armed, typed, missed, took-back, reviewed, released. Nobody releases his own work. */
	"CREATE TABLE batch_hand(batch TEXT NOT NULL, who TEXT NOT NULL, did TEXT NOT NULL,"
	" PRIMARY KEY(batch, who, did)) STRICT, WITHOUT ROWID",
	"CREATE INDEX batch_by_need ON batch(need, turn, id)",
	"CREATE INDEX batch_by_verdict ON batch(verdict, need, turn, id)",
	"CREATE INDEX batch_by_received ON batch(received_ns, id)",
	"CREATE INDEX batch_by_need_received ON batch(need, received_ns, id)",
	"CREATE INDEX batch_by_verdict_received ON batch(verdict, received_ns, id)",
	/* received_ns: when the hits of a search were received is read from the index alone */
	"CREATE INDEX batch_by_number ON batch(id, received_ns)",
	"CREATE INDEX batch_by_product ON batch(product, received_ns)",
	"CREATE INDEX batch_by_name ON batch(name, received_ns)",
	"CREATE INDEX batch_by_producer_name ON batch(producer, received_ns, id, verdict, need)",
	"CREATE INDEX batch_by_producer_need ON batch(producer, need, turn, id, verdict)",
	"CREATE INDEX batch_by_lot ON batch(lot, received_ns)",
	"CREATE INDEX batch_by_sample ON batch(sample, received_ns)",
	"CREATE INDEX batch_by_produced ON batch(produced, received_ns)",
	/* How many batches of each status and verdict; and the words that stand in them, since these are few and can be
	 * searched whole. Kept by triggers, so that whatever changes a batch changes them. */
	"CREATE TABLE batch_count(status TEXT NOT NULL, verdict TEXT NOT NULL, n INTEGER NOT NULL,"
	" PRIMARY KEY(status, verdict)) STRICT, WITHOUT ROWID",
	"CREATE TABLE batch_word(kind TEXT NOT NULL, word TEXT NOT NULL, also TEXT NOT NULL, n INTEGER NOT "
	"NULL,"
	" PRIMARY KEY(kind, word)) STRICT, WITHOUT ROWID",
	"CREATE TRIGGER batch_counted AFTER INSERT ON batch BEGIN"
	" INSERT INTO batch_count VALUES(new.status, new.verdict, 1) ON CONFLICT DO UPDATE SET n=n+1;"
	" INSERT INTO batch_word VALUES('product', new.product, new.product_zh || ' ' || new.product_en, 1)"
	"  ON CONFLICT DO UPDATE SET n=n+1;"
	" INSERT INTO batch_word VALUES('name', new.name, '', 1) ON CONFLICT DO UPDATE SET n=n+1;"
	" INSERT INTO batch_word VALUES('producer', new.producer, '', 1) ON CONFLICT DO UPDATE SET n=n+1; "
	"END",
	"CREATE TRIGGER batch_recounted AFTER UPDATE OF status, verdict ON batch BEGIN"
	" UPDATE batch_count SET n=n-1 WHERE status=old.status AND verdict=old.verdict;"
	" INSERT INTO batch_count VALUES(new.status, new.verdict, 1) ON CONFLICT DO UPDATE SET n=n+1; END",

	/* sheet: the method as it was when the test was ordered, JSON (gateway/lab/sheet.h). calculated: JSON list of
	 * what follows from the slots filled so far. */
	"CREATE TABLE test("
	" id TEXT PRIMARY KEY, batch TEXT NOT NULL, position INTEGER NOT NULL, analyte TEXT NOT NULL,"
	" method TEXT NOT NULL, status TEXT NOT NULL," /* to-test, testing, done, void */
	" evidence_instrument TEXT NOT NULL, sheet TEXT NOT NULL, calculated TEXT NOT NULL,"
	" result TEXT NOT NULL, seq INTEGER NOT NULL,"
	" retest_of TEXT NOT NULL, rule TEXT NOT NULL) STRICT, WITHOUT ROWID", /* '' a first test */
	"CREATE INDEX test_by_batch ON test(batch, position)",
	"CREATE INDEX test_by_status ON test(status)",

	/* One row for each slot and for each repeated weighing of it, ordinal from 1. position: in the method. A refused
	 * slot still waits for its instrument. */
	"CREATE TABLE slot("
	" test TEXT NOT NULL, slot TEXT NOT NULL, replicate INTEGER NOT NULL, ordinal INTEGER NOT NULL,"
	" position INTEGER NOT NULL,"
	" status TEXT NOT NULL," /* empty, armed, filled, refused, missing */
	" instrument TEXT NOT NULL, channel TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL,"
	" typed INTEGER NOT NULL, reason TEXT NOT NULL, reason_zh TEXT NOT NULL, reason_en TEXT NOT NULL,"
	" exchange_seq INTEGER, exchange_idx INTEGER, wall_ns INTEGER NOT NULL, mono_ns INTEGER NOT NULL,"
	" boot TEXT NOT NULL, seq INTEGER NOT NULL, taken_back INTEGER NOT NULL,"
	" PRIMARY KEY(test, slot, replicate, ordinal)) STRICT, WITHOUT ROWID",
	"CREATE INDEX slot_by_status ON slot(status, instrument)",

	"CREATE TABLE rack("
	" instrument TEXT NOT NULL, position TEXT NOT NULL, test TEXT NOT NULL, slot TEXT NOT NULL,"
	" replicate INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(instrument, position)) STRICT, "
	"WITHOUT "
	"ROWID",

	"CREATE TABLE result("
	" id TEXT PRIMARY KEY, test TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL,"
	" exact TEXT NOT NULL, reasons TEXT NOT NULL, derivation TEXT NOT NULL, evidence TEXT NOT NULL,"
	" method TEXT NOT NULL, seq INTEGER NOT NULL, containers TEXT NOT NULL) STRICT, WITHOUT ROWID",

	"CREATE INDEX result_by_seq ON result(seq)",

	/* subject: id of a result or of a batch. source: JSON, where the limit stands. */
	"CREATE TABLE verdict("
	" subject TEXT NOT NULL, seq INTEGER NOT NULL, verdict TEXT NOT NULL, reasons TEXT NOT NULL,"
	" standard TEXT NOT NULL, clause TEXT NOT NULL, limit_text TEXT NOT NULL, compared TEXT NOT NULL,"
	" text_zh TEXT NOT NULL, text_en TEXT NOT NULL, scope_zh TEXT NOT NULL, scope_en TEXT NOT NULL,"
	" derivation TEXT NOT NULL, source TEXT NOT NULL,"
	" PRIMARY KEY(subject, seq)) STRICT, WITHOUT ROWID",

	/* Shared risk. One row for each analyte of a batch that has been judged: the verdict that counts for it now. quarter: of
	 * its first verdict ("2026Q4", in China's time whatever the machine's). outcome: pass, fail, undetermined, void.
	 * low, high: tenths of the limit the result certainly reaches and may reach, 10 beyond it, -1 not known; near: 1 from
	 * 8 tenths up to the limit, maybe_near: 1 the censored result may be. settled: the outcome as it stood when the quarter
	 * ended, which is what other producers are told: what changes later would tell whose it is. held: 1 while controls hold
	 * the result: no figure yet, counted by itself; settled is 'held' when its quarter ended so. */
	"CREATE TABLE risk_item("
	" product TEXT NOT NULL, analyte TEXT NOT NULL, batch TEXT NOT NULL, quarter TEXT NOT NULL,"
	" origin TEXT NOT NULL, producer TEXT NOT NULL, outcome TEXT NOT NULL, settled TEXT NOT NULL,"
	" low INTEGER NOT NULL, high INTEGER NOT NULL, near INTEGER NOT NULL, maybe_near INTEGER NOT NULL,"
	" share_low TEXT NOT NULL, share_high TEXT NOT NULL, result TEXT NOT NULL, seq INTEGER NOT NULL,"
	" held INTEGER NOT NULL,"
	" PRIMARY KEY(product, analyte, batch)) STRICT, WITHOUT ROWID",
	"CREATE INDEX risk_item_by_producer ON risk_item(producer, quarter) WHERE producer<>''",
	"CREATE INDEX risk_item_by_seq ON risk_item(seq)",
	/* Sums of risk_item, kept by triggers: what is asked of a million batches is read from here. n: pass and fail. */
	"CREATE TABLE risk_cell("
	" product TEXT NOT NULL, analyte TEXT NOT NULL, quarter TEXT NOT NULL, origin TEXT NOT NULL,"
	" n INTEGER NOT NULL, failed INTEGER NOT NULL, undetermined INTEGER NOT NULL, near INTEGER NOT NULL,"
	" maybe_near INTEGER NOT NULL, held INTEGER NOT NULL,"
	" PRIMARY KEY(product, analyte, quarter, origin)) STRICT, WITHOUT ROWID",
	"CREATE TABLE risk_share("
	" product TEXT NOT NULL, analyte TEXT NOT NULL, quarter TEXT NOT NULL, origin TEXT NOT NULL,"
	" low INTEGER NOT NULL, high INTEGER NOT NULL, n INTEGER NOT NULL,"
	" PRIMARY KEY(product, analyte, quarter, origin, low, high)) STRICT, WITHOUT ROWID",
	/* The settled outcomes by producer, registered ones only: one producer under two names would count for two. */
	"CREATE TABLE risk_producer("
	" producer TEXT NOT NULL, product TEXT NOT NULL, quarter TEXT NOT NULL,"
	" n INTEGER NOT NULL, failed INTEGER NOT NULL,"
	" PRIMARY KEY(quarter, product, producer)) STRICT, WITHOUT ROWID",
	/* How many analytes of a batch count, under the quarter of its first verdict; and how many batches have any. */
	"CREATE TABLE risk_batch(batch TEXT PRIMARY KEY, quarter TEXT NOT NULL, n INTEGER NOT NULL) STRICT, "
	"WITHOUT ROWID",
	"CREATE TABLE risk_batches(quarter TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	"CREATE TRIGGER risk_batch_added AFTER INSERT ON risk_batch BEGIN"
	" INSERT INTO risk_batches VALUES(new.quarter, 1) ON CONFLICT DO UPDATE SET n=n+1; END",
	"CREATE TRIGGER risk_batch_changed AFTER UPDATE OF n ON risk_batch WHEN (old.n>0)<>(new.n>0) BEGIN"
	" UPDATE risk_batches SET n=n+(new.n>0)-(old.n>0) WHERE quarter=new.quarter; END",
#define RISK_ADD(row, sign)                                                                                  \
	" INSERT INTO risk_cell SELECT " row ".product, " row ".analyte, " row ".quarter, " row ".origin,"   \
	"  " sign "(" row ".held=0 AND " row ".outcome IN ('pass','fail')),"                                 \
	"  " sign "(" row ".held=0 AND " row ".outcome='fail'),"                                             \
	"  " sign "(" row ".held=0 AND " row ".outcome='undetermined'), " sign "(" row ".held=0 AND "        \
	"  " row ".near), " sign "(" row ".held=0 AND " row ".maybe_near),"                                  \
	"  " sign "(" row ".held AND " row ".outcome<>'void') WHERE true"                                    \
	"  ON CONFLICT DO UPDATE SET n=n+excluded.n, failed=failed+excluded.failed,"                         \
	"  undetermined=undetermined+excluded.undetermined, near=near+excluded.near,"                        \
	"  maybe_near=maybe_near+excluded.maybe_near, held=held+excluded.held;"                              \
	" INSERT INTO risk_share SELECT " row ".product, " row ".analyte, " row ".quarter, " row ".origin,"  \
	"  " row ".low, " row ".high, " sign "1 WHERE " row ".held=0 AND " row ".low>=0 AND "                \
	"  " row ".outcome IN ('pass','fail')"                                                               \
	"  ON CONFLICT DO UPDATE SET n=n+excluded.n;"                                                        \
	" INSERT INTO risk_producer SELECT " row ".producer, " row ".product, " row ".quarter,"              \
	"  " sign "1, " sign "(" row ".settled='fail') WHERE " row ".producer<>''"                           \
	"  AND " row ".settled IN ('pass','fail')"                                                           \
	"  ON CONFLICT DO UPDATE SET n=n+excluded.n, failed=failed+excluded.failed;"
#define RISK_BATCH(row, sign)                                                                                \
	" INSERT INTO risk_batch SELECT " row ".batch, " row ".quarter, " sign "1 WHERE " row                \
	".outcome<>'void' ON CONFLICT DO UPDATE SET n=n+excluded.n;"
	"CREATE TRIGGER risk_added AFTER INSERT ON risk_item BEGIN" RISK_ADD("new", "+")
		RISK_BATCH("new", "+") " END",
	"CREATE TRIGGER risk_changed AFTER UPDATE ON risk_item BEGIN" RISK_ADD("old", "-")
		RISK_ADD("new", "+") " END",
	"CREATE TRIGGER risk_voided AFTER UPDATE OF outcome ON risk_item WHEN (old.outcome='void')<>"
	"(new.outcome='void') BEGIN" RISK_BATCH("old", "-") RISK_BATCH("new", "+") " END",
#undef RISK_ADD
#undef RISK_BATCH

	"CREATE TABLE review("
	" seq INTEGER PRIMARY KEY, batch TEXT NOT NULL, action TEXT NOT NULL, reason TEXT NOT NULL,"
	" who TEXT NOT NULL, wall_ns INTEGER NOT NULL, body TEXT NOT NULL) STRICT",
	"CREATE INDEX review_by_batch ON review(batch, seq)",

	/* paper_seq: the entry that holds its PDF, NULL until it has been printed. */
	"CREATE TABLE certificate("
	" id TEXT PRIMARY KEY, batch TEXT NOT NULL, verdict TEXT NOT NULL, replaces TEXT NOT NULL,"
	" replaced_by TEXT NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL, document TEXT NOT NULL,"
	" wall_ns INTEGER NOT NULL, seq INTEGER NOT NULL, paper_seq INTEGER, paper_sha256 TEXT NOT NULL,"
	" paper_bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	"CREATE INDEX certificate_by_batch ON certificate(batch, seq)",
	"CREATE INDEX certificate_by_seq ON certificate(seq)",
	"CREATE INDEX certificate_unprinted ON certificate(seq) WHERE paper_seq IS NULL",

	/* roles as words; methods: JSON list of those he is competent for; disabled, second_factor (he has one): 0 or 1; seq: of the last
	 * change. */
	"CREATE TABLE person("
	" user TEXT PRIMARY KEY, name TEXT NOT NULL, roles TEXT NOT NULL, producer TEXT NOT NULL,"
	" methods TEXT NOT NULL, disabled INTEGER NOT NULL, made_ns INTEGER NOT NULL, changed_ns INTEGER NOT "
	"NULL,"
	" seq INTEGER NOT NULL, second_factor INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	"CREATE TABLE token("
	" id TEXT PRIMARY KEY, name TEXT NOT NULL, roles TEXT NOT NULL, producer TEXT NOT NULL,"
	" made_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL, revoked INTEGER NOT NULL, who TEXT NOT NULL,"
	" seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	/* Each change of what a user or token may do: one row for each entry about him that changes it. until_ns: a token's
	 * last moment, else the end of time; ended: disabled or revoked from here on. */
	"CREATE TABLE entitled("
	" subject TEXT NOT NULL, kind TEXT NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL, name TEXT "
	"NOT NULL,"
	" roles TEXT NOT NULL, producer TEXT NOT NULL, methods TEXT NOT NULL, ended INTEGER NOT NULL,"
	" until_ns INTEGER NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY(subject, kind, "
	"seq)) STRICT,"
	" WITHOUT ROWID",
	/* What went wrong, for the list of alarms: FAULT and CLOCK entries. */
	"CREATE TABLE fault("
	" seq INTEGER PRIMARY KEY, code TEXT NOT NULL, text_zh TEXT NOT NULL, text_en TEXT NOT NULL,"
	" wall_ns INTEGER NOT NULL) STRICT",
	/* Entries whose contents are damaged: what rests on them is not verified. */
	"CREATE TABLE damaged(seq INTEGER PRIMARY KEY) STRICT",
	/* An alarm that somebody has taken note of, by its name (gateway/lab/alarms.c). */
	"CREATE TABLE alarm_seen("
	" alarm TEXT PRIMARY KEY, reason TEXT NOT NULL, who TEXT NOT NULL, wall_ns INTEGER NOT NULL,"
	" seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",

	/* body: the row as registered, JSON. What it was before stands in producer_version. */
	"CREATE TABLE producer("
	" id TEXT PRIMARY KEY, name TEXT NOT NULL, licence TEXT NOT NULL, body TEXT NOT NULL,"
	" wall_ns INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	"CREATE INDEX producer_by_name ON producer(name)",
	"CREATE TABLE producer_version("
	" producer TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, reason TEXT NOT NULL,"
	" who TEXT NOT NULL, wall_ns INTEGER NOT NULL, PRIMARY KEY(producer, seq)) STRICT, WITHOUT ROWID",

	/* The last one of an instrument says until when it may be used; lab.xml's date counts before the first. */
	"CREATE TABLE calibration("
	" instrument TEXT NOT NULL, seq INTEGER NOT NULL, certificate TEXT NOT NULL, laboratory TEXT NOT "
	"NULL,"
	" calibrated TEXT NOT NULL, due TEXT NOT NULL, outcome TEXT NOT NULL," /* fit, unfit */
	" reason TEXT NOT NULL, who TEXT NOT NULL, wall_ns INTEGER NOT NULL,"
	" PRIMARY KEY(instrument, seq)) STRICT, WITHOUT ROWID",
	/* users: JSON list of names, empty: everybody. */
	"CREATE TABLE instrument_use("
	" instrument TEXT PRIMARY KEY, location TEXT NOT NULL, users TEXT NOT NULL, reason TEXT NOT NULL,"
	" who TEXT NOT NULL, wall_ns INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",

	/* issued, used, saved_fen: sums of the ledger, kept as it grows; `assay entitlement audit` adds it up again. */
	"CREATE TABLE programme("
	" id TEXT PRIMARY KEY, name_zh TEXT NOT NULL, name_en TEXT NOT NULL, tests INTEGER NOT NULL,"
	" producers INTEGER NOT NULL, alarm_at INTEGER NOT NULL, valid_until TEXT NOT NULL, prices TEXT NOT "
	"NULL,"
	" issued INTEGER NOT NULL, used INTEGER NOT NULL, saved_fen INTEGER NOT NULL,"
	" reason TEXT NOT NULL, who TEXT NOT NULL, wall_ns INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, "
	"WITHOUT ROWID",
	"CREATE TABLE card("
	" id TEXT PRIMARY KEY, programme TEXT NOT NULL, producer TEXT NOT NULL, tests INTEGER NOT NULL,"
	" used INTEGER NOT NULL, status TEXT NOT NULL," /* active, revoked */
	" valid_until TEXT NOT NULL, wall_ns INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	"CREATE INDEX card_by_producer ON card(producer)",
	"CREATE INDEX card_by_programme ON card(programme)",
	/* issued, used: what the entry adds, negative when it takes back. */
	"CREATE TABLE ledger("
	" seq INTEGER PRIMARY KEY, programme TEXT NOT NULL, card TEXT NOT NULL, producer TEXT NOT NULL,"
	" action TEXT NOT NULL, issued INTEGER NOT NULL, used INTEGER NOT NULL, batch TEXT NOT NULL,"
	" saved_fen INTEGER NOT NULL, unpriced INTEGER NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL,"
	" wall_ns INTEGER NOT NULL) STRICT",
	"CREATE INDEX ledger_by_card ON ledger(card, seq)",
	"CREATE INDEX ledger_by_batch ON ledger(batch, seq)",

	/* Quality control. A control is a test of its own whose batch is its run; charts are of a method (the material's), an
	 * instrument and a level (the material). need: lab.xml's rule that a method has to have one, '' and 0 no bound. */
	"CREATE TABLE control_need(method TEXT PRIMARY KEY, hours INTEGER NOT NULL, results INTEGER NOT NULL)"
	" STRICT, WITHOUT ROWID",
	"CREATE TABLE control_material("
	" id TEXT PRIMARY KEY, kind TEXT NOT NULL," /* control, blank, spike, check-weight */
	" level INTEGER NOT NULL, method TEXT NOT NULL, status TEXT NOT NULL," /* in-use, retired */
	" body TEXT NOT NULL, wall_ns INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	/* state: '' not judged yet, in, warning, out, undetermined. holds: what is judged so holds results. */
	"CREATE TABLE control_run("
	" id TEXT PRIMARY KEY, method TEXT NOT NULL, instrument TEXT NOT NULL, kind TEXT NOT NULL,"
	" next_due TEXT NOT NULL, who TEXT NOT NULL, wall_ns INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" state TEXT NOT NULL, holds INTEGER NOT NULL, measured_ns INTEGER NOT NULL,"
	" verdict TEXT NOT NULL, judged_seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	"CREATE INDEX control_run_by_stream ON control_run(method, instrument, seq)",
	/* of_test, added: of a spike or duplicate. charted: there was a chart to place it on; z_hundredths for drawing. */
	"CREATE TABLE control("
	" test TEXT PRIMARY KEY, run TEXT NOT NULL, material TEXT NOT NULL, level INTEGER NOT NULL,"
	" of_test TEXT NOT NULL, added TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL,"
	" judged INTEGER NOT NULL, usable INTEGER NOT NULL, charted INTEGER NOT NULL, side INTEGER NOT NULL,"
	" beyond INTEGER NOT NULL, z_hundredths INTEGER NOT NULL, restart INTEGER NOT NULL,"
	" seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	"CREATE INDEX control_by_run ON control(run)",
	"CREATE INDEX control_by_material ON control(material, seq)",
	/* The last one of a material and instrument counts. material 'duplicates.METHOD': a range chart, mean is its mean
	 * range and variance '' . mean and variance: n/d. */
	"CREATE TABLE control_chart("
	" material TEXT NOT NULL, instrument TEXT NOT NULL, seq INTEGER NOT NULL, mean TEXT NOT NULL,"
	" variance TEXT NOT NULL, n INTEGER NOT NULL, relative INTEGER NOT NULL, body TEXT NOT NULL,"
	" who TEXT NOT NULL, wall_ns INTEGER NOT NULL, PRIMARY KEY(material, instrument, seq)) STRICT, "
	"WITHOUT ROWID",
	/* Every result of the method ('' any) on the instrument that came after entry after_seq is held until released. */
	"CREATE TABLE hold("
	" id TEXT PRIMARY KEY, method TEXT NOT NULL, instrument TEXT NOT NULL, after_seq INTEGER NOT NULL,"
	" run TEXT NOT NULL, rule TEXT NOT NULL, reason TEXT NOT NULL," /* a verdict's reason code */
	" status TEXT NOT NULL," /* open, explained, released */
	" cause TEXT NOT NULL, action TEXT NOT NULL, explained_by TEXT NOT NULL, released_by TEXT NOT NULL,"
	" released_ns INTEGER NOT NULL, released_seq INTEGER NOT NULL, body TEXT NOT NULL,"
	" wall_ns INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	"CREATE INDEX hold_open ON hold(id) WHERE status<>'released'",
	/* The last check of an instrument, unless a certificate came later. due '' none. */
	"CREATE TABLE instrument_check("
	" instrument TEXT NOT NULL, seq INTEGER NOT NULL, run TEXT NOT NULL, outcome TEXT NOT NULL,"
	" due TEXT NOT NULL, wall_ns INTEGER NOT NULL, PRIMARY KEY(instrument, seq)) STRICT, WITHOUT ROWID",
	"CREATE TABLE uncertainty("
	" method TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, who TEXT NOT NULL,"
	" wall_ns INTEGER NOT NULL, PRIMARY KEY(method, seq)) STRICT, WITHOUT ROWID",
	"CREATE TABLE proficiency("
	" seq INTEGER PRIMARY KEY, method TEXT NOT NULL, body TEXT NOT NULL, who TEXT NOT NULL,"
	" wall_ns INTEGER NOT NULL) STRICT",

	/* The newest of a test counts. blind: 1 when it was written down before our result was there. */
	"CREATE TABLE split("
	" test TEXT NOT NULL, seq INTEGER NOT NULL, batch TEXT NOT NULL, producer TEXT NOT NULL,"
	" method TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL, uncertainty TEXT NOT NULL,"
	" coverage TEXT NOT NULL, date TEXT NOT NULL, note TEXT NOT NULL, blind INTEGER NOT NULL,"
	" reason TEXT NOT NULL, who TEXT NOT NULL, wall_ns INTEGER NOT NULL, PRIMARY KEY(test, seq)) STRICT, "
	"WITHOUT ROWID",
	"CREATE INDEX split_by_producer ON split(producer, method, seq)",

	"CREATE TABLE spec(path TEXT NOT NULL, sha256 TEXT NOT NULL, seq INTEGER NOT NULL,"
	" PRIMARY KEY(path, sha256)) STRICT, WITHOUT ROWID",
	/* files: JSON, path -> digest. serial: of the signed bundle, 0 none. seq: where the set first came in force. */
	"CREATE TABLE spec_set(sha256 TEXT PRIMARY KEY, serial INTEGER NOT NULL, files TEXT NOT NULL,"
	" wall_ns INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	"CREATE TABLE driver(name TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL, seq INTEGER "
	"NOT NULL,"
	" PRIMARY KEY(name, sha256)) STRICT, WITHOUT ROWID",
	NULL,
};
