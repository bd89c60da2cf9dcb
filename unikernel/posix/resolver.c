/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invariants: each question has a socket of its own at a random port, connected to the server asked, and a random number (RFC
 * 5452); a lookup ends within RESOLVER_ROUNDS times twice the patience for each server and name, whatever arrives.
 */
#include "resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "unikernel/core/dns_bytes.h"

#define DNS_PORT 53u
#define QUESTIONS 2u
#define WRONG_MAX 16u /* answers that are none, after which a question goes by TCP: somebody guesses */
#define PORT_TRIES 8u
#define PORT_LEAST 1024u
#define SERVER_TEXT 64u

struct ask {
	struct dns_question question;
	enum dns_verdict verdict;
	uint16_t id;
	unsigned wrong;
	int fd;
	struct dns_found found;
};

struct lookup {
	const struct resolver *resolver;
	unsigned count;
	struct ask asks[QUESTIONS];
	struct dns_name names[DNS_LOOKUP_NAMES];
	uint8_t query[2 + DNS_QUERY_MAX];
	uint8_t answer[2 + DNS_MESSAGE_MAX];
};

static bool read_port(const char *text, in_port_t *port)
{
	unsigned value = 0;

	for (; *text >= '0' && *text <= '9' && value <= UINT16_MAX; text++)
		value = value * 10 + (unsigned)(*text - '0');
	*port = htons((uint16_t)value);
	return *text == '\0' && value > 0 && value <= UINT16_MAX;
}

static bool add_server(struct resolver *r, char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	char *mark = strchr(text, '#');
	in_port_t port = htons(DNS_PORT);

	if (r->server_count == RESOLVER_SERVERS || (mark != NULL && !read_port(mark + 1, &port)))
		return false;
	if (mark != NULL)
		*mark = '\0';
	v4.sin_port = v6.sin6_port = port;
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		memcpy(&r->servers[r->server_count].address, &v4, sizeof(v4));
		r->servers[r->server_count++].len = sizeof(v4);
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
		return false;
	memcpy(&r->servers[r->server_count].address, &v6, sizeof(v6));
	r->servers[r->server_count++].len = sizeof(v6);
	return true;
}

bool resolver_init(struct resolver *resolver, const char *servers)
{
	memset(resolver, 0, sizeof(*resolver));
	resolver->patience_ms = RESOLVER_PATIENCE_MS;
	for (;;) {
		size_t len = strcspn(servers, ",");
		char text[SERVER_TEXT];

		if (len >= sizeof(text))
			return false;
		memcpy(text, servers, len);
		text[len] = '\0';
		if (!add_server(resolver, text))
			return false;
		if (servers[len] == '\0')
			return true;
		servers += len + 1;
	}
}

static uint64_t clock_ms(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Waits until one of the descriptors is ready; false: the time is over. */
static bool wait_until(struct pollfd *fds, nfds_t count, uint64_t deadline)
{
	uint64_t now = clock_ms();

	return now < deadline && poll(fds, count, (int)(deadline - now)) > 0;
}

static bool is_settled(const struct ask *ask)
{
	return ask->verdict == DNS_VERDICT_FOUND || ask->verdict == DNS_VERDICT_NO_DATA ||
	       ask->verdict == DNS_VERDICT_NO_NAME;
}

/* Gives the socket a port that nobody can foretell. */
static bool bind_at_random(int fd, sa_family_t family)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	bool is_v6 = family == AF_INET6;

	for (unsigned i = 0; i < PORT_TRIES; i++) {
		uint16_t port;

		if (getrandom(&port, sizeof(port), 0) != sizeof(port))
			return false;
		v4.sin_port = v6.sin6_port = htons(port);
		if (port >= PORT_LEAST &&
		    bind(fd, is_v6 ? (const void *)&v6 : (const void *)&v4, is_v6 ? sizeof(v6) : sizeof(v4)) == 0)
			return true;
	}
	return false;
}

/* Puts the question, as TCP has it, into l->query; returns its length by UDP, which stands 2 bytes behind. */
static size_t write_query(struct lookup *l, const struct ask *ask)
{
	size_t len = dns_query_write(l->query + 2, ask->id, DNS_FLAG_RD, &ask->question, false);

	put16(l->query, (uint16_t)len);
	return len;
}

