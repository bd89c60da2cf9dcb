/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a domain that cannot go on. */
#ifndef CAMBIUM_CRASH_H
#define CAMBIUM_CRASH_H

/* Prints "crash: " and @why (printf-like, small), the thread's name and a backtrace to the console and ends the domain
 * with REASON_CRASH. Needs little stack and no lock. The code that the domain ends with is CRASH_CODE_ABORT. */
_Noreturn void crash(const char *why, ...) __attribute__((format(printf, 1, 2)));

/* An exception that nobody handles ends the domain likewise, with the vector as the code. */
#define CRASH_CODE_ABORT 256u

/* Prints one line, "cambium: NAME is not possible here", the first time that it is called with this @flag (initially
 * zero): for POSIX calls that cannot exist. */
void unsupported_once(unsigned char *flag, const char *name);

#endif
