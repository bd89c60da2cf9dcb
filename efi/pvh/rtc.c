/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CMOS clock (MC146818A data sheet), for a monitor that does not tell the time. Read until two readings agree, since it
 * may be counting on meanwhile.
 */
#include <efi/machine/calendar.h>
#include <stdbool.h>

#include "pvh.h"

#define CMOS_INDEX 0x70u
#define CMOS_DATA 0x71u

static uint8_t cmos_read(uint8_t index)
{
	uint8_t value;

	__asm__ volatile("outb %1, %2\n\tinb %3, %0"
			 : "=a"(value)
			 : "a"((uint8_t)(index | 0x80u)), "Nd"((uint16_t)CMOS_INDEX), "Nd"((uint16_t)CMOS_DATA));
	return value;
}

uint64_t rtc_seconds(void)
{
	static const uint8_t index[6] = {9, 8, 7, 4, 2, 0}; /* year, month, day, hour, minute, second */
	unsigned v[6], again[6], tries = 0;
	bool same;

	do {
		for (unsigned i = 0; (cmos_read(0x0a) & 0x80) && i < 100000; i++)
			__asm__ volatile("pause");
		for (unsigned i = 0; i < 6; i++)
			v[i] = cmos_read(index[i]);
		same = true;
		for (unsigned i = 0; i < 6; i++)
			same &= (again[i] = cmos_read(index[i])) == v[i];
	} while (!same && ++tries < 10);
	bool binary = cmos_read(0x0b) & 4, hours24 = cmos_read(0x0b) & 2, pm = v[3] & 0x80;
	if (!hours24)
		v[3] &= 0x7f;
	for (unsigned i = 0; i < 6 && !binary; i++)
		v[i] = (v[i] >> 4) * 10 + (v[i] & 0xf);
	if (!hours24)
		v[3] = v[3] % 12 + (pm ? 12 : 0);
	if (v[0] > 99 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31 || v[3] > 23 || v[4] > 59 || v[5] > 60)
		return 0;
	return calendar_seconds(2000 + v[0], v[1], v[2], v[3], v[4], v[5]);
}
