/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names [NAME|ADDRESS]...: says what the domain's name servers know of each, tries again as long as TRIES in the environment
 * allows while they do not answer, and fetches a page from the first of names without a dot.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int tries = 30;

/* Gets "GET / HTTP/1.0" answered by one of @list. */
static bool fetch(const struct addrinfo *list)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	char answer[12];
	bool ok = false;

	for (; list && !ok; list = list->ai_next) {
		int fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);

		ok = fd >= 0 && !connect(fd, list->ai_addr, list->ai_addrlen) &&
		     send(fd, request, sizeof request - 1, 0) == sizeof request - 1 &&
		     recv(fd, answer, sizeof answer, MSG_WAITALL) == sizeof answer && !memcmp(answer + 8, " 200", 4);
		if (fd >= 0)
			close(fd);
	}
	return ok;
}

static void say_addresses(const char *name)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME};
	struct addrinfo *list = NULL;
	time_t before = time(NULL);
	unsigned count = 0;
	int error = EAI_AGAIN;
	char text[1000], host[INET6_ADDRSTRLEN];

	for (int i = 0; i < tries && error == EAI_AGAIN; i++)
		error = getaddrinfo(name, "80", &hints, &list);
	if (error) {
		printf("%s: error %d after %s: %s\n", name, error, time(NULL) - before > 60 ? "long" : "a while",
		       gai_strerror(error));
		return;
	}
	snprintf(text, sizeof text, "%s: %s", name, list->ai_canonname);
	for (const struct addrinfo *i = list; i; i = i->ai_next, count++) {
		if (count > 3 || getnameinfo(i->ai_addr, i->ai_addrlen, host, sizeof host, NULL, 0, NI_NUMERICHOST))
			continue;
		strcat(text, " ");
		strcat(text, host);
	}
	printf("%s (%u)\n", text, count);
	if (!strchr(name, '.'))
		printf("%s: %s\n", name, fetch(list) ? "serves its page" : "serves no page");
	freeaddrinfo(list);
}

static bool say_name(const char *text)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *list;
	char host[NI_MAXHOST];
	int error = EAI_AGAIN;

	if (getaddrinfo(text, NULL, &hints, &list))
		return false;
	for (int i = 0; i < tries && error == EAI_AGAIN; i++)
		error = getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof host, NULL, 0, NI_NAMEREQD);
	freeaddrinfo(list);
	if (error)
		printf("%s: error %d\n", text, error);
	else
		printf("%s: %s\n", text, host);
	return true;
}

int main(int argc, char **argv)
{
	if (getenv("TRIES"))
		tries = atoi(getenv("TRIES"));
	for (int i = 1; i < argc; i++)
		if (!say_name(argv[i]))
			say_addresses(argv[i]);
	printf("names: done\n");
	return 0;
}
