/* SPDX-License-Identifier: Apache-2.0
 * The driver contract, ABI 1. The only header a driver needs; number.h beside it helps with numbers.
 *
 * A driver thinks, the host acts. It does no input or output, reads no clock, keeps no statics and
 * starts no thread: it says what to ask, where a frame ends and what a frame means. Everything it
 * sees is a window on journalled bytes, so the same journal gives the same readings on another
 * machine, years later. Manual: assay-driver.7.
 *
 * One symbol is exported:   const struct assay_driver assay_driver = { ASSAY_DRIVER_HEAD, ... };
 *
 * Threads: the host calls one session from one thread at a time. Ownership: pointers handed to the
 * driver are lent for that call; a session is the driver's, made by open and freed by close.
 * Changes: additions go at the end and raise size; a change of meaning raises the ABI number. */
#ifndef ASSAY_DRIVER_H
#define ASSAY_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#define ASSAY_DRIVER_MAGIC 0x41535944u /* "ASYD" */
#define ASSAY_DRIVER_ABI 1u

#define ASSAY_FRAME_MAX 1048576u /* bytes; a longer frame is skipped and reported as bad format */
#define ASSAY_REQUEST_MAX 256u /* bytes a request may send */
#define ASSAY_VALUE_MAX 40u /* characters of a value, with sign and point */
#define ASSAY_UNIT_MAX 16u /* bytes of a unit, UTF-8 */
#define ASSAY_NAME_MAX 32u /* bytes of a channel or setting name */
#define ASSAY_SAMPLE_MAX 64u /* bytes of a sample id, UTF-8 */

/* How the host carries requests. */
enum assay_link {
	ASSAY_LINK_STREAM = 1, /* bytes both ways; the driver cuts */
	ASSAY_LINK_MODBUS =
		2 /* register reads; the host builds, cuts and matches, decode gets the reply PDU */
};

/* Why the host asks. */
enum assay_want {
	ASSAY_WANT_IDENTITY = 1, /* on every connect, and as the fence of a text line: model, serial number */
	ASSAY_WANT_VALUES = 2, /* the present values, stable or not */
	ASSAY_WANT_STABLE = 3 /* one stable value, waiting for it as long as the device does */
};

enum assay_request_kind {
	ASSAY_REQUEST_NONE = 0, /* nothing (more) to ask; just listen */
	ASSAY_REQUEST_BYTES = 1, /* send bytes, expect a reply within timeout_ms */
	ASSAY_REQUEST_READ = 2, /* Modbus read: unit, function 1 to 4, address (from 0), count */
	ASSAY_REQUEST_IDENTIFY = 3 /* Modbus device identification 43/14, basic: unit, function 43 */
};

struct assay_request {
	uint32_t kind; /* enum assay_request_kind */
	uint32_t timeout_ms; /* 1 to 600000, from the last byte sent to the last byte of the reply */
	uint32_t tag; /* the driver's own mark, handed back with the frame */
	uint32_t length; /* of bytes */
	uint8_t bytes[ASSAY_REQUEST_MAX];
	uint8_t unit, function;
	uint16_t address, count;
};

/* What happened on the line since the last cut. */
enum assay_event_kind {
	ASSAY_EVENT_BYTES = 1, /* more bytes were added to the window */
	ASSAY_EVENT_GAP = 2, /* silence longer than the line's inter-character limit */
	ASSAY_EVENT_TIMEOUT = 3, /* the request's time has run out */
	ASSAY_EVENT_LINE_ERROR =
		4, /* parity, framing, break or overrun: nothing in the window can be trusted */
	ASSAY_EVENT_RESET = 5 /* opened, reopened or suspended: a new conversation begins */
};

struct assay_window {
	const uint8_t *bytes; /* everything not yet consumed, oldest first */
	size_t length;
	uint32_t event; /* enum assay_event_kind */
	const struct assay_request *request; /* outstanding request, NULL when the bytes came by themselves */
};

/* cut's answer. skip + frame <= length. Both 0: more bytes are needed. The host drops skip bytes, hands
 * the next frame bytes to decode (when not 0) and calls cut again while anything is consumed. */
