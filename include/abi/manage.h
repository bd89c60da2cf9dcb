/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Management: how a new policy reaches the running router, and how one asks it what it does.
 *
 * The same messages travel two ways. Between the control domain and the router they are slots of two rings (abi/ring.h) in
 * an area that belongs to the control domain and is granted to the router read-write, named by its DEVICE_MANAGE entry:
 *
 *   manage_area | requests, MANAGE_REQUEST_COUNT slots | answers, MANAGE_ANSWER_COUNT slots
 *
 * all zero when the router starts. On the second serial channel each is a frame: manage_frame, then its payload. Whoever
 * reads a line looks for MANAGE_MAGIC and begins again behind it where length or check are wrong.
 *
 * A request has an id that its answer repeats, MANAGE_OK or MANAGE_ERROR. Asked again with the same id, for an answer may be
 * lost, nothing is done twice; MANAGE_BUSY: it is being done, ask again. Little-endian.
 *
 * A policy (abi/rules.h) comes as BEGIN, DATA in order, COMMIT. The control domain collects it, checks its SHA-256 and sends
 * it on in the same way; the router, which collects and checks it again, answers the COMMIT alone, and puts it in force or
 * leaves everything as it was. With confirm_seconds it goes back to the policy before, by itself, unless CONFIRM comes in time.
 */
#ifndef CAMBIUM_ABI_MANAGE_H
#define CAMBIUM_ABI_MANAGE_H

#include <abi/ring.h>

#define MANAGE_MAGIC 0x4d424d43u /* the bytes "CMBM" */
#define MANAGE_PAYLOAD_MAX 1008u
#define MANAGE_DATA_MAX 1000u         /* bytes of a policy or a capture in one message */
#define MANAGE_POLICY_MAX (16u << 20) /* bytes */
#define MANAGE_CONFIRM_SECONDS_MAX 3600u

#define MANAGE_REQUEST_COUNT 16u
#define MANAGE_ANSWER_COUNT 32u

/* Requests. What each carries, and what the MANAGE_OK for it does. */
#define MANAGE_STATUS 1u  /* nothing; manage_status */
#define MANAGE_BEGIN 2u   /* manage_begin; nothing */
#define MANAGE_DATA 3u    /* manage_data; nothing */
#define MANAGE_COMMIT 4u  /* manage_commit; nothing */
#define MANAGE_CONFIRM 5u /* manage_confirm; nothing */
#define MANAGE_READ 6u    /* manage_read; manage_data: of the policy in force, no bytes at its end */
#define MANAGE_QUERY 7u   /* manage_query; as many of its records as fit, none behind the last */
#define MANAGE_CAPTURE 8u /* manage_capture; nothing */
#define MANAGE_PACKED 9u  /* manage_data, packed, instead of DATA; nothing */

#define MANAGE_OK 0x100u
#define MANAGE_ERROR 0x101u /* the cause in words, not terminated */
#define MANAGE_BUSY 0x102u  /* nothing */

/* What nobody asked for at that moment; the id is 0. */
#define MANAGE_IN_FORCE 0x200u /* router to control domain: manage_in_force */
#define MANAGE_CAPTURED 0x201u /* manage_captured */

struct manage_message {
	uint32_t kind;
	uint32_t id;
	uint32_t length; /* of the payload */
	uint32_t reserved0;
	uint8_t payload[MANAGE_PAYLOAD_MAX];
};

/* check: the first four bytes of the SHA-256 of what follows it, the payload included. */
struct manage_frame {
	uint32_t magic;
	uint32_t check;
	uint32_t kind;
	uint32_t id;
	uint32_t length; /* of the payload */
};

struct manage_area {
	struct ring_header requests; /* control domain -> router */
	struct ring_header answers;  /* router -> control domain */
	uint8_t reserved0[4096 - 2 * sizeof(struct ring_header)];
	struct manage_message request_slots[MANAGE_REQUEST_COUNT];
	struct manage_message answer_slots[MANAGE_ANSWER_COUNT];
};

#define MANAGE_AREA_PAGES 13u

struct manage_begin {
	uint32_t bytes; /* of the policy */
	uint32_t reserved0;
	uint8_t sha256[32]; /* of all of them */
};

/* offset: where they belong; the next byte that is missing, or an earlier one. */
struct manage_data {
	uint32_t offset;
	uint8_t bytes[MANAGE_DATA_MAX];
};

/*
 * Packed bytes, for a slow line: each step begins with a byte c. Below 128: the c + 1 bytes that follow are themselves. Else
 * it stands for (c - 128) + MANAGE_MATCH_MIN bytes of the policy, of which the first is as far back as the two bytes that
 * follow say (1 .. 65535, little-endian); they may reach into what they make. A piece is whole steps, and at most
 * MANAGE_UNPACKED_MAX bytes of the policy.
 */
#define MANAGE_MATCH_MIN 4u
#define MANAGE_MATCH_MAX (127u + MANAGE_MATCH_MIN)
#define MANAGE_UNPACKED_MAX 16384u

/* confirm_seconds 0: for good. sha256 as in BEGIN. */
struct manage_commit {
	uint32_t confirm_seconds;
	uint32_t reserved0;
	uint8_t sha256[32];
};

