/* SPDX-License-Identifier: Apache-2.0
 * Inside of the state: its statements, and how entries become rows. Not for others. */
#ifndef ASSAY_RECORD_STATE_TABLES_H
#define ASSAY_RECORD_STATE_TABLES_H

#include "gateway/record/body.h"
#include "gateway/record/state.h"

#include <jansson.h>

extern const char *const assay_state_schema[]; /* ends with NULL */

enum state_statement {
	STATE_PUT_META,
	STATE_GET_META,
	STATE_RESET_MARKS,
	STATE_GET_MARK,
	STATE_MARK_LINE,
	STATE_CLEAR_CHANNELS,
	STATE_CLEAR_INSTRUMENTS,
	STATE_CLEAR_LINES,
	STATE_PUT_LINE,
	STATE_PUT_INSTRUMENT,
	STATE_PUT_CHANNEL,
	STATE_DROP_LINES,
	STATE_DROP_INSTRUMENTS,
	STATE_DROP_CHANNELS,
	STATE_PUT_SPEC,
	STATE_PUT_SPEC_SET,
	STATE_PUT_DRIVER,
	STATE_LINE_STATUS,
	STATE_PUT_EXCHANGE,
	STATE_PUT_EXCHANGE_ROWS,
	STATE_PUT_READINGS,
	STATE_PUT_READINGS_ROWS,
	STATE_CHANNEL_SEEN,
	STATE_PUT_LATEST,
	STATE_PRUNE_LATEST,
	STATE_DROP_LATEST,
	STATE_IDENTITY,
	STATE_FIRST_SEEN,
	STATE_ACCEPT,
	STATE_GET_ACCEPTED,
	STATE_PRUNE_EXCHANGES,
	STATE_PRUNE_READINGS,
	STATE_WALK_READINGS,
	STATE_PUT_BATCH,
	STATE_BATCH_STATUS,
	STATE_BATCH_TESTING,
	STATE_BATCH_VERDICT,
	STATE_PUT_TEST,
	STATE_TEST_TESTING,
	STATE_TEST_DONE,
	STATE_TEST_VOID,
	STATE_PUT_SLOT,
	STATE_ARM_SLOT,
	STATE_DISARM_INSTRUMENT,
	STATE_DISARM_TEST,
	STATE_DISARM_BATCH,
	STATE_FILL_SLOT,
	STATE_REFUSE_SLOT,
	STATE_MISS_CONTAINER,
	STATE_EMPTY_SLOT,
	STATE_DROP_LATER_SLOTS,
	STATE_TEST_BEGUN,
	STATE_FATE,
	STATE_PUT_RESULT,
	STATE_PUT_VERDICT,
	STATE_PUT_REVIEW,
	STATE_PUT_RISK,
	STATE_VOID_RISK,
	STATE_HOLD_RISK,
	STATE_PUT_PERSON,
	STATE_CHANGE_PERSON,
	STATE_SECOND_FACTOR,
	STATE_PUT_TOKEN,
	STATE_REVOKE_TOKEN,
	STATE_ENTITLE_PERSON,
	STATE_ENTITLE_TOKEN,
	STATE_PUT_SAMPLE,
	STATE_PUT_HAND,
	STATE_PUT_HAND_OF_TEST,
	STATE_BATCH_RETEST,
	STATE_PUT_CERTIFICATE,
	STATE_REPLACE_CERTIFICATE,
	STATE_PUT_PAPER,
	STATE_CLEAR_RACK,
	STATE_PUT_RACK,
	STATE_PUT_FAULT,
	STATE_PUT_DAMAGED,
	STATE_PRUNE_FAULTS,
	STATE_PUT_ALARM_SEEN,
	STATE_PUT_PRODUCER,
	STATE_PUT_PRODUCER_VERSION,
	STATE_PUT_CALIBRATION,
	STATE_CALIBRATED_UNTIL,
	STATE_PUT_INSTRUMENT_USE,
	STATE_PUT_PROGRAMME,
	STATE_PUT_CARD,
	STATE_PUT_LEDGER,
	STATE_ADD_TO_PROGRAMME,
	STATE_ADD_TO_CARD,
	STATE_CLEAR_CONTROL_NEEDS,
	STATE_PUT_CONTROL_NEED,
	STATE_PUT_MATERIAL,
	STATE_PUT_CONTROL_RUN,
	STATE_PUT_CONTROL,
	STATE_JUDGE_CONTROL_RUN,
	STATE_JUDGE_CONTROL,
	STATE_PUT_INSTRUMENT_CHECK,
	STATE_PUT_CHART,
	STATE_OPEN_HOLD,
	STATE_CHANGE_HOLD,
	STATE_PUT_UNCERTAINTY,
	STATE_PUT_PROFICIENCY,
	STATE_PUT_SPLIT,
	STATE_STATEMENTS
};

