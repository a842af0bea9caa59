/* SPDX-License-Identifier: Apache-2.0
 * Messages between a host and the recorder, and from the supervisor to both: Unix SOCK_SEQPACKET,
 * one fixed header and a payload; between hosts and the recorder several of them to a packet (channel_packet.h).
 * Same machine, same binary: native byte order.
 *
 * The life of an exchange. The host reads bytes and sends them as EVENT messages before driver code
 * sees them; the recorder holds them by line. When the exchange is over the host sends END with the
 * outcome and the readings; the recorder writes one journal entry and answers COMMITTED once it is
 * durable. Until then the host keeps its copy: a new recorder says HELLO with the last id it has
 * committed for that line and generation, and the host sends the rest again. When a host dies the
 * recorder journals the events it holds with the outcome "host-died". */
#ifndef ASSAY_WIRE_CHANNEL_H
#define ASSAY_WIRE_CHANNEL_H

#include "limits/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSAY_CHANNEL_MAGIC 0x41534d47u
#define ASSAY_CHANNEL_PAYLOAD_MAX 65536u /* longer reads are sent in several EVENTs */
#define ASSAY_LINE_ID_MAX 24u /* as in the journal header: [a-z0-9-], NUL-padded */

enum assay_message_type {
	/* host -> recorder */
	ASSAY_MSG_EVENT = 1, /* payload: struct assay_event_head, then bytes */
	ASSAY_MSG_END = 2, /* payload: end_message.h */
	ASSAY_MSG_LINE = 3, /* payload: struct assay_line_state */
	/* recorder -> host */
	ASSAY_MSG_HELLO = 10, /* for each line: id = last END committed in this generation, 0 none */
	ASSAY_MSG_COMMITTED = 11, /* id = END that is durable; payload: uint64_t journal sequence */
	ASSAY_MSG_WANT = 12, /* payload: struct assay_want_message */
	ASSAY_MSG_PAUSE = 13, /* journal cannot write: stop reading devices */
	ASSAY_MSG_RESUME = 14,
	ASSAY_MSG_KNOWN = 15, /* payload: struct assay_known_message */
	/* supervisor -> recorder; one descriptor attached */
	ASSAY_MSG_ADD_HOST =
		20, /* generation; payload: struct assay_add_host; fd = recorder's end of the pair */
	ASSAY_MSG_ADD_WEB =
		27, /* fd = recorder's end of a stream pair; commands a line, as on run/assay.sock */
	/* supervisor -> host or web; one descriptor attached */
	ASSAY_MSG_DEVICE = 21, /* line; fd = the opened device; it replaces an earlier one */
	ASSAY_MSG_RECORDER = 26, /* fd = its end of a new pair; a host sends nothing before the HELLO */
	/* host -> supervisor */
	ASSAY_MSG_REOPEN =
		22, /* line: the device hung up or never opened; the supervisor tries with back-off */
	ASSAY_MSG_ALIVE =
		23, /* heartbeat, each second, from a role's loop; recorder: id = entries committed */
	/* host or recorder -> supervisor */
	ASSAY_MSG_READY = 24, /* started: everything it needs is open; no payload */
	ASSAY_MSG_REFUSED = 25, /* cannot start, exits 1 next; payload: struct assay_error */
	/* supervisor -> recorder */
	ASSAY_MSG_FAULT = 27, /* payload: struct assay_error, to be written to the journal */
	/* supervisor -> any role */
	ASSAY_MSG_STOP =
		30, /* recorder: id 1, the hosts go on: what is not recorded they tell the next one */
	/* another configuration: the supervisor asks, the recorder, who knows whether there is room for it, agrees (or asks by
	 * itself, for a person); the supervisor says what it came to, and begins */
	ASSAY_MSG_RELOAD = 31, /* both ways; payload: struct assay_reload */
	ASSAY_MSG_RELOADED = 32, /* supervisor -> recorder; payload: struct assay_reloaded */
	ASSAY_MSG_CLOSE_LINE = 33, /* supervisor -> host: this line is no longer yours */
	ASSAY_MSG_CLOSED = 34 /* host -> supervisor: everything of that line is durable */
};

struct assay_message {
	uint32_t magic;
	uint16_t type;
	uint16_t line; /* place among the host's lines, from 0: it stays the same when lab.xml changes */
	uint32_t generation; /* of the host; an orphan of an older generation is refused */
	uint32_t length; /* of the payload */
	uint64_t id; /* counts EVENT, END and LINE messages of one line and generation, from 1 */
	int64_t wall_ns; /* UTC, when it happened */
	uint64_t mono_ns;
};

enum assay_direction {
	ASSAY_TX = 1, /* bytes sent to the device */
	ASSAY_RX = 2, /* bytes received */
	ASSAY_GAP = 3, /* no bytes: as enum assay_event_kind from here */
	ASSAY_TIMEOUT = 4,
	ASSAY_LINE_ERROR = 5,
	ASSAY_RESET = 6,
	ASSAY_HANGUP = 7
};

struct assay_event_head {
	uint32_t direction; /* enum assay_direction */
	uint32_t length; /* of the bytes that follow */
};

