/* SPDX-License-Identifier: Apache-2.0
 * The wire at work: real roles, devices on loopback, every exchange durable and in the tree before it counts, its readings
 * decoded and their channels' bands known.
 *
 * usage: bench_wire [flood DEVICES REGISTERS PERIOD_MS SECONDS]     without arguments: the whole table
 *
 * $ASSAY names the binary. "Points" are register values in committed entries. "p99" is from the answer (the entry's
 * monotonic time) to the moment a second process sees the entry committed, of the oldest entry of each look: an upper
 * bound, it includes the look itself (every 2 ms). CPU is that of all roles together, the devices' is shown apart. */
#include "tests/sim/fast_devices.h"

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

struct gateway {
	char dir[200];
	pid_t serve, devices;
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

static void start(struct gateway *gateway, unsigned devices, unsigned registers, unsigned period_ms)
{
	const char *assay = getenv("ASSAY"), *tmp = getenv("TMPDIR");
	uint16_t port;
	int listener = fast_listen(&port);

	CHECK(assay && listener >= 0);
	memset(gateway, 0, sizeof *gateway);
	(void)snprintf(gateway->dir, sizeof gateway->dir, "%s/assay-wire-XXXXXX", tmp ? tmp : "/tmp");
	CHECK(mkdtemp(gateway->dir));
	write_lab(gateway->dir, devices, registers, period_ms, port);
	gateway->devices = fork();
	if (gateway->devices == 0)
		fast_devices(listener);
	(void)close(listener);
	gateway->serve = fork();
	if (gateway->serve == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		(void)dup2(null, 1);
		(void)execl(assay, "assay", "serve", "-d", gateway->dir, (char *)NULL);
		_exit(127);
	}
	CHECK(gateway->devices > 0 && gateway->serve > 0);
	for (unsigned i = 0; !look(gateway); i++) {
		CHECK(i < 300 && waitpid(gateway->serve, NULL, WNOHANG) == 0);
		nap_ms(100);
	}
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
	(void)kill(gateway->devices, SIGKILL);
	(void)waitpid(gateway->devices, NULL, 0);
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

	start(&gateway, devices, registers, period_ms);
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

int main(int argc, char **argv)
{
	struct rlimit files = {65536, 65536};

	(void)setrlimit(RLIMIT_NOFILE, &files);
	if (argc == 6 && strcmp(argv[1], "flood") == 0) {
		flood((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]),
			(unsigned)atoi(argv[5]));
		return 0;
	}
	flood(1000, 50, 500, 10);
	return 0;
}
