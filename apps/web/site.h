/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the server has to say: the files of the tree, the status page and the refusals. Pure.
 */
#ifndef WEB_SITE_H
#define WEB_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files.h"
#include "http.h"

/* Room for a body that is made up at the moment: the status page or a refusal. */
#define SITE_NOTE_MAX 512u
/* An entity tag without quotes: 16 hexadecimal digits and the NUL. */
#define SITE_TAG_SIZE 17u
/* "Sun, 06 Nov 1994 08:49:37 GMT" and the NUL. */
#define SITE_DATE_SIZE 30u

/* Counted since the start, for the status page. */
struct site_counts {
	uint64_t accepted;   /* connections */
	uint64_t dropped;    /* connections closed to make room for a new one */
	uint64_t timed_out;  /* connections closed because their time was over */
	uint64_t requests;   /* answers given, refusals included */
	uint64_t answers[6]; /* by the first digit of their status */
	uint64_t bytes;      /* sent, heads included */
	unsigned open;       /* connections at this moment */
};

/*
 * A site. `files` and `file_count` are the tree as files.h describes it. The clock is brought in by
 * site_set_time; `date` is empty while no believable wall-clock time is known.
 */
struct site {
	const struct web_file *files;
	unsigned file_count;
	int64_t started_ms;
	int64_t now_ms;
	int64_t wall_seconds;
	char date[SITE_DATE_SIZE];
	bool crowded; /* others are waiting to be let in: every answer ends its connection */
	struct site_counts counts;
};

/*
 * An answer. `body` points into the tree, or to `note`, and is `length` bytes long; it is not to be
 * sent if `head_only`, though its length is told. `type` is NULL if there is no content to speak
 * of. `tag` is empty where there is no entity tag. `allow`, `no_store`: whether that field is due.
 * `keep_alive` is what the connection is to do after it.
 */
struct site_answer {
	unsigned status;
	bool head_only;
	bool keep_alive;
	bool allow;
	bool no_store;
	uint8_t minor; /* of the request: an answer to 1.0 names keep-alive aloud */
	const char *type;
	const unsigned char *body;
	size_t length;
	char tag[SITE_TAG_SIZE];
	char note[SITE_NOTE_MAX];
};

/* Starts a site over a tree at the monotonic time `now_ms`. */
void site_start(struct site *site, const struct web_file *files, unsigned file_count, int64_t now_ms);

/* The monotonic time in milliseconds and the wall-clock time in seconds since 1970. */
void site_set_time(struct site *site, int64_t now_ms, int64_t wall_seconds);

/* Answers a sound request, whose first byte is at `head`, and counts it. */
void site_answer(struct site *site, const struct http_request *request, const char *head, struct site_answer *answer);

/*
 * Refuses with `status` what could not be understood, and counts it. The connection is to be closed
 * after it. `method` is the request's method as far as it is known.
 */
void site_refuse(struct site *site, unsigned status, enum http_method method, struct site_answer *answer);

/* The media type for a path, by its suffix. */
const char *site_type(const char *path);

/* The reason phrase of a status that this server uses. */
const char *site_reason(unsigned status);

#endif
