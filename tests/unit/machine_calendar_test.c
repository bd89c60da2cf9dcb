/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates of the doors' clocks. */
#include <criterion/criterion.h>
#include <efi/machine/calendar.h>

Test(machine_calendar, dates_become_seconds_since_1970)
{
	cr_assert_eq(calendar_seconds(1970, 1, 1, 0, 0, 0), 0u);
	cr_assert_eq(calendar_seconds(2000, 2, 29, 12, 0, 1), 951825601u);
	cr_assert_eq(calendar_seconds(2038, 1, 19, 3, 14, 8), 2147483648u);
	cr_assert_eq(calendar_seconds(2100, 3, 1, 0, 0, 0), 4107542400u);
}
