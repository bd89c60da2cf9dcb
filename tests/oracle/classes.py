# SPDX-License-Identifier: BSD-2-Clause
"""The closed list of differences between the core and nf_tables that are meant: docs/router.md says why each is so."""

import fragments
import policy

TCP = 6
SYN, RST, ACK = 2, 4, 16
FIN_OR_RST = set("FR")
ACK_WINDOW = 66000  # acknowledgements so much older than what was sent are too old, whatever the window
DROPPED = {"core": "drop", "kernel": "forward"}
PASSED = {"core": "forward", "kernel": "drop"}


def stray_reset(case):
    if case.reason != "NO_FLOW" or case.kind != {"core": "answer", "kernel": "drop"}:
        return False
    answer = case.out["core"][0][1]
    return case.packet.proto == TCP and answer.good and answer.flags() & ~ACK == RST and \
        answer.tuple() == (case.packet.dst, case.packet.dport, case.packet.src, case.packet.sport)


def long_frame(case):
    return case.reason == "FRAME_LONG" and case.kind["core"] == "drop" and \
        case.packet.length > policy.MTU[policy.NAMES[case.packet.iface]]


def own_answer(case):
    """Another address of the router is asked: who says that it is prohibited."""
    here = policy.NAMES[case.packet.iface]
    own = policy.V4 if case.packet.family == 4 else policy.V6
    answers = [case.out[side][0][1] for side in ("core", "kernel") if case.out[side]]
    return case.why == "addresses of the answer" and case.packet.dst in own.values() and case.packet.dst != own[here] and \
        answers[0].src == own[here] and answers[1].src == case.packet.dst and answers[0].dst == answers[1].dst and \
        answers[0].kind == answers[1].kind and answers[0].error.tuple() == answers[1].error.tuple()


def way_back(case):
    return case.reason == "NO_ROUTE" and case.kind == {"core": "drop", "kernel": "answer"} and \
        (case.packet.ttl <= 1 or case.packet.length > policy.MTU[policy.NAMES[case.packet.iface]])


def clash(case):
    return case.reason == "FLOW_CLASH" and case.kind == DROPPED and case.out["kernel"][0][1].sport != case.packet.sport


def answered_unseen(case):
    return case.reason in ("TTL_EXPIRED", "TOO_BIG") and case.kind == {"core": "answer", "kernel": "drop"} and \
        case.packet.proto == TCP and bool(case.flow.told) and case.flow.is_amiss(case.direction, case.packet)


def handshake(case):
    if case.kind != DROPPED or set(case.flow.told) != {"S>"}:
        return False
    answers = case.direction == 1 and case.packet.flags() & (SYN | RST) and case.packet.flags() & ACK
    if not answers:
        return case.reason == "TCP_STATE"
    return case.reason == "TCP_WINDOW" and case.flow.distance(1, case.packet)[1] != 0


def second_syn_ack(case):
    return case.packet.proto == TCP and case.kind == DROPPED and case.packet.flags() == SYN | ACK and \
        "SA<" in case.flow.told and case.reason in ("TCP_WINDOW", "TCP_STATE")


def reset_from_zero(case):
    return case.reason == "TCP_WINDOW" and case.kind == DROPPED and case.packet.flags() & RST and case.packet.seq == 0 and \
        set(case.flow.told) <= {"S>", "SA<"}


def old_segment(case):
    if case.reason != "TCP_WINDOW" or case.kind != DROPPED:
        return False
    seq, ack = case.flow.distance(case.direction, case.packet)
    return ack <= 0 and seq < 0 or ack < -ACK_WINDOW and seq <= case.flow.offered(1 - case.direction)


def second_window(case):
    if case.reason != "TCP_WINDOW" or case.kind != DROPPED:
        return False
    seq, ack = case.flow.distance(case.direction, case.packet)
    return ack <= 0 <= seq <= 2 * case.flow.offered(1 - case.direction)


