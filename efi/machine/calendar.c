/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic of dates, for the clocks that the doors read. */
#include "calendar.h"

uint64_t calendar_seconds(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second)
{
	/* Years begin in March, so that the leap day is the last one (Richards, "Julian and Gregorian dates"). */
	uint64_t y = month <= 2 ? year - 1 : year;
	uint64_t shifted_month = (month + 9) % 12;
	uint64_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
	uint64_t days = y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;

	return ((days * 24 + hour) * 60 + minute) * 60 + second;
}
