/* SPDX-License-Identifier: Apache-2.0
 * The wire at work: real roles, devices on loopback, every exchange durable and in the tree before it counts, its readings
 * decoded and their channels' bands known.
 *
 * usage: bench_wire [flood DEVICES REGISTERS PERIOD_MS SECONDS | bus LINES BAUD SECONDS | devices]
 * Without arguments: the whole table.
 *
 * $ASSAY names the binary. "Points" are register values in committed entries. "p99" is from the answer (the entry's
 * monotonic time) to the moment a second process sees the entry committed, of the oldest entry of each look: an upper
 * bound, it includes the look itself (every 2 ms). CPU is that of all roles together, the devices' is shown apart. */
#include "gateway/wire/plan.h"
#include "tests/sim/fast_devices.h"
#include "tests/sim/paced_slave.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define CHECK(what)                                                                                          \
	do {                                                                                                 \
		if (!(what)) {                                                                               \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                     \
			exit(1);                                                                             \
		}                                                                                            \
	} while (0)
#define HEADER_MONO_AT 24 /* of the entry's header, see assay-journal.5 */
#define LOOKS_MAX 60000u

#define SLAVES_MAX 32u

struct gateway {
	char dir[200];
	pid_t serve, devices, slave[SLAVES_MAX];
	sqlite3 *db;
	sqlite3_stmt *newest, *header;
	int64_t seen;
};

struct figures {
	double points, entries, cpu, devices_cpu, recorder_cpu, mib, p50_ms, p99_ms;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void nap_ms(unsigned ms)
{
	const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

	(void)nanosleep(&time, NULL);
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)kind;
	(void)where;
	return remove(path);
}

static void write_lab(
	const char *dir, unsigned devices, unsigned registers, unsigned period_ms, uint16_t port)
{
	char path[300];
	FILE *out;

	(void)snprintf(path, sizeof path, "%s/lab.xml", dir);
	out = fopen(path, "w");
	CHECK(out);
	(void)fprintf(out, "<?xml version=\"1.0\"?>\n<lab site=\"bench\" origin=\"bench.assay.example\" "
			   "name-zh=\"测\" name-en=\"bench\" listen=\"\">\n");
	for (unsigned d = 0; d < devices; d++) {
		(void)fprintf(out,
			"<line id=\"d%u\" name-zh=\"%u\" name-en=\"%u\"><modbus-tcp host=\"127.1.%u.%u\" "
			"port=\"%u\"/>"
			"<instrument id=\"d%u\" name-zh=\"%u\" name-en=\"%u\" driver=\"modbus\" "
			"every=\"%ums\" "
			"needed-every=\"%ums\">\n",
			d, d, d, d / 250, d % 250 + 1, port, d, d, d, period_ms, period_ms);
		for (unsigned r = 0; r < registers; r++)
			(void)fprintf(out,
				"<item channel=\"r%u\" function=\"3\" address=\"%u\" type=\"u16\" "
				"decimals=\"1\"/>\n",
				r, r);
		for (unsigned r = 0; r < registers; r++)
			(void)fprintf(out, "<channel name=\"r%u\" low=\"90.0\" high=\"200.0\"/>\n", r);
		(void)fprintf(out, "</instrument></line>\n");
	}
	(void)fprintf(out, "</lab>\n");
	CHECK(fclose(out) == 0);
}

static bool look(struct gateway *gateway)
{
	char path[300];

	(void)snprintf(path, sizeof path, "file:%s/journal/0001.db?mode=ro", gateway->dir);
	if (!gateway->db && sqlite3_open_v2(path, &gateway->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
				    NULL) != SQLITE_OK) {
		(void)sqlite3_close(gateway->db);
		gateway->db = NULL;
		return false;
	}
	if (!gateway->newest &&
		(sqlite3_prepare_v2(gateway->db, "SELECT max(seq) FROM entry", -1, &gateway->newest, NULL) !=
				SQLITE_OK ||
			sqlite3_prepare_v2(gateway->db, "SELECT header FROM entry WHERE seq=?", -1,
				&gateway->header, NULL) != SQLITE_OK)) {
		(void)sqlite3_finalize(gateway->newest);
		gateway->newest = NULL;
		(void)sqlite3_close(gateway->db);
		gateway->db = NULL;
		return false;
	}
	if (sqlite3_step(gateway->newest) == SQLITE_ROW)
		gateway->seen = sqlite3_column_int64(gateway->newest, 0);
	(void)sqlite3_reset(gateway->newest);
	return gateway->seen > 0;
}

