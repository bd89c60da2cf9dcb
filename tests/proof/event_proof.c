/* SPDX-License-Identifier: BSD-2-Clause */
/* proves: vmm/core/event.c */
#include <vmm/core/event.h>

#include "world.h"

static struct port ports_a[PORTS_PER_PAGE], ports_b[PORTS_PER_PAGE];
static struct shared_info shared_a, shared_b;

static uint32_t wakes;

static void woken(struct vcpu *v)
{
	PROVE(v == &b.vcpu);
	wakes++;
}

static void two_domains(void)
{
	w.wake = woken;
	a.shared = &shared_a;
	b.shared = &shared_b;
	a.state = b.state = DOMAIN_RUNNING;
	a.ports[0] = ports_a;
	b.ports[0] = ports_b;
	a.port_count = b.port_count = 4;
}

static void connect(void)
{
	ports_a[1] = (struct port){.state = PORT_CONNECTED, .peer = b.id, .peer_port = 2};
	ports_b[2] = (struct port){.state = PORT_CONNECTED, .peer = a.id, .peer_port = 1};
}

/* Two domains with four ports each, the first two of which may be connected as the invariant has it. */
static void any_ports(void)
{
	any_world();
	two_domains();
	for (unsigned i = 1; i < 4; i++) {
		ports_a[i].state = nondet_u8();
		ASSUME(ports_a[i].state <= PORT_ORPHAN && ports_a[i].state != PORT_CONNECTED);
		ports_a[i].peer_port = ports_a[i].state == PORT_VIRQ ? nondet_u32() % VIRQ_MAX : nondet_u32();
	}
	if (nondet_bool())
		connect();
}

void proof_close(void)
{
	uint32_t port = nondet_u32();
	_Bool connected;
	enum abi_error e;

	any_ports();
	/* Of ports without a page all are alike. */
	ASSUME(port < 4 || port >= PORTS_PER_PAGE);
	connected = ports_a[1].state == PORT_CONNECTED;
	e = event_close(&w, &a, port);
	REACH(e == HC_EPORT);
	REACH(e == HC_OK && connected && port == 1);
	PROVE(e == HC_OK || e == HC_EPORT);
	PROVE(a.port_count == 4u - (e == HC_OK));
	if (e == HC_OK) {
		PROVE(port >= 1 && port < 4 && ports_a[port].state == PORT_FREE);
		PROVE(ports_b[2].state == (connected ? port == 1 ? PORT_ORPHAN : PORT_CONNECTED : PORT_FREE));
	}
}

/* Along a connection exactly the peer's bit is set, and its vCPU told of a news that it does not mask. */
void proof_send(void)
{
	uint64_t old, masked, bit = 1ull << 2;
	enum abi_error e;

	any_world();
	two_domains();
	connect();
	old = shared_b.pending[0] = nondet_u64();
	masked = shared_b.masked[0] = nondet_u64();
	e = event_send(&w, &a, 1);
	REACH((old & bit) && wakes == 0);
	REACH((masked & bit) && wakes == 0);
	REACH(wakes == 1);
	PROVE(e == HC_OK);
	PROVE(shared_b.pending[0] == (old | bit) && shared_b.masked[0] == masked);
	PROVE(wakes == ((old | masked) & bit ? 0 : 1));
	PROVE(shared_b.vcpu[0].pending_sel == wakes);
	PROVE(shared_a.pending[0] == 0 && shared_a.vcpu[0].pending_sel == 0);
}

/* A port of any other kind reaches nobody. Kind by kind: known to CBMC, each leaves little to search. */
void proof_send_alone(void)
{
	any_world();
	two_domains();
	ports_b[2].state = PORT_CONNECTED;
	for (uint8_t state = PORT_FREE; state <= PORT_ORPHAN; state++) {
		bool goes = state == PORT_WAITING || state == PORT_ORPHAN;

		if (state == PORT_CONNECTED)
			continue;
		ports_a[1] = (struct port){.state = state, .peer = b.id, .peer_port = 2};
		PROVE(event_send(&w, &a, 1) == (goes ? HC_OK : HC_EPORT));
		REACH(goes);
		REACH(!goes);
	}
	PROVE(wakes == 0 && shared_a.pending[0] == 0 && shared_b.pending[0] == 0);
}

/* A port number leads into a page of the domain's, or nowhere. */
void proof_port(void)
{
	uint32_t port = nondet_u32();
	const struct port *p;

	any_ports();
	p = event_port(&a, port);
	REACH(p);
	REACH(!p && port < EVENT_PORT_MAX);
	REACH(!p && port >= EVENT_PORT_MAX);
	PROVE(!p || (port < PORTS_PER_PAGE && p == &ports_a[port] && p->state != PORT_FREE));
}