struct assay_cut {
	size_t skip; /* bytes that belong to no frame (journalled all the same) */
	size_t frame; /* bytes of the frame that follows them */
	uint32_t more; /* 1: the reply to the outstanding request continues after this frame */
	uint32_t bad; /* enum assay_reason for the skipped bytes, 0 when they are merely blank */
};

struct assay_frame {
	const uint8_t *bytes; /* STREAM: the frame as cut. MODBUS: the reply PDU, from its function code */
	size_t length;
	const struct assay_request *request; /* what it answers, NULL when it came by itself */
};

/* Flags of a reading; `assay driver flags` prints their names. */
#define ASSAY_FLAG_STABLE (1u << 0)
#define ASSAY_FLAG_DYNAMIC (1u << 1)
#define ASSAY_FLAG_OVER (1u << 2)
#define ASSAY_FLAG_UNDER (1u << 3)
#define ASSAY_FLAG_NET (1u << 4)
#define ASSAY_FLAG_GROSS (1u << 5)
#define ASSAY_FLAG_TYPED (1u << 6)
#define ASSAY_FLAG_BELOW_MINIMUM (1u << 7)
#define ASSAY_FLAG_CALIBRATING (1u << 8)
#define ASSAY_FLAG_TARE (1u << 9)
#define ASSAY_FLAG_CENSORED_LOW (1u << 10) /* the device printed "<" */
#define ASSAY_FLAG_CENSORED_HIGH (1u << 11) /* the device printed ">" */

/* Why there is no number, or no reading. */
enum assay_reason {
	ASSAY_REASON_NONE = 0,
	ASSAY_REASON_NOT_MINE = 1, /* another device's or another protocol's frame */
	ASSAY_REASON_BAD_CHECKSUM = 2, /* checksum or CRC differs */
	ASSAY_REASON_BAD_FORMAT = 3, /* outside the declared grammar */
	ASSAY_REASON_OVER = 4, /* overload, above the range */
	ASSAY_REASON_UNDER = 5, /* underload, below the range */
	ASSAY_REASON_BUSY = 6, /* not possible now; ask again */
	ASSAY_REASON_NOT_READY = 7, /* no measurement yet */
	ASSAY_REASON_DEVICE_ERROR = 8, /* the device reports a fault of its own */
	ASSAY_REASON_REFUSED = 9, /* the device does not know or allow the request */
	ASSAY_REASON_NO_SENSOR = 10, /* sensor open, broken or absent */
	ASSAY_REASON_UNKNOWN_UNIT = 11,
	ASSAY_REASON_TOO_LONG = 12 /* value, frame or text beyond its ceiling */
};

/* One decoded quantity. value is what the device printed: a minus sign or none, no leading zeros beyond
 * one before the point, trailing zeros kept; NULL when there is no number, and then reason says why. */
struct assay_reading {
	uint32_t size; /* sizeof(struct assay_reading) of the driver's build */
	uint32_t flags;
	uint32_t reason; /* enum assay_reason; 0 when value is a number */
	const char *channel; /* one of the driver's or the settings' channels */
	const char *value;
	const char *unit; /* "" when the device sends none */
	const char *sample; /* id sent by the device, NULL when none */
	uint32_t value_at, value_length; /* where in the frame the value stands; 0,0 unknown */
	uint32_t unit_at, unit_length;
};

struct assay_identity {
	uint32_t size;
	const char *maker, *model, *serial, *software; /* NULL when not told */
};

/* Lent by the host for one decode. Each returns 0, or negative when the driver must stop and return it. */
struct assay_sink {
	void *context;
	int (*reading)(void *context, const struct assay_reading *reading);
	int (*identity)(void *context, const struct assay_identity *identity);
	/* Bytes to send back, only after everything read so far is durable (ASTM's ACK). */
	int (*reply)(void *context, const uint8_t *bytes, size_t length);
	/* The frame as a whole gives no reading; detail (may be NULL) is shown to the technician. ASSAY_REASON_NONE: it is
	 * the answer to the request, and there is nothing to read in it (ready); the cycle goes on. */
	int (*reason)(void *context, uint32_t reason, const char *detail);
};

/* Settings from lab.xml and the instrument's XML, in document order. Single settings have group "" and
 * row 0; the rows of a table (Modbus items, grammar lines) share a group and count row from 0. */
