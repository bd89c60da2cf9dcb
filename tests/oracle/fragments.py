# SPDX-License-Identifier: BSD-2-Clause
"""Cutting a datagram into fragments, and putting together what left, apart from both routers."""

import struct

from frames import total

NEXT_FRAGMENT = 44


def head_len(frame):
    """Up to the data of a whole packet."""
    return 34 if frame[12:14] == b"\x08\x00" else 54


def with_sum(ip):
    ip = ip[:10] + b"\0\0" + ip[12:]
    return ip[:10] + struct.pack(">H", 65535 - total(ip)) + ip[12:]


def fragment(frame, start, end, ident, more, data=None):
    """The bytes @start .. @end of the data of @frame, or @data instead, as a fragment."""
    at = head_len(frame)
    data = frame[at + start:at + end] if data is None else data
    eth, ip = frame[:14], frame[14:at]
    if at == 34:
        ip = ip[:2] + struct.pack(">HHH", 20 + len(data), ident & 0xFFFF, start // 8 | (0x2000 if more else 0)) + ip[8:]
        return eth + with_sum(ip) + data
    header = ip[6:7] + b"\0" + struct.pack(">HI", start | more, ident)
    return eth + ip[:4] + struct.pack(">H", 8 + len(data)) + bytes([NEXT_FRAGMENT]) + ip[7:] + header + data


def read(frame):
    """(offset, more, identification, where the data begin), or None for a whole packet."""
    ip = frame[14:]
    if frame[12:14] == b"\x08\x00":
        flags = struct.unpack(">H", ip[6:8])[0]
        return (flags & 0x1FFF) * 8, bool(flags & 0x2000), ip[4:6], 34
    flags = struct.unpack(">H", ip[42:44])[0] if ip[6] == NEXT_FRAGMENT else 0
    return flags & 0xFFF8, bool(flags & 1), ip[44:48] if ip[6] == NEXT_FRAGMENT else b"", 62


def is_fragment(frame):
    if frame[12:14] == b"\x86\xdd":
        return frame[20] == NEXT_FRAGMENT
    return frame[12:14] == b"\x08\x00" and struct.unpack(">H", frame[20:22])[0] & 0x3FFF != 0


def overlap(frames):
    """Do two of the fragments @frames want the same place, other than as exact copies, or other ends?"""
    spans = [read(f)[:2] + (f[read(f)[3]:],) for f in frames]
    ends = {o + len(data) for o, more, data in spans if not more}
    reach = max(o + len(data) for o, more, data in spans)
    if len(ends) > 1 or (ends and reach > max(ends)):
        return True
    return any(a != b and a[0] < b[0] + len(b[2]) and b[0] < a[0] + len(a[2]) for a in spans for b in spans)


def tiny(frames, proto):
    """Is a first fragment without the whole TCP header, or another within that?"""
    return proto == 6 and any(o < 20 if o else len(f) - at < max(20, (f[at + 12] >> 4) * 4 if len(f) > at + 12 else 20)
                              for f in frames for o, _, _, at in [read(f)])


def join(out):
    """[(interface, frame)] with the fragments in it put together, and the sizes of those; ValueError where they do not fit."""
    pieces = [(i, f) for i, f in out if is_fragment(f)]
    if not pieces:
        return out, []
    iface, first = pieces[0]
    ident, at, data = read(first)[2], read(first)[3], b""
    for i, f in pieces:
        offset, more, here, _ = read(f)
        length = struct.unpack(">H", f[16:18])[0] - 20 if at == 34 else struct.unpack(">H", f[18:20])[0] - 8
        if i != iface or here != ident or offset != len(data) or more != (f is not pieces[-1][1]) or f[:14] != first[:14] or \
                length != len(f) - at or (at == 34 and total(f[14:34]) != 0):
            raise ValueError("fragments that do not fit each other")
        data += f[at:]
    ip = first[14:14 + (20 if at == 34 else 40)]
    if at == 34:
        ip = with_sum(ip[:2] + struct.pack(">H", 20 + len(data)) + ip[4:6] + bytes([ip[6] & 0x40, 0]) + ip[8:])
    else:
        ip = ip[:4] + struct.pack(">H", len(data)) + first[54:55] + ip[7:]
    whole = (iface, first[:14] + ip + data)
    return [whole] + [(i, f) for i, f in out if not is_fragment(f)], [len(f) for _, f in pieces]
