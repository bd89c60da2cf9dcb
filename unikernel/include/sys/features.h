/* SPDX-License-Identifier: BSD-2-Clause */
/* newlib's <sys/features.h>, and the POSIX options that this system has: newlib declares the functions behind them. */
#ifndef CAMBIUM_SYS_FEATURES_H
#define CAMBIUM_SYS_FEATURES_H

#include_next <sys/features.h>

#undef _POSIX_THREADS
#undef _POSIX_TIMERS
#undef _POSIX_TIMEOUTS
#undef _POSIX_MONOTONIC_CLOCK
#undef _POSIX_CLOCK_SELECTION
#undef _POSIX_READER_WRITER_LOCKS
#undef _POSIX_THREAD_ATTR_STACKSIZE
#undef _UNIX98_THREAD_MUTEX_ATTRIBUTES

#define _POSIX_THREADS 200809L
#define _POSIX_TIMERS 200809L
#define _POSIX_TIMEOUTS 200809L
#define _POSIX_MONOTONIC_CLOCK 200809L
#define _POSIX_CLOCK_SELECTION 200809L
#define _POSIX_READER_WRITER_LOCKS 200809L
#define _POSIX_THREAD_ATTR_STACKSIZE 200809L
#define _UNIX98_THREAD_MUTEX_ATTRIBUTES 1

#endif
