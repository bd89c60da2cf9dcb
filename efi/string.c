/* SPDX-License-Identifier: BSD-2-Clause */
/* The function that efi/machine takes for granted and the firmware's library lacks. */
#include "loader.h"

#include <string.h>

int memcmp(const void *a, const void *b, size_t len)
{
	return (int)CompareMem(a, b, len);
}
