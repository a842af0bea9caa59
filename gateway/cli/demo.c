/* SPDX-License-Identifier: Apache-2.0
 * assay demo: simulated instruments, the real gateway on them, and a technician's morning. */
#include "gateway/cli/cli.h"
#include "gateway/data_dir.h"
#include "gateway/demo/people.h"
#include "gateway/demo/play.h"
#include "gateway/demo/sims.h"
#include "gateway/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char help[] =
	"usage: assay demo [-d DIR] [--listen ADDR:PORT] [--once [--json]]\n"
	"Simulate a laboratory (balance, drying oven, room transmitter), serve it, and play a morning of "
	"three batches.\n"
	"  -d DIR            data directory; that of an earlier demonstration continues. Without it: a fresh "
	"one, "
	"which is named\n"
	"  --listen A:P      where the pages are served, default 127.0.0.1:8480; port 0 takes a free one\n"
	"  --once            play to the end as fast as possible, open no port, exit\n"
	"  --json            with --once: standard output is one JSON line for each batch\n";

#define DIR_MAX 400 /* bytes */

struct demo {
	char dir[DIR_MAX + 1];
	const char *listen;
	bool once, json;
	struct assay_sim balance, oven, room;
	pid_t player;
	int url; /* the supervisor tells the player where the pages are */
};

static const char lab_xml[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<!-- The demonstration laboratory; written by assay demo at each start. -->\n"
	"<lab site=\"demo\" origin=\"demo.assay.example\" name-zh=\"示范检验室\" name-en=\"demonstration "
	"laboratory\" "
	"listen=\"127.0.0.1:8480\">\n"
	"  <line id=\"com1\" name-zh=\"COM1\" name-en=\"COM1\">\n"
	"    <serial port=\"%s/run/com1\" baud=\"9600\"/>\n"
	"    <instrument id=\"balance-1\" name-zh=\"天平 1\" name-en=\"Balance 1\" spec=\"mettler-mt-sics\" "
	"model=\"XPR205\" "
	"serial=\"B612345678\" calibrated-until=\"2099-12-31\" location=\"理化室\" every=\"2s\" "
	"needed-every=\"%s\"/>\n"
	"  </line>\n"
	"  <line id=\"rs485-a\" name-zh=\"RS-485 A\" name-en=\"RS-485 A\">\n"
	"    <modbus-rtu port=\"%s/run/rs485-a\" baud=\"9600\"/>\n"
	"    <instrument id=\"oven-1\" name-zh=\"烘箱 1\" name-en=\"Oven 1\" spec=\"demo-oven\" "
	"calibrated-until=\"2099-12-31\" location=\"理化室\" every=\"2s\" needed-every=\"%s\">\n"
	"      <setting name=\"timeout-ms\" value=\"300\"/>\n"
	"      <channel name=\"pv\" low=\"101\" high=\"105\"/>\n"
	"    </instrument>\n"
	"  </line>\n"
	"  <line id=\"room\" name-zh=\"温湿度\" name-en=\"room\">\n"
	"    <modbus-tcp host=\"127.0.0.1\" port=\"%u\"/>\n"
	"    <instrument id=\"room-1\" name-zh=\"理化室温湿度\" name-en=\"Room 1\" spec=\"xy-md02\" "
	"calibrated-until=\"2099-12-31\" location=\"理化室\" every=\"5s\" needed-every=\"5s\">\n"
	"      <channel name=\"temperature\" low=\"15\" high=\"30\"/>\n"
	"      <channel name=\"humidity\" low=\"0\" high=\"75\"/>\n"
	"    </instrument>\n"
	"  </line>\n"
	"</lab>\n";

static int io_error(struct assay_error *err, const char *path)
{
	return assay_error_set(err, ASSAY_EIO, "demo-directory", "%s：%s", "%s: %s", path, strerror(errno));
}

/* The name goes into lab.xml and ports into it: absolute, and without what XML would misread. */
static int settle_name(struct demo *demo, struct assay_error *err)
{
	char path[PATH_MAX];

	if (!realpath(demo->dir, path))
		return io_error(err, demo->dir);
	if (strlen(path) > DIR_MAX || strpbrk(path, "<>&\"'"))
		return assay_error_set(err, ASSAY_EREFUSED, "demo-directory",
			"示范的数据目录名不能超过 %d 字节，也不能含 < > & 和引号：%s",
			"the demonstration's directory may have at most %d bytes and none of < > & and "
			"quotes: %s",
			DIR_MAX, path);
	(void)snprintf(demo->dir, sizeof demo->dir, "%s", path);
	return ASSAY_OK;
}

/* Somebody's real laboratory is not overwritten. */
static int check_laboratory(const struct demo *demo, struct assay_error *err)
{
	char path[DIR_MAX + 16], begin[512] = "";
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/lab.xml", demo->dir);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? ASSAY_OK : io_error(err, path);
	begin[fread(begin, 1, sizeof begin - 1, file)] = '\0';
	(void)fclose(file);
	if (strstr(begin, "<lab site=\"demo\" origin=\"demo.assay.example\""))
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EREFUSED, "demo-directory", "%s 属于另一个检验室。示范请用别的目录",
		"%s is another laboratory's; give the demonstration a directory of its own", path);
}

