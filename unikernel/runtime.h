/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the runtime know of each other: start-up steps in the order in which start.c takes them. */
#ifndef UNIKERNEL_RUNTIME_H
#define UNIKERNEL_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/hypercall.h>
#include <abi/start.h>

#define SHARED_INFO ((struct shared_info *)(uintptr_t)SHARED_VA)

/* 0. A thread pointer that leads somewhere. */
void thread_early(void);
/* 1. Memory and window bitmaps. Ends the domain when memory is too short to begin with. */
void mem_setup(const struct start_info *start);
/* 2. The random generator, from the seed; 8 bytes of it become the stack guard. */
void random_setup(const struct start_info *start);
/* 3. Thread-local data and thread pointer of the first thread, which the caller becomes. */
void thread_setup(const struct start_info *start);
/* 4. The exception stack and handler. */
void entry_setup(void);
/* 5. The console's ring and descriptors 0, 1, 2. */
void console_setup(const struct start_info *start);
void fd_setup(void);
/* 6. The listener to changes of the domain's memory target. */
void balloon_setup(void);
/* 7. The device area. */
void device_setup(const struct start_info *start);

/* The first word of the command line, or the domain's name. */
const char *program_name(void);

/* Random bytes without a descriptor. */
void random_bytes(void *out, size_t len);

/* Stops the domain at once, before there is a console; the text goes to the serial port where we may. */
_Noreturn void start_fail(const char *why);

/* Writes to the console from a crashed context: takes no lock, blocks no thread, waits a bounded time. */
void console_emergency(const char *text, size_t len);

/* Writes to the console without ever waiting: what does not fit replaces the oldest unwritten bytes. */
void console_note(const char *text, size_t len);

/* Blocks until there may be input, at most until @deadline_ns. */
void console_wait_input(uint64_t deadline_ns);
bool console_has_input(void);

/* Handles an exception that nobody else does. On the exception stack. */
_Noreturn void crash_exception(struct trap_frame *frame);

/* The exception stack: its guard page is [exception_guard(), + PAGE_SIZE). */
uint64_t exception_guard(void);

/* Gives the end of the heap back that malloc does not use, unless somebody is inside malloc. */
void heap_trim(void);

/* Says to @out, at most @size bytes, what the domain's memory has at @va ("in ..."); 0: it is not memory. */
size_t mem_describe(uint64_t va, char *out, size_t size);

/* Moves the program break by @increment; the old break, or NULL. */
void *mem_sbrk(ptrdiff_t increment);

#endif
