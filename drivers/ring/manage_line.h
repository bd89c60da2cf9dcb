/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of abi/manage.h as frames on a line that may lose, damage or invent bytes, and the check of requests. Pure.
 */
#ifndef CAMBIUM_RING_MANAGE_LINE_H
#define CAMBIUM_RING_MANAGE_LINE_H

#include <abi/manage.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MANAGE_FRAME_MAX ((uint32_t)sizeof(struct manage_frame) + MANAGE_PAYLOAD_MAX)

/* What has been read of a line. All zero: nothing. */
struct manage_line {
	uint8_t bytes[MANAGE_FRAME_MAX];
	uint32_t len;
	uint64_t skipped; /* bytes that belong to no frame */
	uint32_t damaged; /* frames that began and had a wrong length or check */
};

/*
 * Goes on with the @len bytes at @bytes, up to the end of one frame; *@used: how many were taken. True: there was one, and
 * it is *@message, its payload padded with zeros; call again with the rest. Never reads beyond, whatever the bytes say.
 */
bool manage_line_feed(struct manage_line *line, const uint8_t *bytes, size_t len, size_t *used,
		      struct manage_message *message);

/* The line has been silent for long: a frame that was begun will not be finished. True: there was one, and it is gone. */
bool manage_line_silence(struct manage_line *line);

/* Writes the frame of @message, whose length is right, to @frame; its bytes. */
uint32_t manage_line_write(const struct manage_message *message, uint8_t frame[MANAGE_FRAME_MAX]);

/* NULL: @message is a request, as long as its kind demands; else what is wrong with it, for MANAGE_ERROR. */
const char *manage_request_fault(const struct manage_message *message);

/* A message of @kind with the @length (at most MANAGE_PAYLOAD_MAX) bytes at @payload. */
struct manage_message manage_message_of(uint32_t kind, uint32_t id, const void *payload, uint32_t length);

/* MANAGE_ERROR because of @why, cut where it is too long. */
struct manage_message manage_error(uint32_t id, const char *why);

#endif
