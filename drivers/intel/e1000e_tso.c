/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP segmentation by the 82574. */
#include "e1000e_tso.h"

#include <string.h>

#define FIELD_MAX 255u /* of a context: most are a byte */
#define TCP_CSUM 16u
#define IPV4_LENGTH 2u
#define IPV4_CSUM 10u
#define IPV6_LENGTH 4u

/* Context descriptor (chapter 7.2.10), lower word. */
#define IPCSS_SHIFT 0
#define IPCSO_SHIFT 8
#define IPCSE_SHIFT 16
#define TUCSS_SHIFT 32
#define TUCSO_SHIFT 40
/* Upper word, above the payload's length. */
#define CONTEXT_TCP (1ull << 24)
#define CONTEXT_IPV4 (1ull << 25)
#define CONTEXT_TSE (1ull << 26)
#define CONTEXT_DEXT (1ull << 29)
#define HDRLEN_SHIFT 40
#define MSS_SHIFT 48

bool e1000e_tso_fits(const struct gso *gso)
{
	return gso->l4 + TCP_CSUM <= FIELD_MAX && gso->header_len <= FIELD_MAX;
}

struct e1000e_desc e1000e_tso_context(const struct gso *gso, uint16_t gso_size)
{
	struct e1000e_desc context = {
		.lo = (uint64_t)gso->l3 << IPCSS_SHIFT | (uint64_t)(gso->l4 - 1u) << IPCSE_SHIFT |
		      (uint64_t)gso->l4 << TUCSS_SHIFT | (uint64_t)(gso->l4 + TCP_CSUM) << TUCSO_SHIFT,
		.hi = (gso->len - gso->header_len) | CONTEXT_TCP | CONTEXT_TSE | CONTEXT_DEXT |
		      (uint64_t)gso->header_len << HDRLEN_SHIFT | (uint64_t)gso_size << MSS_SHIFT};

	context.lo |= (uint64_t)(gso->l3 + (gso->ipv6 ? 0 : IPV4_CSUM)) << IPCSO_SHIFT;
	context.hi |= gso->ipv6 ? 0 : CONTEXT_IPV4;
	return context;
}

void e1000e_tso_prepare(uint8_t *packet, const struct gso *gso)
{
	uint8_t *csum = packet + gso->l4 + TCP_CSUM, *ip = packet + gso->l3;
	uint32_t sum = (uint32_t)csum[0] << 8 | csum[1], tcp_bytes = gso->len - gso->l4;

	/* less the length, in one's complement arithmetic */
	sum += ~tcp_bytes & 0xffff;
	sum = (sum & 0xffff) + (sum >> 16);
	csum[0] = (uint8_t)(sum >> 8);
	csum[1] = (uint8_t)sum;
	if (gso->ipv6) {
		memset(ip + IPV6_LENGTH, 0, 2);
	} else {
		memset(ip + IPV4_LENGTH, 0, 2);
		memset(ip + IPV4_CSUM, 0, 2);
	}
}
