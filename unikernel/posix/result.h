/* SPDX-License-Identifier: BSD-2-Clause */
/* From -errno, as the runtime answers, to errno and -1, as POSIX does. */
#ifndef UNIKERNEL_POSIX_RESULT_H
#define UNIKERNEL_POSIX_RESULT_H

#include <errno.h>

static inline long result_of(long result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

#endif
