/* SPDX-License-Identifier: BSD-2-Clause */
/* Who owns which interrupt vector: 0-31 are the CPU's exceptions, 0x20-0x2f stay reserved (the 8259s point there). */
#pragma once

#include <abi/boot.h>

enum vector {
	VECTOR_LEGACY_FIRST = BOOT_LEGACY_VECTOR, /* the masked 8259s: 0x20-0x2f, spurious ones possible */
	VECTOR_DEVICE_FIRST = 0x30,               /* MSI-X of domains' devices */
	VECTOR_DEVICE_LAST = 0xef,
	VECTOR_TIMER = 0xf0,     /* local APIC timer */
	VECTOR_IPI = 0xf1,       /* another CPU asks for attention */
	VECTOR_SERIAL = 0xf2,    /* serial input */
	VECTOR_DMA_FAULT = 0xf3, /* the IOMMU refused something */
	VECTOR_SPURIOUS = 0xff,  /* never acknowledged */
};