def shut_window(case):
    return case.reason == "TCP_WINDOW" and case.kind == DROPPED and case.flow.window[1 - case.direction] == 0 and \
        case.flow.distance(case.direction, case.packet)[0] > 0


def probe(case):
    return case.packet.proto == TCP and case.kind == PASSED and case.flow.window[1 - case.direction] == 0 and \
        case.flow.distance(case.direction, case.packet)[0] == 1


def old_reset(case):
    return case.packet.proto == TCP and case.kind == PASSED and case.packet.flags() & RST and \
        case.flow.distance(case.direction, case.packet)[0] < 0


def reset_at_the_end(case):
    return case.reason == "TCP_WINDOW" and case.kind == DROPPED and case.packet.flags() & RST and \
        any(FIN_OR_RST & set(flags) for flags in case.flow.told)


def syn_anew(case):
    before = case.flow.before
    return case.kind == PASSED and case.packet.proto == TCP and before is not None and before.told[-1:] == ["S>"] and \
        set(case.flow.told) == {"S>", "SA<"}


def quoted_sequence(case):
    if case.reason != "ICMP_UNRELATED" or case.kind != DROPPED or case.packet.error.proto != TCP:
        return False
    if case.direction == 0 and "SA<" not in case.flow.told:
        return True  # by a segment of an older connection, since there was no answer in this one
    ahead = case.flow.ahead(1 - case.direction, int.from_bytes(case.packet.error.l4[4:8], "big"))
    return ahead > 0 or ahead < -ACK_WINDOW


def refused(case):
    return case.kind == PASSED and set(case.flow.told) == {"S>", "RA<"}


def overlap(case):
    return case.kind["core"] == "drop" and case.kind["kernel"] in ("forward", "answer") and case.reason in ("FRAGMENT_OVERLAP", "FRAGMENT_REFUSED") and \
        fragments.overlap(case.pieces["core"])


def tiny_fragment(case):
    return case.kind["core"] == "drop" and case.kind["kernel"] in ("forward", "answer") and case.reason.startswith("FRAGMENT_") and \
        fragments.tiny(case.pieces["core"], case.packet.proto)


def single_fragment(case):
    """It keeps its header, also where it is quoted, and though it may be too long with it."""
    if case.packet.family == 4 or case.pieces is None or len(case.pieces["core"]) > 1:
        return False
    if case.kind["core"] == "forward":
        return len(case.sizes["core"]) == 1 and not case.sizes["kernel"] and case.why.startswith("sizes of fragments")
    quoted = case.out["core"][0][1].error if case.out["core"] else None
    return case.kind["core"] == "answer" and (case.kind["kernel"] == "answer" or case.reason == "TOO_BIG") and quoted is not None and quoted.proto == fragments.NEXT_FRAGMENT


def whole_again(case):
    return case.packet.family == 6 and case.pieces is not None and case.why.startswith("sizes of fragments") and \
        not case.sizes["kernel"] and case.packet.length <= max(len(f) - 14 for f in case.pieces["core"])


CLASSES = {
    "stray reset": stray_reset,
    "long frame": long_frame,
    "own address": own_answer,
    "way back": way_back,
    "clash": clash,
    "answered unseen": answered_unseen,
    "handshake": handshake,
    "second SYN and ACK": second_syn_ack,
    "reset from zero": reset_from_zero,
    "reset at the end": reset_at_the_end,
    "SYN anew": syn_anew,
    "refused": refused,
    "quoted sequence": quoted_sequence,
    "old segment": old_segment,
    "second window": second_window,
    "shut window": shut_window,
    "probe": probe,
    "old reset": old_reset,
    "overlap": overlap,
    "tiny fragment": tiny_fragment,
    "single fragment": single_fragment,
    "whole again": whole_again,
}
NAMES = list(CLASSES)


def find(case):
    """The name of the class that @case belongs to, or None."""
    return next((name for name, holds in CLASSES.items() if holds(case)), None)
