#!/bin/sh
# The Linux router that tests/bench/router.c compares with: OUT/vmlinuz and OUT/initrd. Kernel and busybox are Debian's, as
# pinned in configs/sources, from the cache or a mirror; nft and ip are those of this host, with their libraries.
# usage: linux.sh OUT LOAD, LOAD being the static load program
# SPDX-License-Identifier: BSD-2-Clause
set -eu

here=$(dirname "$0")
deps=$here/../../tools/build/deps.sh
out=$1
load=$2
for tool in nft ip dpkg-deb; do
	command -v $tool >/dev/null || { echo "error: no $tool; apt-get install nftables iproute2" >&2; exit 1; }
done
kernel=$("$deps" fetch linux)
busybox=$("$deps" fetch busybox)

rm -rf "$out"
mkdir -p "$out/deb" "$out/root/bin" "$out/root/proc" "$out/root/sys" "$out/root/dev" "$out/root/run"
dpkg-deb -x "$kernel" "$out/deb"
dpkg-deb -x "$busybox" "$out/deb"
cp "$out"/deb/boot/vmlinuz-* "$out/vmlinuz"

root=$out/root
version=$(basename "$out"/deb/lib/modules/*)
modules=lib/modules/$version
box=$(realpath "$out/deb/bin/busybox")
mkdir -p "$root/$modules/kernel"
for part in lib/libcrc32c.ko crypto drivers/virtio drivers/net/virtio_net.ko drivers/net/net_failover.ko \
	drivers/net/veth.ko net/core/failover.ko net/netfilter net/ipv4/netfilter net/ipv6/netfilter; do
	[ -e "$out/deb/$modules/kernel/$part" ] || continue
	mkdir -p "$root/$modules/kernel/$(dirname $part)"
	cp -R "$out/deb/$modules/kernel/$part" "$root/$modules/kernel/$part"
done
cp "$out/deb/$modules"/modules.builtin* "$out/deb/$modules/modules.order" "$root/$modules/" 2>/dev/null || true
"$box" depmod -b "$root" "$version"

cp "$box" "$root/bin/busybox"
for name in sh mount mkdir modprobe sleep uname; do
	ln -s busybox "$root/bin/$name"
done
for tool in nft ip; do
	cp -L "$(command -v $tool)" "$root/bin/$tool"
	ldd "$root/bin/$tool" | sed -n 's/.*[[:space:]]\(\/[^ ]*\) (.*/\1/p' | while read -r library; do
		mkdir -p "$root/$(dirname "$library")"
		cp -L "$library" "$root/$library"
	done
done
cp "$load" "$root/load"
cp "$here/linux.nft" "$root/linux.nft"
cp "$here/linux.init" "$root/init"
chmod 755 "$root/init" "$root/load"
(cd "$root" && find . | "$box" cpio -o -H newc 2>/dev/null) >"$out/initrd"
rm -rf "$out/deb" "$root"
echo "$version"