static int prepare_directory(struct demo *demo, struct assay_error *err)
{
	struct assay_data_dir taken;
	int status = ASSAY_OK;

	if (!demo->dir[0]) {
		(void)snprintf(demo->dir, sizeof demo->dir, "/tmp/assay-demo-XXXXXX");
		if (!mkdtemp(demo->dir))
			return io_error(err, demo->dir);
	} else if (mkdir(demo->dir, 0700) != 0 && errno != EEXIST) {
		return io_error(err, demo->dir);
	}
	status = settle_name(demo, err);
	if (status == ASSAY_OK)
		status = check_laboratory(demo, err);
	/* Before ports are replaced under somebody's feet; assay_serve takes it again. */
	if (status == ASSAY_OK)
		status = assay_data_dir_take(demo->dir, &taken, err);
	if (status == ASSAY_OK)
		assay_data_dir_release(&taken);
	return status;
}

static int start_instruments(struct demo *demo, struct assay_error *err)
{
	char com1[DIR_MAX + 16], rs485[DIR_MAX + 16], path[DIR_MAX + 16];
	FILE *file;
	int status;

	(void)snprintf(com1, sizeof com1, "%s/run/com1", demo->dir);
	(void)snprintf(rs485, sizeof rs485, "%s/run/rs485-a", demo->dir);
	status = assay_sim_balance(com1, "B612345678", demo->once ? 60 : 2500, &demo->balance, err);
	if (status == ASSAY_OK)
		status = assay_sim_oven(rs485, &demo->oven, err);
	if (status == ASSAY_OK)
		status = assay_sim_room(0, &demo->room, err);
	if (status != ASSAY_OK)
		return status;
	(void)snprintf(path, sizeof path, "%s/lab.xml", demo->dir);
	file = fopen(path, "we");
	if (!file)
		return io_error(err, path);
	(void)fprintf(file, lab_xml, demo->dir, demo->once ? "2s" : "1s", demo->dir,
		demo->once ? "100ms" : "1s", demo->room.tcp_port);
	return fclose(file) == 0 ? ASSAY_OK : io_error(err, path);
}

static void introduce(const struct demo *demo, const char *url, const char *password)
{
	(void)printf("%s\n\n"
		     "assay demonstration laboratory. Open the address above in a browser.\n"
		     "  data directory  %s\n"
		     "  on the bench    a technician weighs three batches of puffed snack for moisture; "
		     "watch the slots fill\n"
		     "  then            batches: one passes, one is above 7 g/100g, one cannot be judged "
		     "(oven at 92 °C);\n"
		     "                  click a result to see its bytes\n"
		     "  from a shell    assay status -d %s\n"
		     "  log in          as one of " ASSAY_DEMO_USERS " with the password %s\n"
		     "                  (this directory's own; looking needs no login)\n"
		     "Ctrl-C stops everything; assay demo -d %s goes on from there.\n",
		url, demo->dir, demo->dir, password, demo->dir);
	(void)fflush(stdout);
}

