#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The router's core against nf_tables: random policies, random packets, each through both. See docs/router.md.

usage: oracle.py BUILD [--seed N] [--rulesets N] [--packets N]
Exit codes: 0 all agree but for the documented classes, 1 not so, 2 cannot work, 77 not run.
"""

import argparse
import collections
import json
import os
import random
import subprocess
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True

try:
    import scapy.all  # noqa: F401
except ImportError:
    print("not run: python3-scapy is missing")
    sys.exit(77)

import classes
import fragments
import policy
import sides
import traffic
from frames import Frame


SHOWN = 5  # rulesets, and failures of each


class Case:
    """One packet and what both did: what a class of differences looks at."""

    def __init__(self, flow, direction, packet, reason, out, policy_blocks):
        self.flow, self.direction, self.packet, self.reason = flow, direction, packet, reason
        self.out = out  # side -> [(interface, Frame)]
        self.kind = {side: kind_of(packet.iface, out[side]) for side in traffic.SIDES}
        self.blocks = policy_blocks
        self.why = None


def kind_of(iface, out):
    """An answer goes back where the packet came from: neither router forwards there."""
    if not out:
        return "drop"
    if len(out) > 1:
        return "many"
    return "answer" if out[0][0] == iface else "forward"


class Judge:
    def __init__(self, core, kernel, blocks, report):
        self.core, self.kernel, self.blocks, self.report = core, kernel, blocks, report
        self.packets, self.agreed = 0, collections.Counter()
        self.flows = {}  # the last with each tuple
        self.refused = 0  # by the core before any rule, by the kernel perhaps for one
        self.taken = {}  # by the core: tuple where it left -> the opener's
        self.balanced = [set(r.targets) for b in blocks for r in b.rules if len(r.targets) > 1]

    def both(self, zones, sent):
        """What leaves because of the frames @sent[side]: the core's reason, and for each side the packets and the sizes of their fragments."""
        left, out = [], []
        for core, kernel in zip(sent["core"], sent["kernel"]):
            reason, more = self.core.send(zones["core"], core)
            left += more
            out += self.kernel.send(zones["kernel"], kernel)
        if left and not out:
            out = self.kernel.wait()
        return reason, {"core": fragments.join(left), "kernel": fragments.join(out)}

    def packet(self, flow, direction, zones, frames, pieces=None):
        """"forward", "drop" or "answer" where both agree, else "differs". @pieces[side]: the fragments in which it is sent."""
        self.packets += 1
        if self.flows.get(flow.key(), flow) is not flow:
            flow.before = self.flows[flow.key()]
        self.flows[flow.key()] = flow
        reason, joined = self.both(zones, pieces or {s: [frames[s]] for s in frames})
        out = {s: joined[s][0] for s in joined}
        packet = Frame(frames["core"])
        packet.iface = zones["core"]
        case = Case(flow, direction, packet, reason,
                    {s: [(i, Frame(data)) for i, data in out[s]] for s in out}, self.blocks)
        for side in traffic.SIDES:
            if zones[side] != packet.iface and case.kind[side] in ("answer", "forward"):
                case.kind[side] = kind_of(zones[side], out[side])
        case.sizes = {s: joined[s][1] for s in joined}
        case.pieces, case.zones = pieces, zones
        case.sent = {s: Frame(frames[s]) for s in frames}
        case.why = self.difference(case)
        if case.why is None and case.kind["core"] == "forward" and packet.proto == 6:
            flow.passed(direction, packet)
        flow.history.append(describe(case))
        if case.why is None:
            for side in traffic.SIDES:
                if case.kind[side] == "forward" and packet.error is None:
                    flow.last[direction][side] = out[side][0][1]
            self.agreed[case.kind["core"]] += 1
            self.refused += reason == "FRAME_LONG" or reason.startswith("FRAGMENT_")
            return case.kind["core"]
        name = classes.find(case)
        self.report(name, case)
        return "differs"

    # --- what agreement means ---

    def difference(self, case):
        """None, or what it is that differs."""
        core, kernel = case.kind["core"], case.kind["kernel"]
        if "many" in (core, kernel):
            return "several frames left for one"
        if core != kernel:
            return "verdict"
        if core == "drop":
            return None
        if core == "answer":
            return self.answers_differ(case)
        return self.forwards_differ(case)

    @staticmethod
    def answers_differ(case):
        """Each must be about what was sent there, and both say the same of it."""
        a, b = case.out["core"][0][1], case.out["kernel"][0][1]
        if not a.good or not b.good:
            return "wrong sum in the answer"
        if a.proto != b.proto or bool(a.error) != bool(b.error):
            return "kind of the answer"
        for side, answer in (("core", a), ("kernel", b)):
            sent = case.sent[side]
            about = answer.error.tuple() if answer.error else (answer.dst, answer.dport, answer.src, answer.sport)
            if answer.dst != sent.src or about != sent.tuple():
                return "the answer of %s is about another packet" % side
        if case.sent["core"].ethernet == case.sent["kernel"].ethernet and (a.ethernet, a.src) != (b.ethernet, b.src):
            return "addresses of the answer"
        if a.error:
            return None if a.l4[:2] + a.l4[4:8] == b.l4[:2] + b.l4[4:8] else "kind or MTU of the answer"
        if a.proto == 6:
            return None if a.l4[4:14] == b.l4[4:14] else "RST"
        return None if a.rest[7:] == b.rest[7:] else "echo"

    def forwards_differ(self, case):
        flow, (core_if, a), (kernel_if, b) = case.flow, case.out["core"][0], case.out["kernel"][0]
        if case.packet.good and not (a.good and b.good):
            return "wrong sum"
        if case.sizes["core"] != case.sizes["kernel"]:
            return "sizes of fragments: %(core)r, not %(kernel)r" % case.sizes
        for side in traffic.SIDES:
            iface, frame = case.out[side][0]
            carried = min(policy.MTU[policy.NAMES[i]] for i in (iface, case.zones[side])) - (40 if frame.family == 4 else 60)
            if case.packet.mss is not None and frame.mss != min(case.packet.mss, carried):
                return "the segment size that %s lets be offered" % side
        if a.rest != b.rest or a.fragment != b.fragment or a.ttl != b.ttl or a.id != b.id:
            return "more than the translation"
        if case.packet.error:
            return self.errors_differ(case, a, b)
        if case.direction == 0 and not flow.seen:
            return self.openings_differ(case, core_if, a, kernel_if, b)
        for side, (iface, frame) in (("core", case.out["core"][0]), ("kernel", case.out["kernel"][0])):
            wanted = flow.opener.mirror(flow.opener.zone) if case.direction else flow.seen.get(side)
            if wanted is None or (policy.NAMES[iface],) + frame.tuple() != wanted.key():
                return "the translation of %s does not hold for later packets" % side
        return None if case.direction == 0 or a.ethernet == b.ethernet else "next hop"

    @staticmethod
    def errors_differ(case, a, b):
        """Each must name the flow as the end that gets it knows it."""
        for side, frame in (("core", a), ("kernel", b)):
            known = case.flow.sending(1 - case.direction, side)
            if frame.dst != known.src or frame.error.tuple() != known.key()[1:]:
                return "the ICMP error of %s names another flow" % side
        return None if a.src == b.src else "source of the ICMP error"

    def openings_differ(self, case, core_if, a, kernel_if, b):
        flow, sent = case.flow, case.packet
        if a.dport != b.dport:
            return "destination port"
        if (core_if, a.dst) != (kernel_if, b.dst):
            spread = {policy.NAMES[core_if], policy.NAMES[kernel_if]}
            if not any(spread <= targets for targets in self.balanced):
                return "destination"
        elif a.ethernet != b.ethernet:
            return "next hop"
        if a.src != b.src:
            return "source address"
        if a.sport != b.sport and (a.src == sent.src or a.sport < 1024):
            return "source port"
        view = (flow.proto, policy.NAMES[core_if]) + a.tuple()
        if self.taken.setdefault(view, flow.key()) != flow.key():
            return "collision"
        for side, iface, frame in (("core", core_if, a), ("kernel", kernel_if, b)):
            flow.seen[side] = traffic.View(policy.NAMES[iface], *frame.tuple())
        return None


