#!/bin/sh
# Boot an appliance's disk image by UEFI in QEMU and stay in the foreground with its console.
# usage: run.sh BUILD CONFIG. Uses KVM when the image really boots under it, else emulation.
# IOMMU=off leaves the machine without one: then the router, which owns the card, can reach all of memory with it.
# The host reaches the router's published ports at 127.0.0.1: PORTS="8080 8081" by default, HOST:ROUTER where they differ.
# `cambium rules --serial unix:BUILD/CONFIG.manage` speaks with the router (docs/router.md).
# SPDX-License-Identifier: BSD-2-Clause
set -eu

build=$1
config=$2
image=$build/$config/disk.img
manage=$build/$config.manage
ports=${PORTS:-8080 8081}
firmware=${OVMF:-/usr/share/OVMF}
[ -r "$image" ] || { echo "error: $image is missing; run \`make image CONFIG=$config\`" >&2; exit 1; }
[ -r "$firmware/OVMF_CODE_4M.fd" ] || { echo "error: no OVMF firmware; run \`make deps\`" >&2; exit 1; }

work=$(mktemp -d)
watcher=
door=
# shellcheck disable=SC2317 # called by trap
finish()
{
	[ -z "$watcher" ] || kill "$watcher" 2>/dev/null || :
	[ -z "$door" ] || kill "$door" 2>/dev/null || :
	rm -rf "$work"
}
trap finish EXIT

iommu='-device intel-iommu,intremap=on'
platform=,iommu_platform=on
[ "${IOMMU:-on}" = on ] || iommu='' platform=''

# The machine, on the accelerator $1 with the serial port on $2 and the network $3.
machine()
{
	cp "$firmware/OVMF_VARS_4M.fd" "$work/vars.fd"
	split=
	[ "$1" = tcg ] || [ -z "$iommu" ] || split=,kernel-irqchip=split
	# shellcheck disable=SC2086 # two words or none
	qemu-system-x86_64 -machine "q35,accel=$1$split" $iommu -cpu max -m 512 \
		-nodefaults -display none -no-reboot -serial "$2" \
		-serial "unix:$manage,server=on,wait=off" \
		-drive "if=pflash,format=raw,unit=0,readonly=on,file=$firmware/OVMF_CODE_4M.fd" \
		-drive "if=pflash,format=raw,unit=1,file=$work/vars.fd" \
		-drive "if=none,id=disk,format=raw,readonly=on,file=$image" \
		-device virtio-blk-pci,drive=disk \
		-netdev "user,id=net$3" -device "virtio-net-pci,netdev=net,disable-legacy=on$platform"
}

# /dev/kvm may open and yet not run a guest: believe only a machine that says its first word.
kvm_works()
{
	[ -w /dev/kvm ] || return 1
	: >"$work/probe"
	machine kvm "file:$work/probe" '' >/dev/null 2>&1 &
	probe=$!
	tries=0
	while [ $tries -lt 40 ] && kill -0 $probe 2>/dev/null && ! grep -aqi cambium "$work/probe"; do
		sleep 0.2
		tries=$((tries + 1))
	done
	# The function's shell is QEMU's parent; end the child first.
	pkill -P $probe 2>/dev/null || :
	kill $probe 2>/dev/null || :
	wait $probe 2>/dev/null || :
	grep -aqi cambium "$work/probe"
}

# QEMU's listeners hold two waiting connections, forward's a thousand: it stands in front of them.
forwards=
doors=
for port in $ports; do
	outer=${port%%:*}
	inner=$((outer + 20000))
	forwards="$forwards,hostfwd=tcp:127.0.0.1:$inner-:${port##*:}"
	doors="$doors $outer:$inner"
done
# shellcheck disable=SC2086 # one word a door
"$build/tools/forward" $doors &
door=$!
sleep 0.2
kill -0 $door 2>/dev/null || { echo "error: a port of $ports is in use; choose others: make run PORTS=\"8090:8080 8091:8081\"" >&2; exit 1; }

announce()
{
	for port in $ports; do
		url=http://127.0.0.1:${port%%:*}/
		until curl -s -o /dev/null -m 2 "$url"; do sleep 0.5; done
		printf '\r\n>> %s answers\r\n' "$url"
	done
}

if kvm_works; then
	accel=kvm
	echo ">> KVM works here"
else
	accel=tcg
	echo ">> KVM does not work here: emulating the CPU (TCG), which is slower"
fi
echo ">> $image; quit with Ctrl-A x"
announce &
watcher=$!
machine $accel mon:stdio "$forwards"
