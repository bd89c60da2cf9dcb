/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of the CMOS clock, on a clock that is set in each way and that goes on at any moment of being read. */
#include <criterion/criterion.h>
#include <efi/machine/calendar.h>
#include <efi/machine/cmos.h>

#include <stdbool.h>
#include <stdlib.h>

#define BINARY 4u
#define HOURS24 2u
#define UPDATE_READS 12u /* so many registers can be read while it is updating */
#define READS_MAX 80u    /* more than it takes to read it, an update included */

struct date {
	unsigned year, month, day, hour, minute, second;
};

static const struct date dates[] = {{2000, 1, 1, 0, 0, 0},     {2024, 2, 29, 11, 59, 58}, {2026, 11, 29, 12, 0, 7},
				    {2038, 1, 19, 13, 14, 39}, {2099, 12, 31, 22, 8, 19}, {2009, 9, 9, 23, 59, 58}};

struct clock {
	struct date date, next; /* next: from the update on */
	uint8_t mode;
	unsigned reads;
	unsigned update_at; /* the read at which the update begins; 0: never */
	unsigned quiet;     /* reads from then on that still tell the old time */
	int broken;         /* a register that always says @says; -1: none */
	uint8_t says;
};

static uint8_t number(const struct clock *c, unsigned n)
{
	return (uint8_t)(c->mode & BINARY ? n : n / 10 << 4 | n % 10);
}

static uint8_t hours(const struct clock *c, unsigned hour)
{
	if (c->mode & HOURS24)
		return number(c, hour);
	return (uint8_t)(number(c, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? 0x80 : 0));
}

static uint8_t clock_read(void *arg, uint8_t index)
{
	struct clock *c = arg;
	unsigned at = ++c->reads;
	unsigned end = c->update_at + c->quiet + UPDATE_READS;
	bool updating = c->update_at && at >= c->update_at && at < end;
	const struct date *d = c->update_at && at >= end ? &c->next : &c->date;

	if (c->broken == index)
		return c->says;
	if (index == 0x0b)
		return c->mode;
	if (index == 0x0a)
		return updating ? 0xa6 : 0x26;
	if (updating && at >= c->update_at + c->quiet)
		return (uint8_t)rand();
	switch (index) {
	case 0: return number(c, d->second);
	case 2: return number(c, d->minute);
	case 4: return hours(c, d->hour);
	case 7: return number(c, d->day);
	case 8: return number(c, d->month);
	case 9: return number(c, d->year % 100);
	default: cr_assert_fail("register %u", index); return 0;
	}
}

static uint64_t seconds_of(const struct date *d)
{
	return calendar_seconds(d->year, d->month, d->day, d->hour, d->minute, d->second);
}

Test(machine_cmos, binary_or_bcd_of_12_or_24_hours_is_the_same_time)
{
	static const uint8_t modes[] = {0, BINARY, HOURS24, BINARY | HOURS24};

	for (unsigned m = 0; m < 4; m++)
		for (unsigned hour = 0; hour < 24; hour++)
			for (unsigned i = 0; i < sizeof dates / sizeof dates[0]; i++) {
				struct clock c = {.date = dates[i], .mode = modes[m], .broken = -1};

				c.date.hour = hour;
				cr_assert_eq(cmos_seconds(clock_read, &c), seconds_of(&c.date),
					     "mode %u, hour %u, date %u", modes[m], hour, i);
			}
}

/* Whether the 244 us of warning are kept to or not: a virtual CPU may stand still for longer. */
static void update_in_the_middle(unsigned quiet)
{
	const struct date before = {2023, 12, 31, 23, 59, 59}, after = {2024, 1, 1, 0, 0, 0};
	bool first = false, second = false;

	srand(1);
	for (unsigned at = 1; at < READS_MAX; at++) {
		struct clock c = {.date = before, .next = after, .update_at = at, .quiet = quiet, .broken = -1};
		uint64_t seconds = cmos_seconds(clock_read, &c);

		first |= seconds == seconds_of(&before);
		second |= seconds == seconds_of(&after);
		cr_assert(seconds == seconds_of(&before) || seconds == seconds_of(&after), "update at read %u: %lu", at,
			  (unsigned long)seconds);
	}
	cr_assert(first && second);
}

Test(machine_cmos, an_update_at_any_read_gives_the_time_before_or_after)
{
	update_in_the_middle(0);
}

Test(machine_cmos, an_update_that_is_announced_gives_the_time_before_or_after)
{
	update_in_the_middle(30);
}

Test(machine_cmos, what_is_no_date_is_refused)
{
	static const struct {
		uint8_t mode, index, says;
	} bad[] = {{BINARY | HOURS24, 0, 60},
		   {BINARY | HOURS24, 2, 60},
		   {BINARY | HOURS24, 4, 24},
		   {BINARY | HOURS24, 7, 0},
		   {BINARY | HOURS24, 7, 32},
		   {BINARY | HOURS24, 8, 0},
		   {BINARY | HOURS24, 8, 13},
		   {BINARY | HOURS24, 9, 100},
		   {HOURS24, 0, 0x1a},
		   {HOURS24, 2, 0xa1},
		   {HOURS24, 8, 0x0b},
		   {BINARY, 4, 0},
		   {BINARY, 4, 13},
		   {BINARY, 4, 0x80},
		   {0, 4, 0x13},
		   {0, 4, 0xff}};

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct clock c = {.date = dates[1], .mode = bad[i].mode, .broken = bad[i].index, .says = bad[i].says};

		cr_assert_eq(cmos_seconds(clock_read, &c), 0, "number %u", i);
	}
}

Test(machine_cmos, a_clock_that_is_never_at_rest_is_given_up)
{
	struct clock c = {.date = dates[1], .broken = 0x0a, .says = 0xff};

	cr_assert_eq(cmos_seconds(clock_read, &c), 0);
}

static uint8_t nothing_there(void *arg, uint8_t index)
{
	(void)arg;
	return (uint8_t)(index == 0x0a ? 0 : rand());
}

Test(machine_cmos, registers_that_never_say_the_same_twice_are_given_up)
{
	cr_assert_eq(cmos_seconds(nothing_there, NULL), 0);
}
