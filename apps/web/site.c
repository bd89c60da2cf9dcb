// SPDX-License-Identifier: BSD-2-Clause
/*
 * Choice of the answer to a request.
 *
 * Invariant: a body comes from the tree, found by the whole decoded path and nothing else, or was
 * written here; no byte of a request is ever repeated in an answer.
 */
#include "site.h"

#include <string.h>

#include "target.h"
#include "text.h"

static const char plain[] = "text/plain; charset=utf-8";

const char *site_type(const char *path)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{"html", "text/html; charset=utf-8"},
		{"css", "text/css; charset=utf-8"},
		{"js", "text/javascript; charset=utf-8"},
		{"txt", "text/plain; charset=utf-8"},
		{"md", "text/markdown; charset=utf-8"},
		{"svg", "image/svg+xml"},
		{"png", "image/png"},
		{"jpg", "image/jpeg"},
		{"jpeg", "image/jpeg"},
		{"gif", "image/gif"},
		{"webp", "image/webp"},
		{"ico", "image/x-icon"},
		{"json", "application/json"},
		{"xml", "application/xml"},
		{"pdf", "application/pdf"},
		{"wasm", "application/wasm"},
		{"woff2", "font/woff2"},
	};
	const char *name = strrchr(path, '/');
	const char *dot = strrchr(name != NULL ? name : path, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot + 1, types[i].suffix) == 0)
			return types[i].type;
	return "application/octet-stream";
}

const char *site_reason(unsigned status)
{
	switch (status) {
	case 200: return "OK";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 408: return "Request Timeout";
	case 411: return "Length Required";
	case 413: return "Content Too Large";
	case 414: return "URI Too Long";
	case 431: return "Request Header Fields Too Large";
	case 501: return "Not Implemented";
	case 505: return "HTTP Version Not Supported";
	default: return "Unknown";
	}
}

/* The day of the Gregorian calendar `days` after 1970-01-01, with years that start in March. */
static void date_of_days(int64_t days, unsigned *year, unsigned *month, unsigned *day)
{
	uint32_t since = (uint32_t)(days + 719468); /* since 0000-03-01 */
	uint32_t era = since / 146097, of_era = since % 146097;
	uint32_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint32_t of_year = of_era - (365 * y + y / 4 - y / 100);
	uint32_t m = (5 * of_year + 2) / 153;

	*day = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 2 : m - 10; /* January is 0 */
	*year = era * 400 + y + (*month < 2 ? 1 : 0);
}

/* RFC 9110 section 5.6.7, in the only form that may be sent. */
static void write_date(int64_t seconds, char date[SITE_DATE_SIZE])
{
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct text text = {.to = date, .size = SITE_DATE_SIZE - 1};
	uint32_t of_day = (uint32_t)(seconds % 86400);
	unsigned year, month, day;

	date_of_days(seconds / 86400, &year, &month, &day);
	text_bytes(&text, days + (seconds / 86400 % 7) * 3, 3);
	text_string(&text, ", ");
	text_number(&text, day, 2);
	text_string(&text, " ");
	text_bytes(&text, months + (size_t)month * 3, 3);
	text_string(&text, " ");
	text_number(&text, year, 4);
	text_string(&text, " ");
	text_number(&text, of_day / 3600, 2);
	text_string(&text, ":");
	text_number(&text, of_day / 60 % 60, 2);
	text_string(&text, ":");
	text_number(&text, of_day % 60, 2);
	text_string(&text, " GMT");
	date[text.length] = '\0';
}

void site_start(struct site *site, const struct web_file *files, unsigned file_count, int64_t now_ms)
{
	memset(site, 0, sizeof(*site));
	site->files = files;
	site->file_count = file_count;
	site->started_ms = now_ms;
	site->now_ms = now_ms;
}

void site_set_time(struct site *site, int64_t now_ms, int64_t wall_seconds)
{
	/* A clock outside 2020 to 9999 was never set: RFC 9110 section 6.6.1 wants no Date then. */
	const int64_t first = 1577836800, last = 253402300799;

	site->now_ms = now_ms;
	if (wall_seconds == site->wall_seconds)
		return;
	site->wall_seconds = wall_seconds;
	site->date[0] = '\0';
	if (wall_seconds >= first && wall_seconds <= last)
		write_date(wall_seconds, site->date);
}

