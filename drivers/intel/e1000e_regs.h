/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of the Intel 82574 Gigabit Ethernet controller: those that the driver uses, by their names in its datasheet
 * (chapter 10), as byte offsets into BAR 0. All are 32 bits wide.
 */
#ifndef CAMBIUM_INTEL_E1000E_REGS_H
#define CAMBIUM_INTEL_E1000E_REGS_H

#define E1000E_BAR_BYTES 0x20000u

#define REG_CTRL 0x0000u
#define CTRL_MASTER_DISABLE (1u << 2) /* no new requests to the bus */
#define CTRL_ASDE (1u << 5)           /* the MAC follows the speed that the PHY found */
#define CTRL_SLU (1u << 6)            /* set link up */
#define CTRL_FRCSPD (1u << 11)        /* speed and duplex forced, not negotiated */
#define CTRL_FRCDPLX (1u << 12)
#define CTRL_RST (1u << 26) /* global reset; clears itself */
#define CTRL_RFCE (1u << 27)
#define CTRL_TFCE (1u << 28) /* flow control, receive and transmit */
#define CTRL_VME (1u << 30)  /* VLAN tags taken off and put on */

#define REG_STATUS 0x0008u
#define STATUS_LU (1u << 1)         /* link up */
#define STATUS_MASTER_EN (1u << 19) /* requests to the bus may still be under way */

#define REG_EECD 0x0010u
#define EECD_AUTO_RD (1u << 9) /* what the NVM holds has been read after a reset */

#define REG_CTRL_EXT 0x0018u
#define CTRL_EXT_EIAME (1u << 24) /* an MSI-X message masks the causes in IAM that it was sent for */
#define CTRL_EXT_IAME (1u << 27)  /* an access to ICR masks the causes in IAM */
#define CTRL_EXT_DRV_LOAD (1u << 28)
#define CTRL_EXT_PBA (1u << 31) /* pending bits of MSI-X as the PCI specification has them */

/* Interrupt causes (chapter 7.4): ICR (1 clears), IMS (1 allows), IMC (1 masks), EIAC (cleared when the message goes
 * out), IAM (masked then). */
#define REG_ICR 0x00c0u
#define REG_IMS 0x00d0u
#define REG_IMC 0x00d8u
#define REG_EIAC 0x00dcu
#define REG_IAM 0x00e0u
#define CAUSE_LSC (1u << 2) /* link status changed */
#define CAUSE_RXO (1u << 6) /* no receive descriptor left */
#define CAUSE_MDAC (1u << 9)
#define CAUSE_SRPD (1u << 16)
#define CAUSE_ACK (1u << 17)
#define CAUSE_MNG (1u << 18)
#define CAUSE_RXQ0 (1u << 20)
#define CAUSE_TXQ0 (1u << 22)
#define CAUSE_OTHER (1u << 24) /* one of those without a queue */
#define CAUSE_OTHERS (CAUSE_OTHER | CAUSE_LSC | CAUSE_RXO | CAUSE_MDAC | CAUSE_SRPD | CAUSE_ACK | CAUSE_MNG)

/* Which MSI-X vector a cause has. */
#define REG_IVAR 0x00e4u
#define IVAR_VALID 0x8u
#define IVAR_RXQ0(vector) ((IVAR_VALID | (vector)) << 0)
#define IVAR_TXQ0(vector) ((IVAR_VALID | (vector)) << 8)
#define IVAR_OTHER(vector) ((IVAR_VALID | (vector)) << 16)

#define REG_EITR(vector) (0x00e8u + 4u * (vector)) /* least time between two interrupts, 256 ns */

#define REG_RCTL 0x0100u
#define RCTL_EN (1u << 1)
#define RCTL_MPE (1u << 4)    /* all multicasts */
#define RCTL_BAM (1u << 15)   /* broadcasts */
#define RCTL_SECRC (1u << 26) /* strip the CRC. LPE (bit 5), SBP (2), BSIZE (16-17), BSEX (25), DTYP (10-11) are 0 */

#define REG_TCTL 0x0400u
#define TCTL_EN (1u << 1)
#define TCTL_PSP (1u << 3)         /* pad short packets */
#define TCTL_CT (15u << 4)         /* collision threshold and distance, for half duplex */
#define TCTL_COLD_FULL (63u << 12) /* full duplex */
#define TCTL_MULR (1u << 28)       /* several reads under way at once */

#define REG_RDBAL 0x2800u
#define REG_RDBAH 0x2804u
#define REG_RDLEN 0x2808u
#define REG_RDH 0x2810u
#define REG_RDT 0x2818u
#define REG_RDTR 0x2820u /* delays of receive interrupts */
#define REG_RADV 0x282cu

#define REG_TDBAL 0x3800u
#define REG_TDBAH 0x3804u
#define REG_TDLEN 0x3808u
#define REG_TDH 0x3810u
#define REG_TDT 0x3818u
#define REG_TIDV 0x3820u /* delays of transmit interrupts */
#define REG_TADV 0x382cu
#define REG_TXDCTL 0x3828u
#define TXDCTL_PTHRESH(n) (n)        /* fetch in advance below so many descriptors on the chip, */
#define TXDCTL_HTHRESH(n) ((n) << 8) /* when so many are there */
#define TXDCTL_COUNT (1u << 22)      /* must be 1 */
#define TXDCTL_GRAN (1u << 24)       /* thresholds are descriptors, not cache lines; WTHRESH 0: written back at once */

#define REG_RXCSUM 0x5000u
#define RXCSUM_IPOFLD (1u << 8) /* IP, and TCP and UDP checksums are verified */
#define RXCSUM_TUOFLD (1u << 9)

#define REG_RFCTL 0x5008u
#define RFCTL_ISCSI_DIS (1u << 0)
#define RFCTL_NFS_DIS (3u << 6)
#define RFCTL_ACK_DIS (1u << 12)     /* no cause for a bare TCP ACK */
#define RFCTL_EXSTEN (1u << 15)      /* extended receive descriptors */
#define RFCTL_IPV6_EX_DIS (3u << 16) /* IPv6 extension headers are not parsed: malformed ones hang the chip */

#define REG_MTA(n) (0x5200u + 4u * (n)) /* multicast table */
#define MTA_COUNT 128u
#define REG_RAL(n) (0x5400u + 8u * (n)) /* addresses that are received */
#define REG_RAH(n) (0x5404u + 8u * (n))
#define RAH_AV (1u << 31) /* this one is valid */
#define RA_COUNT 16u
#define REG_MRQC 0x5818u /* several receive queues: 0, one */

#endif
