/* SPDX-License-Identifier: Apache-2.0
 * One line as a host sees it: its descriptor, its exchange in progress, its instruments, and for each device whether
 * answers to earlier requests may still come. */
#ifndef ASSAY_WIRE_HOST_LINE_H
#define ASSAY_WIRE_HOST_LINE_H

#include "gateway/role.h"
#include "gateway/wire/channel.h"
#include "gateway/wire/loader.h"
#include "gateway/wire/outbox.h"
#include "gateway/wire/tty_marks.h"

#include <sys/types.h>

#define ASSAY_WINDOW_MAX ASSAY_FRAME_MAX /* bytes of one exchange that are kept for cutting */
#define ASSAY_EXCHANGE_MAX 65536u /* bytes nobody asked for that make one journal entry */
#define ASSAY_MS 1000000ull

enum host_phase {
	PHASE_CLOSED = 0, /* no descriptor */
	PHASE_LISTENING, /* TCP: the instrument has not connected yet */
	PHASE_CONNECTING, /* TCP */
	PHASE_QUIET, /* something was wrong: nothing is sent until the line has been quiet */
	PHASE_FENCE, /* a request whose answer proves a device clean is out */
	PHASE_IDLE, /* nothing outstanding */
	PHASE_WAITING, /* a request is out */
	PHASE_LOCKED /* stream: another device answers here */
};

/* One device as the fence sees it: a Modbus unit, or the one device of a stream. Dirty: an answer to an earlier request
 * may still come, so nothing it says counts. */
struct host_unit {
	bool dirty;
	bool mute; /* answers reads, but neither echo test nor identity query: only silence proves it clean */
	bool answers_fences; /* has answered one on this connection */
	bool valued; /* stream: its last answer was a value, as a print key's line is */
	uint8_t owed; /* requests without an answer since it was last clean */
	uint8_t silent_fences; /* fences without an answer since it was last clean */
	uint8_t function; /* shape of the last answer: function and registers; 0 none yet */
	uint16_t count; /* 0: it was an exception */
	uint64_t busy_ns; /* last byte to it or, perhaps, from it */
};

struct host_instrument {
	const struct assay_config_instrument *config;
	const struct assay_plugin *plugin;
	struct assay_session *session;
	struct line_plan *plan; /* of the driver's register map; NULL: the driver says what to ask */
	uint8_t address; /* Modbus unit; 0 on streams */
	bool listens; /* nothing can be asked; it speaks by itself */
	bool proved; /* nothing was asked since it last passed the fence */
	bool fence_goes_on; /* stream: one query of the fence is answered, the next waits for the line's gap */
	bool identified; /* who it is was asked and agreed, on this connection */
	bool locked; /* another device answers */
	bool needed, take;
	uint32_t turn; /* next request of the cycle */
	uint32_t failures; /* in a row */
	uint32_t busy; /* in a row: it was not ready (exceptions 5 and 6) */
	uint32_t late_ms; /* stated maximum delay of an answer */
	uint64_t due_ns, hold_ns; /* when it is to be asked; when it may be asked */
	char seen_serial[48]; /* who answered first on this line */
	char known_serial
		[48]; /* who belongs here by the journal: a person's word, or the first ever seen; "" nothing */
};

#define LINE_UNITS 256u /* addresses of a bus: anybody may speak on it */

struct host_line;

/* What a line needs from the world outside: the real one (port.c), or a test's. Functions get the host's context. */
struct host_port {
	uint64_t (*now_ns)(void *context);
	int64_t (*wall_ns)(void *context);
	ssize_t (*read)(void *context, struct host_line *line, void *bytes, size_t size); /* as read(2) */
	bool (*send)(void *context, struct host_line *line, const uint8_t *bytes, size_t length);
	int (*accept)(void *context, struct host_line *line); /* from line->listener; negative: nobody */
	bool (*connected)(void *context, struct host_line *line); /* the TCP connection stands */
	void (*close)(void *context, struct host_line *line, int fd); /* line->fd or line->listener */
	bool (*reopen)(void *context, struct host_line *line); /* ask the supervisor for a new descriptor */
	bool (*nonce)(void *context, uint16_t *out);
	bool (*tell)(void *context, const struct assay_message *head, const void *payload, size_t length);
};