static const struct web_file *find_file(const struct site *site, const char *path)
{
	unsigned low = 0, high = site->file_count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = strcmp(path, site->files[middle].path);

		if (order == 0)
			return &site->files[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void begin(struct site_answer *answer, unsigned status, enum http_method method)
{
	answer->status = status;
	answer->head_only = method == HTTP_HEAD;
	answer->keep_alive = false;
	answer->allow = status == 405;
	answer->no_store = false;
	answer->minor = 1;
	answer->type = NULL;
	answer->body = NULL;
	answer->length = 0;
	answer->tag[0] = '\0';
}

/* Gives the answer the text that stands in its note. */
static void give_note(struct site_answer *answer, const struct text *text)
{
	answer->type = plain;
	answer->body = (const unsigned char *)answer->note;
	answer->length = text->length;
}

static void give_reason(struct site_answer *answer)
{
	struct text text = {.to = answer->note, .size = sizeof(answer->note)};

	text_number(&text, answer->status, 3);
	text_string(&text, " ");
	text_string(&text, site_reason(answer->status));
	text_string(&text, "\n");
	give_note(answer, &text);
}

static void count_line(struct text *text, const char *name, uint64_t number)
{
	text_string(text, name);
	text_string(text, " ");
	text_number(text, number, 1);
	text_string(text, "\n");
}

/* The page counts itself neither as a request nor as an answer yet. */
static void give_status(const struct site *site, struct site_answer *answer)
{
	const struct site_counts *counts = &site->counts;
	struct text text = {.to = answer->note, .size = sizeof(answer->note)};

	count_line(&text, "uptime_seconds", (uint64_t)(site->now_ms - site->started_ms) / 1000);
	count_line(&text, "connections_open", counts->open);
	count_line(&text, "connections_accepted", counts->accepted);
	count_line(&text, "connections_dropped", counts->dropped);
	count_line(&text, "connections_timed_out", counts->timed_out);
	count_line(&text, "requests", counts->requests);
	count_line(&text, "answers_2xx", counts->answers[2]);
	count_line(&text, "answers_3xx", counts->answers[3]);
	count_line(&text, "answers_4xx", counts->answers[4]);
	count_line(&text, "answers_5xx", counts->answers[5]);
	count_line(&text, "bytes_sent", counts->bytes);
	answer->no_store = true;
	give_note(answer, &text);
}

static void write_tag(uint64_t hash, char tag[SITE_TAG_SIZE])
{
	for (unsigned i = 0; i < 16; i++)
		tag[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
	tag[16] = '\0';
}

static void give_file(struct site_answer *answer, const struct web_file *file)
{
	answer->type = site_type(file->path);
	answer->body = file->data;
	answer->length = file->length;
}

/* Sets the answer for a decoded path: a file, the status page, or that there is none. */
static void give_path(struct site *site, const struct http_request *request, const char *head,
		      char path[TARGET_PATH_MAX], struct site_answer *answer)
{
	static const char index[] = "index.html";
	const struct http_span *known = &request->if_none_match;
	const struct web_file *file;
	size_t length = strlen(path);

	if (strcmp(path, "/status") == 0) {
		give_status(site, answer);
		return;
	}
	if (path[length - 1] == '/' && length + sizeof(index) <= TARGET_PATH_MAX)
		memcpy(path + length, index, sizeof(index));
	file = find_file(site, path);
	if (file == NULL) {
		answer->status = 404;
		file = find_file(site, "/404.html");
		if (file != NULL)
			give_file(answer, file);
		else
			give_reason(answer);
		return;
	}
	write_tag(file->hash, answer->tag);
	if (http_tag_matches(head + known->at, known->length, answer->tag))
		answer->status = 304;
	else
		give_file(answer, file);
}

/* The status of a request that is refused whatever it names, or 0. */
static unsigned refusal_of(const struct http_request *request)
{
	if (request->method == HTTP_UNKNOWN)
		return 501;
	if (request->method == HTTP_OTHER)
		return 405;
	return request->chunked ? 411 : 0;
}

static void count(struct site *site, const struct site_answer *answer)
{
	site->counts.requests++;
	site->counts.answers[answer->status / 100]++;
}

void site_answer(struct site *site, const struct http_request *request, const char *head, struct site_answer *answer)
{
	char path[TARGET_PATH_MAX];
	unsigned status = refusal_of(request);

	if (status == 0) {
		status = target_decode(head + request->target.at, request->target.length, path);
		if (status != 0) {
			site_refuse(site, status, request->method, answer);
			return;
		}
	}
	begin(answer, status != 0 ? status : 200, request->method);
	answer->keep_alive = request->keep_alive && !site->crowded;
	answer->minor = request->minor;
	if (status != 0)
		give_reason(answer);
	else
		give_path(site, request, head, path, answer);
	count(site, answer);
}

void site_refuse(struct site *site, unsigned status, enum http_method method, struct site_answer *answer)
{
	begin(answer, status, method);
	give_reason(answer);
	count(site, answer);
}