static void make_folder(struct gateway *gateway)
{
	const char *tmp = getenv("TMPDIR");

	memset(gateway, 0, sizeof *gateway);
	(void)snprintf(gateway->dir, sizeof gateway->dir, "%s/assay-wire-XXXXXX", tmp ? tmp : "/tmp");
	CHECK(mkdtemp(gateway->dir));
}

static void start(struct gateway *gateway)
{
	const char *assay = getenv("ASSAY");

	CHECK(assay);
	gateway->serve = fork();
	if (gateway->serve == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		(void)dup2(null, 1);
		(void)execl(assay, "assay", "serve", "-d", gateway->dir, (char *)NULL);
		_exit(127);
	}
	CHECK(gateway->serve > 0);
	for (unsigned i = 0; !look(gateway); i++) {
		CHECK(i < 300 && waitpid(gateway->serve, NULL, WNOHANG) == 0);
		nap_ms(100);
	}
}

static void start_devices(struct gateway *gateway, unsigned devices, unsigned registers, unsigned period_ms)
{
	uint16_t port;
	int listener = fast_listen(&port);

	CHECK(listener >= 0);
	make_folder(gateway);
	write_lab(gateway->dir, devices, registers, period_ms, port);
	gateway->devices = fork();
	if (gateway->devices == 0)
		fast_devices(listener);
	CHECK(gateway->devices > 0);
	(void)close(listener);
	start(gateway);
}

static void end_child(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void stop(struct gateway *gateway)
{
	int status = 1;

	(void)sqlite3_finalize(gateway->newest);
	(void)sqlite3_finalize(gateway->header);
	(void)sqlite3_close(gateway->db);
	(void)kill(gateway->serve, SIGTERM);
	CHECK(waitpid(gateway->serve, &status, 0) == gateway->serve);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	end_child(gateway->devices);
	for (unsigned i = 0; i < SLAVES_MAX; i++)
		end_child(gateway->slave[i]);
	(void)nftw(gateway->dir, drop, 8, FTW_DEPTH | FTW_PHYS);
}

static double cpu_of(pid_t pid)
{
	char path[64], text[1024];
	unsigned long user, system;
	size_t length;
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	length = fread(text, 1, sizeof text - 1, file);
	(void)fclose(file);
	text[length] = '\0';
	CHECK(sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		      &system) == 2);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double pss_of(pid_t pid)
{
	char path[64], line[256];
	double kib = 0;
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file))
		(void)sscanf(line, "Pss: %lf", &kib);
	if (file)
		(void)fclose(file);
	return kib;
}

