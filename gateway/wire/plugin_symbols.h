/* SPDX-License-Identifier: Apache-2.0
 * What a plugin's file says it exports and needs, read from its ELF symbol table before any of it is loaded: a driver
 * exports assay_driver and nothing else, and needs nothing but the arithmetic of a short list. */
#ifndef ASSAY_WIRE_PLUGIN_SYMBOLS_H
#define ASSAY_WIRE_PLUGIN_SYMBOLS_H

#include "limits/error.h"

#include <stddef.h>
#include <stdint.h>

/* Check the bytes of a shared object. ASSAY_EREFUSED "driver-refused" naming path and the symbol. *descriptor_size
 * (may be NULL) is the size of the object assay_driver: nothing beyond it may be read. Any thread. */
int assay_plugin_symbols_check(const char *path, const uint8_t *file, size_t length, size_t *descriptor_size,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
