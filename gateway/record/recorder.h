/* SPDX-License-Identifier: Apache-2.0
 * Inside of the recorder role: one thread, one poll loop, the only writer. Not for other roles.
 *
 * A group: entries are appended to the journal and applied to the state as they come, both in an open transaction;
 * commit makes the journal durable first, then shows the state, then tells hosts and clients. When the commit fails
 * both go back and nobody was told. Exchanges reach the state a little later, many at a time (recorder_follow.c). */
#ifndef ASSAY_RECORD_RECORDER_H
#define ASSAY_RECORD_RECORDER_H

#include "gateway/lab/lab.h"
#include "gateway/lab/people.h"
#include "gateway/people/password.h"
#include "gateway/people/throttle.h"
#include "gateway/record/body.h"
#include "gateway/record/commit_times.h"
#include "gateway/record/journal.h"
#include "gateway/record/printer.h"
#include "gateway/record/spec_set.h"
#include "gateway/record/state.h"
#include "gateway/role.h"
#include "gateway/wire/channel.h"

#include <jansson.h>
#include <poll.h>

#define RECORDER_HOSTS_MAX 1024u
#define RECORDER_HOST_LINES_MAX 64u
#define RECORDER_CLIENTS_MAX 64u
#define RECORDER_CLIENT_LINE_MAX 65536u /* bytes of one command */
#define RECORDER_WEB_LINE_MAX                                                                                \
	(1048576u + 65536u) /* of the web role, which hands on documents to be printed */
#define RECORDER_CLIENT_OUT_MAX (64u * 1024u * 1024u) /* bytes of answers a client has not taken yet */
#define RECORDER_GROUP_ENTRIES 256u
#define RECORDER_GROUP_NS (20ull * 1000000u)
#define RECORDER_HELD_MAX (1024u * 1024u) /* bytes of one exchange; what is longer is journalled in parts */
#define RECORDER_SECOND_NS 1000000000ull

/* A line as the recorder knows it: whose it is, what is held of its open exchange, what its host has to be told. */
struct recorder_line {
	const struct assay_config_line *config;
	uint16_t place; /* among the lines of its host */
	struct recorder_host *host; /* NULL: nobody's now */
	uint32_t generation;
	uint64_t next_id; /* the id expected next; smaller ones are known, larger ones came out of turn */
	uint64_t done_id, line_id; /* recorded, as in struct assay_state; perhaps not committed yet */
	uint64_t safe_done_id, safe_line_id; /* committed */
	uint8_t *held; /* events of the open exchange, as the journal keeps them */
	size_t held_length, held_room;
	uint64_t held_id, held_mono_ns; /* of the last event held */
	int64_t held_wall_ns;
	bool parted; /* an earlier part of this exchange is in the journal already */
	bool mark_due; /* its marks have to be read from the state first; nothing is taken until then */
	bool hello_due, ack_due;
	bool touched; /* has something in the open group ... */
	struct recorder_line *touched_next; /* ... as this one, in no order */
	uint64_t ack_id, last_sequence;
	/* Bit i: instrument i of the line ... */
	uint64_t needed, armed; /* is needed by a test; has a slot that waits for it */
	uint64_t needed_told, take_due; /* its host knows so; is to be asked for one stable value */
	uint64_t take_told; /* its host was asked for one, and has not brought it yet */
	bool known_due; /* its host is to be told which devices belong here */
};

struct recorder_host {
	int fd;
	uint32_t generation;
	uint16_t line[RECORDER_HOST_LINES_MAX];
	uint16_t line_count;
	bool paused_told;
	bool ack_due; /* one of its lines is */
};

struct recorder_client {
	int fd;
	char who[ASSAY_ACTOR_NAME_MAX]; /* the peer's user name */
	bool local; /* it is the recorder's own user, or root */
	bool web; /* the web role: each command says for whom, by session or token */
	unsigned pending; /* commands whose password is being looked at */
	char *line; /* owned */
	size_t room, length;
	bool skipping; /* inside a command that was too long */
	char *out;
	size_t out_length, out_sent;
};