/* How an exchange ended; names in assay_outcome_name. */
enum assay_outcome {
	ASSAY_OUTCOME_OK = 1, /* reply or arrival cut and decoded */
	ASSAY_OUTCOME_TIMEOUT = 2, /* no complete reply in time */
	ASSAY_OUTCOME_BAD_FRAME = 3, /* checksum, CRC, length or grammar */
	ASSAY_OUTCOME_MISMATCH = 4, /* a reply, but not to this request */
	ASSAY_OUTCOME_EXCEPTION = 5, /* the device refused */
	ASSAY_OUTCOME_LATE = 6, /* bytes that came before the fence had passed */
	ASSAY_OUTCOME_HANGUP = 7,
	ASSAY_OUTCOME_HOST_DIED = 8, /* written by the recorder */
	ASSAY_OUTCOME_FENCE = 9, /* an exchange made only to prove the line clean */
	ASSAY_OUTCOME_IDENTITY = 10 /* who are you, answered */
};

/* One reading on its way to the recorder; strings NUL-terminated UTF-8, checked again there. */
struct assay_end_reading {
	char channel[32];
	char value[48]; /* "" when there is no number */
	char unit[16];
	char sample[64];
	char detail[96]; /* the driver's words with a reason */
	uint32_t flags; /* ASSAY_FLAG_* */
	uint32_t reason; /* enum assay_reason */
	uint32_t value_at,
		value_length; /* in the exchange's received bytes, all RX events joined; 0,0 unknown */
	uint32_t unit_at, unit_length;
	uint32_t frame_at, frame_length; /* likewise, the frame */
	uint32_t asked; /* 1: in the frame that answers the request; 0: came by itself (print key) */
	uint32_t reserved;
};

struct assay_end {
	uint16_t instrument; /* index in the line, 0xffff none */
	uint16_t outcome; /* enum assay_outcome */
	uint16_t solicited; /* 1: bytes were asked for; 0: they came by themselves (print key) */
	uint16_t usable; /* 1: the line was clean, a reading may fill a slot */
	uint32_t want; /* enum assay_want of the request, 0 when unsolicited */
	uint32_t readings; /* how many struct assay_end_reading, at most ASSAY_END_READINGS_MAX */
	uint32_t
		set_aside; /* values that came by themselves and are perhaps second copies of an answer: not among them */
	char serial[48], model[48]; /* what an identity exchange told, "" otherwise */
	char detail[128]; /* one line for the technician, "" when there is nothing to say */
};
#define ASSAY_END_READINGS_MAX 150u

enum assay_line_status {
	ASSAY_LINE_OPENING = 1,
	ASSAY_LINE_ONLINE = 2,
	ASSAY_LINE_SILENT = 3, /* open, no answer */
	ASSAY_LINE_DOWN = 4, /* cannot be opened, or hung up */
	ASSAY_LINE_LOCKED = 5, /* another device answers; waits for a person */
	ASSAY_LINE_DISABLED = 6
};

struct assay_line_state {
	uint32_t status; /* enum assay_line_status */
	char code[48]; /* stable reason: "port-missing", "identity-changed", ... */
	char text_zh[256], text_en[256];
};

struct assay_want_message {
	uint16_t instrument; /* index in the line */
	uint16_t needed; /* 1: a test needs this instrument now, ask often; 0: steady */
	uint16_t take; /* 1: ask for one stable value now (once) */
	uint16_t reserved;
};

/* Which device belongs at an instrument's place, as the journal has it: before lab.xml's serial number. */
struct assay_known_message {
	uint16_t instrument; /* index in the line */
	uint16_t reserved[3];
	char serial[48];
};

struct assay_add_host {
	uint16_t lines; /* how many */
	uint16_t line[64]; /* for each place its index in lab.xml, or ASSAY_LINE_GONE */
};
#define ASSAY_LINE_GONE 0xffffu

struct assay_reload {
	char who[64], reason[256];
};

struct assay_reloaded {
	int32_t status; /* ASSAY_OK: it is being taken; else err says why not */
	uint32_t kept, changed, added, removed; /* lines */
	struct assay_reload asked;
	struct assay_error err;
	char sha256[65]; /* of lab.xml */
};

/* Make a connected pair, close-on-exec, with buffers for ASSAY_CHANNEL_PAYLOAD_MAX. */
int assay_channel_pair(int out[2], struct assay_error *err) ASSAY_WARN_UNUSED;

/* Send one message; fd_to_pass is -1 for none (the caller keeps its own copy). magic and length are
 * filled here. ASSAY_EFULL when the socket would block, ASSAY_EGONE when the other side is closed. */
int assay_channel_send(int fd, const struct assay_message *head, const void *payload, size_t length,
	int fd_to_pass) ASSAY_WARN_UNUSED;

/* Receive one message without waiting: 1 got one, 0 nothing there, ASSAY_EGONE closed, ASSAY_EREFUSED for a
 * message that is not ours (it is consumed). *passed is the descriptor that came with it, or -1; the
 * caller owns it. payload must hold ASSAY_CHANNEL_PAYLOAD_MAX bytes. */
int assay_channel_receive(int fd, struct assay_message *head, void *payload, int *passed) ASSAY_WARN_UNUSED;

const char *assay_outcome_name(uint32_t outcome); /* "ok", "timeout", ...; "?" when unknown */
const char *assay_line_status_name(uint32_t status); /* "online", ... */

#endif
