/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own lines. A line is formatted into a buffer on the stack and then goes out as one piece, under a
 * lock, so lines of several CPUs never mix; interrupts are off whenever somebody logs. A panic takes no lock: whoever
 * held it is not going to go on. Nothing here waits for the UART once log_async() was called, but the last words. Invariant: the ring
 * holds whole lines, so that nobody's is torn, however long its writer waits for the CPU in the middle of it.
 */
#include "log.h"

#include <base/bits.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "layout.h"
#include "serial.h"
#include "smp.h"
#include "x86.h"

#define LINE_MAX 480u
#define RING_BYTES 16384u
#define DRAIN_BYTES 64u  /* written at a time */
#define CONTINUED "... " /* the rest of a domain's line that was too long must not look like a line of its own */
#define BACKTRACE_MAX 16u
#define CALL 0xe8u /* the instruction, with 32 bits of displacement */
#define CALL_BYTES 5u
#define WAIT_POLLS 2000000u /* about 1 us each; an emulator may not get to the UART for a while */

struct line {
	unsigned len;
	char text[LINE_MAX + 4];
};

static atomic_flag locked = ATOMIC_FLAG_INIT;
static bool async;
static char ring[RING_BYTES];
static unsigned head, tail;   /* free-running: [tail, head) waits to be written */
static unsigned dropped;      /* lines that found no room */
static struct line open_line; /* what a domain has not ended yet */
static bool dying, stuck;     /* stuck: a UART that takes nothing is not waited for again */

static void lock(void)
{
	while (!dying && atomic_flag_test_and_set_explicit(&locked, memory_order_acquire))
		cpu_relax();
}

static void unlock(void)
{
	atomic_flag_clear_explicit(&locked, memory_order_release);
}

static void put(struct line *l, char c)
{
	if (l->len < LINE_MAX)
		l->text[l->len++] = c;
}

static void put_text(struct line *l, const char *s)
{
	for (; *s; s++)
		put(l, *s);
}

static void put_number(struct line *l, uint64_t v, unsigned base, unsigned width)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v || n < MIN(width, sizeof digits));
	while (n)
		put(l, digits[--n]);
}

/* The compiler has checked @f against the arguments. */
static void put_format(struct line *l, const char *f, va_list *args)
{
	for (; *f; f++) {
		unsigned width = 0;
		bool wide;

		if (*f != '%') {
			put(l, *f);
			continue;
		}
		for (f++; *f >= '0' && *f <= '9'; f++)
			width = width * 10 + (unsigned)(*f - '0');
		wide = *f == 'l';
		f += wide;
		if (*f == 's')
			put_text(l, va_arg(*args, const char *));
		else
			put_number(l, wide ? va_arg(*args, uint64_t) : va_arg(*args, unsigned), *f == 'x' ? 16 : 10,
				   width);
	}
}

static void finish(struct line *l)
{
	l->text[l->len++] = '\r';
	l->text[l->len++] = '\n';
}

/* Puts the finished line into the ring, whole or not at all. */
static void enqueue(const struct line *l)
{
	if (RING_BYTES - (head - tail) < l->len) {
		dropped++;
		return;
	}
	for (unsigned i = 0; i < l->len; i++)
		ring[head++ % RING_BYTES] = l->text[i];
}

/* Writes what the UART takes of the ring, up to a bound; with @wait all of it, or a dead UART loses it. */
static void drain_ring(bool wait)
{
	unsigned polls = 0;

	for (unsigned left = DRAIN_BYTES; head != tail && (wait || left);) {
		unsigned at = tail % RING_BYTES, n = MIN(head - tail, RING_BYTES - at);

		n = serial_write(0, ring + at, wait ? n : MIN(n, left));
		left -= n;
		tail += n;
		polls = n ? 0 : polls + 1;
		if (!n && !wait)
			return;
		stuck |= polls > WAIT_POLLS;
		if (!n && stuck)
			tail = head;
	}
}

static void say(const char *prefix, const char *format, va_list *args)
{
	struct line l = {0};

	put_text(&l, prefix);
	put_format(&l, format, args);
	finish(&l);
	lock();
	enqueue(&l);
	if (!async)
		drain_ring(true);
	unlock();
}

void log_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("vmm: ", format, &args);
	va_end(args);
}

void log_async(void)
{
	async = true;
}

/* A byte of a domain's line; with its end the line enters the ring, and so does what is too long for one. */
static void share_byte(char c)
{
	open_line.text[open_line.len++] = c;
	if (c != '\n' && open_line.len < LINE_MAX)
		return;
	if (c != '\n')
		finish(&open_line);
	enqueue(&open_line);
	open_line.len = 0;
	if (c != '\n')
		put_text(&open_line, CONTINUED);
}

unsigned log_share(const char *text, unsigned len)
{
	unsigned n = 0;

	lock();
	/* Half of the ring is for our own lines. */
	while (n < len && head - tail < RING_BYTES / 2)
		share_byte(text[n++]);
	drain_ring(false);
	unlock();
	return n;
}

bool log_drain(void)
{
	unsigned lost;
	bool empty;

	if (head == tail)
		return true;
	lock();
	drain_ring(false);
	empty = head == tail;
	lost = empty ? dropped : 0;
	dropped -= lost;
	unlock();
	if (lost)
		log_line("%u lines were lost: the serial port is too slow", lost);
	return empty && !lost;
}

void log_last_words(void)
{
	irq_disable();
	smp_stop();
	dying = true;
	async = false;
	drain_ring(true);
}

void log_fatal(const char *format, ...)
{
	va_list args;

	log_last_words();
	va_start(args, format);
	say("vmm: fatal: ", format, &args);
	va_end(args);
	cpu_halt();
}

void log_backtrace(uint64_t at)
{
	uint64_t text = (uint64_t)vmm_text_start, bytes = (uint64_t)vmm_text_end - text;
	uint64_t end = MIN(align_up(at + 1, CPU_BLOCK), (uint64_t)vmm_data_end);
	unsigned count = 0;

	/* Of a CPU's stack that has overflowed, what lies behind its guard page. */
	at = at - (uint64_t)cpu_blocks < sizeof cpu_blocks ? MAX(at, at / CPU_BLOCK * CPU_BLOCK + 2 * PAGE_SIZE) : at;
	for (at = align_up(at, 8); at >= (uint64_t)vmm_data_start && at < end && count < BACKTRACE_MAX; at += 8) {
		uint64_t back = *(const uint64_t *)at;

		if (back - text - CALL_BYTES >= bytes - CALL_BYTES || *(const uint8_t *)(back - CALL_BYTES) != CALL ||
		    back + (uint64_t) * (const int32_t *)(back - 4) - text >= bytes)
			continue;
		log_line("  called from %016lx", back);
		count++;
	}
}

void panic_at(const char *file, int line, const char *what)
{
	static bool again;

	log_last_words();
	log_line("panic: %s:%u: %s", file, (unsigned)line, what);
	if (!again) {
		again = true;
		log_backtrace((uint64_t)__builtin_frame_address(0));
		log_line("halted");
	}
	cpu_halt();
}
