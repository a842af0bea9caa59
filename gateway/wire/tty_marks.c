/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/tty_marks.h"

#define MARK 0xffu
#define FORMAT (CSIZE | CSTOPB | PARENB | PARODD | CRTSCTS)

bool tty_marks_on(int fd)
{
	struct termios settings;

	if (tcgetattr(fd, &settings) != 0)
		return false;
	settings.c_iflag |= PARMRK | INPCK;
	settings.c_iflag &= ~(tcflag_t)(IGNPAR | IGNBRK | BRKINT | ISTRIP);
	return tcsetattr(fd, TCSANOW, &settings) == 0;
}

void tty_marks_look(struct tty_marks *marks, int fd)
{
	if (marks->known)
		return;
	marks->known = true;
	marks->marked = tcgetattr(fd, &marks->settings) == 0 && (marks->settings.c_iflag & PARMRK);
}

size_t tty_marks_take(struct tty_marks *marks, uint8_t *bytes, size_t length, bool *error)
{
	size_t kept = 0;

	if (!marks->marked)
		return length;
	for (size_t i = 0; i < length; i++) {
		uint8_t byte = bytes[i];

		if (marks->seen == 0 && byte == MARK) {
			marks->seen = 1;
		} else if (marks->seen == 1 && byte == 0) {
			marks->seen = 2;
		} else {
			*error = *error || marks->seen == 2 || (marks->seen == 1 && byte != MARK);
			marks->seen = 0;
			bytes[kept++] = byte;
		}
	}
	return kept;
}

bool tty_marks_settled(struct tty_marks *marks, int fd)
{
	struct termios now;

	tty_marks_look(marks, fd);
	if (!marks->marked || tcgetattr(fd, &now) != 0)
		return true; /* no terminal, or gone: reading will tell */
	return cfgetispeed(&now) == cfgetispeed(&marks->settings) &&
	       cfgetospeed(&now) == cfgetospeed(&marks->settings) &&
	       (now.c_cflag & FORMAT) == (marks->settings.c_cflag & FORMAT) &&
	       now.c_iflag == marks->settings.c_iflag && now.c_lflag == marks->settings.c_lflag;
}