struct host_line {
	struct host *host;
	int watched_fd; /* as the poller knows it: -1 not watched */
	uint32_t watched_events;
	size_t place; /* in the host's heap */
	uint64_t tick_ns; /* when it is to be ticked */
	const struct assay_config_line *config;
	uint16_t index; /* among the host's lines: what messages call it */
	int fd;
	int listener; /* -1, or where the instrument connects */
	struct tty_marks marks; /* serial */
	bool line_error; /* parity, framing or break in what was read last */
	bool broken; /* its instruments cannot be opened, or it is no longer ours: no device is taken */
	bool closing; /* the supervisor waits to hear that nothing of it is left */
	enum host_phase phase;
	uint32_t status; /* enum assay_line_status last told, with its words */
	char code[48], text[256];
	uint64_t id; /* of the last message sent to the recorder */
	uint64_t end_id, durable_id; /* of the last exchange's end; up to where the recorder has it on disk */
	struct host_instrument *instrument;
	size_t instrument_count;
	struct host_unit *
		unit; /* on a bus by address, LINE_UNITS of them; else one for each instrument. line_free frees it */

	/* exchange in progress */
	bool open;
	bool complete; /* RTU: a whole answer stands in the window; it counts if nothing follows */
	bool answered; /* stream: the frame that answers has been decoded */
	uint64_t answer_ns; /* stream: when the last answer came, and what it was: its copy is no reading */
	uint32_t answer_mark;
	bool between; /* stream: the fence stands between two polls of a clean line, a weight that comes meanwhile counts */
	uint32_t kept; /* readings of such weights, once it is answered */
	bool discard_first; /* stream: the first line after opening may be the tail of one */
	bool overrun; /* more bytes than the window keeps */
	uint64_t begun_mono_ns, last_rx_ns, quiet_since_ns, deadline_ns;
	uint32_t refusal; /* enum assay_outcome the exchange will end with once the line is quiet, 0 none */
	const char *refusal_detail;
	struct assay_request request; /* kind NONE: nothing outstanding */
	uint32_t want;
	uint16_t asked; /* index of the instrument that was asked */
	bool again; /* the cycle is not over: the next request is the instrument's turn as it stands */
	bool separator; /* the request only keeps two alike apart; its values are not wanted */
	uint16_t transaction, sent_here; /* TCP: last number used; requests on this connection */
	uint16_t nonce;
	uint8_t *window;
	size_t room, length, consumed; /* bytes in the window; bytes of this exchange before it */
	size_t received; /* bytes received in this exchange */
	struct assay_end end;
	struct assay_end_reading
		*reading; /* end.readings of them count; NULL between exchanges, but for folders */
	uint32_t reading_room; /* at most ASSAY_END_READINGS_MAX */

	/* folder: what the feeder is told once the file is durable: 'A' imported, 'F' failed; 0 nothing */
	char file_word;
	uint64_t file_end_id;

	/* a reply the driver wants sent once everything read is durable */
	uint8_t reply[ASSAY_REQUEST_MAX];
	size_t reply_length;
	uint64_t reply_after_id;
};

struct host {
	const struct assay_role *role;
	const struct host_port *port;
	void *port_context;
	struct host_line *lines;
	uint16_t line_count;
	struct assay_plugin plugins[16];
	unsigned plugin_count;
	struct assay_outbox outbox;
	int recorder; /* our end of the pair, -1 while there is none */
	bool paused, stop, orphan; /* orphan: nobody is left to hand anything to */
	bool gathering; /* what is read is told together, before any of it is cut */
	bool deaf; /* no device is read: paused, stopping, or the outbox is full */
	uint64_t alive_ns;
	uint64_t asleep_ns; /* how far the boot-time clock is ahead; 0 not known yet */
	int poller; /* epoll */
	int watched_recorder; /* as the poller knows it: -1 not watched */
	bool watched_blocked;
	uint16_t *heap; /* of lines, the one to be ticked next first; all of them */
	struct assay_end_reading *spare; /* rows that no line needs now; owned */
	uint32_t spare_room;
};

