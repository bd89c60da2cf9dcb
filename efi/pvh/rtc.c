/* SPDX-License-Identifier: BSD-2-Clause */
/* The ports of the CMOS clock, for a monitor that does not tell the time. */
#include <efi/machine/cmos.h>

#include "pvh.h"

#define CMOS_INDEX 0x70u
#define CMOS_DATA 0x71u
#define CMOS_NO_NMI 0x80u

static uint8_t cmos_read(void *unused, uint8_t index)
{
	uint8_t value;

	(void)unused;
	__asm__ volatile("outb %1, %2\n\tinb %3, %0"
			 : "=a"(value)
			 : "a"((uint8_t)(index | CMOS_NO_NMI)), "Nd"((uint16_t)CMOS_INDEX), "Nd"((uint16_t)CMOS_DATA));
	return value;
}

uint64_t rtc_seconds(void)
{
	return cmos_seconds(cmos_read, 0);
}
