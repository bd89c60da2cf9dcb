/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own lines on serial channel 0, each with the prefix "vmm: ". Until log_async() a line is written
 * before log_line() returns; afterwards it goes into a ring that log_drain() empties as the UART takes it, and what does
 * not fit is dropped and counted.
 */
#pragma once

#include <base/check.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Formats: %s %u %x %lu %lx, numbers with zeros in front as in %08x or %016lx, and nothing else. A newline is added.
 * Anything longer than 480 characters is cut.
 */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From here on log_line() does not wait. */
void log_async(void);

/* Writes what the UART takes now. True when the ring is empty. */
bool log_drain(void);

/*
 * A domain's bytes for channel 0: takes what fits and returns how many. A line goes out once it is ended (or too long), so
 * lines of ours and of the domain do not interleave, and none waits for another's end.
 */
unsigned log_share(const char *text, unsigned len);

/*
 * For the machine's last moments: no interrupts any more, what waits goes out, and from here on each line at once, whatever
 * state the machine is in.
 */
void log_last_words(void);

/*
 * The return addresses on the stack from @at on, if that is a stack of ours: whatever stands behind a call of a function of ours.
 * Some may be of calls that are over.
 */
void log_backtrace(uint64_t at);

/* Says "vmm: fatal: " and the text, waiting for the UART, and halts the machine. For an operator, not for our mistakes. */
_Noreturn void log_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));