/* In a process of its own, as a technician is. The first line from the supervisor says that everything runs. */
static int run_player(struct demo *demo, int ready)
{
	struct assay_play play = {.dir = demo->dir,
		.balance = demo->balance,
		.oven = demo->oven,
		.dry_ms = demo->once ? 1200 : 15000,
		.pause_ms = demo->once ? 0 : 1500,
		.json = demo->json};
	struct assay_error err;
	char url[128] = "", password[ASSAY_DEMO_PASSWORD_MAX];
	ssize_t got = read(ready, url, sizeof url - 1);
	int status;

	if (got < 0)
		return 1;
	url[strcspn(url, "\n")] = '\0';
	status = demo->once ? ASSAY_OK : assay_demo_password(demo->dir, password, &err);
	if (!demo->once && status == ASSAY_OK) {
		introduce(demo, url, password);
		status = assay_demo_people(demo->dir, password, &err);
	}
	if (status == ASSAY_OK)
		status = assay_play_morning(&play, &err);
	if (status != ASSAY_OK)
		(void)assay_cli_fail(demo->json, status, &err);
	else if (demo->once && !demo->json)
		(void)printf("played to the end; data directory %s\n", demo->dir);
	(void)fflush(stdout);
	return status == ASSAY_OK ? 0 : 1;
}

static int start_player(struct demo *demo, struct assay_error *err)
{
	pid_t parent = getpid();
	int ready[2];

	if (pipe2(ready, O_CLOEXEC) != 0)
		return io_error(err, "pipe");
	(void)fflush(NULL);
	demo->player = fork();
	if (demo->player < 0)
		return io_error(err, "fork");
	if (demo->player == 0) {
		int code;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_NAME, "assay-demo");
		if (getppid() != parent)
			_exit(0);
		(void)signal(SIGINT, SIG_IGN);
		(void)signal(SIGTERM, SIG_IGN);
		(void)signal(SIGHUP, SIG_IGN);
		(void)close(ready[1]);
		code = run_player(demo, ready[0]);
		if (demo->once)
			(void)kill(parent, SIGTERM); /* the morning is over: the gateway stops in order */
		_exit(code);
	}
	(void)close(ready[0]);
	demo->url = ready[1];
	return ASSAY_OK;
}

static int run_demo(struct demo *demo, struct assay_error *err)
{
	struct assay_serve_options options = {.dir = demo->dir,
		.listen = demo->once ? "" : demo->listen,
		.demonstration = true,
		.quiet = true};
	int status = prepare_directory(demo, err), player = 0;

	if (status == ASSAY_OK)
		status = start_instruments(demo, err);
	if (status == ASSAY_OK)
		status = start_player(demo, err);
	if (status == ASSAY_OK) {
		options.ready = demo->url;
		status = assay_serve(&options, err);
	}
	if (demo->player > 0) {
		if (!demo->once || status != ASSAY_OK)
			(void)kill(demo->player, SIGKILL);
		(void)waitpid(demo->player, &player, 0);
	}
	assay_sim_end(&demo->balance);
	assay_sim_end(&demo->oven);
	assay_sim_end(&demo->room);
	if (status == ASSAY_OK && demo->once && (!WIFEXITED(player) || WEXITSTATUS(player) != 0))
		status = assay_error_set(err, ASSAY_EIO, "demo-stuck", "示范没有播完",
			"the demonstration was not played to its end");
	return status;
}

int assay_cmd_demo(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
		{"listen", required_argument, NULL, 'l'}, {"once", no_argument, NULL, 'o'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	static struct demo demo = {.listen = "127.0.0.1:8480"};
	const char *directory = getenv("ASSAY_DIR");
	struct assay_error err;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			directory = optarg;
			break;
		case 'l':
			demo.listen = optarg;
			break;
		case 'o':
			demo.once = true;
			break;
		case 'j':
			demo.json = true;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return assay_cli_flush();
		default:
			return ASSAY_EXIT_USAGE;
		}
	}
	if (optind != argc || (demo.json && !demo.once) || (directory && strlen(directory) > DIR_MAX)) {
		(void)assay_error_set(&err, ASSAY_EUSAGE, "usage", "参数不对，见 assay demo --help",
			"wrong options; see assay demo --help");
		return assay_cli_fail(demo.json, ASSAY_EUSAGE, &err);
	}
	(void)snprintf(demo.dir, sizeof demo.dir, "%s", directory ? directory : "");
	status = run_demo(&demo, &err);
	return status == ASSAY_OK ? ASSAY_EXIT_DONE : assay_cli_fail(demo.json, status, &err);
}
