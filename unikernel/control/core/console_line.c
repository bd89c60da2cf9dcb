/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assembles lines. Invariant: only line_show() and report_show() queue anything, each exactly one line that starts with
 * the domain's name and holds no control character but its own end.
 */
#include <string.h>
#include "console_line.h"
#include "name.h"

#define SECOND_NS 1000000000ull
#define LINE_BYTES_MAX (DOMAIN_NAME_MAX + 2 + CONSOLE_LINE_MAX + 2)

void console_line_init(struct console_line *line, const char *name, uint64_t now_ns)
{
	memset(line, 0, sizeof *line);
	name_copy(line->name, sizeof line->name, name);
	line->tokens = CONSOLE_BURST;
	line->refilled_ns = now_ns;
}

static uint32_t append(char *to, uint32_t at, const char *text)
{
	while (*text)
		to[at++] = *text++;
	return at;
}

static bool has_room(const struct text_queue *out, bool urgent)
{
	return text_room(out) >= LINE_BYTES_MAX + (urgent ? 0 : TEXT_QUEUE_RESERVE);
}

/* Queues the line as it is and empties it; false when there is no room. */
static bool line_show(struct console_line *line, struct text_queue *out, bool urgent)
{
	char full[LINE_BYTES_MAX];
	uint32_t at;

	if (!has_room(out, urgent))
		return false;
	at = append(full, 0, line->name);
	at = append(full, at, "| ");
	memcpy(full + at, line->text, line->len);
	at += line->len;
	text_put_line(out, full, at);
	line->len = 0;
	return true;
}

static void report_show(struct console_line *line, uint64_t now_ns, struct text_queue *out, bool urgent)
{
	char full[LINE_BYTES_MAX], digits[20];
	uint32_t at, count = 0;

	if (!line->dropped || !has_room(out, urgent))
		return;
	for (uint64_t v = line->dropped; v || !count; v /= 10)
		digits[count++] = (char)('0' + v % 10);
	at = append(full, 0, line->name);
	at = append(full, at, "| [control: ");
	while (count)
		full[at++] = digits[--count];
	at = append(full, at, " bytes dropped]");
	text_put_line(out, full, at);
	line->dropped = 0;
	line->reported_ns = now_ns;
}

static void refill(struct console_line *line, uint64_t now_ns)
{
	uint64_t passed = now_ns > line->refilled_ns ? now_ns - line->refilled_ns : 0;
	uint64_t more = MIN(passed, SECOND_NS) * CONSOLE_RATE / SECOND_NS;

	if (!more)
		return;
	line->tokens = (uint32_t)MIN(line->tokens + more, CONSOLE_BURST);
	line->refilled_ns = now_ns;
	if (line->tokens >= CONSOLE_BURST / 4)
		line->choked = false;
}

static void drop(struct console_line *line, uint32_t count)
{
	line->dropped += count;
	line->dropped_total += count;
}

/* Adds one byte as the one or four characters that stand for it; there is room for four. */
static void put(struct console_line *line, uint8_t byte)
{
	static const char hex[] = "0123456789abcdef";

	if ((byte >= 0x20 && byte < 0x7f) || byte == '\t') {
		line->text[line->len++] = (char)byte;
		return;
	}
	line->text[line->len++] = '\\';
	line->text[line->len++] = 'x';
	line->text[line->len++] = hex[byte >> 4];
	line->text[line->len++] = hex[byte & 15];
}

uint32_t console_line_feed(struct console_line *line, const uint8_t *bytes, uint32_t len, uint64_t now_ns,
			   struct text_queue *out)
{
	uint32_t i;

	refill(line, now_ns);
	for (i = 0; i < len; i++) {
		if (line->choked || !line->tokens) {
			line->choked = true;
			drop(line, len - i);
			return len;
		}
		if (line->len + 4 > CONSOLE_LINE_MAX && bytes[i] != '\n' && !line_show(line, out, false))
			return i;
		if (bytes[i] == '\n' && !line_show(line, out, false))
			return i;
		if (bytes[i] != '\n' && bytes[i] != '\r') {
			put(line, bytes[i]);
			line->last_byte_ns = now_ns;
		}
		line->tokens--;
	}
	return len;
}

void console_line_lost(struct console_line *line, uint32_t count)
{
	drop(line, count);
}

/* When dropped bytes may be reported: not while more are being dropped, and not too often. */
static uint64_t report_due(const struct console_line *line)
{
	uint64_t due = line->reported_ns ? line->reported_ns + CONSOLE_REPORT_NS : 0;

	return line->choked ? MAX(due, line->refilled_ns + SECOND_NS / 4) : due;
}

void console_line_tick(struct console_line *line, uint64_t now_ns, struct text_queue *out)
{
	refill(line, now_ns);
	if (line->dropped && !line->choked && now_ns >= report_due(line)) {
		if (line->len && !line_show(line, out, false))
			return;
		report_show(line, now_ns, out, false);
	}
	if (line->len && now_ns >= line->last_byte_ns + CONSOLE_PARTIAL_NS)
		line_show(line, out, false);
}

void console_line_end(struct console_line *line, uint64_t now_ns, struct text_queue *out)
{
	if (line->len)
		line_show(line, out, true);
	report_show(line, now_ns, out, true);
}

uint64_t console_line_due(const struct console_line *line)
{
	uint64_t due = line->len ? line->last_byte_ns + CONSOLE_PARTIAL_NS : TIME_NEVER;

	return line->dropped ? MIN(due, report_due(line)) : due;
}
