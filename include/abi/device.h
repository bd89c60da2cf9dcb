/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device area of a domain: one to DEVICE_PAGES_MAX pages that belong to the control domain and are granted
 * read-only to the domain. It starts with struct device_page, entries follow. No handshake: what a driver has
 * to know is there before the domain starts, and when something changes (the peer was restarted) the entry is rewritten
 * under its seqlock (`generation` odd while it is written) and the domain's device port is notified.
 *
 * A changed generation with the same kind means: forget all state of the old peer. A front resets its rings, then writes
 * the new generation into its ring's epoch and notifies; a back unmaps the old grants, closes its old port, maps the new
 * ones and waits for that epoch (abi/ring.h).
 */
#ifndef CAMBIUM_ABI_DEVICE_H
#define CAMBIUM_ABI_DEVICE_H

#include <abi/types.h>

#define DEVICE_MAGIC 0x3245445f424d43ull /* "CMB_DE2" */
#define DEVICE_ENTRY_MAX 48u
#define DEVICE_PAGES_MAX 8u

#define DEVICE_NONE 0u
#define DEVICE_NET_FRONT 1u
#define DEVICE_NET_BACK 2u
#define DEVICE_PCI 3u
#define DEVICE_MANAGE 5u   /* the management area of the router (abi/manage.h); 4 was a blob for the program */
#define DEVICE_HANDOVER 6u /* where the router's flows outlive it (abi/handover.h) */

/* Who asks for IPv4 by DHCP, and who answers. */
#define DEVICE_DHCP_NONE 0u
#define DEVICE_DHCP_ASKS                                                                                               \
	1u /* PCI, front: we do, and IPv4 is zero in net; back: the front does, and IPv4 is what it is to get */
#define DEVICE_DHCP_SERVES 2u /* back: the front does */

#define DEVICE_CLOSED 0u
#define DEVICE_OPEN 1u

/* IPv6 of a network device, in network order; what its IPv4 fields are for. prefix 0: none, and all else is zero. */
struct device_net6 {
	uint8_t address[16];
	uint8_t gateway[16]; /* of an uplink perhaps zero: none */
	uint32_t prefix;     /* bits */
	uint32_t
		autoconf; /* PCI: 1: address and gateway, which are zero here, are those that the link's routers offer */
};

/*
 * Network identity: of a front, its own; of a back entry, the front's; of a PCI NIC, the uplink's. IPv4 in host order,
 * address 0: none. A front without IPv6 here takes what its router advertises.
 */
struct device_net {
	uint8_t mac[6];        /* of the front (NET_FRONT and NET_BACK entries); ignored for PCI */
	uint8_t router_mac[6]; /* of the router on this interface */
	uint32_t address;      /* of the front; of the uplink itself for PCI */
	uint32_t prefix;       /* bits */
	uint32_t gateway;      /* the router's address on this interface; the next hop for PCI */
	uint32_t mtu;          /* bytes of IP packet */
	uint32_t features;     /* NET_FEATURE_x both ends may use */
	struct device_net6 net6;
};

struct device_entry {
	uint32_t generation; /* seqlock: even and > 0 when valid */
	uint32_t kind;       /* DEVICE_x */
	uint32_t state;      /* DEVICE_CLOSED: the peer is gone; DEVICE_OPEN */
	uint32_t index;      /* of its kind within the domain: front 0, 1...; for a back its interface number */
	uint32_t peer;       /* domain id of the other end; DOMID_NONE for PCI */
	uint32_t port;       /* the domain's own port, connected to the peer */
	uint64_t ring_va;    /* front: where its ring pages are mapped; back: 0 */
	uint64_t pool_va;    /* front: where its pool is mapped; back: 0 */
	uint32_t ring_ref;   /* back: first of NET_RING_PAGES references of the peer; front: the same, for information;
			      MANAGE: first of MANAGE_AREA_PAGES; HANDOVER: first of pool_pages */
	uint32_t pool_ref;   /* first of pool_pages references, likewise */
	uint32_t pool_pages;
	uint32_t pci_device; /* PCI: the index that the device hypercalls take */
	uint32_t dhcp;       /* DEVICE_DHCP_x */
	uint32_t reserved1[1];
	struct device_net net;
	char name[DOMAIN_NAME_MAX]; /* of the peer domain, or of the thing */
	uint32_t slot;              /* of the peer, DOMID_SLOT */
	uint32_t reserved0[1];
};

struct device_page {
	uint64_t magic;
	uint32_t entry_count; /* fixed for the domain's life */
	uint32_t reserved0[13];
	struct device_entry entries[]; /* entry_count of them */
};

ABI_ASSERT(sizeof(struct device_net) == 72, "device_net layout");
ABI_ASSERT(sizeof(struct device_entry) == 160, "device_entry layout");

#endif
