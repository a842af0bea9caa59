#include "gateway/lab/lab.h"
#include "gateway/lab/query.h"
int assay_lab_exchange(struct assay_lab *lab, uint64_t sequence, int64_t wall_ns, uint64_t begun_mono_ns,
	const struct assay_exchange *exchange, struct assay_error *err)
{
	(void)lab;
	(void)sequence;
	(void)wall_ns;
	(void)begun_mono_ns;
	(void)exchange;
	(void)err;
	return 0;
}
int assay_lab_due(struct assay_lab *lab, struct assay_error *err)
{
	(void)lab;
	(void)err;
	return 0;
}
json_t *assay_lab_command(struct assay_lab *lab, const char *command, const json_t *request, const char *who,
	bool *known_out, int *status_out, struct assay_error *err)
{
	(void)lab;
	(void)command;
	(void)request;
	(void)who;
	(void)known_out;
	(void)status_out;
	(void)err;
	return NULL;
}
json_t *assay_query_journal(const char *dir, uint64_t from, unsigned limit, bool raw, struct assay_error *err)
{
	(void)dir;
	(void)from;
	(void)limit;
	(void)raw;
	(void)err;
	return NULL;
}
json_t *assay_query_trace(sqlite3 *state, const char *dir, const char *result, struct assay_error *err)
{
	(void)dir;
	(void)state;
	(void)result;
	(void)err;
	return NULL;
}
