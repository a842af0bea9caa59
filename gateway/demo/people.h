/* SPDX-License-Identifier: Apache-2.0
 * The demonstration's people: one for each role, so that a visitor can try each. Their password is made for the directory,
 * shown when the demonstration starts and kept in DIR/run/demo-password; nothing outside a demonstration makes them. */
#ifndef ASSAY_DEMO_PEOPLE_H
#define ASSAY_DEMO_PEOPLE_H

#include "limits/error.h"

#define ASSAY_DEMO_PASSWORD_MAX 16u /* "xxxx-xxxx-xxxx" with NUL */
#define ASSAY_DEMO_USERS "tech, review, qa, admin, maker"

/* The directory's password, made when there is none. */
int assay_demo_password(
	const char *dir, char out[ASSAY_DEMO_PASSWORD_MAX], struct assay_error *err) ASSAY_WARN_UNUSED;
/* Make who is not there yet, by the gateway that runs in dir. */
int assay_demo_people(const char *dir, const char *password, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
