/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates. */
#ifndef CAMBIUM_EFI_CALENDAR_H
#define CAMBIUM_EFI_CALENDAR_H

#include <stdint.h>

/* Seconds since 1970 of a date of the Gregorian calendar (UTC); @month and @day count from 1. */
uint64_t calendar_seconds(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second);

#endif
