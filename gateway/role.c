/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/role.h"

#include "gateway/wire/channel.h"

#include <unistd.h>

const char *assay_role_kind_name(unsigned kind)
{
	static const char *const names[] = {NULL, "recorder", "host", "web", "report", "notify"};

	return kind < sizeof names / sizeof *names ? names[kind] : NULL;
}

bool assay_role_goes_on(const struct assay_role *role)
{
	static uint8_t payload[ASSAY_CHANNEL_PAYLOAD_MAX];
	struct assay_message head;
	int fd, got;

	while ((got = assay_channel_receive(role->control, &head, payload, &fd)) > 0 ||
		got == ASSAY_EREFUSED) {
		if (fd >= 0)
			(void)close(fd);
		if (got > 0 && head.type == ASSAY_MSG_STOP)
			return false;
	}
	return got != ASSAY_EGONE;
}
