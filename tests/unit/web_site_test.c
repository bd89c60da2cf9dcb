// SPDX-License-Identifier: BSD-2-Clause
/*
 * What apps/web says about itself and its files: dates, media types, reasons, and the choice among
 * the files of the tree.
 *
 * links: apps/web/site.c apps/web/http.c apps/web/target.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "apps/web/site.h"

Test(web_site, the_date_is_told_when_the_clock_is_believable)
{
	static const struct {
		int64_t seconds;
		const char *date;
	} cases[] = {
		{1582979696, "Sat, 29 Feb 2020 12:34:56 GMT"},
		{1583020799, "Sat, 29 Feb 2020 23:59:59 GMT"},
		{1583020800, "Sun, 01 Mar 2020 00:00:00 GMT"},
		{1767225599, "Wed, 31 Dec 2025 23:59:59 GMT"},
		{4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
		{253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
		{253402300800, ""},
		{784111777, ""},
		{-1, ""},
	};
	struct site site;

	site_start(&site, NULL, 0, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		site_set_time(&site, 5000, cases[i].seconds);
		cr_assert_str_eq(site.date, cases[i].date);
	}
}

Test(web_site, media_types_follow_the_suffix_of_the_name)
{
	cr_assert_str_eq(site_type("/a.b/c.html"), "text/html; charset=utf-8");
	cr_assert_str_eq(site_type("/c.svg"), "image/svg+xml");
	cr_assert_str_eq(site_type("/c.tar.png"), "image/png");
	cr_assert_str_eq(site_type("/html"), "application/octet-stream");
	cr_assert_str_eq(site_type("/a.html/c"), "application/octet-stream");
	cr_assert_str_eq(site_type("/c.htmlx"), "application/octet-stream");
}

Test(web_site, every_status_that_is_used_has_its_reason)
{
	static const unsigned used[] = {200, 304, 400, 404, 405, 408, 411, 413, 414, 431, 501, 505};

	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		cr_assert_str_neq(site_reason(used[i]), "Unknown", "%u", used[i]);
}

/* Asks a tree for a path by GET. */
static void ask(struct site *site, const char *path, struct site_answer *answer)
{
	struct http_request request = {.method = HTTP_GET, .minor = 1, .keep_alive = true};

	request.target.length = (uint16_t)strlen(path);
	site_answer(site, &request, path, answer);
}

Test(web_site, every_file_of_a_tree_of_any_size_is_found_and_nothing_else)
{
	static const unsigned char data[20];
	struct web_file files[20];
	char paths[20][8], other[8];
	struct site_answer answer;
	struct site site;

	for (unsigned count = 0; count <= 20; count++) {
		for (unsigned i = 0; i < count; i++) {
			snprintf(paths[i], sizeof(paths[i]), "/%c", 'b' + (char)i);
			files[i] = (struct web_file){paths[i], data + i, 1, i};
		}
		site_start(&site, files, count, 0);
		for (unsigned i = 0; i < count; i++) {
			ask(&site, paths[i], &answer);
			cr_assert_eq(answer.status, 200);
			cr_assert_eq(answer.body, data + i);
			snprintf(other, sizeof(other), "%sx", paths[i]);
			ask(&site, other, &answer);
			cr_assert_eq(answer.status, 404);
		}
		ask(&site, "/a", &answer);
		cr_assert_eq(answer.status, 404);
		ask(&site, "/B", &answer);
		cr_assert_eq(answer.status, 404);
	}
}

Test(web_site, a_tree_with_a_page_for_what_is_missing_shows_it_with_404_and_without_a_tag)
{
	static const unsigned char page[] = "<p>none</p>";
	static const struct web_file files[] = {{"/404.html", page, 11, 7}};
	struct site_answer answer;
	struct site site;

	site_start(&site, files, 1, 0);
	ask(&site, "/none", &answer);
	cr_assert_eq(answer.status, 404);
	cr_assert_eq(answer.body, page);
	cr_assert_str_eq(answer.type, "text/html; charset=utf-8");
	cr_assert_str_eq(answer.tag, "");
	cr_assert(answer.keep_alive);
}

Test(web_site, an_answer_ends_its_connection_while_others_wait_to_be_let_in)
{
	struct site_answer answer;
	struct site site;

	site_start(&site, NULL, 0, 0);
	ask(&site, "/", &answer);
	cr_assert(answer.keep_alive);
	site.crowded = true;
	ask(&site, "/", &answer);
	cr_assert_not(answer.keep_alive);
}

Test(web_site, the_longest_directory_path_is_refused_as_missing_and_not_overrun)
{
	struct site_answer answer;
	struct site site;
	char path[512];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[511] = '\0';
	site_start(&site, NULL, 0, 0);
	for (unsigned length = 490; length < 512; length++) {
		path[length - 1] = '/';
		path[length] = '\0';
		ask(&site, path, &answer);
		cr_assert_eq(answer.status, 404);
		path[length - 1] = 'a';
		path[length] = 'a';
	}
}

Test(web_site, the_status_page_has_room_for_the_largest_counts)
{
	static const char last[] = "\nbytes_sent 18446744073709551615\n";
	struct site_answer answer;
	struct site site;

	site_start(&site, NULL, 0, 0);
	memset(&site.counts, 0xff, sizeof(site.counts));
	site_set_time(&site, INT64_MAX, 0);
	ask(&site, "/status", &answer);
	cr_assert_gt(answer.length, sizeof(last));
	cr_assert_eq(memcmp(answer.body + answer.length + 1 - sizeof(last), last, sizeof(last) - 1), 0);
}