struct recorder;
struct recorder_ask;
/* The answer to a command whose password has been looked at; NULL: another look is under way. */
typedef json_t *recorder_then(
	struct recorder *recorder, struct recorder_ask *ask, const struct assay_password_result *result);

/* One command on its way: from its line to its answer, perhaps by way of a password's slow hash. */
struct recorder_ask {
	struct recorder_ask *next;
	struct recorder_client *client; /* NULL: has hung up meanwhile */
	json_t *request;
	const char *command; /* in request */
	struct assay_actor actor;
	struct lab_person person; /* of a session or token: what actor points to */
	recorder_then *then;
	recorder_then *after; /* when a signature's password was right */
};

/* Entries that the journal has, or has in its open group, and the state has not been given yet. */
struct recorder_follow {
	struct assay_entry *entry;
	struct assay_exchange_gist *gist; /* of each */
	uint8_t *bytes; /* their bodies and raw bytes */
	size_t count, length;
	size_t committed, committed_length; /* of these, durable */
	uint64_t since_ns; /* when the first of them came */
	uint64_t settled_ns; /* when the state had everything */
};

struct recorder {
	const struct assay_role *role;
	struct assay_journal *journal;
	struct assay_state *state;
	struct assay_specs *specs; /* in force */
	char specs_sha256[65]; /* their digest as a set */
	struct assay_spec_sets sets; /* that batches under way were registered under */
	struct assay_lab lab;
	struct recorder_line *line; /* as role->config->lines */
	size_t line_count;
	struct recorder_line *touched; /* the first of them */
	bool tell_due; /* some line's host may have to be told something, acknowledgements apart */
	struct recorder_host *host[RECORDER_HOSTS_MAX];
	size_t host_count;
	struct recorder_client *client[RECORDER_CLIENTS_MAX];
	size_t client_count;
	struct assay_people *people;
	struct assay_password_work *passwords;
	int passwords_fd; /* readable when one was looked at */
	struct assay_throttle throttle;
	struct recorder_ask *asks; /* that wait for a password, or for the supervisor */
	struct recorder_ask *reload; /* of them, the one that asked for another configuration; NULL none */
	bool people_changed; /* web has to forget whom it knows */
	struct recorder_follow follow;
	unsigned group; /* entries in the open group */
	uint64_t group_ns;
	bool paused; /* the disk is full or cannot be written: hosts pause, nothing is taken */
	bool state_behind; /* the journal has more than the state could be given */
	bool state_failed; /* an entry could not be applied: not the journal's fault */
	uint64_t retry_ns, tick_ns;
	int64_t clock_offset_ns; /* wall - monotonic, to see the wall clock step */
	struct commit_times commits;
	struct recorder_printer printer;
	bool lab_changed; /* which instruments are needed has to be looked at again */
	bool stop;
	bool hosts_go_on; /* only this recorder stops */
	bool fatal; /* nothing more is written */
	int code; /* exit code */
};

uint64_t recorder_now_ns(void); /* monotonic */
int64_t recorder_wall_ns(void);
/* The line has something in the open group: at its commit the host is told. */
void recorder_touch(struct recorder *recorder, struct recorder_line *line);

/* recorder.c: the group */
int recorder_append(
	struct recorder *recorder, struct assay_entry *entry, struct assay_error *err) ASSAY_WARN_UNUSED;
