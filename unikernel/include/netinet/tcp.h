/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of level IPPROTO_TCP. Keep-alive times are in seconds. */
#ifndef CAMBIUM_NETINET_TCP_H
#define CAMBIUM_NETINET_TCP_H

#define TCP_NODELAY 1
#define TCP_MAXSEG 2
#define TCP_KEEPIDLE 4
#define TCP_KEEPINTVL 5
#define TCP_KEEPCNT 6

#endif
