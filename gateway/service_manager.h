/* SPDX-License-Identifier: Apache-2.0
 * Speaking to the service manager that started us (sd_notify(3): datagrams to $NOTIFY_SOCKET). Without one, nothing
 * happens. Only the supervisor does it; the watchdog is fed by what the recorder has committed, never by a clock. */
#ifndef ASSAY_SERVICE_MANAGER_H
#define ASSAY_SERVICE_MANAGER_H

/* The journal is open and the listed address serves ("" none). */
void service_manager_ready(const char *url);
/* The recorder has ended a turn of its loop with everything committed. */
void service_manager_progress(void);
void service_manager_stopping(void);

#endif
