/* SPDX-License-Identifier: BSD-2-Clause */
/* Randomness for programs. */
#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#include "../runtime.h"
#include "result.h"

ssize_t getrandom(void *buf, size_t len, unsigned flags)
{
	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM))
		return result_of(-EINVAL);
	random_bytes(buf, len);
	return (ssize_t)len;
}

int getentropy(void *buf, size_t len)
{
	if (len > 256)
		return (int)result_of(-EIO);
	random_bytes(buf, len);
	return 0;
}
