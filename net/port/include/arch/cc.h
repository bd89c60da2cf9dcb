/* SPDX-License-Identifier: BSD-2-Clause */
/* What lwIP wants to know about compiler and C library. */
#ifndef CAMBIUM_LWIP_CC_H
#define CAMBIUM_LWIP_CC_H

#include <limits.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/types.h>

#include <net/port/checksum.h>

#ifndef SSIZE_MAX
#define SSIZE_MAX LONG_MAX
#endif

#define lwip_htons(x) __builtin_bswap16((uint16_t)(x))
#define lwip_htonl(x) __builtin_bswap32((uint32_t)(x))

/* A uniform random number, from the runtime's generator. */
uint32_t net_random(void);
#define LWIP_RAND() net_random()

/* lwIP found itself inconsistent: ends the domain with the place. */
_Noreturn void net_assert(const char *what, const char *file, int line);
#define LWIP_PLATFORM_ASSERT(what) net_assert(what, __FILE__, __LINE__)
#define LWIP_PLATFORM_DIAG(x) ((void)0)

#endif
