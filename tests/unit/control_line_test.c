/* SPDX-License-Identifier: BSD-2-Clause */
/* The console line assembler: prefixes that nobody can forge, escapes, rates, backpressure. */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <unikernel/control/core/console_line.h>
#include <unikernel/control/core/restart.h>

#define MS 1000000ull
#define S 1000000000ull

static struct text_queue queue;
static struct console_line line;

/* Everything queued, as a string without the carriage returns; empties the queue. */
static const char *queued(void)
{
	static char text[TEXT_QUEUE_BYTES + 1];
	uint32_t at = 0, len;
	const char *run;

	while ((len = text_peek(&queue, &run))) {
		for (uint32_t i = 0; i < len; i++)
			if (run[i] != '\r')
				text[at++] = run[i];
		text_sent(&queue, len);
	}
	text[at] = 0;
	return text;
}

static void begin(void)
{
	memset(&queue, 0, sizeof queue);
	console_line_init(&line, "web1", 0);
}

static uint32_t feed(const char *text, uint64_t now)
{
	return console_line_feed(&line, (const uint8_t *)text, (uint32_t)strlen(text), now, &queue);
}

Test(control_line, whole_lines_get_the_name_in_front, .init = begin)
{
	feed("hello\nworld\n", 0);
	cr_assert_str_eq(queued(), "web1| hello\nweb1| world\n");
}

Test(control_line, a_line_in_pieces_comes_out_in_one, .init = begin)
{
	feed("he", 0);
	feed("l", 1);
	cr_assert_str_eq(queued(), "");
	feed("lo\r\n", 2);
	cr_assert_str_eq(queued(), "web1| hello\n");
}

Test(control_line, what_is_not_printable_is_escaped, .init = begin)
{
	feed("\x1b[2J\x07\x80z\tt\n", 0);
	cr_assert_str_eq(queued(), "web1| \\x1b[2J\\x07\\x80z\tt\n");
}

Test(control_line, a_carriage_return_forges_no_prefix, .init = begin)
{
	feed("x\rcontrol: web2 died\n", 0);
	cr_assert_str_eq(queued(), "web1| xcontrol: web2 died\n");
}

Test(control_line, every_line_of_random_output_starts_with_the_name, .init = begin)
{
	unsigned seed = 3;
	uint8_t bytes[997];
	uint64_t now = 0;

	for (int round = 0; round < 200; round++) {
		const char *text;
		for (unsigned i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)(rand_r(&seed) % 8 ? rand_r(&seed) : '\n');
		console_line_feed(&line, bytes, sizeof bytes, now, &queue);
		console_line_tick(&line, now, &queue);
		now += 50 * MS;
		for (text = queued(); *text; text = strchr(text, '\n') + 1) {
			cr_assert_eq(strncmp(text, "web1| ", 6), 0, "line: %s", text);
			cr_assert_not_null(strchr(text, '\n'));
			for (const char *c = text; *c != '\n'; c++)
				cr_assert((*c >= 0x20 && *c < 0x7f) || *c == '\t');
		}
	}
}

Test(control_line, a_long_line_goes_on_in_the_next_and_nothing_is_lost, .init = begin)
{
	char text[2 * CONSOLE_LINE_MAX + 2];
	const char *out;
	unsigned count = 0;

	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = 0;
	feed(text, 0);
	console_line_end(&line, 0, &queue);
	for (out = queued(); *out; out++)
		count += *out == 'a';
	cr_assert_eq(count, sizeof text - 1);
}

Test(control_line, a_partial_line_is_shown_after_a_short_time, .init = begin)
{
	feed("prompt> ", 0);
	console_line_tick(&line, 99 * MS, &queue);
	cr_assert_str_eq(queued(), "");
	cr_assert_eq(console_line_due(&line), 100 * MS);
	console_line_tick(&line, 100 * MS, &queue);
	cr_assert_str_eq(queued(), "web1| prompt> \n");
	cr_assert_eq(console_line_due(&line), TIME_NEVER);
}

