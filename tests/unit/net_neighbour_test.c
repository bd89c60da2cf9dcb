// SPDX-License-Identifier: BSD-2-Clause
/* Whatever happens to the table of neighbours, what is to be taken out of it is found: compared with a look at all of it. */
#include "net_support.h"

#include <criterion/criterion.h>

#include <net/core/neighbour.h>

#define STEPS 200000u
#define SECOND 1000000000ull

static struct neighbour_table table;
static uint64_t state = 88172645463325252ull, now;

static unsigned below(unsigned limit)
{
	return (unsigned)(dice(&state) >> 33) % limit;
}

static struct ip_addr any_addr(void)
{
	return ip_addr_from_v4(0x0a000000u + below(80));
}

static bool some_hold_is_done(void)
{
	for (unsigned i = 0; i < NEIGHBOUR_HOLD_COUNT; i++)
		if (table.holds[i].state == NEIGHBOUR_HOLD_RELEASE || table.holds[i].state == NEIGHBOUR_HOLD_DISCARD)
			return true;
	return false;
}

static bool some_entry_asks(void)
{
	for (unsigned i = 0; i < NEIGHBOUR_ENTRY_COUNT; i++)
		if (table.entries[i].state != NEIGHBOUR_FREE && table.entries[i].ask)
			return true;
	return false;
}

static void something_happens(void)
{
	struct mac mac = peer_mac(1 + below(2));
	uint8_t iface = (uint8_t)below(2);
	uint16_t hold;

	switch (below(8)) {
	case 0:
	case 1:
	case 2: neighbour_resolve(&table, iface, any_addr(), below(8) == 0, now, &mac, &hold); break;
	case 3:
	case 4: neighbour_learn(&table, iface, any_addr(), mac, below(2), now); break;
	case 5:
		now += below(4) * SECOND / 2;
		neighbour_tick(&table, now);
		break;
	case 6:
		if (below(50) == 0)
			neighbour_clear_iface(&table, iface);
		break;
	default: break;
	}
}

Test(net_neighbour, what_is_to_be_sent_or_freed_is_found_whenever_there_is_something)
{
	unsigned taken = 0, asked = 0, idle = 0;

	neighbour_init(&table);
	for (unsigned i = 0; i < STEPS; i++) {
		struct neighbour_hold hold;
		uint16_t number;

		something_happens();
		if (below(3) == 0) {
			bool done = some_hold_is_done();

			cr_assert_eq(neighbour_take_hold(&table, &number, &hold), done, "step %u", i);
			taken += done;
			idle += !done;
		}
		if (below(3) == 0) {
			bool asks = some_entry_asks();

			cr_assert_eq(neighbour_take_request(&table) != NULL, asks, "step %u", i);
			asked += asks;
		}
	}
	cr_assert(taken > 300 && asked > 300 && idle > 300, "%u %u %u", taken, asked, idle);
}
