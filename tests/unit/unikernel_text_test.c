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

Test(unikernel_words, there_are_never_more_words_than_their_bound)
{
	cr_assert_eq(words_bound(""), 1);
	cr_assert_eq(words_bound("a"), 1);
	cr_assert_eq(words_bound("a b\tc"), 3);
	cr_assert_geq(words_bound(" a\n"), 1);
}

/* @line has @settings, then @rest, each a list that ends with NULL. */
static void settings_are(const char *line, const char *const *settings, const char *const *rest)
{
	char copy[128], *words[8];
	size_t count, n, i;

	strcpy(copy, line);
	count = words_split(copy, words, 8);
	n = words_settings(words, &count);
	for (i = 0; settings[i]; i++)
		cr_assert(i < n && !strcmp(words[i], settings[i]), "%s", line);
	cr_assert_eq(i, n, "%s", line);
	for (i = 0; rest[i]; i++)
		cr_assert(n + i < count && !strcmp(words[n + i], rest[i]), "%s", line);
	cr_assert_eq(n + i, count, "%s", line);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__ NULL})

Test(unikernel_words, settings_stand_in_front_of_the_program)
{
	settings_are("web 80", LIST(), LIST("web", "80", ));
	settings_are("A=1 b_2=x=y _= web B=2", LIST("A=1", "b_2=x=y", "_=", ), LIST("web", "B=2", ));
	settings_are("\"A=two words\" web", LIST("A=two words", ), LIST("web", ));
	settings_are("A=1", LIST("A=1", ), LIST());
	settings_are("", LIST(), LIST());
}

Test(unikernel_words, what_is_no_name_is_the_program)
{
	settings_are("A=1 2B=2 C=3", LIST("A=1", ), LIST("2B=2", "C=3", ));
	settings_are("=1 C=3", LIST(), LIST("=1", "C=3", ));
	settings_are("a-b=1 C=3", LIST(), LIST("a-b=1", "C=3", ));
	settings_are("A=1 \"\" B=2", LIST("A=1", ), LIST("", "B=2", ));
}

Test(unikernel_words, the_last_of_several_settings_of_one_name_stays)
{
	settings_are("A=1 AB=2 A=3 A= web A=4", LIST("A=", "AB=2", ), LIST("web", "A=4", ));
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
