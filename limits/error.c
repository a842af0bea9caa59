/* SPDX-License-Identifier: Apache-2.0 */
#include "limits/error.h"

#include <stdarg.h>
#include <stdio.h>

int assay_error_set(
	struct assay_error *err, int status, const char *code, const char *zh, const char *en, ...)
{
	va_list args;

	if (!err)
		return status;
	(void)snprintf(err->code, sizeof err->code, "%s", code);
	va_start(args, en);
	(void)vsnprintf(err->text_zh, sizeof err->text_zh, zh, args);
	va_end(args);
	va_start(args, en);
	(void)vsnprintf(err->text_en, sizeof err->text_en, en, args);
	va_end(args);
	return status;
}
