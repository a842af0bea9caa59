/* SPDX-License-Identifier: Apache-2.0
 * Allocations that fail at a given one, once or from then on; under a sanitizer, which has its own, none does. */
#ifndef ASSAY_TESTS_FAULT_ALLOCATION_H
#define ASSAY_TESTS_FAULT_ALLOCATION_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Allocation, for this program and for the libraries. */
static struct {
	bool watching, for_ever, hit;
	uint64_t seen, at;
} allocation;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ALLOCATION_FAULTS 1
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static bool allocation_fails(void)
{
	if (!allocation.watching)
		return false;
	allocation.seen++;
	if (allocation.seen != allocation.at && !(allocation.for_ever && allocation.seen > allocation.at))
		return false;
	allocation.hit = true;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return allocation_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return allocation_fails() ? NULL : __libc_realloc(old, size);
}
#else
#define ALLOCATION_FAULTS 0
#endif

#endif
