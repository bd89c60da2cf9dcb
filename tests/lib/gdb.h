/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine's CPUs from outside, by QEMU's stub for gdb (its remote serial protocol): stopped and let go, one by one if
 * wanted, their registers and memory read and written. The machine is started with the words -gdb and gdb_word(). A call that cannot be
 * carried out fails the test that made it.
 */
#ifndef CAMBIUM_TESTS_GDB_H
#define CAMBIUM_TESTS_GDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gdb;

enum gdb_register { GDB_RSP = 7, GDB_RIP = 16 };

/* What QEMU's -gdb wants to hear for the machine whose log is @log. */
const char *gdb_word(const char *log);

/* Stops the machine. */
struct gdb *gdb_open(const char *log);
/* Lets it go on. */
void gdb_close(struct gdb *g);

/* All CPUs, or @cpu alone, go on until gdb_stop or a breakpoint. */
void gdb_go(struct gdb *g);
void gdb_go_alone(struct gdb *g, unsigned cpu);
void gdb_stop(struct gdb *g);
/* Sets or removes a breakpoint. */
void gdb_break(struct gdb *g, uint64_t address, bool set);
/* Until a breakpoint is met: by which CPU. */
unsigned gdb_wait(struct gdb *g);

/* Of a stopped CPU; memory is at guest-virtual addresses of whatever that CPU runs. */
uint64_t gdb_register(struct gdb *g, unsigned cpu, enum gdb_register r);
void gdb_register_set(struct gdb *g, unsigned cpu, enum gdb_register r, uint64_t value);
/* The privilege level that it is at. */
unsigned gdb_ring(struct gdb *g, unsigned cpu);
/* False: nothing is mapped there. */
bool gdb_read(struct gdb *g, unsigned cpu, uint64_t address, void *to, size_t bytes);
bool gdb_write(struct gdb *g, unsigned cpu, uint64_t address, const void *from, size_t bytes);

/* The address of symbol @name of the ELF file @path; 0: it has none. Needs nm. */
uint64_t gdb_symbol(const char *path, const char *name);

#endif