/* host_wait.c: who is to be looked at, and when */
bool host_wait_open(struct host *host);
void host_wait_close(struct host *host);
/* The line was touched: what it waits for may be something else now. */
void host_watch(struct host_line *line);
void host_unwatch(struct host_line *line);
void host_watch_recorder(struct host *host); /* the outbox or the channel was touched */
void host_unwatch_recorder(struct host *host);
/* Wait until something can be read or written, or until_ns. The sources, at most HOST_EVENTS: HOST_CONTROL, HOST_RECORDER,
 * or HOST_LINES + a line's place in host->lines, with their events. Negative: waiting is not possible. */
#define HOST_EVENTS 64
enum { HOST_CONTROL = 0, HOST_RECORDER = 1, HOST_LINES = 2 };
struct host_event {
	uint32_t source;
	short events; /* as poll(2) has them */
};
/* Has the process not run for so long that what lies in the lines' buffers answers nobody? Suspended (the boot-time clock
 * ran on, the monotonic one did not), or stopped (it comes back long after it was due). */
bool host_stood_still(struct host *host, uint64_t due_ns, uint64_t now_ns, uint64_t boot_ns);
int host_wait(struct host *host, uint64_t until_ns, struct host_event out[HOST_EVENTS]);

uint64_t host_now_ns(const struct host *host);
extern const struct host_port host_port_real; /* context: the struct host */

/* line.c; line_arrive.c: line_readable */
bool line_open(struct host_line *line); /* room for its instruments and units, once; false: no memory */
void line_device(struct host_line *line, int fd); /* a new descriptor; it is ours */
void line_readable(struct host_line *line, short events); /* as poll(2) has them; epoll's are the same */
/* The same in two halves, for lines that are neither listening nor connecting: read and tell the recorder, as read(2);
 * then, when the recorder has been sent it, cut. */
#define LINE_READ_MAX 16384u
ssize_t line_read(struct host_line *line, uint8_t *bytes, size_t size);
void line_take(struct host_line *line, const uint8_t *bytes, size_t length);
void line_read_failed(struct host_line *line, ssize_t got); /* 0 or negative, with errno */
void line_tick(struct host_line *line, uint64_t now_ns); /* deadlines, next request */
uint64_t line_next_ns(const struct host_line *line); /* when to tick again; UINT64_MAX never */
void line_committed(struct host_line *line, uint64_t id);
void line_hangup(struct host_line *line, const char *why);
void line_close(struct host_line *line); /* it leaves this host: hang up, for good */
void line_suspended(struct host_line *line); /* the line was not watched for a while */
void line_free(struct host_line *line);
bool line_is_stream(const struct host_line *line);
bool line_is_tcp(const struct host_line *line); /* Modbus TCP */
bool line_is_bus(const struct host_line *line); /* Modbus RTU, on a wire or over TCP */
void line_be_quiet(struct host_line *line); /* nothing is sent until it has been quiet */
void line_begin_fresh(struct host_line *line);
uint64_t line_frame_gap_ns(const struct host_line *line); /* silence that ends an RTU frame */
/* The exchange is over and was right. */
void line_answered(struct host_line *line, uint32_t outcome, const char *detail);
/* It was not: nothing in it counts, and nothing is sent until the line is quiet. */
void line_refuse(struct host_line *line, uint32_t outcome, const char *detail);
void line_say_status(struct host_line *line);
bool line_is_fed(const struct host_line *line); /* files and captures: nobody is there to be asked */

/* ask.c: who is asked next, and what */
void ask_setup(struct host_line *line); /* once the instruments are open */
void ask_next(struct host_line *line, uint64_t now);
uint64_t ask_due_ns(const struct host_line *line);
bool ask_request(struct host_line *line, uint16_t index, uint32_t want, struct assay_request *out);
void ask_succeeded(struct host_line *line, bool cycle_over);
void ask_failed(struct host_line *line);
/* The device has refused line->request. When that teaches something the cycle goes on with less or a little later, and
 * detail says so. */