static void close_ask(struct ask *ask)
{
	if (ask->fd >= 0)
		close(ask->fd);
	ask->fd = -1;
}

/* Asks the server number @n; ask->fd is -1 if that could not be. */
static void send_ask(struct lookup *l, struct ask *ask, unsigned n)
{
	const struct sockaddr *to = &l->resolver->servers[n].address.any;
	ssize_t len;

	ask->wrong = 0;
	ask->fd = socket(to->sa_family, SOCK_DGRAM, 0);
	if (ask->fd < 0)
		return;
	if (getrandom(&ask->id, sizeof(ask->id), 0) == sizeof(ask->id) && bind_at_random(ask->fd, to->sa_family) &&
	    connect(ask->fd, to, l->resolver->servers[n].len) == 0) {
		len = (ssize_t)write_query(l, ask);
		if (send(ask->fd, l->query + 2, (size_t)len, 0) == len)
			return;
	}
	close_ask(ask);
}

static void read_answer(struct ask *ask, const uint8_t *bytes, size_t len)
{
	enum dns_verdict verdict = dns_lookup_read(bytes, len, ask->id, &ask->question, &ask->found);

	if (verdict == DNS_VERDICT_NONE && ++ask->wrong < WRONG_MAX)
		return;
	ask->verdict = verdict == DNS_VERDICT_NONE ? DNS_VERDICT_TRUNCATED : verdict;
	close_ask(ask);
}

/* Takes what has come for @ask. */
static void receive_ask(struct lookup *l, struct ask *ask)
{
	ssize_t got = recv(ask->fd, l->answer, sizeof(l->answer), MSG_DONTWAIT);

	if (got >= 0)
		read_answer(ask, l->answer, (size_t)got);
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		close_ask(ask);
}

/* Receives until all that were sent have their answer, or the time is over. */
static void receive_all(struct lookup *l, uint64_t deadline)
{
	struct pollfd fds[QUESTIONS];
	bool is_open = true;

	while (is_open) {
		is_open = false;
		for (unsigned i = 0; i < l->count; i++) {
			fds[i] = (struct pollfd){.fd = l->asks[i].fd, .events = POLLIN};
			is_open |= fds[i].fd >= 0;
		}
		if (!is_open || !wait_until(fds, l->count, deadline))
			break;
		for (unsigned i = 0; i < l->count; i++)
			if (fds[i].revents != 0)
				receive_ask(l, &l->asks[i]);
	}
	for (unsigned i = 0; i < l->count; i++)
		close_ask(&l->asks[i]);
}

/* Sends or receives @len bytes of a stream; false: it ended, or the time is over. */
static bool stream_move(int fd, uint8_t *bytes, size_t len, bool out, uint64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = out ? POLLOUT : POLLIN};

	while (len > 0) {
		ssize_t moved;

		if (!wait_until(&p, 1, deadline))
			return false;
		moved = out ? send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) : recv(fd, bytes, len, MSG_DONTWAIT);
		if (moved == 0 || (moved < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
			return false;
		bytes += moved > 0 ? moved : 0;
		len -= moved > 0 ? (size_t)moved : 0;
	}
	return true;
}

/* Asks the server number @n by TCP for what did not fit. */
static void ask_by_tcp(struct lookup *l, struct ask *ask, unsigned n)
{
	const struct sockaddr *to = &l->resolver->servers[n].address.any;
	uint64_t deadline = clock_ms() + l->resolver->patience_ms;
	size_t len = 2 + write_query(l, ask);
	bool is_whole;

	ask->verdict = DNS_VERDICT_FAILED;
	ask->fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (ask->fd < 0)
		return;
	is_whole = (connect(ask->fd, to, l->resolver->servers[n].len) == 0 || errno == EINPROGRESS) &&
		   stream_move(ask->fd, l->query, len, true, deadline) &&
		   stream_move(ask->fd, l->answer, 2, false, deadline);
	len = is_whole ? get16(l->answer) : 0;
	if (is_whole && len <= DNS_MESSAGE_MAX && stream_move(ask->fd, l->answer + 2, len, false, deadline))
		ask->verdict = dns_lookup_read(l->answer + 2, len, ask->id, &ask->question, &ask->found);
	close_ask(ask);
	if (ask->verdict == DNS_VERDICT_NONE || ask->verdict == DNS_VERDICT_TRUNCATED)
		ask->verdict = DNS_VERDICT_FAILED;
}

