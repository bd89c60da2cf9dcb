/* SPDX-License-Identifier: BSD-2-Clause */
/* What one asks a running machine, and how it is told. */
#ifndef CAMBIUM_TOOLS_LIVE_H
#define CAMBIUM_TOOLS_LIVE_H

#include <stdio.h>

#include "serial.h"

/* The router's state. False: serial->why says why it cannot be had. */
bool live_status(struct serial *serial, struct manage_status *status);

/* The table in force, *len bytes from malloc; NULL with serial->why: it cannot be had; NULL and *len 0: there is none. */
void *live_table(struct serial *serial, size_t *len);

/* The number of the interface @name of the policy in force, or of a number; -1 with serial->why. */
int live_iface(struct serial *serial, const char *name);

/* Has the machine put the @len bytes at @table in force, for @confirm_seconds or, with 0, for good. */
bool live_load(struct serial *serial, const void *table, size_t len, uint32_t confirm_seconds);

/* --- live_print.c --- */

/* Prints everything that `status` tells. False: serial->why says what could not be had. */
bool live_status_print(struct serial *serial, bool json, FILE *out);

/* The first characters of a digest that name a policy for people. */
#define DIGEST_TEXT_MAX 17u
const char *digest_text(const uint8_t digest[32], char text[DIGEST_TEXT_MAX]);

#endif
