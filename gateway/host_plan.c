/* SPDX-License-Identifier: Apache-2.0
 * A serial line has a host of its own; network lines of one driver share hosts. */
#include "gateway/supervised.h"

#include <string.h>

static struct role_process *new_host(struct supervisor *supervisor)
{
	struct role_process *host;

	if (supervisor->role_count == supervisor->role_max)
		return NULL;
	host = &supervisor->roles[supervisor->role_count++];
	memset(host, 0, sizeof *host);
	host->kind = ROLE_HOST;
	host->control = host->listener = host->recorder_end = -1;
	return host;
}

static bool is_network(const struct assay_config_line *line)
{
	return line->transport == ASSAY_TRANSPORT_MODBUS_TCP || line->transport == ASSAY_TRANSPORT_TCP ||
	       line->transport == ASSAY_TRANSPORT_RTU_TCP;
}

static bool may_share(const struct supervisor *supervisor, const struct role_process *host,
	const struct assay_config_line *line)
{
	const struct assay_config_line *first;

	if (host->kind != ROLE_HOST || host->pid != 0 || host->line_count == ROLE_LINES_MAX)
		return false; /* who runs has his lines */
	first = &supervisor->config->lines[host->lines[0]];
	return is_network(first) && is_network(line) &&
	       strcmp(first->instruments[0].driver, line->instruments[0].driver) == 0;
}

static bool has_host(const struct supervisor *supervisor, size_t line)
{
	for (size_t i = 0; i < supervisor->role_count; i++)
		for (uint16_t j = 0; j < supervisor->roles[i].line_count; j++)
			if (supervisor->roles[i].lines[j] == line)
				return true;
	return false;
}

void host_plan_compact(struct role_process *host)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < host->line_count; i++)
		if (host->lines[i] != ASSAY_LINE_GONE)
			host->lines[kept++] = host->lines[i];
	host->line_count = kept;
	host->closing = 0;
}

int host_plan(struct supervisor *supervisor, struct assay_error *err)
{
	for (size_t i = 0; i < supervisor->config->line_count; i++) {
		const struct assay_config_line *line = &supervisor->config->lines[i];
		struct role_process *host = NULL;

		if (line->disabled || has_host(supervisor, i))
			continue;
		for (size_t j = 0; j < supervisor->role_count && !host; j++)
			if (may_share(supervisor, &supervisor->roles[j], line))
				host = &supervisor->roles[j];
		if (!host)
			host = new_host(supervisor);
		if (!host)
			return assay_error_set(
				err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
		host->lines[host->line_count++] = (uint16_t)i;
	}
	return ASSAY_OK;
}

void host_plan_split(struct supervisor *supervisor, struct role_process *host)
{
	uint64_t start_at_ns = host->start_at_ns;

	while (host->line_count > 1) {
		struct role_process *own = new_host(supervisor);

		if (!own)
			return;
		own->lines[own->line_count++] = host->lines[--host->line_count];
		own->start_at_ns = start_at_ns;
	}
}
