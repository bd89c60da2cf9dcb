/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two readings that agree are one of a clock at rest: an update changes the seconds at least, and what is read in the middle of one is
 * anything.
 */
#include "cmos.h"

#include <stdbool.h>

#include "calendar.h"

#define REGISTER_A 0x0au
#define A_UPDATING 0x80u
#define REGISTER_B 0x0bu
#define B_24_HOURS 0x02u
#define B_BINARY 0x04u
#define HOUR_PM 0x80u

#define READINGS 10u
#define POLLS 100000u /* an update takes 2 ms, a read of a port a microsecond */

enum { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, FIELDS };

struct reader {
	uint8_t (*read)(void *arg, uint8_t index);
	void *arg;
};

static bool is_at_rest(const struct reader *r)
{
	for (unsigned i = 0; i < POLLS; i++)
		if (!(r->read(r->arg, REGISTER_A) & A_UPDATING))
			return true;
	return false;
}

static void fields_read(const struct reader *r, uint8_t *field)
{
	static const uint8_t index[FIELDS] = {0, 2, 4, 7, 8, 9};

	for (unsigned i = 0; i < FIELDS; i++)
		field[i] = r->read(r->arg, index[i]);
}

static bool fields_agree(const uint8_t *a, const uint8_t *b)
{
	for (unsigned i = 0; i < FIELDS; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

/* False: not twice the same. */
static bool fields_settle(const struct reader *r, uint8_t *field)
{
	uint8_t again[FIELDS];

	for (unsigned i = 0; i < READINGS; i++) {
		if (!is_at_rest(r))
			return false;
		fields_read(r, field);
		fields_read(r, again);
		if (fields_agree(field, again))
			return true;
	}
	return false;
}

/* False: digits that are none. */
static bool from_bcd(uint8_t *field)
{
	for (unsigned i = 0; i < FIELDS; i++) {
		if (field[i] >> 4 > 9 || (field[i] & 15) > 9)
			return false;
		field[i] = (uint8_t)((field[i] >> 4) * 10 + (field[i] & 15));
	}
	return true;
}

uint64_t cmos_seconds(uint8_t (*read)(void *arg, uint8_t index), void *arg)
{
	const struct reader r = {read, arg};
	uint8_t f[FIELDS], mode = read(arg, REGISTER_B);
	bool pm = false;

	if (!fields_settle(&r, f))
		return 0;
	if (!(mode & B_24_HOURS)) {
		pm = f[HOUR] & HOUR_PM;
		f[HOUR] &= (uint8_t)~HOUR_PM;
	}
	if (!(mode & B_BINARY) && !from_bcd(f))
		return 0;
	if (!(mode & B_24_HOURS)) {
		if (f[HOUR] < 1 || f[HOUR] > 12)
			return 0;
		f[HOUR] = (uint8_t)(f[HOUR] % 12 + (pm ? 12 : 0));
	}
	if (f[YEAR] > 99 || f[MONTH] < 1 || f[MONTH] > 12 || f[DAY] < 1 || f[DAY] > 31 || f[HOUR] > 23 ||
	    f[MINUTE] > 59 || f[SECOND] > 59)
		return 0;
	return calendar_seconds(2000u + f[YEAR], f[MONTH], f[DAY], f[HOUR], f[MINUTE], f[SECOND]);
}
