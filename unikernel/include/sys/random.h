/* SPDX-License-Identifier: BSD-2-Clause */
/* getrandom(), as on Linux: never blocks here, never fails for a good address. */
#ifndef CAMBIUM_SYS_RANDOM_H
#define CAMBIUM_SYS_RANDOM_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GRND_NONBLOCK 1u
#define GRND_RANDOM 2u

ssize_t getrandom(void *buf, size_t len, unsigned flags);

#ifdef __cplusplus
}
#endif

#endif
