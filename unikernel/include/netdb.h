/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of hosts: digits, `localhost`, and what the name servers know that RESOLVER=ADDRESS[#PORT],... in the environment
 * names, with the suffixes of LOCALDOMAIN="SUFFIX ...". Services are numbers.
 */
#ifndef CAMBIUM_NETDB_H
#define CAMBIUM_NETDB_H

#include <netinet/in.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AI_PASSIVE 0x01
#define AI_CANONNAME 0x02
#define AI_NUMERICHOST 0x04
#define AI_V4MAPPED 0x08
#define AI_ALL 0x10
#define AI_ADDRCONFIG 0x20
#define AI_NUMERICSERV 0x400

#define NI_MAXHOST 1025
#define NI_MAXSERV 32
#define NI_NUMERICHOST 0x01
#define NI_NUMERICSERV 0x02
#define NI_NOFQDN 0x04 /* means nothing: names are told whole */
#define NI_NAMEREQD 0x08
#define NI_DGRAM 0x10

#define EAI_BADFLAGS -1
#define EAI_NONAME -2
#define EAI_AGAIN -3
#define EAI_FAIL -4
#define EAI_FAMILY -6
#define EAI_SOCKTYPE -7
#define EAI_SERVICE -8
#define EAI_MEMORY -10
#define EAI_SYSTEM -11
#define EAI_OVERFLOW -12

struct addrinfo {
	int ai_flags;
	int ai_family;
	int ai_socktype;
	int ai_protocol;
	socklen_t ai_addrlen;
	struct sockaddr *ai_addr;
	char *ai_canonname;
	struct addrinfo *ai_next;
};

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result);
void freeaddrinfo(struct addrinfo *list);
const char *gai_strerror(int error);
int getnameinfo(const struct sockaddr *address, socklen_t length, char *host, socklen_t host_length, char *service,
		socklen_t service_length, int flags);

#ifdef __cplusplus
}
#endif

#endif
