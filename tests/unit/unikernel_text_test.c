/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines and the small printf. */
#include <criterion/criterion.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <unikernel/core/format.h>
#include <unikernel/core/words.h>

static void split_is(const char *line, size_t max, size_t n, const char *const *want)
{
	char copy[128], *words[8];

	strcpy(copy, line);
	cr_assert_eq(words_split(copy, words, max), n, "%s", line);
	for (size_t i = 0; i < n; i++)
		cr_assert_str_eq(words[i], want[i], "%s", line);
}

Test(unikernel_words, blanks_separate_words)
{
	split_is("", 8, 0, NULL);
	split_is(" \t\n ", 8, 0, NULL);
	split_is("hello", 8, 1, (const char *[]){"hello"});
	split_is("  web  --port\t80 ", 8, 3, (const char *[]){"web", "--port", "80"});
	split_is("a b c d", 2, 2, (const char *[]){"a", "b"});
	split_is("a b", 0, 0, NULL);
}

Test(unikernel_words, quotes_and_backslashes_keep_blanks)
{
	split_is("say \"two words\" x", 8, 3, (const char *[]){"say", "two words", "x"});
	split_is("a\\ b c\\\"d", 8, 2, (const char *[]){"a b", "c\"d"});
	split_is("\"\" \"open", 8, 2, (const char *[]){"", "open"});
	split_is("a\"b c\"d \\", 8, 2, (const char *[]){"ab cd", "\\"});
}

#define SAME(format, ...)                                                                                              \
	do {                                                                                                           \
		char ours[64], theirs[64];                                                                             \
		size_t n = format_text(ours, sizeof ours, format, __VA_ARGS__);                                        \
		cr_assert_eq(n, (size_t)snprintf(theirs, sizeof theirs, format, __VA_ARGS__));                         \
		cr_assert_str_eq(ours, theirs);                                                                        \
	} while (0)

Test(unikernel_format, agrees_with_printf_on_what_it_knows)
{
	SAME("%s|%c|%%|%d|%u|%x", "text", 'c', -42, 42u, 0xbeefu);
	SAME("%016lx %08lx %lx", UINT64_MAX, 0x1234ul, 0ul);
	SAME("%5d|%05d|%5u|%lld|%zu", -7, -7, 7u, (long long)INT64_MIN, sizeof(int));
	SAME("%d %d", INT32_MIN, INT32_MAX);
	SAME("%p", (void *)0x1000);
	SAME("%lu%s", 18446744073709551615ul, "");
}

Test(unikernel_format, never_writes_beyond_its_room)
{
	for (size_t size = 1; size < 20; size++) {
		char room[32];

		memset(room, '#', sizeof room);
		cr_assert_eq(format_text(room, size, "%s %016lx", "abc", 1ul), size - 1);
		cr_assert_eq(strlen(room), size - 1);
		cr_assert_eq(room[size], '#');
	}
}

Test(unikernel_format, survives_a_null_text_and_a_format_that_ends_early)
{
	char room[32];
	const char *volatile null = NULL;
	const char *volatile early = "x%";

	format_text(room, sizeof room, "%s", null);
	cr_assert_str_eq(room, "(null)");
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	format_text(room, sizeof room, early);
	cr_assert_eq(room[0], 'x');
}
