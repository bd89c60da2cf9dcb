/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 against the examples of FIPS 180-4 and NIST's, in one piece and in any. */
#include <base/sha256.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void says(const uint8_t digest[SHA256_LEN], const char *hex)
{
	char text[2 * SHA256_LEN + 1];

	for (unsigned i = 0; i < SHA256_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	cr_assert_str_eq(text, hex);
}

Test(sha256, digests_are_those_of_the_standard)
{
	static const char *const examples[][2] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopq"
		 "rstnopqrstu",
		 "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
	};
	uint8_t digest[SHA256_LEN];

	for (unsigned i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		sha256(examples[i][0], strlen(examples[i][0]), digest);
		says(digest, examples[i][1]);
	}
}

Test(sha256, a_million_letters_in_pieces_of_any_length_are_as_in_one)
{
	static const size_t pieces[] = {1, 63, 64, 65, 1000, 1000000};
	char *letters = malloc(1000000);
	uint8_t digest[SHA256_LEN];

	memset(letters, 'a', 1000000);
	for (unsigned i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct sha256 s;

		sha256_init(&s);
		for (size_t at = 0; at < 1000000; at += pieces[i])
			sha256_update(&s, letters, pieces[i] < 1000000 - at ? pieces[i] : 1000000 - at);
		sha256_final(&s, digest);
		says(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	}
	free(letters);
}