/* What one transaction changes again and again is written once, at its end or before any entry that is no exchange:
 * how far a line is, and where the last values of an instrument stand. */
#define STATE_LATE_MAX 65536u /* of each; more are written at once */
struct state_late_mark {
	char line[25];
	uint32_t generation;
	uint64_t id;
};
struct state_late_latest {
	char instrument[ASSAY_INSTRUMENT_ID_MAX]; /* as a gist has it */
	int64_t shape;
	uint64_t seq;
	bool known; /* its row and its channels' are there */
	bool due; /* the row has an older sequence */
};

/* What waits, and where to find it: place[hash] is one more than its number, 0 nothing. */
struct state_late {
	void *row;
	uint32_t *place;
	uint32_t count, room; /* places are twice the room, a power of two */
};

/* Rows on their way, STATE_ROWS to a statement. */
#define STATE_ROWS 16u
struct state_row {
	const struct assay_entry *entry;
	const struct assay_exchange_gist *gist;
	size_t received_length;
	uint8_t received[ASSAY_STATE_RECEIVED]; /* of a frame */
};
struct state_rows {
	unsigned count;
	struct state_row row[STATE_ROWS];
};

struct assay_state {
	char path[600];
	sqlite3 *db;
	sqlite3_stmt *statement[STATE_STATEMENTS];
	bool open; /* a transaction */
	uint64_t applied, committed;
	uint64_t exchanges_from; /* what is older will not be in the list of frames when this is done */
	uint8_t header[ASSAY_HEADER_SIZE]; /* of the last entry applied */
	struct state_late late_marks, late_latest; /* the latter outlast a transaction */
	struct state_rows readings_rows, frame_rows;
	bool gathers; /* the entries that are applied stay until the rows are flushed */
	int64_t looked_at; /* the last row of the history that was looked at */
	struct assay_error failed; /* of the first statement that failed since the last rollback */
};

/* Run a statement that returns no row. values: one letter each - t text (const char *), s text with its length
 * (const char *, size_t), i int64_t, n NULL (no
 * argument), b blob (const void *, size_t). */
int state_run(struct assay_state *state, enum state_statement which, struct assay_error *err,
	const char *values, ...) ASSAY_WARN_UNUSED;
/* A prepared statement, reset; owned by the state. NULL with err. */
sqlite3_stmt *state_statement(struct assay_state *state, enum state_statement which, struct assay_error *err);

/* state_check.c: SQLITE_OK when every table but reading holds together, SQLITE_CORRUPT, or what SQLite says. */
int state_check_tables(sqlite3 *db);

/* state_rows.c: the values of an exchange, and its line in the list of frames (!listed: its events are only looked at). */
int state_rows_readings(struct assay_state *state, const struct assay_entry *entry,
	const struct assay_exchange_gist *gist, struct assay_error *err) ASSAY_WARN_UNUSED;
int state_rows_frame(struct assay_state *state, const struct assay_entry *entry,
	const struct assay_exchange_gist *gist, bool listed, struct assay_error *err) ASSAY_WARN_UNUSED;
int state_rows_flush(struct assay_state *state, struct assay_error *err) ASSAY_WARN_UNUSED;
void state_rows_forget(struct assay_state *state);

/* late.c */
int state_late_mark(struct assay_state *state, const char *line, uint32_t generation, uint64_t id,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* A usable exchange with readings: its instrument's last values of these channels stand there. */
int state_late_latest(struct assay_state *state, const struct assay_entry *entry,
	const struct assay_exchange_gist *gist, struct assay_error *err) ASSAY_WARN_UNUSED;
int state_late_write(struct assay_state *state, struct assay_error *err) ASSAY_WARN_UNUSED;
void state_late_forget(struct assay_state *state);
void state_late_free(struct assay_state *state);

/* apply.c: exchanges and lines. apply_config.c: what lab.xml and specs say. apply_person.c: users. apply_lab.c: batches, tests, results.
 * apply_registers.c: producers, instruments, programmes and cards. apply_quality.c: controls, charts, holds. */
int apply_start(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int apply_config(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int apply_person(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* apply_certificate.c */
int apply_certificate(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* apply_alarm.c: faults, clock steps, and alarms somebody has seen. */
int apply_alarm(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int apply_registers(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* apply_risk.c: a result's verdict, and a batch that is void, in the tables of shared risk. */
int apply_risk(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int apply_risk_hold(struct assay_state *state, const struct assay_entry *entry, const char *hold,
	struct assay_error *err);
int apply_risk_void(struct assay_state *state, const struct assay_entry *entry, const char *batch,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int apply_quality(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int apply_lab(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* A member as JSON text for a column, fallback when absent; the caller frees. NULL: no memory. */
char *body_json(const json_t *body, const char *name, const char *fallback);
int body_no_memory(struct assay_error *err);
const char *body_text(const json_t *body, const char *name); /* "" when absent */
int64_t body_number(const json_t *body, const char *name); /* 0 when absent */

#endif
