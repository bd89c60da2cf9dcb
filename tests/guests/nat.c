/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nat SERVER OTHER PORT OTHER-PORT: finds out by STUN how the router translates and filters datagrams (RFC 5780 section 4),
 * from a server that has two addresses with two ports each. Prints one line for each finding, then ends.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES 4
#define TRY_MS 1000
#define FIRST_TRIES 60 /* the server may not be there yet */

#define BINDING_REQUEST 0x0001u
#define BINDING_SUCCESS 0x0101u
#define COOKIE 0x2112a442u
#define ATTRIBUTE_CHANGE_REQUEST 0x0003u
#define ATTRIBUTE_XOR_MAPPED_ADDRESS 0x0020u
#define CHANGE_ADDRESS 4u
#define CHANGE_PORT 2u
#define HEADER_BYTES 20u

struct message {
	uint8_t bytes[548]; /* RFC 8489 section 6.1 */
	size_t len;
};

static uint32_t get(const uint8_t *at, unsigned bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | *at++;
	return value;
}

static void put(struct message *m, uint32_t value, unsigned bytes)
{
	while (bytes--)
		m->bytes[m->len++] = (uint8_t)(value >> 8 * bytes);
}

static struct sockaddr_in at(const char *address, const char *port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr = {inet_addr(address)}};
}

static void request_make(struct message *m, unsigned change)
{
	m->len = 0;
	put(m, BINDING_REQUEST, 2);
	put(m, change ? 8 : 0, 2);
	put(m, COOKIE, 4);
	if (getrandom(m->bytes + m->len, 12, 0) != 12)
		abort();
	m->len += 12;
	if (change) {
		put(m, ATTRIBUTE_CHANGE_REQUEST, 2);
		put(m, 4, 2);
		put(m, change, 4);
	}
}

/* Whether @reply answers @request; the address that it tells goes to @mapped. */
static bool is_answer(const struct message *request, const struct message *reply, struct sockaddr_in *mapped)
{
	size_t next = HEADER_BYTES;

	if (reply->len < HEADER_BYTES || get(reply->bytes, 2) != BINDING_SUCCESS ||
	    memcmp(reply->bytes + 4, request->bytes + 4, 16) != 0)
		return false;
	while (next + 4 <= reply->len) {
		const uint8_t *attribute = reply->bytes + next;
		size_t len = get(attribute + 2, 2);

		if (next + 4 + len > reply->len)
			return false;
		if (get(attribute, 2) == ATTRIBUTE_XOR_MAPPED_ADDRESS && len == 8) {
			mapped->sin_port = htons((uint16_t)(get(attribute + 6, 2) ^ COOKIE >> 16));
			mapped->sin_addr.s_addr = htonl(get(attribute + 8, 4) ^ COOKIE);
			return true;
		}
		next += 4 + (len + 3) / 4 * 4;
	}
	return false;
}

/* Asks @server to answer as @change says; whether an answer came, and which address it saw. */
static bool ask(int fd, const struct sockaddr_in *server, unsigned change, int tries, struct sockaddr_in *mapped)
{
	struct message request, reply;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	request_make(&request, change);
	for (int i = 0; i < tries; i++) {
		(void)sendto(fd, request.bytes, request.len, 0, (const struct sockaddr *)server, sizeof *server);
		while (poll(&p, 1, TRY_MS) == 1) {
			ssize_t n = recv(fd, reply.bytes, sizeof reply.bytes, 0);

			reply.len = n > 0 ? (size_t)n : 0;
			if (is_answer(&request, &reply, mapped))
				return true;
		}
	}
	return false;
}

static int opened(uint16_t port)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any)) {
		puts("nat: no socket");
		exit(1);
	}
	return fd;
}

static bool is_same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static void mapping(char **words, struct sockaddr_in *first)
{
	struct sockaddr_in server = at(words[0], words[2]), second, third;
	int fd = opened(40000);

	if (!ask(fd, &server, 0, FIRST_TRIES, first)) {
		puts("nat: no answer");
		exit(1);
	}
	printf("nat: seen as %s:%u\n", inet_ntoa(first->sin_addr), ntohs(first->sin_port));
	printf("nat: port %s\n", ntohs(first->sin_port) == 40000 ? "kept" : "changed");
	server = at(words[1], words[2]);
	if (!ask(fd, &server, 0, TRIES, &second)) {
		puts("nat: mapping unknown: the other address is silent");
		exit(1);
	}
	server = at(words[1], words[3]);
	if (!ask(fd, &server, 0, TRIES, &third)) {
		puts("nat: mapping unknown: the other port is silent");
		exit(1);
	}
	printf("nat: mapping %s\n", is_same(first, &second)    ? "endpoint-independent"
				    : is_same(&second, &third) ? "address-dependent"
							       : "address and port-dependent");
	close(fd);
}

static void filtering(char **words)
{
	struct sockaddr_in server = at(words[0], words[2]), seen;
	int fd = opened(40001);
	bool sees_any = ask(fd, &server, CHANGE_ADDRESS | CHANGE_PORT, TRIES, &seen);
	bool sees_port = ask(fd, &server, CHANGE_PORT, TRIES, &seen);

	printf("nat: filtering %s\n", sees_any    ? "endpoint-independent"
				      : sees_port ? "address-dependent"
						  : "address and port-dependent");
	/* what shows that the silence above was no accident */
	printf("nat: %s afterwards\n", ask(fd, &server, 0, TRIES, &seen) ? "answered" : "no answer");
	close(fd);
}

static void hairpin(char **words)
{
	struct sockaddr_in server = at(words[0], words[2]), mapped, seen;
	int fd = opened(40002), other = opened(40003);

	if (ask(fd, &server, 0, TRIES, &mapped))
		printf("nat: hairpin %s\n", ask(other, &mapped, 0, TRIES, &seen) ? "answered" : "silent");
	close(other);
	close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in first;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 5) {
		puts("usage: nat SERVER OTHER PORT OTHER-PORT");
		return 1;
	}
	mapping(argv + 1, &first);
	filtering(argv + 1);
	hairpin(argv + 1);
	puts("nat: done");
	return 0;
}
