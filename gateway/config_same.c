/* SPDX-License-Identifier: Apache-2.0
 * Two readings of one line: is it the same for whoever holds the device? Names, bands, calibration and place are the
 * laboratory's words about it and may change while it works. */
#include "gateway/config.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_setting(const struct assay_setting *a, const struct assay_setting *b)
{
	return same(a->group, b->group) && a->row == b->row && same(a->name, b->name) &&
	       same(a->value, b->value);
}

static bool same_instrument(const struct assay_config_instrument *a, const struct assay_config_instrument *b)
{
	if (!same(a->id, b->id) || !same(a->driver, b->driver) || !same(a->driver_sha256, b->driver_sha256) ||
		!same(a->spec, b->spec) || !same(a->serial, b->serial) || a->every_ms != b->every_ms ||
		a->needed_ms != b->needed_ms || a->late_ms != b->late_ms ||
		a->setting_count != b->setting_count)
		return false;
	for (size_t i = 0; i < a->setting_count; i++)
		if (!same_setting(&a->settings[i], &b->settings[i]))
			return false;
	return true;
}

bool assay_config_line_same(const struct assay_config_line *a, const struct assay_config_line *b)
{
	if (!same(a->id, b->id) || a->transport != b->transport || !same(a->port, b->port) ||
		a->baud != b->baud || a->bits != b->bits || a->stop != b->stop || a->parity != b->parity ||
		a->flow != b->flow || !same(a->host, b->host) || a->tcp_port != b->tcp_port ||
		a->listens != b->listens || !same(a->path, b->path) || a->settle_ms != b->settle_ms ||
		a->gap_ms != b->gap_ms || a->dtr != b->dtr || a->rts != b->rts ||
		a->disabled != b->disabled || a->instrument_count != b->instrument_count)
		return false;
	for (size_t i = 0; i < a->instrument_count; i++)
		if (!same_instrument(&a->instruments[i], &b->instruments[i]))
			return false;
	return true;
}
