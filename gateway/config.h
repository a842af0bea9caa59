/* SPDX-License-Identifier: Apache-2.0
 * lab.xml, checked: what the laboratory has. Read once by the supervisor, before it forks; immutable
 * afterwards. Manual: assay.xml.5; schema: specs/schema/lab.xsd. */
#ifndef ASSAY_CONFIG_H
#define ASSAY_CONFIG_H

#include "drivers/driver.h"
#include "limits/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSAY_LINES_MAX 1024u
#define ASSAY_LINE_INSTRUMENTS_MAX 64u

enum assay_transport {
	ASSAY_TRANSPORT_SERIAL = 1,
	ASSAY_TRANSPORT_MODBUS_RTU = 2,
	ASSAY_TRANSPORT_MODBUS_TCP = 3,
	ASSAY_TRANSPORT_TCP =
		4, /* byte stream: a serial device server, or an analyser that connects (listens) */
	ASSAY_TRANSPORT_RTU_TCP = 5, /* Modbus RTU frames over TCP */
	ASSAY_TRANSPORT_FOLDER = 6, /* result files that appear in a folder */
	ASSAY_TRANSPORT_REPLAY = 7 /* a capture file, played once in its own time */
};

struct assay_config_channel {
	const char *name, *name_zh, *name_en;
	const char *band_low, *band_high; /* decimal text, "" none */
	const char *unit; /* unit of the band and of what a slot takes, "" any */
};

struct assay_config_instrument {
	const char *id, *name_zh, *name_en, *driver, *spec; /* spec: file in specs/instruments, "" none */
	const char *driver_sha256; /* of the plugin's file when this was read */
	const char *model, *serial; /* serial: "" not checked */
	const char *calibrated_until, *location; /* YYYY-MM-DD or "" */
	uint32_t every_ms,
		needed_ms; /* period of WANT_VALUES when steady / while a test needs it; 0: never ask */
	uint32_t late_ms; /* stated maximum delay of an answer; 0: twice the driver's time-out, at most 5 s */
	const struct assay_setting *settings; /* from spec, then lab.xml (which wins) */
	size_t setting_count;
	const struct assay_config_channel *channels;
	size_t channel_count;
};

struct assay_config_line {
	const char *id, *name_zh, *name_en;
	uint32_t transport; /* enum assay_transport */
	const char *port; /* serial: device path or stable id */
	uint32_t baud;
	uint8_t bits, stop;
	char parity; /* 'N' 'E' 'O' */
	char flow; /* 'N' none, 'R' RTS/CTS, 'X' XON/XOFF */
	const char *host; /* TCP: name or address */
	uint16_t tcp_port;
	bool listens; /* TCP: the instrument connects to us; host is the address to listen on */
	const char *path; /* folder, or capture file */
	uint32_t settle_ms; /* folder: a file is whole when its size has stood still for so long */
	uint32_t gap_ms; /* serial: least time between two requests */
	char dtr, rts; /* serial: '1' on, '0' off, '-' as the system leaves them */
	bool disabled;
	unsigned source_line; /* in lab.xml, for messages */
	const struct assay_config_instrument *instruments;
	size_t instrument_count;
};

/* A method's results count only with a control that stood at most so long, and so many results, before. */
struct assay_config_control {
	const char *method; /* id in specs/methods */
	uint32_t within_hours, within_results; /* 0: no bound of this sort; one of them is there */
};

struct assay_config {
	const char *path; /* as given, for messages */
	const char *site, *origin, *name_zh, *name_en;
	const char *listen; /* ADDR:PORT, "" no web */
	const char *certificate, *key; /* of https, PEM; "" the one assay makes */
	bool anonymous_read; /* whoever reaches the pages may look without logging in */
	unsigned second_factor; /* roles (enum assay_actor_role) whose users need one */
	/* whom alarms are told: a command that takes a mail, for whom it is and from whom; where JSON is posted to; "" none */
	const char *tell_mail, *tell_to, *tell_from, *tell_hook, *tell_hook_ca;
	const char *address, *contact; /* of the laboratory, printed on its papers */
	const char *
		check; /* where a certificate is checked, to be followed by its number; "" this gateway's pages */
	const char *decision; /* rule of decision: "simple", "guard", "non-binary" or "guarded-rejection" */
	const char *unverified; /* what a verdict on an unverified row does: "review" or "undetermined" */
	const struct assay_config_line *lines;
	size_t line_count;
	const struct assay_config_control *controls;
	size_t control_count;
	const char *xml; /* the exact bytes of lab.xml */
	size_t xml_length;
	char sha256[65];
};

/* Read, validate (schema, then cross-checks: unique ids, known drivers and their options, existing spec
 * files) and own the result. Refused whole, with file:line, at the first mistake. drivers_dir and
 * specs_dir as found by assay_places. */
int assay_config_load(const char *path, const char *specs_dir, const char *drivers_dir,
	struct assay_config **out, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_config_free(struct assay_config *config);

/* Does nothing that differs between the two matter to who holds the device? (config_same.c) */
bool assay_config_line_same(const struct assay_config_line *a, const struct assay_config_line *b);

/* Where plugins and specs are: beside the executable in a source tree, below the prefix when installed. */
struct assay_places {
	char drivers[512], specs[512];
};
int assay_places_find(struct assay_places *out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
