/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast checksum against the one that adds word by word.
 * links: net/port/checksum.c
 */
#include <criterion/criterion.h>
#include <net/port/checksum.h>
#include <stdlib.h>
#include <string.h>

static uint16_t naive(const unsigned char *p, int len)
{
	uint32_t sum = 0;

	for (int i = 0; i < len; i += 2) {
		uint16_t word = p[i];

		if (i + 1 < len)
			word = (uint16_t)(word | p[i + 1] << 8);
		sum += word;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

Test(net_port_checksum, agrees_with_the_definition_at_every_length_and_alignment)
{
	unsigned char *bytes = malloc(4096);

	for (unsigned i = 0; i < 4096; i++)
		bytes[i] = (unsigned char)(rand() >> 3);
	for (int start = 0; start < 16; start++)
		for (int len = 0; len < 300; len++)
			cr_assert_eq(net_checksum(bytes + start, len), naive(bytes + start, len), "%d %d", start, len);
	free(bytes);
}

Test(net_port_checksum, carries_are_not_lost_in_the_longest_packet_of_ones)
{
	unsigned char *ones = malloc(65535);

	memset(ones, 0xff, 65535);
	for (int len = 65500; len <= 65535; len++)
		cr_assert_eq(net_checksum(ones, len), naive(ones, len));
	free(ones);
}

Test(net_port_checksum, nothing_sums_to_zero_and_something_never_does)
{
	unsigned char bytes[64] = {0};

	cr_assert_eq(net_checksum(bytes, 64), 0);
	bytes[5] = 1;
	cr_assert_eq(net_checksum(bytes, 64), 0x100);
	memset(bytes, 0xff, 2);
	bytes[5] = 0;
	cr_assert_eq(net_checksum(bytes, 64), 0xffff, "minus zero, as lwIP's own");
}
