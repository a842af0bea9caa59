/* SPDX-License-Identifier: Apache-2.0
 * The demonstration's technician: a morning of three batches, played through the same commands a person uses. It
 * looks only at what is recorded to decide what to do next, so it can be stopped and started at any point. */
#ifndef ASSAY_DEMO_PLAY_H
#define ASSAY_DEMO_PLAY_H

#include "gateway/demo/sims.h"

#include <stdbool.h>

struct assay_play {
	const char *dir;
	struct assay_sim balance, oven;
	unsigned dry_ms; /* how long dishes stay in the oven */
	unsigned pause_ms; /* between actions, so that a person can watch */
	bool json; /* one line for each batch on standard output */
};

/* Play to the end. 0, or negative with err when the gateway does not answer for 60 s. */
int assay_play_morning(const struct assay_play *play, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
