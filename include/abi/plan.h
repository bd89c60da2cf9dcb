/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan, version 3: what the control domain builds. A flat table, written on the host, verified again by the control
 * domain (bounds, counts, names, digest) and executed; no human text is parsed inside the machine.
 *
 *   plan_header | plan_domain[domain_count] | plan_link[link_count] | rules (abi/rules.h) | long command lines
 *
 * Slot numbers: domain i of the plan lives in slot i + 1; slot 0 is the control domain.
 */
#ifndef CAMBIUM_ABI_PLAN_H
#define CAMBIUM_ABI_PLAN_H

#include <abi/types.h>

#define PLAN_MAGIC 0x304e414c50424d43ull /* "CMBPLAN0" */
#define PLAN_VERSION 3u
#define PLAN_DOMAIN_MAX 1000u
#define PLAN_LINK_MAX 1024u
#define PLAN_CMDLINE_MAX 4096u /* bytes of a command line, its NUL among them */

#define PLAN_RESTART_NEVER 0u
#define PLAN_RESTART_ON_CRASH 1u /* any end but a clean exit with code 0 */
#define PLAN_RESTART_ALWAYS 2u

#define PLAN_LINK_NET 1u

/* What a link's front does with DHCP; its IPv4 stands in the plan in any case, and is the only one it can get. */
#define PLAN_DHCP_NONE 0u
#define PLAN_DHCP_ASKS 1u   /* it is told no IPv4, and asks for it; the back passes that on to the server */
#define PLAN_DHCP_SERVES 2u /* it answers those who ask the same back; one such link of a back at most */

/* Addresses of IPv6, in network order. prefix 0: none, and all else is zero. */
struct plan_net6 {
	uint8_t address[16], gateway[16];
	uint32_t prefix; /* bits */
	/*
	 * 1: of a link: the front makes its address itself, from the router's /64 and its MAC; it is given here too. Of an
	 * uplink: address and gateway are those that the link's routers offer; all else is zero.
	 */
	uint32_t autoconf;
};

struct plan_uplink {
	uint32_t address, prefix, gateway; /* IPv4, host order; prefix in bits; all zero: none */
	uint16_t mtu;
	uint16_t dhcp; /* 1: IPv4 is what a DHCP server on the link leases, and all that stands here is zero but mtu */
};

struct plan_domain {
	char name[DOMAIN_NAME_MAX]; /* unique, NUL-padded */
	char image[32];             /* name of a BUNDLE_IMAGE entry */
	char cmdline[256];          /* NUL-terminated; empty where long_cmdline is not 0 */
	uint32_t mem_pages;         /* reserved for it: it gets so many, page tables included, whatever others do */
	uint32_t mem_max_pages;     /* most that it may have while the machine has them; 0: mem_pages */
	uint32_t window_pages;      /* 0: what its links need */
	uint32_t weight;            /* share of CPU, 1..65535; 0: 256 */
	uint32_t capabilities;      /* CAP_x */
	uint32_t restart;           /* PLAN_RESTART_x */
	uint32_t pci_class;         /* class and subclass (e.g. 0x0200) of the PCI device it owns; 0: none */
	uint32_t pci_nth;           /* the n-th of that class, from 0 */
	uint32_t takes_rules;       /* 1: it is the router: the rules are handed to it; one domain at most */
	uint32_t vcpus;             /* 1..VCPU_MAX; 0: 1 */
	struct plan_uplink uplink;  /* of the PCI network device; zero: none */
	struct plan_net6 uplink6;   /* and its IPv6 */
	/* how its vCPUs compete, as in struct domain_schedule */
	uint64_t warp, warp_limit, unwarp; /* ns */
	uint64_t cpus;                     /* where they may run, a bit each; 0: anywhere */
	uint32_t cap;                      /* thousandths of a CPU; 0: none */
	uint32_t handover;                 /* of the router: so many of its flows outlive it; 0: none */
	/* Where in the plan a command line stands that is longer: bytes from the header. NUL-terminated; 0: none */
	uint32_t long_cmdline, reserved0;
};

struct plan_link {
	uint32_t kind;  /* PLAN_LINK_x */
	uint32_t front; /* index of a plan_domain */
	uint32_t back;  /* index of a plan_domain */
	uint32_t index; /* interface number at the back, 1..31 (0 is the uplink) */
	uint8_t mac[6], router_mac[6];
	uint32_t address, prefix,
		gateway; /* IPv4 of the front and of the back on this link, host order; all zero: none */
	uint16_t mtu;
	uint16_t dhcp;         /* PLAN_DHCP_x */
	uint32_t pool_pages;   /* 0: NET_POOL_PAGES_DEFAULT */
	struct plan_net6 net6; /* of the front and of the back */
};

struct plan_header {
	uint64_t magic;
	uint32_t version;
	uint32_t length; /* of the whole plan, bytes */
	uint32_t domain_count, link_count;
	uint32_t rules_offset, rules_bytes; /* from the header; 8-byte aligned; 0 bytes: none */
	uint8_t sha256[32];                 /* of everything behind the header */
};

ABI_ASSERT(sizeof(struct plan_uplink) == 16, "plan_uplink layout");
ABI_ASSERT(sizeof(struct plan_domain) == 448, "plan_domain layout");
ABI_ASSERT(sizeof(struct plan_link) == 88, "plan_link layout");
ABI_ASSERT(sizeof(struct plan_header) == 64, "plan_header layout");

#endif
