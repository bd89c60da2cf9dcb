/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The serial port. Invariant: nothing here waits for it but out_flush(), and a line is queued whole or not at all. What the port takes is
 * paid for piece by piece by those whose bytes wait: it takes so little at a time that a claim for more would seldom be
 * made before the CPU is lost.
 */
#include <stdarg.h>
#include <stdio.h>

#include <cambium/account.h>
#include <cambium/clock.h>

#include "control.h"
#include "core/payers.h"

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
	account_claim(DOMID_NONE);
	out_push();
	if (text_put_line(&control.out, line, (uint32_t)len))
		out_owe(DOMID_NONE, (uint32_t)len + 2);
	else
		control.unsaid++;
}

static struct payers waiting;

void out_owe(uint32_t domid, uint32_t bytes)
{
	payers_add(&waiting, domid, bytes);
}

/* The time since the last claim went into @sent bytes. Who waits alone is also charged with what no claim covers. */
static void pay(uint32_t sent)
{
	uint64_t ticks[PAYERS_MAX];

	if (waiting.count == 1)
		account_claim(waiting.domids[0]);
	else if (waiting.count)
		account_share(waiting.domids, waiting.bytes, ticks, waiting.count);
	payers_sent(&waiting, sent);
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
		pay((uint32_t)taken);
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
