/* SPDX-License-Identifier: BSD-2-Clause */
/* Internet addresses as text (POSIX.1-2017). */
#ifndef CAMBIUM_ARPA_INET_H
#define CAMBIUM_ARPA_INET_H

#include <netinet/in.h>

#ifdef __cplusplus
extern "C" {
#endif

in_addr_t inet_addr(const char *text);
int inet_aton(const char *text, struct in_addr *address);
char *inet_ntoa(struct in_addr address);
const char *inet_ntop(int family, const void *address, char *text, socklen_t length);
int inet_pton(int family, const char *text, void *address);

#ifdef __cplusplus
}
#endif

#endif