void ask_refused(struct host_line *line, uint8_t exception, char *detail, size_t size);
void line_wanted(struct host_line *line, const struct assay_want_message *want);

/* line_plan.c: the requests of a register map */
void line_plan_setup(const struct host_line *line, struct host_instrument *who); /* once */
void line_plan_free(struct host_instrument *who);
/* False: the cycle has no turn-th request. */
bool line_plan_request(const struct host_instrument *who, uint32_t want, struct assay_request *out);
/* The cycle is over: when the next is due; UINT64_MAX never. */
uint64_t line_plan_cycle_over(struct host_instrument *who, uint64_t now);
void line_plan_due(struct host_instrument *who, uint64_t now); /* everything is to be asked now */
/* True: the device has refused this request (exception 2 or 3) and the next plan asks for less at once. */
bool line_plan_refused(const struct host_line *line, struct host_instrument *who,
	const struct assay_request *request, char *detail, size_t size);
/* The period counts from when the cycle was due, so that it does not grow by what the answers take. What is late is asked
 * at once, and not made up for. */
uint64_t line_next_due_ns(uint64_t due, uint64_t period, uint64_t now);
uint64_t line_period_ns(const struct host_instrument *who, uint32_t period_ms); /* 0: never by itself */

/* fence.c: which device is clean */
struct host_unit *fence_unit(struct host_line *line, uint16_t index);
void fence_all_dirty(struct host_line *line);
void fence_burst(struct host_line *line); /* who may have sent what stands in the window? */
/* A print line may have been taken for the answer to a poll; that answer then comes unasked, like a key, and the one to the
 * next poll behind it. So between two polls of a stream stands who it is: what comes unasked is a key or the answer to the
 * last poll, of now either. A device that does not say who it is is not asked again within its stated delay instead. False:
 * hold_ns says when to come back. */
bool fence_between(struct host_line *line, uint16_t index, uint64_t now);
/* True: clean, ask. False: a fence was sent, or hold_ns says when to come back. */
bool fence_allows(struct host_line *line, uint16_t index, uint64_t now);
/* True: this request may follow the last one at once. False: a separator was sent, or hold_ns is set. */
bool fence_keeps_apart(
	struct host_line *line, uint16_t index, const struct assay_request *request, uint64_t now);
void fence_sent(struct host_line *line);
void fence_answered(struct host_line *line); /* the device has answered as nothing older could */
void fence_refused(struct host_line *line); /* stream: it does not know the query */
/* Send line->request as `phase`. */
void fence_send(struct host_line *line, enum host_phase phase);
/* known.c: the serial number that is wanted here, "" any; and the journal's word about it */
const char *known_serial(const struct host_instrument *who);
void line_known(struct host_line *line, const struct assay_known_message *known);
/* False when another device answers: the instrument is locked and the exchange ended. */
bool fence_known_device(struct host_line *line);

/* exchange.c: telling the recorder */
void exchange_event(struct host_line *line, uint32_t direction, const void *bytes, size_t length);
void exchange_end(struct host_line *line, uint32_t outcome, const char *detail);
void exchange_status(
	struct host_line *line, uint32_t status, const char *code, const char *zh, const char *en);
bool exchange_send(struct host_line *line, const uint8_t *bytes, size_t length); /* TX event, then write */

/* readings.c: what drivers say. True: it is an answer, though there may be nothing to read in it. */
bool readings_decode(struct host_line *line, uint16_t instrument, size_t frame_at,
	const struct assay_frame *frame, bool asked);

void readings_put_back(struct host_line *line); /* they have been told, or do not count */

/* stream.c, modbus_line.c: what the window holds now */
void stream_bytes(struct host_line *line, uint32_t event);
void modbus_rtu_bytes(struct host_line *line);
void modbus_rtu_complete(struct host_line *line); /* a whole answer, and silence after it */
void modbus_tcp_bytes(struct host_line *line);
bool modbus_send(struct host_line *line); /* line->request */
bool modbus_echo(struct host_line *line); /* echo test to line->request.unit */

#endif
