/* SPDX-License-Identifier: BSD-2-Clause */
/* ChaCha20 by the vectors of RFC 8439 (2.3.2 and appendix A.1), and the generator's promises. */
#include <criterion/criterion.h>

#include <string.h>

#include <unikernel/core/chacha20.h>

Test(unikernel_chacha20, block_of_rfc_8439_2_3_2)
{
	static const uint8_t nonce[12] = {0, 0, 0, 9, 0, 0, 0, 0x4a, 0, 0, 0, 0};
	static const uint8_t want[64] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4,
		0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e,
		0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa, 0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2,
		0xb5, 0x12, 0x9c, 0xd1, 0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
	};
	uint8_t key[32], out[64];

	for (unsigned i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	chacha20_block(key, 1, nonce, out);
	cr_assert_arr_eq(out, want, 64);
}

Test(unikernel_chacha20, block_of_zeros_rfc_8439_a_1)
{
	static const uint8_t zero[32];
	static const uint8_t first[16] = {0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90,
					  0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28};
	static const uint8_t second[16] = {0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a,
					   0x98, 0xba, 0x97, 0x7c, 0x73, 0x2d, 0x08, 0x0d};
	uint8_t out[64];

	chacha20_block(zero, 0, zero, out);
	cr_assert_arr_eq(out, first, 16);
	chacha20_block(zero, 1, zero, out);
	cr_assert_arr_eq(out, second, 16);
}

Test(unikernel_drbg, the_stream_does_not_depend_on_how_it_is_cut)
{
	static const uint8_t seed[32] = "a seed of thirty-two characters";
	static uint8_t whole[3000], cut[3000];
	struct drbg a, b;

	drbg_setup(&a, seed);
	drbg_setup(&b, seed);
	drbg_bytes(&a, whole, sizeof whole);
	for (size_t at = 0, n = 1; at < sizeof cut; at += n, n = n * 3 % 101) {
		if (n > sizeof cut - at)
			n = sizeof cut - at;
		drbg_bytes(&b, cut + at, n);
	}
	cr_assert_arr_eq(whole, cut, sizeof whole);
}

Test(unikernel_drbg, seeds_and_stirring_change_the_stream_and_used_bytes_are_gone)
{
	uint8_t seed[32] = {1}, extra[32] = {0}, first[64], second[64], third[64];
	struct drbg d;

	drbg_setup(&d, seed);
	drbg_bytes(&d, first, 64);
	for (unsigned i = 0; i < 64; i++)
		cr_assert_eq(d.buffer[i], 0);
	cr_assert_neq(memcmp(d.key, seed, 32), 0);
	seed[31] ^= 1;
	drbg_setup(&d, seed);
	drbg_bytes(&d, second, 64);
	cr_assert_neq(memcmp(first, second, 64), 0);
	drbg_setup(&d, seed);
	drbg_stir(&d, extra);
	drbg_bytes(&d, third, 64);
	cr_assert_neq(memcmp(second, third, 64), 0);
	extra[0] = 1;
	drbg_setup(&d, seed);
	drbg_stir(&d, extra);
	drbg_bytes(&d, first, 64);
	cr_assert_neq(memcmp(first, third, 64), 0);
}
