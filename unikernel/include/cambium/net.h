/* SPDX-License-Identifier: BSD-2-Clause */
/* The network stack of a program that uses sockets. */
#ifndef CAMBIUM_NET_H
#define CAMBIUM_NET_H

#include <stdbool.h>

/*
 * Starts the stack: its threads, the loopback interface, and every network front end of the device page with the
 * address, prefix, gateway and MTU that its entry names. Any later call does nothing. Programs that link sockets get
 * it before main(); it must run in a thread, with the runtime up.
 */
void net_start(void);

/*
 * What a DHCP server has told of names: its name servers, "ADDRESS,...", three at most, and the suffix of names here. NULL: nothing, or no
 * link asks. The text stays, and changes only when a server tells something else.
 */
bool net_lease_is_awaited(void); /* a link asks and has no address yet */
const char *net_leased_name_servers(void);
const char *net_leased_suffix(void);

#endif