/* The supervisor and its roles; the recorder is the first child. */
static void add_roles(const struct gateway *gateway, double *cpu, double *recorder_cpu, double *mib)
{
	char path[96], *text = NULL, *at;
	size_t size = 0;
	FILE *file;
	bool first = true;

	*cpu = cpu_of(gateway->serve);
	*mib = pss_of(gateway->serve) / 1024;
	*recorder_cpu = 0;
	(void)snprintf(
		path, sizeof path, "/proc/%d/task/%d/children", (int)gateway->serve, (int)gateway->serve);
	file = fopen(path, "r");
	CHECK(file && getline(&text, &size, file) > 0);
	(void)fclose(file);
	at = text;
	for (long pid = strtol(at, &at, 10); pid > 0; pid = strtol(at, &at, 10)) {
		double its = cpu_of((pid_t)pid);

		*cpu += its;
		*mib += pss_of((pid_t)pid) / 1024;
		if (first)
			*recorder_cpu = its;
		first = false;
	}
	free(text);
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static double late_ms(struct gateway *gateway, int64_t sequence)
{
	uint64_t mono = 0, now = now_ns();

	(void)sqlite3_bind_int64(gateway->header, 1, sequence);
	if (sqlite3_step(gateway->header) == SQLITE_ROW) {
		const uint8_t *header = sqlite3_column_blob(gateway->header, 0);

		for (unsigned i = 0; i < 8; i++)
			mono = mono << 8 | header[HEADER_MONO_AT + i];
	}
	(void)sqlite3_reset(gateway->header);
	return mono && now > mono ? (double)(now - mono) / 1e6 : 0;
}

static void measure(struct gateway *gateway, unsigned registers, unsigned seconds, struct figures *out)
{
	static double late[LOOKS_MAX];
	double cpu, recorder, mib, devices = cpu_of(gateway->devices);
	uint64_t begun = now_ns(), until = begun + seconds * 1000000000ull;
	unsigned looks = 0;
	int64_t first;
	double took;

	(void)look(gateway);
	first = gateway->seen;
	add_roles(gateway, &cpu, &recorder, &mib);
	while (now_ns() < until) {
		int64_t before = gateway->seen;

		nap_ms(2);
		if (look(gateway) && gateway->seen > before && looks < LOOKS_MAX)
			late[looks++] = late_ms(gateway, before + 1);
	}
	took = (double)(now_ns() - begun) / 1e9;
	out->cpu = -cpu;
	out->recorder_cpu = -recorder;
	add_roles(gateway, &cpu, &recorder, &mib);
	out->cpu = 100 * (out->cpu + cpu) / took;
	out->recorder_cpu = 100 * (out->recorder_cpu + recorder) / took;
	out->devices_cpu = 100 * (cpu_of(gateway->devices) - devices) / took;
	out->mib = mib;
	out->entries = (double)(gateway->seen - first) / took;
	out->points = out->entries * registers;
	qsort(late, looks, sizeof *late, by_size);
	out->p50_ms = looks ? late[looks / 2] : 0;
	out->p99_ms = looks ? late[looks * 99 / 100] : 0;
}

static void flood(unsigned devices, unsigned registers, unsigned period_ms, unsigned seconds)
{
	struct gateway gateway;
	struct figures figures;

	start_devices(&gateway, devices, registers, period_ms);
	for (unsigned i = 0; gateway.seen < 4 * (int64_t)devices;
		i++) { /* every line has been opened and asked */
		CHECK(i < 1200);
		nap_ms(100);
		(void)look(&gateway);
	}
	measure(&gateway, registers, seconds, &figures);
	stop(&gateway);
	(void)printf("%5u devices x %2u each %4u ms  %9.0f points/s %7.0f entries/s  CPU %4.0f %% (recorder "
		     "%3.0f, "
		     "devices apart %3.0f)  %5.0f MiB  answer to commit p50 %5.1f p99 %6.1f ms\n",
		devices, registers, period_ms, figures.points, figures.entries, figures.cpu,
		figures.recorder_cpu, figures.devices_cpu, figures.mib, figures.p50_ms, figures.p99_ms);
	(void)fflush(stdout);
}

/* Two runs of registers that differ in length, so that no request has to be kept apart from the one before. */
static void write_bus(FILE *out, unsigned line, const char *port, uint32_t baud)
{
	(void)fprintf(out,
		"<line id=\"b%u\" name-zh=\"%u\" name-en=\"%u\"><modbus-rtu port=\"%s\" baud=\"%u\"/>"
		"<instrument id=\"b%u\" name-zh=\"%u\" name-en=\"%u\" driver=\"modbus\" every=\"1ms\" "
		"needed-every=\"1ms\">\n",
		line, line, line, port, baud, line, line, line);
	for (unsigned r = 0; r < 22; r++)
		(void)fprintf(out, "<item channel=\"r%u\" function=\"3\" address=\"%u\" type=\"u16\"/>\n", r,
			r < 10 ? r : 90 + r);
	(void)fprintf(out, "</instrument></line>\n");
}

static void start_buses(struct gateway *gateway, unsigned lines, uint32_t baud)
{
	char path[300];
	FILE *out;

	make_folder(gateway);
	(void)snprintf(path, sizeof path, "%s/lab.xml", gateway->dir);
	out = fopen(path, "w");
	CHECK(out && lines <= SLAVES_MAX);
	(void)fprintf(out, "<?xml version=\"1.0\"?>\n<lab site=\"bench\" origin=\"bench.assay.example\" "
			   "name-zh=\"测\" name-en=\"bench\" listen=\"\">\n");
	for (unsigned i = 0; i < lines; i++) {
		char name[64];
		const struct paced_slave slave = {paced_open(name), baud, 10, 0};

		CHECK(slave.master >= 0);
		write_bus(out, i, name, baud);
		gateway->slave[i] = fork();
		if (gateway->slave[i] == 0)
			paced_serve(&slave);
		CHECK(gateway->slave[i] > 0);
		(void)close(slave.master);
	}
	(void)fprintf(out, "</lab>\n");
	CHECK(fclose(out) == 0);
	start(gateway);
}

static double cycle_of(const struct assay_plan_line *cost)
{
	return (double)(assay_plan_request_ns(cost, 3, 10) + assay_plan_request_ns(cost, 3, 12)) / 1e9;
}

/* What the characters and silences alone would allow, and what the planner foresees for a device without turnaround. */
static void bus(unsigned lines, uint32_t baud, unsigned seconds)
{
	const struct assay_plan_line cost = {.baud = baud, .character_bits = 10};
	const struct assay_config_line line = {
		.transport = ASSAY_TRANSPORT_MODBUS_RTU, .baud = baud, .bits = 8, .parity = 'N', .stop = 1};
	struct assay_plan_line foreseen = assay_plan_line_of(&line, NULL, 0);
	double cycle_s = cycle_of(&cost);
	double limit = 2 * lines / cycle_s;
	struct gateway gateway;
	struct figures figures;

	foreseen.turnaround_us = 0;
	start_buses(&gateway, lines, baud);
	for (unsigned i = 0; gateway.seen < 20 * (int64_t)lines; i++) {
		CHECK(i < 600);
		nap_ms(100);
		(void)look(&gateway);
	}
	measure(&gateway, 11, seconds, &figures);
	stop(&gateway);
	(void)printf("%2u bus%s at %6u baud  %7.1f of %7.1f exchanges/s: %5.1f %% of the physical limit; "
		     "cycle %.2f ms, "
		     "predicted %.2f ms  CPU %3.0f %%  %4.0f MiB\n",
		lines, lines == 1 ? "  " : "es", baud, figures.entries, limit, 100 * figures.entries / limit,
		2000 * lines / figures.entries, 1000 * cycle_of(&foreseen), figures.cpu, figures.mib);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	struct rlimit files = {65536, 65536};

	(void)setrlimit(RLIMIT_NOFILE, &files);
	if (argc == 6 && strcmp(argv[1], "flood") == 0) {
		flood((unsigned)strtoul(argv[2], NULL, 10), (unsigned)strtoul(argv[3], NULL, 10),
			(unsigned)strtoul(argv[4], NULL, 10), (unsigned)strtoul(argv[5], NULL, 10));
		return 0;
	}
	if (argc == 2 &&
		strcmp(argv[1], "devices") == 0) { /* for others: print the port, serve until killed */
		uint16_t port;
		int listener = fast_listen(&port);

		CHECK(listener >= 0 && printf("%u\n", port) > 0 && fflush(stdout) == 0);
		fast_devices(listener);
	}
	if (argc == 5 && strcmp(argv[1], "bus") == 0) {
		bus((unsigned)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10),
			(unsigned)strtoul(argv[4], NULL, 10));
		return 0;
	}
	CHECK(argc == 1);
	(void)printf("-- how it grows: each device as often as it can be\n");
	flood(10, 50, 1, 5);
	flood(100, 50, 1, 5);
	flood(1000, 50, 1, 10);
	(void)printf("-- how it grows: each device twice a second, to 100,000 points/s\n");
	flood(10, 50, 500, 5);
	flood(100, 50, 500, 5);
	flood(1000, 50, 500, 10);
	(void)printf("-- serial buses on a simulator that paces bytes\n");
	bus(1, 9600, 5);
	bus(1, 19200, 5);
	bus(1, 115200, 5);
	bus(8, 9600, 5);
	bus(32, 9600, 5);
	return 0;
}
