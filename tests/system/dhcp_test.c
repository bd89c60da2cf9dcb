/* SPDX-License-Identifier: BSD-2-Clause */
/* An uplink that has its address by DHCP: from the server of QEMU's user network, or from nobody. */
#include "system.h"

#include <stdio.h>

#define TIMEOUT 400

static struct machine *start(const char *log, const char *netdev)
{
	struct machine_options options = {.log = log, .config = "dhcp", .door = MACHINE_PVH, .netdev = netdev};
	struct machine *m = machine_start(&options);

	MUST(m);
	return m;
}

/* Not the network that QEMU has by itself: so the address is nobody's but the server's word. */
Test(dhcp, a_page_is_published_at_the_address_that_a_dhcp_server_leases, .timeout = TIMEOUT)
{
	uint16_t port = port_free();
	struct machine *m;
	char netdev[128];

	snprintf(netdev, sizeof netdev,
		 "user,id=net,net=192.168.77.0/24,dhcpstart=192.168.77.40,hostfwd=tcp:127.0.0.1:%u-192.168.77.40:8080",
		 port);
	m = start("dhcp", netdev);
	MUST(machine_expect_from(m, 0, "^router| router: uplink: asks for an IPv4 address by DHCP$"));
	MUST(machine_expect_from(m, 0, "^router| router: uplink 192.168.77.40/24 via 192.168.77.2$"));
	MUST(machine_expect_from(
		m, 0, "^router| router: uplink: leased for 86400 s by the DHCP server 192.168.77.2, mtu 1500$"));
	MUST(http_serves(port, SERVES_SECONDS));
	machine_is_well(m);
	machine_stop(m);
}

Test(dhcp, the_router_says_so_when_nobody_answers, .timeout = TIMEOUT)
{
	struct machine *m = start("dhcp-nobody", "hubport,id=net,hubid=0");

	MUST(machine_expect_from(
		m, 0, "^router| router: uplink: no DHCP server answers, asking on: is there one on the link?"));
	cr_assert_eq(machine_count(m, 0, "router: uplink: leased"), 0);
	machine_is_well(m);
	machine_stop(m);
}
