/* SPDX-License-Identifier: Apache-2.0
 * Lines that no device stands behind: result files of a folder, and captures played again. A process of its own reads
 * the files and feeds them through a socket, so that the host that runs driver code opens none. It ends when the socket
 * is closed at the other end. */
#ifndef ASSAY_WIRE_FEEDER_H
#define ASSAY_WIRE_FEEDER_H

#include "gateway/config.h"

#define ASSAY_FOLDER_LEDGER ".assay-imported" /* in the folder: SHA-256 and name of each file imported */

/* Folder: packets of 'D' and bytes, 'E' at the end of a file; the answer to each file is 'A' (durable, gave readings) or
 * 'F'. A file counts when its size and time have stood still for settle_ms; names with a leading dot, ending in .tmp,
 * .lock or .part are left alone; a file whose bytes were imported before is not sent again, under any name; one that
 * failed is sent again only when it has changed. Replay: the bytes from the device, in the capture's own time.
 * ASSAY_ENOTFOUND "folder-missing", ASSAY_EREFUSED "folder-locked" when the ledger cannot be written. */
int assay_feeder_open(
	const struct assay_config_line *line, int *fd_out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
