/* SPDX-License-Identifier: Apache-2.0
 * What a simulated instrument says: answers, lines of its own accord, registers, and the faults it makes. Read from a
 * file of its own (specs/schema/sim.xsd) or from the transcripts of an instrument file. */
#ifndef ASSAY_SIM_SCRIPT_H
#define ASSAY_SIM_SCRIPT_H

#include "drivers/driver.h"
#include "gateway/config.h"

#define SIM_SERIAL_MAX 48u
#define SIM_SAY_EVERY_MS 2000u /* transcripts of an instrument that cannot be asked */

enum sim_fault {
	SIM_FAULT_NONE = 0,
	SIM_FAULT_LATE,
	SIM_FAULT_DOUBLED,
	SIM_FAULT_TORN, /* a pause inside the answer */
	SIM_FAULT_CUT, /* the rest never comes */
	SIM_FAULT_FOREIGN, /* another unit's answer; text: the answer to another request */
	SIM_FAULT_NOISE,
	SIM_FAULT_ECHO, /* the request comes back first */
	SIM_FAULT_LOST,
	SIM_FAULT_FLIP, /* one bit; Modbus RTU only, whose CRC finds it */
	SIM_FAULT_HANGUP, /* gone for away_ms, then there again */
	SIM_FAULT_SWAP, /* from now on another device of the same kind, with its own serial number */
	SIM_FAULTS
};

const char *sim_fault_name(enum sim_fault fault);
enum sim_fault sim_fault_of(const char *name, size_t length); /* SIM_FAULT_NONE: no such word */

struct sim_bytes {
	uint8_t *bytes;
	size_t length;
};

/* Several with the same request take turns. */
struct sim_answer {
	struct sim_bytes request, reply; /* Modbus: PDUs, without unit */
	unsigned after_ms;
	unsigned served;
};

struct sim_say {
	struct sim_bytes bytes;
	unsigned every_ms;
};

/* One state of a range of registers or bits; several states of a register take turns. */
struct sim_registers {
	uint8_t unit, function;
	uint16_t address;
	size_t count;
	int32_t *values; /* -1: the number of this answer */
	unsigned served; /* of the requests that begin in this range */
};

/* Answer number `at`, and every `every` answers; 0: not by that. */
struct sim_rule {
	enum sim_fault fault;
	unsigned at, every;
};

struct sim_script {
	bool modbus;
	char serial[SIM_SERIAL_MAX], swapped[SIM_SERIAL_MAX], model[SIM_SERIAL_MAX];
	uint8_t unit; /* that answers the instrument's own PDUs */
	unsigned baud; /* 0: as fast as it goes */
	unsigned delay_ms, late_ms, torn_ms, away_ms;
	struct sim_answer *answers;
	size_t answer_count;
	struct sim_say *says;
	size_t say_count;
	struct sim_registers *registers;
	size_t register_count;
	struct sim_rule rules[50];
	size_t rule_count;
};

/* The root element tells which kind of file it is. ASSAY_EREFUSED with path:line. The caller owns *out. */
int sim_script_load(const struct assay_places *places, const char *path, struct sim_script **out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
void sim_script_free(struct sim_script *script); /* NULL allowed */

/* For the two readers: append; false: no memory. Bytes are copied. */
bool sim_add_answer(struct sim_script *script, const void *request, size_t request_length, const void *reply,
	size_t length, unsigned after_ms);
bool sim_add_say(struct sim_script *script, const void *bytes, size_t length, unsigned every_ms);
struct sim_registers *sim_add_registers(struct sim_script *script, size_t count);
/* Transcripts of an instrument file as a script. */
int sim_script_from_instrument(const struct assay_places *places, const char *path, struct sim_script *script,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
