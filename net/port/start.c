/* SPDX-License-Identifier: BSD-2-Clause */
/* Bringing the stack up: once, from the device page alone. */
#include <cambium/device.h>
#include <cambium/net.h>
#include <lwip/tcpip.h>

#include "net_if.h"
#include "tcp_hooks.h"

void net_start(void)
{
	static bool started;

	if (started)
		return;
	started = true;
	tcpip_init(NULL, NULL);
	LOCK_TCPIP_CORE();
	net_tcp_tick(NULL);
	for (unsigned i = 0; i < device_count(); i++) {
		struct device_entry entry;

		if (device_read(i, &entry) && entry.kind == DEVICE_NET_FRONT)
			(void)net_if_attach(i, entry.dhcp == DEVICE_DHCP_ASKS);
	}
	UNLOCK_TCPIP_CORE();
}