struct assay_setting {
	const char *group;
	uint32_t row;
	const char *name;
	const char *value;
};

enum assay_option_kind { ASSAY_OPTION_TEXT = 1, ASSAY_OPTION_INTEGER = 2, ASSAY_OPTION_CHOICE = 3 };

/* What settings a driver takes; ends with a row whose name is NULL. The host refuses unknown names, values
 * out of range and missing required ones before open is called. */
struct assay_option {
	const char *group;
	const char *name;
	uint32_t kind;
	uint32_t required;
	int64_t min, max; /* INTEGER */
	const char *choices; /* CHOICE: blank-separated */
	const char *fallback; /* used when absent, NULL: none */
	const char *help_zh, *help_en;
};

/* What a driver can report; ends with a row whose name is NULL. Empty: the settings name the channels. */
struct assay_channel {
	const char *name; /* "weight" */
	const char *unit; /* usual unit, "" when it varies */
	const char *help_zh, *help_en;
};

/* One piece of a register map. The host plans the requests from these for the line it has: what they cost depends on
 * baud rate and turnaround, which a driver does not know. */
enum assay_map_kind {
	ASSAY_MAP_VALUE = 1, /* means something; read whole, in one request */
	ASSAY_MAP_HOLE = 2 /* means nothing, but may be read along */
};
struct assay_map_piece {
	uint32_t kind; /* enum assay_map_kind */
	uint32_t function; /* 1 to 4 */
	uint32_t address, registers; /* bits for functions 1 and 2 */
	uint32_t most; /* registers or bits of one request that covers this value, at most */
	uint32_t period_ms; /* asked for so often; 0: as often as the instrument */
	uint32_t turnaround_ms; /* what the device takes to answer; 0: not known */
};

struct assay_session; /* the driver's own */

/* Services the driver may use, besides its own arithmetic. */
struct assay_host {
	uint32_t abi, size;
	void *(*allocate)(size_t size); /* zeroed; NULL when there is no memory */
	void (*release)(void *memory); /* NULL allowed */
};

struct assay_driver {
	uint32_t magic; /* these three never move, in any version */
	uint32_t abi;
	uint32_t size;
	uint32_t link; /* enum assay_link */
	const char *name, *version, *summary_zh, *summary_en;
	const struct assay_option *options;
	const struct assay_channel *channels;

	/* Check settings and make a session. 0, or negative with one line in why (why_size bytes, what is
	 * wrong and what to do). *out is untouched on failure. */
	int (*open)(const struct assay_host *host, const struct assay_setting *settings, size_t count,
		struct assay_session **out, char *why, size_t why_size);
	void (*close)(struct assay_session *session); /* NULL allowed */

	/* The turn-th request (from 0) that serves want; kind NONE ends the cycle. Depends on nothing but
	 * settings, want and turn. 0 or negative. */
	int (*ask)(
		const struct assay_session *session, uint32_t want, uint32_t turn, struct assay_request *out);

	/* STREAM only. Where the next frame ends. Frames do not depend on how the bytes are sliced. */
	int (*cut)(struct assay_session *session, const struct assay_window *window, struct assay_cut *out);

	/* What a frame means: readings, an identity, a reply, or one reason. 0 or negative (a fault in the
	 * driver itself: the host journals the frame as bad format). */
	int (*decode)(struct assay_session *session, const struct assay_frame *frame,
		const struct assay_sink *sink);

	/* MODBUS only, may be NULL. The index-th piece of what WANT_VALUES and WANT_STABLE read: 1 filled, 0 there are no
	 * more. With it the host makes the requests itself, of unit and time-out as ask's; decode must then read any
	 * answer that covers pieces, whatever else it covers. */
	int (*map)(const struct assay_session *session, uint32_t index, struct assay_map_piece *out);
};

#define ASSAY_DRIVER_HEAD                                                                                    \
	.magic = ASSAY_DRIVER_MAGIC, .abi = ASSAY_DRIVER_ABI, .size = sizeof(struct assay_driver)
#define ASSAY_DRIVER_EXPORT                                                                                  \
	__attribute__((visibility("default"))) extern const struct assay_driver assay_driver

#endif
