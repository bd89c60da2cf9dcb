/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom a domain asks for names. */
#ifndef UNIKERNEL_POSIX_RESOLVER_ENV_H
#define UNIKERNEL_POSIX_RESOLVER_ENV_H

#include "resolver.h"

/*
 * The name servers of the domain: those of RESOLVER in its environment, else those of its lease, for which it waits a few seconds; with the
 * suffixes of LOCALDOMAIN or the lease. False, where @asked for
 * with a line on the console the first time: there are none, or RESOLVER makes no sense.
 */
bool resolver_of_domain(struct resolver *resolver, bool asked);

#endif
