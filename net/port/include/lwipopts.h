/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How lwIP is configured for Cambium guests: threads that share the stack under one core lock, the netconn API under
 * our own POSIX sockets (unikernel/posix), IPv4 and IPv6.
 *
 * Memory. What a packet or a segment carries comes from the heap; control blocks come from pools of fixed size, so that
 * no peer can make the stack eat the heap with connections: when a pool is empty lwIP kills TIME-WAIT and the oldest of
 * low priority, or refuses.
 */
#ifndef CAMBIUM_LWIPOPTS_H
#define CAMBIUM_LWIPOPTS_H

/* System: cooperative threads (cambium/thread.h), so there is nothing to protect short sections from. */
#define NO_SYS 0
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_TCPIP_CORE_LOCKING 1
#define LOCK_TCPIP_CORE() net_core_lock()
#define UNLOCK_TCPIP_CORE() net_core_unlock()
#define LWIP_TCPIP_CORE_LOCKING_INPUT 1
#define LWIP_COMPAT_MUTEX 0
#define LWIP_NETCONN 1
#define LWIP_NETCONN_SEM_PER_THREAD 1
#define LWIP_NETCONN_FULLDUPLEX 1
/* The socket layer is our own; this only gives struct netconn its `socket` field. */
#define LWIP_SOCKET 1
#define LWIP_COMPAT_SOCKETS 0
#define LWIP_POSIX_SOCKETS_IO_NAMES 0
#define LWIP_SOCKET_SELECT 0
#define LWIP_SOCKET_POLL 0
#define LWIP_TIMEVAL_PRIVATE 0
#define LWIP_ERRNO_STDINCLUDE 1
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS 1
#define TCPIP_THREAD_NAME "net"
#define TCPIP_THREAD_STACKSIZE 32768
#define TCPIP_THREAD_PRIO 1
#define TCPIP_MBOX_SIZE 128

/* Memory. */
#define MEM_ALIGNMENT 16
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 0
#define MEMP_NUM_NETCONN 576 /* 512 sockets and what waits to be accepted */
#define MEMP_NUM_TCP_PCB 768
#define MEMP_NUM_TCP_PCB_LISTEN 32
#define MEMP_NUM_UDP_PCB 64
#define MEMP_NUM_RAW_PCB 8
#define MEMP_NUM_NETBUF 256
#define MEMP_NUM_TCP_SEG 4096
#define MEMP_NUM_PBUF 256
#define MEMP_NUM_REASSDATA 8
#define MEMP_NUM_FRAG_PBUF 32
#define MEMP_NUM_ARP_QUEUE 16
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 1) /* net_tcp_tick */
#define MEMP_NUM_TCPIP_MSG_API 64
#define MEMP_NUM_TCPIP_MSG_INPKT 64
#define PBUF_POOL_SIZE 4                 /* received packets live in net/port/rx_pool.c ... */
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1 /* ... of which lwIP's checks know nothing; tcp_hooks.c has the others */
#define LWIP_SUPPORT_CUSTOM_PBUF 1

/* Link and IP. */
#define LWIP_ARP 1
#define ARP_QUEUEING 1
#define ARP_TABLE_SIZE 16
#define ETHARP_SUPPORT_STATIC_ENTRIES 1
#define ETHARP_TRUST_IP_MAC 0
#define ETH_PAD_SIZE 0
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_IPV6_FORWARD 0
#define LWIP_IPV6_FRAG 1
#define LWIP_IPV6_REASS 1
#define IPV6_FRAG_COPYHEADER 1 /* a pointer does not fit where a fragment header was */
#define LWIP_IPV6_MLD 0        /* one router on the link, which passes no multicast on */
#define LWIP_IPV6_DHCP6 0
#define LWIP_IPV6_AUTOCONFIG 1          /* per interface: where the device page has no address */
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0 /* two ends whose addresses the plan has told apart */
#define LWIP_ND6_NUM_NEIGHBORS 8
#define LWIP_ND6_NUM_DESTINATIONS 16
#define MEMP_NUM_ND6_QUEUE 16
#define IP_FORWARD 0
#define IP_REASSEMBLY 1
#define IP_REASS_MAX_PBUFS 64 /* of each family; the router passes no fragment of a datagram before it has all */
#define IP_FRAG 1
#define LWIP_ICMP 1
#define LWIP_RAW 1
/* DHCP: per interface, where the device page says so. timeouts.c is compiled without (net/port/dhcp_client.c); a lease is
 * counted in units of ten seconds (lwip/dhcp.h beside this). */
#ifndef LWIP_DHCP
#define LWIP_DHCP 1
#endif
#define DHCP_DOES_ARP_CHECK 0 /* as above: nobody else is on the link */
#define LWIP_NETIF_HOSTNAME 1
#define LWIP_AUTOIP 0
#define LWIP_IGMP 0
#define LWIP_DNS 0
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_NETIF_LOOPBACK_MULTITHREADING 1
#define LWIP_LOOPBACK_MAX_PBUFS 256
#define LWIP_NETIF_API 0

/* TCP. 45 segments each way; a listener's backlog counts half-open connections too. */
#define LWIP_TCP 1
#define LWIP_UDP 1
#define TCP_MSS 1460
#define TCP_WND (45 * TCP_MSS)
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 1
#define TCP_SND_BUF (45 * TCP_MSS)
#define TCP_SND_QUEUELEN 360
#define TCP_SNDLOWAT (12 * TCP_MSS)
#define TCP_SNDQUEUELOWAT 180
#define TCP_LISTEN_BACKLOG 1
#define TCP_DEFAULT_LISTEN_BACKLOG 255
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_BYTES TCP_WND
#define TCP_OOSEQ_MAX_PBUFS 64
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_KEEPALIVE 1
#define SO_REUSE 1
#define LWIP_SO_RCVTIMEO 1
#define LWIP_SO_SNDTIMEO 1
#define LWIP_SO_LINGER 1
#define LWIP_SO_RCVBUF 0
/* TIME-WAIT lasts 2 * MSL and at most NET_TIME_WAIT_MAX connections; of those that their programs have closed and that
 * send their last bytes again and again there are at most NET_CLOSING_MAX (net/port/tcp_hooks.c). */
#define TCP_MSL 5000UL
#define NET_TIME_WAIT_MAX 128
#define NET_CLOSING_MAX 64
#define DEFAULT_TCP_RECVMBOX_SIZE 64
#define DEFAULT_UDP_RECVMBOX_SIZE 64
#define DEFAULT_RAW_RECVMBOX_SIZE 16
#define DEFAULT_ACCEPTMBOX_SIZE 256

/* Checksums: by the network where it can (per interface), by our own loop where not. */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_CHECKSUM_ON_COPY 0
#define LWIP_CHKSUM net_checksum

/* Hooks (net/port/tcp_hooks.c, net/port/net_if.c, net/port/dhcp_client.c). */
#define LWIP_HOOK_FILENAME "hooks.h"
#define LWIP_HOOK_ND6_GET_GW(netif, dest) net_if_gateway6(netif)
#define LWIP_HOOK_DHCP_PARSE_OPTION(netif, dhcp, state, msg, msg_type, option, len, pbuf, at)                          \
	((void)(msg), net_dhcp_option(option, len, pbuf, at))
#define LWIP_HOOK_TCP_ISN net_tcp_isn
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, hdr, optlen, opt1len, opt2, p) net_tcp_inpacket(pcb, hdr, p)

#define LWIP_STATS 0
#define LWIP_DBG_MIN_LEVEL 0

#endif
