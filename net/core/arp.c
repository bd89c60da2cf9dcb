/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP messages of IPv4 over Ethernet; nothing else is read or written. */
#include <string.h>

#include "arp.h"

enum {
	ARP_OPERATION_REQUEST = 1,
	ARP_OPERATION_REPLY = 2,
};

static const struct mac mac_broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static const struct mac mac_zero;

bool arp_parse(const struct packet *pkt, struct arp_message *message)
{
	const uint8_t *arp = pkt->data + ETH_HEADER_LEN;
	uint16_t operation;

	if (pkt->head_len < ARP_FRAME_LEN)
		return false;
	if (be16_get(arp) != 1 || be16_get(arp + 2) != ETHERTYPE_IPV4 || arp[4] != 6 || arp[5] != 4)
		return false;
	operation = be16_get(arp + 6);
	if (operation != ARP_OPERATION_REQUEST && operation != ARP_OPERATION_REPLY)
		return false;
	message->is_request = operation == ARP_OPERATION_REQUEST;
	memcpy(message->sender_mac.octets, arp + 8, 6);
	message->sender = ip_addr_from_v4(be32_get(arp + 14));
	memcpy(message->target_mac.octets, arp + 18, 6);
	message->target = ip_addr_from_v4(be32_get(arp + 24));
	return memcmp(arp + 8, pkt->data + 6, 6) == 0 && !(arp[8] & 1) && !mac_equal(message->sender_mac, mac_zero);
}

static void arp_write(uint8_t *frame, uint16_t operation, struct mac eth_dst, struct mac sender_mac,
		      struct ip_addr sender, struct mac target_mac, struct ip_addr target)
{
	uint8_t *arp = frame + ETH_HEADER_LEN;

	memset(frame, 0, ETH_FRAME_MIN);
	memcpy(frame, eth_dst.octets, 6);
	memcpy(frame + 6, sender_mac.octets, 6);
	be16_put(frame + 12, ETHERTYPE_ARP);
	be16_put(arp, 1);
	be16_put(arp + 2, ETHERTYPE_IPV4);
	arp[4] = 6;
	arp[5] = 4;
	be16_put(arp + 6, operation);
	memcpy(arp + 8, sender_mac.octets, 6);
	memcpy(arp + 14, ip_addr_get_octets(&sender), 4);
	memcpy(arp + 18, target_mac.octets, 6);
	memcpy(arp + 24, ip_addr_get_octets(&target), 4);
}

void arp_write_request(uint8_t *frame, struct mac sender_mac, struct ip_addr sender, struct ip_addr target)
{
	arp_write(frame, ARP_OPERATION_REQUEST, mac_broadcast, sender_mac, sender, mac_zero, target);
}

void arp_write_reply(uint8_t *frame, struct mac sender_mac, struct ip_addr sender, struct mac target_mac,
		     struct ip_addr target)
{
	arp_write(frame, ARP_OPERATION_REPLY, target_mac, sender_mac, sender, target_mac, target);
}
