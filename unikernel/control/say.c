/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The serial port. Invariant: nothing here waits for it but out_flush(), and a line is queued whole or not at all.
 */
#include <stdarg.h>
#include <stdio.h>

#include <cambium/clock.h>

#include "control.h"

#define SAY_MAX 400u
#define FLUSH_NS 2000000000ull

void say(const char *format, ...)
{
	char line[SAY_MAX] = "control: ";
	const int head = sizeof "control: " - 1;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line + head, sizeof line - (size_t)head, format, args);
	va_end(args);
	len = head + MIN(MAX(len, 0), (int)sizeof line - head - 1);
	out_push();
	if (!text_put_line(&control.out, line, (uint32_t)len))
		control.unsaid++;
}

bool out_push(void)
{
	const char *run;
	uint32_t len;

	while ((len = text_peek(&control.out, &run)) != 0) {
		int64_t taken = hc_console_write(0, run, len);
		if (taken <= 0)
			return false;
		text_sent(&control.out, (uint32_t)taken);
	}
	if (control.unsaid) {
		uint32_t count = control.unsaid;
		control.unsaid = 0;
		say("%u lines of the control domain found no room", (unsigned)count);
		return false;
	}
	return true;
}

void out_flush(void)
{
	uint64_t deadline = clock_after(FLUSH_NS);

	while (!out_push() && clock_ns() < deadline)
		thread_sleep_until(clock_after(1000000));
}