struct manage_confirm {
	uint8_t sha256[32];
};

struct manage_read {
	uint32_t offset;
};

/* is_confirmed 0: the policy before comes back unless there is a CONFIRM. sha256: of the policy's bytes. */
struct manage_in_force {
	uint32_t is_confirmed;
	uint32_t reserved0;
	uint8_t sha256[32];
};

/* sha256 all zero: there is none. previous: which left_ns > 0 leads back to. */
struct manage_status {
	uint8_t sha256[32], previous[32];
	uint64_t now_ns;  /* the router's time, to which those of the records refer */
	uint64_t left_ns; /* to confirm; 0: nothing is to be confirmed */
	uint32_t rule_count, switch_count, rollback_count;
	uint32_t flow_count, flow_capacity;
	uint32_t half_open_count; /* of the flows: connections before the end of their handshake */
	uint64_t flows_cut;
	uint64_t drop_count;             /* packets that did not pass */
	uint64_t openings_asked;         /* SYNs for a flooded service that were answered with a question */
	uint64_t half_open_evicted;      /* half-open connections that gave way to others */
	uint32_t flows_kept, flows_lost; /* of the router before, when this one began */
};

/* Records of one kind, from number first on. */
#define MANAGE_RULES 1u    /* manage_rule */
#define MANAGE_COUNTERS 2u /* manage_counter */
#define MANAGE_IFACES 3u   /* manage_iface */
#define MANAGE_DROPS 4u    /* manage_drop, the last first */

struct manage_query {
	uint32_t what;
	uint32_t first;
};

struct manage_rule {
	uint32_t line;
	uint32_t action; /* RULES_ACTION_x */
	uint64_t hits;   /* new flows that it decided */
};

struct manage_counter {
	char name[32];
	uint64_t flows, packets, bytes;
};

struct manage_iface {
	uint32_t number;
	uint32_t kind; /* RULES_IF_x; RULES_IF_NONE: there is none, all else is zero */
	uint64_t rx_packets, rx_bytes, rx_dropped, tx_packets, tx_bytes;
	uint32_t shaped;       /* MANAGE_SHAPED_x */
	uint32_t waiting;      /* frames that wait to go out there */
	uint64_t wait_dropped; /* frames that waited too long for that, or found no room */
};

#define MANAGE_SHAPED_IN 1u  /* what comes in there is shaped */
#define MANAGE_SHAPED_OUT 2u /* what goes out there is */

/* Addresses in network order, IPv4 in the first four octets; family 0: nothing was read of it. */
struct manage_drop {
	uint64_t when_ns;
	uint8_t src[16], dst[16];
	uint16_t sport, dport;
	uint8_t proto, family, iface;
	uint8_t reserved0;
	char reason[64]; /* in words */
};

#define MANAGE_STOP 0u
#define MANAGE_START 1u
#define MANAGE_GO_ON 2u

/*
 * START: frames of one interface from now on, cut to snap_bytes each, in the place of what was captured before. It stops
 * after ten seconds without a GO_ON. For GO_ON and STOP only `on` counts.
 */
struct manage_capture {
	uint32_t on; /* MANAGE_STOP, _START, _GO_ON */
	uint32_t iface;
	uint32_t snap_bytes;
	uint32_t reserved0;
};

/*
 * A piece of the stream of records, each manage_record and its bytes. offset counts the stream's bytes from the start of the
 * capture, so that a piece that is missing is seen; dropped: frames that found no room so far.
 */
struct manage_captured {
	uint32_t offset;
	uint32_t dropped;
	uint8_t bytes[MANAGE_DATA_MAX];
};

#define MANAGE_IN 0u  /* came in at the interface */
#define MANAGE_OUT 1u /* was sent there */

struct manage_record {
	uint64_t when_ns; /* of the wall clock */
	uint32_t bytes;   /* that follow */
	uint32_t length;  /* that the frame had */
	uint32_t direction;
	uint32_t reserved0;
};

ABI_ASSERT(sizeof(struct manage_message) == 1024, "manage_message layout");
ABI_ASSERT(sizeof(struct manage_frame) == 20, "manage_frame layout");
ABI_ASSERT(sizeof(struct manage_area) == MANAGE_AREA_PAGES * 4096, "manage_area layout");
ABI_ASSERT(sizeof(struct manage_begin) == 40, "manage_begin layout");
ABI_ASSERT(sizeof(struct manage_data) == 1004, "manage_data layout");
ABI_ASSERT(sizeof(struct manage_commit) == 40, "manage_commit layout");
ABI_ASSERT(sizeof(struct manage_status) == 144, "manage_status layout");
ABI_ASSERT(sizeof(struct manage_rule) == 16, "manage_rule layout");
ABI_ASSERT(sizeof(struct manage_counter) == 56, "manage_counter layout");
ABI_ASSERT(sizeof(struct manage_iface) == 64, "manage_iface layout");
ABI_ASSERT(sizeof(struct manage_drop) == 112, "manage_drop layout");
ABI_ASSERT(sizeof(struct manage_captured) == 1008, "manage_captured layout");
ABI_ASSERT(sizeof(struct manage_record) == 24, "manage_record layout");

#endif
