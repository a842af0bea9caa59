/* SPDX-License-Identifier: Apache-2.0
 * What a terminal marks in the bytes it hands on (termios PARMRK): FF 00 x is a byte with a parity or framing error, FF 00
 * 00 a break, FF FF one byte FF. And whether another program has changed the settings. */
#ifndef ASSAY_WIRE_TTY_MARKS_H
#define ASSAY_WIRE_TTY_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

struct tty_marks {
	uint8_t seen; /* marks stand over two reads: FF, or FF 00, so far */
	bool known; /* looked at: settings are those of then */
	bool marked; /* the terminal marks; else bytes are what they are */
	struct termios settings;
};

/* Let the terminal mark errors instead of dropping the byte or passing it as good. False: it is no terminal. */
bool tty_marks_on(int fd);
/* The first look at a descriptor; later ones change nothing. */
void tty_marks_look(struct tty_marks *marks, int fd);
/* Take the marks out of bytes; returns how many are left. *error: one was bad, or there was a break. A bad byte stays. */
size_t tty_marks_take(struct tty_marks *marks, uint8_t *bytes, size_t length, bool *error);
/* False: somebody has changed speed, format or flow control since the first look. */
bool tty_marks_settled(struct tty_marks *marks, int fd);

#endif
