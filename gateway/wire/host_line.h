/* SPDX-License-Identifier: Apache-2.0
 * One line as a host sees it: its descriptor, its exchange in progress, its fence, its instruments. */
#ifndef ASSAY_WIRE_HOST_LINE_H
#define ASSAY_WIRE_HOST_LINE_H

#include "gateway/role.h"
#include "gateway/wire/channel.h"
#include "gateway/wire/loader.h"
#include "gateway/wire/outbox.h"

#define ASSAY_WINDOW_MAX 65536u /* bytes of one exchange that are kept for cutting */
#define ASSAY_MS 1000000ull

enum host_phase {
	PHASE_CLOSED = 0, /* no descriptor */
	PHASE_CONNECTING, /* TCP */
	PHASE_DRAIN, /* dirty: wait until the line has been quiet */
	PHASE_FENCE, /* dirty: a request whose answer proves the line clean is out */
	PHASE_IDLE, /* clean, nothing outstanding */
	PHASE_WAITING, /* clean, a request is out */
	PHASE_LOCKED /* another device answers here */
};

struct host_instrument {
	const struct assay_config_instrument *config;
	const struct assay_plugin *plugin;
	struct assay_session *session;
	uint64_t due_ns;
	uint32_t turn; /* next request of the cycle */
	uint32_t failures; /* in a row */
	bool needed, take;
};

struct host_line {
	struct host *host;
	const struct assay_config_line *config;
	uint16_t index;
	int fd;
	bool broken; /* its instruments cannot be opened: no device is taken */
	enum host_phase phase;
	uint32_t status; /* enum assay_line_status last told */
	char code[48]; /* reason last told */
	uint64_t id; /* of the last message sent to the recorder */
	struct host_instrument *instrument;
	size_t instrument_count;

	/* exchange in progress */
	bool open;
	uint64_t begun_mono_ns, last_rx_ns, deadline_ns, quiet_ns;
	struct assay_request request; /* kind NONE: nothing outstanding */
	uint32_t want;
	uint16_t asked; /* index of the instrument that was asked */
	uint16_t transaction, outstanding, nonce;
	bool answered;
	uint8_t window[ASSAY_WINDOW_MAX];
	size_t length, consumed; /* bytes in the window; bytes of this exchange before it */
	struct assay_end end;
	struct assay_end_reading reading[ASSAY_END_READINGS_MAX];

	/* a reply the driver wants sent once everything read is durable */
	uint8_t reply[ASSAY_REQUEST_MAX];
	size_t reply_length;
	uint64_t reply_after_id;
};

struct host {
	const struct assay_role *role;
	struct host_line *lines;
	uint16_t line_count;
	struct assay_plugin plugins[16];
	unsigned plugin_count;
	struct assay_outbox outbox;
	int recorder; /* our end of the pair, -1 while there is none */
	bool paused, stop, orphan; /* orphan: nobody is left to hand anything to */
	uint64_t alive_ns;
};

uint64_t host_now_ns(void);

/* line.c */
void line_device(struct host_line *line, int fd); /* a new descriptor; it is ours */
void line_readable(struct host_line *line, short events); /* poll() said so */
void line_tick(struct host_line *line, uint64_t now_ns); /* deadlines, next request */
uint64_t line_next_ns(const struct host_line *line); /* when to tick again; UINT64_MAX never */
void line_committed(struct host_line *line, uint64_t id);
void line_wanted(struct host_line *line, const struct assay_want_message *want);
void line_hangup(struct host_line *line, const char *why);

/* exchange.c: telling the recorder */
void exchange_event(struct host_line *line, uint32_t direction, const void *bytes, size_t length);
void exchange_end(struct host_line *line, uint32_t outcome, const char *detail);
void exchange_status(
	struct host_line *line, uint32_t status, const char *code, const char *zh, const char *en);
bool exchange_send(struct host_line *line, const uint8_t *bytes, size_t length); /* TX event, then write */

/* readings.c: what drivers say */
int readings_decode(struct host_line *line, uint16_t instrument, size_t frame_at,
	const struct assay_frame *frame, bool asked);

/* stream.c, modbus_line.c: what the window holds now */
void stream_bytes(struct host_line *line, uint32_t event);
void modbus_rtu_bytes(struct host_line *line);
void modbus_tcp_bytes(struct host_line *line);
bool modbus_send(struct host_line *line); /* line->request */
bool modbus_fence(struct host_line *line); /* echo test */

/* line.c, for those: the outstanding request is over */
void line_answered(struct host_line *line, uint32_t outcome, const char *detail);
void line_dirty(struct host_line *line, uint32_t outcome, const char *detail);
void line_clean(struct host_line *line);

#endif
