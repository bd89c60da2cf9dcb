/* SPDX-License-Identifier: BSD-2-Clause */
/* A running machine at the other end of its second serial port (abi/manage.h). */
#ifndef CAMBIUM_TOOLS_SERIAL_H
#define CAMBIUM_TOOLS_SERIAL_H

#include <drivers/ring/manage_line.h>

#define SERIAL_WHY_MAX 1200u

struct serial {
	int fd;
	uint32_t id; /* of the last request */
	struct manage_line line;
	uint8_t bytes[512]; /* read and not looked at yet */
	size_t at, len;
	char why[SERIAL_WHY_MAX];
	/* is given what nobody asked for while an answer is waited for; may be NULL */
	void (*other)(void *arg, const struct manage_message *message);
	void *arg;
};

/* Opens @where, a device or unix:SOCKET. False: serial->why says why not. */
bool serial_open(struct serial *serial, const char *where);
void serial_close(struct serial *serial);

/*
 * Asks for @kind with the @length bytes at @payload, again and again where nothing comes, and waits for the answer, which
 * is MANAGE_OK in *@answer, @least bytes at least. False: serial->why says why there is none.
 */
bool serial_ask(struct serial *serial, uint32_t kind, const void *payload, uint32_t length, uint32_t least,
		struct manage_message *answer);

/* The next message that nobody asked for, within @seconds. 1: it is *@message; 0: none came; -1: the line is gone. */
int serial_listen(struct serial *serial, unsigned seconds, struct manage_message *message);

#endif
