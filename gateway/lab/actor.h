/* SPDX-License-Identifier: Apache-2.0
 * Who asks for a command, as the recorder has found out by itself: never what the asker says about himself. */
#ifndef ASSAY_LAB_ACTOR_H
#define ASSAY_LAB_ACTOR_H

#include "limits/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define ASSAY_ACTOR_NAME_MAX 64u /* bytes, with NUL */

/* A set of bits. */
enum assay_actor_role {
	ASSAY_ACTS_TECHNICIAN = 1, /* registers, weighs, enters */
	ASSAY_ACTS_REVIEWER = 2, /* confirms what a technician did, releases */
	ASSAY_ACTS_QA = 4, /* reads everything, holds and voids; alters no value */
	ASSAY_ACTS_ADMIN = 8, /* users, tokens, settings; decides about no batch */
	ASSAY_ACTS_PRODUCER = 16, /* sees the batches of one producer */
	ASSAY_ACTS_READ = 32 /* a machine or a wall screen: reads what the laboratory shows */
};
#define ASSAY_ACTS_STAFF                                                                                     \
	((unsigned)ASSAY_ACTS_TECHNICIAN | ASSAY_ACTS_REVIEWER | ASSAY_ACTS_QA | ASSAY_ACTS_ADMIN)
#define ASSAY_ACTS_ALL 63u

enum assay_actor_how {
	ASSAY_ACTOR_LOCAL = 1, /* the Unix socket, as the recorder's own user or root */
	ASSAY_ACTOR_SESSION = 2, /* logged in with a password */
	ASSAY_ACTOR_TOKEN = 3, /* a machine */
	ASSAY_ACTOR_ANONYMOUS = 4 /* nobody; reads only, where lab.xml or the demonstration lets it */
};

struct assay_actor {
	const char *name; /* borrowed; goes into entries as "who" */
	unsigned roles; /* enum assay_actor_role */
	const char *producer; /* of a producer's user; "" else */
	enum assay_actor_how how;
	const char *full_name; /* as it is printed beside a signature; "" not known */
	bool unproven; /* without the second factor that lab.xml wants of his roles: he may only set one up */
	bool signature; /* the password was given again for this command, and was right */
};

/* Is this command this actor's to give? One table for all commands, in rights.c. ASSAY_OK; ASSAY_EREFUSED
 * "not-allowed", "second-factor-missing", or "signature-needed" when the command signs and the password was not given again (who is local has
 * shown who he is to the system: he signs as that user). An unknown command is allowed: nobody will run it. */
int lab_allows(
	const struct assay_actor *actor, const char *command, struct assay_error *err) ASSAY_WARN_UNUSED;
/* The same without asking for a signature: for those who only read. */
int lab_reads(
	const struct assay_actor *actor, const char *command, struct assay_error *err) ASSAY_WARN_UNUSED;
/* The command is a signature: its entry binds name, meaning, time and record. */
bool lab_signs(const char *command);

/* The commands these roles may give: [name]. A new reference. */
json_t *lab_rights(unsigned roles);

/* "technician reviewer" -> bits; false: a word that is none. */
bool lab_roles_read(const char *text, unsigned *roles_out);
/* The inverse, in out (at least ASSAY_ROLES_TEXT_MAX bytes). */
#define ASSAY_ROLES_TEXT_MAX 64u
void lab_roles_text(unsigned roles, char *out);

#endif
