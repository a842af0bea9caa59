/* SPDX-License-Identifier: Apache-2.0
 * Whether a laboratory's instruments can run a method: each slot that nobody reads by eye, and each condition that is
 * watched (an oven's temperature, by the name of its channel), needs a channel in its unit. Calibrations are looked at when a
 * slot is armed. */
#ifndef ASSAY_LAB_EQUIPMENT_H
#define ASSAY_LAB_EQUIPMENT_H

#include "gateway/config.h"
#include "limits/limits.h"

/* 1 some instrument gives the unit, in the channel of that name when channel is not NULL; 0 none does; negative with err. */
typedef int lab_gives(void *context, const char *channel, const char *unit, struct assay_error *err);

/* 1 it can be run; 0 not, and *missing_out is the unit nothing here gives (borrowed from the method); negative with err. */
int lab_can_run(const struct assay_method *method, lab_gives *gives, void *context, const char **missing_out,
	struct assay_error *err);

/* The instruments of a lab.xml: context is a const struct assay_config. A disabled line gives nothing; a channel without a
 * stated unit is not relied on. */
int lab_config_gives(void *context, const char *channel, const char *unit, struct assay_error *err);

#endif
