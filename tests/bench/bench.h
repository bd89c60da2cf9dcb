/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `make bench` measures, one file per subject. Each adds rows to the one table on standard output; progress and
 * failures go to standard error. What could not be measured is a row too, and makes the exit status 1.
 */
#ifndef CAMBIUM_TESTS_BENCH_BENCH_H
#define CAMBIUM_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stdio.h>

/* A row: what, figure and condition. */
void row(const char *what, const char *condition, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A row for what could not be measured, and why. */
void row_missing(const char *what, const char *why);
/* Text that says what is going on now. */
void progress(const char *what);

/* Seconds of a steady clock. */
double seconds_now(void);
/* The number behind the first @label in @text; false: there is none. */
bool number_behind(const char *text, const char *label, double *number);

/* The log of a machine, from byte @from on; to be closed by the caller. Never NULL. */
FILE *log_open(const char *log, size_t from);
/* The next line of @f that begins with @head, without its end. False: no more. */
bool log_next(FILE *f, const char *head, char *line, size_t bytes);

/* Instructions of hypercalls, events and exceptions. */
void bench_calls(void);
/* From the start of QEMU to the first page, and what memory the appliance then holds. */
void bench_start(void);
/* A thousand domains: time to main and memory of one more. */
void bench_create(void);
/* Requests through the router, and its hypercalls meanwhile. */
void bench_web(void);
/* What the router's loads lose by DMA remapping. */
void bench_dma(void);
/* Packets and bulk through the router and through a Linux guest that does the same. */
void bench_router(void);
/* Instructions of the router for a small frame. */
void bench_frames(void);
/* Two services beside antisocial neighbours, and shares of the CPU by weight. */
void bench_isolation(void);
/* Drift of system time and lateness of timers. */
void bench_time(void);
/* Lines and bytes. */
void bench_size(void);

#endif