class Ruleset:
    """One policy, its packets and what came of them."""

    def __init__(self, build, seed, packets):
        self.build, self.seed, self.wanted = build, seed, packets
        self.counts, self.failures, self.packets, self.agreed = collections.Counter(), [], 0, collections.Counter()
        self.text = self.nft = ""

    def policy(self, folder):
        """A policy that the compiler takes: what it calls an error goes."""
        rng = random.Random(self.seed)
        blocks = policy.random_policy(rng)
        table = os.path.join(folder, "table")
        source = os.path.join(folder, "rules")
        while True:
            self.text = policy.policy_text(blocks, random.Random(self.seed))
            with open(source, "w") as f:
                f.write(self.text)
            done = subprocess.run([self.build + "/tools/cambium", "rules", "compile", source, "-o", table],
                                  capture_output=True, text=True)
            if done.returncode == 0:
                return blocks, table, rng
            wrong = {int(line.split(":")[1]) for line in (done.stdout + done.stderr).splitlines() if ": error: " in line}
            left = [[r for r in b.rules if r.line not in wrong] for b in blocks]
            if not wrong or left == [b.rules for b in blocks]:
                raise RuntimeError("the compiler refuses the policy of seed %d:\n%s" % (self.seed, done.stderr + done.stdout))
            for block, rules in zip(blocks, left):
                block.rules = rules
            blocks = [b for b in blocks if b.rules]

    def report(self, name, case):
        self.counts[name or "FAILED"] += 1
        if name is None:
            self.failures.append("\n".join(case.flow.history))

    def run(self):
        with tempfile.TemporaryDirectory() as folder:
            blocks, table, rng = self.policy(folder)
            core = sides.Core(self.build + "/oracle/core", table)
            self.nft = policy.Nft(blocks).text()
            kernel = sides.Kernel(self.nft)
            judge = Judge(core, kernel, blocks, self.report)
            traffic.Conversations(rng, judge).run(self.wanted)
            self.packets, self.agreed = judge.packets, judge.agreed
            core_hits, kernel_hits = core.close(), kernel.close()
            if core_hits != kernel_hits and not self.counts and not judge.refused:
                self.counts["FAILED"] += 1
                self.failures.append("rules decided other numbers of flows, by line: core %r, kernel %r" % (
                    core_hits, kernel_hits))


