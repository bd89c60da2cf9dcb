// SPDX-License-Identifier: BSD-2-Clause
/*
 * A connection of apps/web without a socket: what is answered to what, what is kept open, who is
 * given up when, and that neither cuts of the input nor a slow reader change an answer.
 *
 * links: apps/web/conn.c apps/web/http.c apps/web/site.c apps/web/target.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/web/conn.h"
#include "apps/web/target.h"

#define HOST "Host: x\r\n"
#define BIG 20000u

static const unsigned char big[BIG] = {'B', 'I', 'G', [BIG - 1] = '!'};
static const unsigned char index_text[] = "<h1>root</h1>";
static const unsigned char leaf_text[] = "leaf";
static const struct web_file tree[] = {
	{"/big.bin", big, BIG, 1},       {"/d/index.html", leaf_text, 4, 2},
	{"/empty.css", leaf_text, 0, 3}, {"/index.html", index_text, 13, 0xab},
	{"/leaf.txt", leaf_text, 4, 4},
};

struct world {
	struct site site;
	struct conn conn;
	char *said; /* everything sent so far, NUL-terminated */
	size_t said_length, said_size;
};

static struct world *world_new(void)
{
	struct world *world = calloc(1, sizeof(*world));

	site_start(&world->site, tree, sizeof(tree) / sizeof(tree[0]), 5000);
	conn_open(&world->conn, &world->site);
	world->said_size = 4096;
	world->said = calloc(1, world->said_size);
	return world;
}

static void world_free(struct world *world)
{
	free(world->said);
	free(world);
}

/* Reads what the connection says, at most `most` bytes at once, until it has no more to say. */
static void listen_to(struct world *world, size_t most)
{
	while (world->conn.state == CONN_SEND) {
		size_t length;
		const void *from = conn_output(&world->conn, &length);

		if (length == 0)
			cr_assert_fail("nothing to send");
		length = length < most ? length : most;
		if (world->said_length + length >= world->said_size) {
			world->said_size = 2 * (world->said_length + length);
			world->said = realloc(world->said, world->said_size);
		}
		memcpy(world->said + world->said_length, from, length);
		world->said_length += length;
		world->said[world->said_length] = '\0';
		conn_sent(&world->conn, &world->site, length);
	}
}

/* Says `length` bytes, `step` at a time, and reads every answer with `most` bytes at once. */
static void talk(struct world *world, const char *text, size_t length, size_t step, size_t most)
{
	while (length > 0 && world->conn.state != CONN_DONE) {
		size_t room, part;
		char *to = conn_space(&world->conn, &room);

		if (room == 0)
			cr_assert_fail("no room to receive");
		part = length < step ? length : step;
		part = part < room ? part : room;
		memcpy(to, text, part);
		conn_received(&world->conn, &world->site, part);
		text += part;
		length -= part;
		listen_to(world, most);
	}
}

static void say(struct world *world, const char *text)
{
	talk(world, text, strlen(text), SIZE_MAX, SIZE_MAX);
}

static unsigned count_of(const char *text, const char *word)
{
	unsigned count = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		count++;
	return count;
}

/* One request on a new connection: wants the status line, and the state afterwards. */
static void answers(const char *text, const char *status, enum conn_state state)
{
	struct world *world = world_new();
	char line[64];

	say(world, text);
	snprintf(line, sizeof(line), "HTTP/1.1 %s\r\n", status);
	cr_assert_eq(strncmp(world->said, line, strlen(line)), 0, "%s\ngave %s", text, world->said);
	cr_assert_eq(world->conn.state, state, "%s left state %d", text, world->conn.state);
	world_free(world);
}

Test(web_conn, a_file_is_sent_with_its_head)
{
	struct world *world = world_new();

	say(world, "GET /leaf.txt HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_str_eq(world->said, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
				      "Content-Length: 4\r\nETag: \"0000000000000004\"\r\n\r\nleaf");
	cr_assert_eq(world->conn.state, CONN_IDLE);
	cr_assert_eq(world->site.counts.bytes, world->said_length);
	world_free(world);
}

