/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One domain's console output on its way to the shared serial port: whole lines, each behind the domain's name; bytes
 * that are not printable as \xNN; no more than a rate, beyond which bytes are dropped and counted. Whatever a domain
 * writes, it cannot produce a line that starts with anything but its own name.
 */
#ifndef CAMBIUM_CONTROL_CONSOLE_LINE_H
#define CAMBIUM_CONTROL_CONSOLE_LINE_H

#include <abi/types.h>
#include "text_queue.h"

#define CONSOLE_LINE_MAX 240u           /* characters of a line behind the prefix; longer ones go on in the next */
#define CONSOLE_RATE 32768u             /* bytes per second of one domain in the long run */
#define CONSOLE_BURST 32768u            /* and at once after silence */
#define CONSOLE_PARTIAL_NS 100000000ull /* a line without its end is shown after this long */
#define CONSOLE_REPORT_NS 1000000000ull /* between two reports of dropped bytes */

struct console_line {
	char name[DOMAIN_NAME_MAX];
	uint32_t len;
	uint32_t tokens;       /* bytes that may still be shown now */
	bool choked;           /* everything is dropped until a quarter of the burst is back */
	uint64_t refilled_ns;  /* when tokens was last added to */
	uint64_t last_byte_ns; /* when the partial line last grew */
	uint64_t reported_ns;  /* when dropped bytes were last reported; 0: never */
	uint64_t dropped;      /* not reported yet */
	uint64_t dropped_total;
	char text[CONSOLE_LINE_MAX];
};

/* Starts afresh for the domain called @name at time @now_ns. */
void console_line_init(struct console_line *line, const char *name, uint64_t now_ns);

/*
 * Takes bytes from the @len at @bytes and queues the lines that they complete. Returns how many were taken: less than
 * @len only when @out (its reserve apart) is full; offer the rest again later.
 */
uint32_t console_line_feed(struct console_line *line, const uint8_t *bytes, uint32_t len, uint64_t now_ns,
			   struct text_queue *out);

/* The domain itself dropped @count bytes. */
void console_line_lost(struct console_line *line, uint32_t count);

/* Time passes: shows a partial line that is old enough and reports dropped bytes when that is due. */
void console_line_tick(struct console_line *line, uint64_t now_ns, struct text_queue *out);

/* The domain is dead: shows what there is. */
void console_line_end(struct console_line *line, uint64_t now_ns, struct text_queue *out);

/* When console_line_tick() has something to do again; TIME_NEVER: nothing is waiting. */
uint64_t console_line_due(const struct console_line *line);

#endif