/* body is borrowed; line may be "". */
int recorder_append_json(struct recorder *recorder, uint16_t kind, const char *line, const json_t *body,
	const void *raw, size_t raw_length, uint64_t *sequence_out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int recorder_commit(struct recorder *recorder, struct assay_error *err) ASSAY_WARN_UNUSED;
/* What append or commit could not do: everything uncommitted is taken back. A journal that cannot be written pauses
 * everything until it can; anything else ends this process (the supervisor starts another, which finds out what is
 * there). */
void recorder_failed(struct recorder *recorder, int status, const struct assay_error *err);

/* The journal wrote an entry by itself (assay_journal_options.wrote). */
void recorder_wrote(void *context, const struct assay_entry *entry);

/* The state cannot be given what the journal has: it catches up from there before anything else is taken. */
void recorder_state_behind(struct recorder *recorder);
/* What a write of the state came to: without room, or a disk that refuses, it is behind and catches up later; anything else
 * is a state that does not hold. Returns status. */
int recorder_state_took(struct recorder *recorder, int status);

/* recorder_follow.c */
int recorder_follow_open(struct recorder_follow *follow, struct assay_error *err) ASSAY_WARN_UNUSED;
void recorder_follow_close(struct recorder_follow *follow);
/* Keep a copy for the state. */
int recorder_follow_add(struct recorder *recorder, const struct assay_entry *entry,
	struct assay_error *err) ASSAY_WARN_UNUSED;
void recorder_follow_committed(struct recorder_follow *follow); /* what is kept is durable */
void recorder_follow_take_back(struct recorder_follow *follow); /* what is not durable is gone */
void recorder_follow_forget(struct recorder_follow *follow); /* all of it: it comes from the journal */
/* Give the state everything, durable or not; what is not stays in its open transaction. */
int recorder_follow_settle(struct recorder *recorder, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Between groups: settle when there is nothing else to do and the last time was a while ago, or when it is time. */
void recorder_follow_rest(struct recorder *recorder, bool idle);
/* When an idle recorder is to come back for that; UINT64_MAX never. */
uint64_t recorder_follow_due_ns(const struct recorder *recorder);

/* recorder_start.c */
int recorder_start(struct recorder *recorder, struct assay_error *err) ASSAY_WARN_UNUSED;

/* recorder_specs.c: an entry when the set in force is another one than before */
int recorder_specs_start(struct recorder *recorder, struct assay_error *err) ASSAY_WARN_UNUSED;
const struct assay_specs *recorder_specs_of(void *context, const char *set); /* assay_lab.specs_of */
/* May the specs that stand there now come in force? ASSAY_EREFUSED "specs-older": a bundle older than one this journal
 * has had, without two people's agreement. */
int recorder_specs_may(const struct recorder *recorder, struct assay_error *err) ASSAY_WARN_UNUSED;

/* host_end.c */
void host_end_add(struct recorder *recorder, const struct assay_message *head, const void *payload, int fd);
/* Take what it sends until there is no more or the group is full. */
void host_end_readable(struct recorder *recorder, struct recorder_host *host);
/* Take the rest, journal what is held as host-died, forget it. */
void host_end_gone(struct recorder *recorder, struct recorder_host *host);
/* Nothing uncommitted is known any more: hosts will tell it again after HELLO. */
void host_end_forget_uncommitted(struct recorder *recorder);
/* HELLO, COMMITTED, PAUSE and RESUME, WANT where they are due; what a host cannot take now stays due. */
void host_end_tell(struct recorder *recorder);
/* At an orderly stop: everything held becomes an entry. */
void host_end_flush(struct recorder *recorder, const char *why);

/* host_want.c: which instruments tests need now, and who has to be told */
int host_want_refresh(struct recorder *recorder, struct assay_error *err) ASSAY_WARN_UNUSED;
void host_want_take(struct recorder *recorder, const char *instrument);
bool host_want_tell(struct recorder *recorder, struct recorder_line *line); /* true: all told */

/* known_device.c: which device belongs at each instrument of the line, told to its host */
void known_device_tell(struct recorder *recorder, struct recorder_line *line);

/* client_end.c */
void client_end_accept(struct recorder *recorder);
void client_end_ready(struct recorder *recorder, struct recorder_client *client, short events);
void client_end_close(struct recorder *recorder, struct recorder_client *client);

void client_end_add_web(struct recorder *recorder, int fd);
/* Takes object: a line to the client. */
void client_end_tell(struct recorder *recorder, struct recorder_client *client, json_t *object);

/* The web role, for /metrics: {"commits": {"count", "total_ns", "by_edge": [n]}}, when there were any. */
void client_end_tell_commits(struct recorder *recorder);

/* recorder_command.c: the answer to one line, a new reference; NULL: it comes later, by client_end_tell */
json_t *recorder_command(
	struct recorder *recorder, struct recorder_client *client, const char *line, size_t length);
/* A password was looked at. */
void recorder_command_go_on(struct recorder *recorder);
/* An answer that came later (taken): to whoever still waits for it; ask is over. */
void recorder_command_answer(struct recorder *recorder, struct recorder_ask *ask, json_t *answer);
/* The client has hung up: nobody waits for its answers. */
void recorder_command_forget(struct recorder *recorder, const struct recorder_client *client);
json_t *recorder_error(int status, const struct assay_error *err);
/* Commit what a command has appended, then answer (taken); or take it all back and say why. */
json_t *recorder_settle(struct recorder *recorder, int status, json_t *answer, struct assay_error *err);

/* recorder_reload.c: another configuration. The answer when it cannot be, else NULL: it comes later. */
json_t *recorder_reload_command(struct recorder *recorder, struct recorder_ask *ask);
void recorder_reload_asked(
	struct recorder *recorder, const void *payload); /* by a signal to the supervisor */
void recorder_reload_done(struct recorder *recorder, const void *payload); /* the supervisor's word */

/* An entry about a login that changes nobody: appended and committed; what cannot be is said once. */
int recorder_person_seen(struct recorder *recorder, const char *action, const char *user, const char *address,
	struct assay_error *err);

/* recorder_second_factor.c: what lab.xml wants of the person that ask->actor is */
bool recorder_unproven(const struct recorder *recorder, const struct lab_person *person);
/* Somebody whose password was right: NULL when his code is, too, or when he needs none; else the refusal. */
json_t *recorder_second_factor_look(
	struct recorder *recorder, const struct recorder_ask *ask, const struct lab_person *person);
/* The commands about one's own, and an administrator's about another's: {"user", ...}. */
json_t *recorder_second_factor_begin(struct recorder *recorder, struct recorder_ask *ask);
json_t *recorder_second_factor_confirm(struct recorder *recorder, struct recorder_ask *ask);
json_t *recorder_second_factor_drop(struct recorder *recorder, struct recorder_ask *ask);

/* recorder_key.c: the answer, once both keys have signed for the change */
json_t *recorder_key_change(struct recorder *recorder, const struct recorder_ask *ask);

/* recorder_people.c: logins and users, and which command is whose */
int recorder_people_start(struct recorder *recorder, struct assay_error *err) ASSAY_WARN_UNUSED;
void recorder_people_release(struct recorder *recorder);
/* Who gives this command. Not being anybody is no error: he is anonymous then. */
void recorder_identify(struct recorder *recorder, struct recorder_ask *ask);
/* Tell web when somebody's rights or sessions are others than before. */
void recorder_people_tell(struct recorder *recorder);
/* The command, when it is one about people: true, and the answer (NULL: later). */
bool recorder_people_command(struct recorder *recorder, struct recorder_ask *ask, json_t **answer);
/* The command is a signature: look at the password that came with it; then goes on when it was right. The answer now, or
 * NULL. */
json_t *recorder_sign(struct recorder *recorder, struct recorder_ask *ask, recorder_then *then);
/* Wrong passwords, or codes of a second factor, have cost wait_s: the refusal that says so. NULL: 0, he may try now. */
json_t *recorder_throttled(unsigned wait_s, bool code);
/* A member of the request, borrowed from it; "" when it is not there. */
const char *recorder_ask_text(const struct recorder_ask *ask, const char *name);
/* An answer that says no: its code, and why in both languages. */
json_t *recorder_refuse(int status, const char *code, const char *zh, const char *en);

/* recorder_token.c: the commands about tokens */
json_t *recorder_token_list(struct recorder *recorder, struct recorder_ask *ask);
json_t *recorder_token_add(struct recorder *recorder, struct recorder_ask *ask);
json_t *recorder_token_revoke(struct recorder *recorder, struct recorder_ask *ask);

#endif