Test(control_line, death_shows_what_there_is, .init = begin)
{
	feed("last wor", 0);
	console_line_end(&line, 1, &queue);
	cr_assert_str_eq(queued(), "web1| last wor\n");
}

Test(control_line, a_flood_is_held_to_the_rate_and_the_rest_is_counted, .init = begin)
{
	uint64_t said = 0, shown = 0;

	for (uint64_t now = 0; now < 10 * S; now += MS) {
		static char text[] = "0123456789012345678901234567890123456789012345678901234567890123456789\n";
		for (int i = 0; i < 20; i++) {
			cr_assert_eq(feed(text, now), sizeof text - 1, "a flooding domain's bytes are always taken");
			said += sizeof text - 1;
		}
		console_line_tick(&line, now, &queue);
		shown += strlen(queued());
	}
	cr_assert_geq(said, 13u * 1024 * 1024);
	cr_assert_leq(shown, 13u * CONSOLE_RATE, "%lu shown", shown);
	cr_assert_geq(shown, 8u * CONSOLE_RATE, "%lu shown", shown);
	cr_assert_gt(line.dropped_total, said - 12 * CONSOLE_RATE);
}

Test(control_line, dropped_bytes_are_reported_in_one_line_once_the_flood_ends, .init = begin)
{
	static char text[CONSOLE_BURST + 1001];
	const char *out;

	memset(text, '\n', sizeof text - 1);
	for (uint32_t at = 0, got; at < sizeof text - 1; at += got) {
		got = console_line_feed(&line, (uint8_t *)text + at, (uint32_t)sizeof text - 1 - at, 0, &queue);
		queued();
	}
	cr_assert_leq(console_line_due(&line), 251 * MS);
	console_line_tick(&line, 300 * MS, &queue);
	cr_assert_str_eq(out = queued(), "web1| [control: 1000 bytes dropped]\n", "says: %s", out);
	console_line_tick(&line, 5 * S, &queue);
	cr_assert_str_eq(queued(), "");
}

Test(control_line, bytes_that_the_domain_lost_are_reported_once_a_second_at_most, .init = begin)
{
	unsigned lines = 0;

	for (uint64_t now = MS; now <= 3 * S; now += MS) {
		console_line_lost(&line, 7);
		console_line_tick(&line, now, &queue);
		lines += *queued() != 0;
	}
	cr_assert_eq(lines, 3);
}

Test(control_line, a_full_queue_leaves_the_bytes_with_the_domain_and_keeps_the_reserve, .init = begin)
{
	uint32_t taken = 0, got;

	do
		taken += got = feed("0123456789\n", 0);
	while (got == 11);
	cr_assert_geq(text_room(&queue), TEXT_QUEUE_RESERVE);
	cr_assert_lt(taken, TEXT_QUEUE_BYTES);
	cr_assert(text_put_line(&queue, "control: still here", 19));
	queued();
	cr_assert_eq(feed("0123456789\n", 0), 11);
}

Test(control_restart, the_policy_says_who_comes_back)
{
	cr_assert(!restart_wanted(PLAN_RESTART_NEVER, REASON_CRASH, 1));
	cr_assert(restart_wanted(PLAN_RESTART_ON_CRASH, REASON_EXCEPTION, 0));
	cr_assert(restart_wanted(PLAN_RESTART_ON_CRASH, REASON_EXIT, 1));
	cr_assert(!restart_wanted(PLAN_RESTART_ON_CRASH, REASON_EXIT, 0));
	cr_assert(restart_wanted(PLAN_RESTART_ALWAYS, REASON_EXIT, 0));
}

Test(control_restart, the_delay_doubles_to_five_seconds_and_health_resets_it)
{
	struct restart r = {0};

	cr_assert_eq(restart_delay(&r, 0), 100 * MS);
	cr_assert_eq(restart_delay(&r, 0), 200 * MS);
	for (int i = 0; i < 10; i++)
		restart_delay(&r, 9 * S);
	cr_assert_eq(restart_delay(&r, 0), 5 * S);
	cr_assert_eq(restart_delay(&r, 10 * S), 100 * MS);
}