def describe(case):
    lines = ["DIFFERS: " + case.why] if case.why else []
    lines.append("%s from %s: %s" % ("forth" if case.direction == 0 else "back", policy.NAMES[case.packet.iface],
                                     case.packet.describe()))
    if case.pieces:
        lines.append("  as " + ", ".join("%d%s %d bytes" % (o, "+" if more else "", len(f) - at) for f in case.pieces["core"]
                                         for o, more, _, at in [fragments.read(f)]))
    for side in traffic.SIDES:
        out = "; ".join("to %s %s" % (policy.NAMES[i], f.describe()) for i, f in case.out[side]) or "nothing"
        lines.append("  %-7s %s%s%s" % (side + ":", out, " (%s)" % case.reason if side == "core" else "",
                                        " in fragments of %r" % case.sizes[side] if case.sizes[side] else ""))
    if case.packet.proto == 6 and case.why:
        lines.append("  seq %+d to what was sent, ack %+d to what the other sent, windows %r << %r, passed %s" % (
            case.flow.distance(case.direction, case.packet) + (case.flow.window, case.flow.scale, " ".join(case.flow.told))))
    return "\n".join(lines)


def in_child(ruleset):
    """Run @ruleset in a process and a network of its own, which go away with all that the kernel knows of it."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 2
        try:
            sides.enter_namespace()
            ruleset.run()
            status = 0
        except sides.NotRun as e:
            ruleset.failures, status = [str(e)], 77
        except Exception:
            ruleset.failures = [traceback.format_exc()]
        with os.fdopen(writer, "w") as f:
            json.dump([ruleset.counts, ruleset.failures, ruleset.packets, ruleset.agreed, ruleset.text, ruleset.nft], f)
        os._exit(status)
    os.close(writer)
    return pid, os.fdopen(reader)


def check_machine():
    """What is missing, or None."""
    if os.geteuid() != 0:
        return "needs root, for a network namespace"
    for program in ("nft", "ip"):
        if subprocess.run(["which", program], capture_output=True).returncode:
            return program + " is missing (Debian packages: nftables, iproute2)"
    if not os.path.exists("/dev/net/tun"):
        return "no /dev/net/tun"
    done = subprocess.run(["unshare", "-n", "nft", "-f", "-"], input="table inet t { chain c { type nat hook prerouting "
                          "priority -100; fib daddr type local ct state new meta mark 1 meta l4proto tcp dnat ip to 10.0.0.1:80; }; }\n",
                          capture_output=True, text=True)
    return "nf_tables cannot be used here: " + done.stderr.strip().split("\n")[0] if done.returncode else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rulesets", type=int, default=320)
    parser.add_argument("--packets", type=int, default=330)
    options = parser.parse_args()
    missing = check_machine()
    if missing:
        print("not run: " + missing)
        return 77
    counts, agreed, packets, failed, shown = collections.Counter(), collections.Counter(), 0, 0, 0
    waiting = [Ruleset(options.build, options.seed + i, options.packets) for i in range(options.rulesets)]
    running = []
    while waiting or running:
        while waiting and len(running) < 2:
            running.append((waiting[0], in_child(waiting[0])))
            waiting.pop(0)
        ruleset, (pid, reader) = running.pop(0)
        with reader:
            more, failures, sent, agreed_here, text, nft = json.load(reader)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status == 77:
            print("not run: " + failures[0])
            return 77
        counts.update(more)
        agreed.update(agreed_here)
        packets += sent
        if status or failures:
            failed += 1
            if shown < SHOWN:
                shown += 1
                print("seed %d: run again with --seed %d --rulesets 1 --packets %d" % (ruleset.seed, ruleset.seed, ruleset.wanted))
                print(text + "\n" + nft + "\n" + "\n".join(failures[:SHOWN]))
    print("seed %d: %d rulesets, %d packets" % (options.seed, options.rulesets, packets))
    for name, count in sorted(agreed.items()):
        print("  agreed: %-28s %7d" % (name, count))
    for name in classes.NAMES + ["FAILED"]:
        print("  %s %-28s %7d" % ("       " if name == "FAILED" else "class: ", name, counts[name]))
    print("rulesets with a difference outside the classes: %d" % failed)
    return 1 if failed or packets == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
