// SPDX-License-Identifier: BSD-2-Clause
/*
 * Decoding of request targets: strict, once, and never out of the tree.
 *
 * links: apps/web/target.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/web/target.h"

/* Decodes from a copy without a byte behind it. */
static unsigned decode(const char *target, char path[TARGET_PATH_MAX])
{
	size_t length = strlen(target);
	char *copy = malloc(length + 1);
	unsigned status;

	memcpy(copy + 1, target, length);
	status = target_decode(copy + 1, length, path);
	free(copy);
	return status;
}

static void becomes(const char *target, const char *wanted)
{
	char path[TARGET_PATH_MAX];

	cr_assert_eq(decode(target, path), 0, "refused: %s", target);
	cr_assert_str_eq(path, wanted);
}

static void refused(const char *target, unsigned status)
{
	char path[TARGET_PATH_MAX];

	cr_assert_eq(decode(target, path), status, "not refused with %u: %s", status, target);
}

Test(web_target, a_path_is_taken_as_it_stands_without_its_query)
{
	becomes("/", "/");
	becomes("/a/b.html", "/a/b.html");
	becomes("/a?b=/../c%zz", "/a");
	becomes("/?", "/");
	becomes("/a/", "/a/");
	becomes("//a", "//a");
	becomes("/~a!$&'()*+,;=:@", "/~a!$&'()*+,;=:@");
}

Test(web_target, escapes_are_decoded_once)
{
	becomes("/%61%2Eb%7e", "/a.b~");
	becomes("/%c3%A4", "/\xc3\xa4");
	becomes("/%2561", "/%61");
	becomes("/%252e%252e/", "/%2e%2e/");
	becomes("/a%3Fb%20c%23", "/a?b c#");
}

Test(web_target, a_malformed_escape_is_refused)
{
	refused("/%", 400);
	refused("/%4", 400);
	refused("/%4g", 400);
	refused("/%g4", 400);
	refused("/%%41", 400);
	refused("/%4?1", 400);
	refused("/% 1", 400);
	refused("/%u0041", 400);
}

Test(web_target, an_encoded_separator_or_control_character_is_refused)
{
	refused("/a%2fb", 400);
	refused("/a%5Cb", 400);
	refused("/a\\b", 400);
	refused("/a%00.html", 400);
	refused("/a%0d%0aX:", 400);
	refused("/%1f", 400);
	refused("/%7F", 400);
}

Test(web_target, a_dot_segment_is_refused_however_it_is_written)
{
	refused("/.", 400);
	refused("/..", 400);
	refused("/../etc", 400);
	refused("/a/../b", 400);
	refused("/a/./b", 400);
	refused("/a/..", 400);
	refused("/%2e%2e/etc", 400);
	refused("/.%2E/etc", 400);
	refused("/a/%2e", 400);
	refused("/..?x", 400);
	refused("http://h/..", 400);
	becomes("/...", "/...");
	becomes("/.a", "/.a");
	becomes("/a..", "/a..");
	becomes("/..a/b", "/..a/b");
}

Test(web_target, absolute_form_is_reduced_to_its_path_and_other_forms_are_refused)
{
	becomes("http://tree.example/a", "/a");
	becomes("HTTP://[::1]:80/a?b", "/a");
	becomes("http://tree.example", "/");
	becomes("http://tree.example?x", "/");
	refused("http:///a", 400);
	refused("http://", 400);
	refused("http:/a", 400);
	refused("https://tree.example/a", 400);
	refused("a", 400);
	refused("*", 400);
	refused("tree.example:80", 400);
	refused("?a", 400);
	refused("", 400);
}

Test(web_target, the_longest_path_passes_and_one_byte_more_is_refused)
{
	char target[TARGET_PATH_MAX * 3 + 1];
	char path[TARGET_PATH_MAX];

	memset(target, 'a', sizeof(target));
	target[0] = '/';
	cr_assert_eq(target_decode(target, TARGET_PATH_MAX - 1, path), 0);
	cr_assert_eq(strlen(path), TARGET_PATH_MAX - 1);
	cr_assert_eq(target_decode(target, TARGET_PATH_MAX, path), 414);
	/* What counts is the decoded length. */
	for (unsigned i = 1; i < TARGET_PATH_MAX - 1; i++)
		memcpy(target + 1 + (i - 1) * 3, "%62", 3);
	cr_assert_eq(target_decode(target, 1 + (TARGET_PATH_MAX - 2) * 3, path), 0);
	cr_assert_eq(strlen(path), TARGET_PATH_MAX - 1);
}

Test(web_target, every_single_byte_decodes_to_itself_or_is_refused)
{
	for (int byte = 0; byte < 256; byte++) {
		char target[8], path[TARGET_PATH_MAX];
		int bad = byte < 0x20 || byte == 0x7f || byte == '/' || byte == '\\' || byte == '.';

		snprintf(target, sizeof(target), "/%%%02x", byte);
		cr_assert_eq(decode(target, path), bad ? 400 : 0, "%s", target);
		if (!bad)
			cr_assert_eq((unsigned char)path[1], byte);
	}
}