Test(web_conn, a_head_request_tells_the_length_and_sends_no_body)
{
	struct world *world = world_new();

	say(world, "HEAD /leaf.txt HTTP/1.1\r\n" HOST "\r\nHEAD /none HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_not_null(strstr(world->said, "Content-Length: 4\r\n"));
	cr_assert_not_null(strstr(world->said, "\r\n\r\nHTTP/1.1 404 Not Found\r\n"));
	cr_assert_str_eq(world->said + world->said_length - 4, "\r\n\r\n");
	world_free(world);
}

Test(web_conn, a_path_that_ends_in_a_slash_means_its_index)
{
	struct world *world = world_new();

	say(world, "GET / HTTP/1.1\r\n" HOST "\r\nGET /d/ HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_not_null(strstr(world->said, "\r\n\r\n<h1>root</h1>HTTP/1.1 200 OK\r\n"));
	cr_assert_str_eq(world->said + world->said_length - 8, "\r\n\r\nleaf");
	world_free(world);
}

Test(web_conn, an_empty_file_has_an_empty_body)
{
	struct world *world = world_new();

	say(world, "GET /empty.css HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_not_null(strstr(world->said, "text/css; charset=utf-8\r\nContent-Length: 0\r\n"));
	cr_assert_eq(world->conn.state, CONN_IDLE);
	world_free(world);
}

Test(web_conn, what_was_understood_but_cannot_be_given_leaves_the_connection_open)
{
	answers("GET /none HTTP/1.1\r\n" HOST "\r\n", "404 Not Found", CONN_IDLE);
	answers("GET /leaf.txt/ HTTP/1.1\r\n" HOST "\r\n", "404 Not Found", CONN_IDLE);
	answers("POST / HTTP/1.1\r\n" HOST "\r\n", "405 Method Not Allowed", CONN_IDLE);
	answers("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "405 Method Not Allowed", CONN_IDLE);
	answers("CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n", "405 Method Not Allowed", CONN_IDLE);
	answers("BREW / HTTP/1.1\r\n" HOST "\r\n", "501 Not Implemented", CONN_IDLE);
}

Test(web_conn, what_was_not_understood_is_refused_and_the_connection_ends_lingering)
{
	static char long_path[700] = "GET /";

	answers("GET\r\n", "400 Bad Request", CONN_LINGER);
	answers("GET / HTTP/3.0\r\n", "505 HTTP Version Not Supported", CONN_LINGER);
	answers("GET / HTTP/1.1\r\n" HOST "Content-Length: 99999999999\r\n\r\n", "413 Content Too Large", CONN_LINGER);
	answers("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", "411 Length Required", CONN_LINGER);
	answers("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", "501 Not Implemented", CONN_LINGER);
	memset(long_path + 5, 'a', TARGET_PATH_MAX);
	strcpy(long_path + 5 + TARGET_PATH_MAX, " HTTP/1.0\r\n\r\n");
	answers(long_path, "414 URI Too Long", CONN_DONE);
	answers("GET /%zz HTTP/1.0\r\n\r\n", "400 Bad Request", CONN_DONE);
}

Test(web_conn, a_refused_method_is_told_which_are_allowed)
{
	struct world *world = world_new();

	say(world, "DELETE / HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_not_null(strstr(world->said, "\r\nAllow: GET, HEAD\r\n"));
	world_free(world);
}

Test(web_conn, a_connection_stays_or_ends_as_was_asked_and_says_so)
{
	struct world *world = world_new();

	say(world, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	cr_assert_not_null(strstr(world->said, "\r\nConnection: keep-alive\r\n"));
	cr_assert_eq(world->conn.state, CONN_IDLE);
	say(world, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
	cr_assert_eq(count_of(world->said, "\r\nConnection: close\r\n"), 1);
	cr_assert_eq(world->conn.state, CONN_DONE);
	world_free(world);
	answers("GET / HTTP/1.0\r\n\r\n", "200 OK", CONN_DONE);
}

Test(web_conn, nothing_after_the_last_request_of_a_connection_is_answered)
{
	struct world *world = world_new();

	say(world, "GET / HTTP/1.0\r\n\r\nGET /leaf.txt HTTP/1.0\r\n\r\n");
	cr_assert_eq(count_of(world->said, "HTTP/1.1 "), 1);
	cr_assert_eq(world->conn.state, CONN_LINGER);
	say(world, "GET / HTTP/1.0\r\n\r\n");
	cr_assert_eq(count_of(world->said, "HTTP/1.1 "), 1);
	cr_assert_eq(world->site.counts.requests, 1);
	world_free(world);
}

Test(web_conn, a_body_is_never_taken_for_a_request)
{
	struct world *world = world_new();

	say(world, "POST / HTTP/1.1\r\n" HOST "Content-Length: 22\r\n\r\nGET /big.bin HTTP/1");
	cr_assert_eq(world->conn.state, CONN_BODY);
	say(world, ".1\r");
	cr_assert_eq(world->conn.state, CONN_IDLE);
	say(world, "GET /leaf.txt HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(count_of(world->said, "HTTP/1.1 405"), 1);
	cr_assert_eq(count_of(world->said, "HTTP/1.1 200"), 1);
	cr_assert_eq(count_of(world->said, "HTTP/1.1 "), 2);
	world_free(world);
}

Test(web_conn, an_unchanged_file_is_not_sent_again)
{
	struct world *world = world_new();

	say(world, "GET / HTTP/1.1\r\n" HOST "If-None-Match: \"00000000000000ab\"\r\n\r\n");
	cr_assert_str_eq(world->said, "HTTP/1.1 304 Not Modified\r\nETag: \"00000000000000ab\"\r\n\r\n");
	say(world, "GET / HTTP/1.1\r\n" HOST "If-None-Match: \"00000000000000ac\"\r\n\r\n");
	cr_assert_not_null(strstr(world->said, "HTTP/1.1 200 OK"));
	cr_assert_eq(world->site.counts.answers[3], 1);
	world_free(world);
}

Test(web_conn, the_status_page_tells_uptime_and_counts)
{
	struct world *world = world_new();

	say(world, "GET / HTTP/1.1\r\n" HOST "\r\nGET /none HTTP/1.1\r\n" HOST "\r\n");
	site_set_time(&world->site, 5000 + 61999, 0);
	say(world, "GET /status?x HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_not_null(strstr(world->said, "\r\nCache-Control: no-store\r\n"));
	cr_assert_not_null(strstr(world->said, "\r\n\r\nuptime_seconds 61\n"));
	cr_assert_not_null(strstr(world->said, "\nrequests 2\nanswers_2xx 1\nanswers_3xx 0\nanswers_4xx 1\n"));
	world_free(world);
}

Test(web_conn, the_date_is_sent_only_while_it_is_known)
{
	struct world *world = world_new();

	say(world, "GET / HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(count_of(world->said, "Date:"), 0);
	site_set_time(&world->site, 5000, 1583020800);
	say(world, "GET / HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(count_of(world->said, "\r\nDate: Sun, 01 Mar 2020 00:00:00 GMT\r\n"), 1);
	world_free(world);
}

Test(web_conn, an_idle_connection_is_closed_silently_after_its_period)
{
	struct world *world = world_new();

	cr_assert_eq(conn_deadline(&world->conn), 5000 + 15000);
	site_set_time(&world->site, 9000, 0);
	say(world, "GET / HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(conn_deadline(&world->conn), 9000 + 15000);
	conn_expire(&world->conn, &world->site);
	cr_assert_eq(world->conn.state, CONN_DONE);
	cr_assert_eq(world->site.counts.timed_out, 1);
	world_free(world);
}

Test(web_conn, a_head_that_trickles_in_does_not_win_time_and_ends_with_408)
{
	struct world *world = world_new();

	site_set_time(&world->site, 6000, 0);
	say(world, "G");
	site_set_time(&world->site, 15000, 0);
	say(world, "ET / HTTP/1.1\r\nHos");
	cr_assert_eq(conn_deadline(&world->conn), 6000 + 10000);
	conn_expire(&world->conn, &world->site);
	listen_to(world, SIZE_MAX);
	cr_assert_eq(strncmp(world->said, "HTTP/1.1 408 Request Timeout\r\n", 30), 0);
	cr_assert_not_null(strstr(world->said, "\r\nConnection: close\r\n"));
	cr_assert_eq(world->conn.state, CONN_LINGER);
	conn_expire(&world->conn, &world->site);
	cr_assert_eq(world->conn.state, CONN_DONE);
	cr_assert_eq(world->site.counts.timed_out, 1);
	world_free(world);
}

Test(web_conn, a_reader_wins_time_by_reading_enough_and_not_by_reading_a_little)
{
	static const char text[] = "GET /big.bin HTTP/1.1\r\n" HOST "\r\n";
	struct world *world = world_new();
	size_t room;

	memcpy(conn_space(&world->conn, &room), text, sizeof(text) - 1);
	conn_received(&world->conn, &world->site, sizeof(text) - 1);
	cr_assert_eq(conn_deadline(&world->conn), 5000 + 10000);
	site_set_time(&world->site, 9000, 0);
	conn_sent(&world->conn, &world->site, CONN_SEND_FLOOR - 1);
	cr_assert_eq(conn_deadline(&world->conn), 5000 + 10000);
	conn_sent(&world->conn, &world->site, 1);
	cr_assert_eq(conn_deadline(&world->conn), 9000 + 10000);
	conn_expire(&world->conn, &world->site);
	cr_assert_eq(world->conn.state, CONN_DONE);
	world_free(world);
}

Test(web_conn, a_large_file_arrives_whole_and_requests_behind_it_wait)
{
	struct world *world = world_new();
	const char *body;

	say(world, "GET /big.bin HTTP/1.1\r\n" HOST "\r\nGET /leaf.txt HTTP/1.1\r\n" HOST "\r\n");
	body = strstr(world->said, "\r\n\r\n") + 4;
	cr_assert_eq(memcmp(body, big, BIG), 0);
	cr_assert_eq(strncmp(body + BIG, "HTTP/1.1 200 OK\r\n", 17), 0);
	cr_assert_str_eq(world->said + world->said_length - 4, "leaf");
	world_free(world);
}

static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Requests one after another, most of them sound, in a buffer of `size`; returns their length. */
static size_t make_stream(char *text, size_t size, uint32_t *seed)
{
	static const char *const requests[] = {
		"GET / HTTP/1.1\r\n" HOST "\r\n",
		"GET /leaf.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		"GET /big.bin HTTP/1.1\r\n" HOST "\r\n",
		"HEAD /big.bin HTTP/1.1\r\n" HOST "\r\n",
		"GET /none HTTP/1.1\r\n" HOST "\r\n",
		"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n\r\nGET",
		"\r\nGET / HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n",
		"BREW / HTTP/1.1\r\n" HOST "\r\n",
		"GET /.. HTTP/1.1\r\n" HOST "\r\n",
		"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
	};
	size_t length = 0;

	for (;;) {
		/* The last two end the connection: seldom. */
		const char *next = requests[random_next(seed) % (random_next(seed) % 16 == 0 ? 10 : 8)];

		if (length + strlen(next) > size)
			return length;
		memcpy(text + length, next, strlen(next));
		length += strlen(next);
	}
}

Test(web_conn, neither_cuts_nor_a_slow_reader_change_a_byte_of_what_is_said, .timeout = 120)
{
	uint32_t seed = 362436069u;
	unsigned answered = 0;

	for (unsigned round = 0; round < 60; round++) {
		char text[12000];
		size_t length = make_stream(text, sizeof(text), &seed);
		struct world *whole = world_new(), *cut = world_new();
		size_t step = round % 3 == 0 ? 1 : 1 + random_next(&seed) % 3000;
		size_t most = round % 4 == 0 ? 100 : 1 + random_next(&seed) % 9000;

		talk(whole, text, length, SIZE_MAX, SIZE_MAX);
		talk(cut, text, length, step, most);
		cr_assert_eq(whole->said_length, cut->said_length, "step %zu, most %zu", step, most);
		cr_assert_eq(memcmp(whole->said, cut->said, cut->said_length), 0);
		cr_assert_eq(whole->site.counts.requests, cut->site.counts.requests);
		answered += (unsigned)whole->site.counts.requests;
		world_free(whole);
		world_free(cut);
	}
	cr_assert_gt(answered, 600);
}