/* Asks the server number @n for all that nobody has answered. */
static void ask_server(struct lookup *l, unsigned n)
{
	for (unsigned i = 0; i < l->count; i++)
		if (!is_settled(&l->asks[i]))
			send_ask(l, &l->asks[i], n);
	receive_all(l, clock_ms() + l->resolver->patience_ms);
	for (unsigned i = 0; i < l->count; i++)
		if (l->asks[i].verdict == DNS_VERDICT_TRUNCATED)
			ask_by_tcp(l, &l->asks[i], n);
}

static int error_of(const struct lookup *l)
{
	int error = EAI_NONAME;

	for (unsigned i = 0; i < l->count; i++) {
		const struct ask *ask = &l->asks[i];

		if (ask->verdict == DNS_VERDICT_FOUND)
			return 0;
		if (ask->verdict == DNS_VERDICT_REFUSED && error == EAI_NONAME)
			error = EAI_FAIL;
		else if (ask->verdict == DNS_VERDICT_NONE || ask->verdict == DNS_VERDICT_FAILED)
			error = EAI_AGAIN;
	}
	return error;
}

/* Asks all servers in turn for @name, until there is an answer to all questions. */
static int ask_for(struct lookup *l, const struct dns_name *name)
{
	const unsigned servers = l->resolver->server_count;

	for (unsigned i = 0; i < l->count; i++) {
		l->asks[i].question.name = *name;
		l->asks[i].verdict = DNS_VERDICT_NONE;
	}
	for (unsigned n = 0; n < servers * RESOLVER_ROUNDS; n++) {
		bool is_done = true;

		for (unsigned i = 0; i < l->count; i++)
			is_done &= is_settled(&l->asks[i]);
		if (is_done)
			break;
		ask_server(l, n % servers);
	}
	return error_of(l);
}

static struct lookup *lookup_make(const struct resolver *resolver)
{
	struct lookup *l = malloc(sizeof(*l));

	if (l != NULL) {
		l->resolver = resolver;
		l->count = 0;
	}
	return l;
}

static void lookup_add(struct lookup *l, enum dns_type type)
{
	struct ask *ask = &l->asks[l->count++];

	ask->question.type = (uint16_t)type;
	ask->question.class = DNS_IN;
	ask->fd = -1;
}

static void collect(const struct lookup *l, struct resolver_found *found)
{
	found->count = 0;
	found->name[0] = '\0';
	for (unsigned i = 0; i < l->count; i++) {
		const struct ask *ask = &l->asks[i];

		if (ask->verdict != DNS_VERDICT_FOUND)
			continue;
		memcpy(found->addresses + found->count, ask->found.addresses,
		       ask->found.count * sizeof(found->addresses[0]));
		found->count += ask->found.count;
		if (!dns_name_format(&ask->found.name, found->name))
			found->name[0] = '\0';
	}
}

int resolver_find(const struct resolver *resolver, const char *name, unsigned families, struct resolver_found *found)
{
	struct lookup *l = lookup_make(resolver);
	int error = EAI_NONAME;
	unsigned names;

	if (l == NULL)
		return EAI_MEMORY;
	if (families & RESOLVER_V6)
		lookup_add(l, DNS_AAAA);
	if (families & RESOLVER_V4)
		lookup_add(l, DNS_A);
	names = l->count > 0 ? dns_lookup_names(name, resolver->search, l->names) : 0;
	for (unsigned i = 0; i < names && error == EAI_NONAME; i++)
		error = ask_for(l, &l->names[i]);
	if (error == 0)
		collect(l, found);
	free(l);
	return error;
}

int resolver_find_name(const struct resolver *resolver, const struct dns_address *address, char name[DNS_TEXT_MAX])
{
	struct lookup *l = lookup_make(resolver);
	int error;

	if (l == NULL)
		return EAI_MEMORY;
	lookup_add(l, DNS_PTR);
	dns_name_reverse(&l->names[0], address);
	error = ask_for(l, &l->names[0]);
	if (error == 0 && !dns_name_format(&l->asks[0].found.pointer, name))
		error = EAI_NONAME;
	free(l);
	return error;
}
