/* SPDX-License-Identifier: Apache-2.0
 * Registers 登记: producers, products, instruments, programmes of free tests and their cards. */
#ifndef ASSAY_LAB_REGISTERS_H
#define ASSAY_LAB_REGISTERS_H

#include "gateway/lab/entries.h"

/* A command and its whole answer: a new reference; NULL with *status_out and err. */
typedef json_t *lab_answer(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err);
struct lab_command {
	const char *name;
	lab_answer *run;
};
/* Tables of commands, each ends with name NULL. */
extern const struct lab_command lab_producer_commands[]; /* producers.c */
extern const struct lab_command lab_instrument_commands[]; /* instruments.c */
extern const struct lab_command lab_entitlement_commands[]; /* entitlement.c */

extern const struct lab_command lab_split_commands[]; /* split.c */
extern const struct lab_command lab_rack_commands[]; /* route.c */
extern const struct lab_command lab_who_commands[]; /* who_can.c */
extern const struct lab_command lab_alarm_commands[]; /* alarms.c: alarms, and the review queue */

/* {member: value}, value consumed; NULL with *status_out from err when value is NULL or there is no memory. */
json_t *lab_answer_one(const char *member, json_t *value, int *status_out, struct assay_error *err);

/* Who made it: id of the register's producer named so (by id or by name), "" none. ASSAY_EIO. */
int lab_producer_find(struct assay_lab *lab, const char *named, char id_out[LAB_ID_MAX],
	char name_out[LAB_TEXT_MAX + 1], struct assay_error *err) ASSAY_WARN_UNUSED;

/* May who use the instrument: nobody is named for it, or who is. ASSAY_EREFUSED "instrument-not-yours". */
int lab_may_use(struct assay_lab *lab, const char *instrument, const char *who,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* May who work by the method of test: competence.c. ASSAY_EREFUSED "not-competent"; a test that is not there is allowed. */
int lab_competent(
	struct assay_lab *lab, const char *test, const char *who, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The card pays for batch: one full-item test, saved by the programme's prices of analytes. ASSAY_ENOTFOUND
 * "card-unknown", ASSAY_EREFUSED "card-revoked", "card-expired", "card-used-up", "card-of-another". Check before anything
 * is appended, then redeem. */
int lab_card_check(struct assay_lab *lab, const char *card, const char *producer,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int lab_card_redeem(struct assay_lab *lab, const char *card, const char *batch, const json_t *analytes,
	const char *who, struct assay_error *err) ASSAY_WARN_UNUSED;
/* A batch that is void gives back what its card paid; nothing when no card paid. */
int lab_card_return(struct assay_lab *lab, const char *batch, const char *reason, const char *who,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* audit.c: the ledger added up again. [{code, subject, text_zh, text_en}], empty when it adds up. */
json_t *lab_entitlement_audit(sqlite3 *state, struct assay_error *err);

#endif
