#!/bin/sh
# Make a disk image, GPT with one EFI system partition, without root and the same bit for bit
# for the same input. usage: image.sh OUT PATH=FILE..., PATH being the place inside the ESP.
# SPDX-License-Identifier: BSD-2-Clause
set -eu

out=$1
shift
esp=$out.esp
trap 'rm -f "$esp" "$out.tmp"' EXIT

# FAT32 begins at 65,525 clusters, so 33 MiB is the least that firmware takes for FAT32; grow
# in steps of 16 MiB beyond 24 MiB of content.
bytes=0
for pair; do
	bytes=$((bytes + $(wc -c <"${pair#*=}")))
done
mib=33
while [ $((bytes / 1048576 + 8)) -gt "$mib" ]; do
	mib=$((mib + 16))
done

# mtools and mkfs take their time stamps from here.
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-315532800}"
export TZ=UTC MTOOLS_SKIP_CHECK=1

rm -f "$esp" "$out.tmp"
truncate -s "${mib}M" "$esp"
mkfs.vfat -F 32 -n CAMBIUM -i 43414d42 --invariant "$esp" >/dev/null
made=' '
for pair; do
	path=${pair%%=*}
	dir=
	for part in $(dirname "$path" | tr / ' '); do
		[ "$part" = . ] && continue
		dir=$dir/$part
		case $made in *" $dir "*) continue ;; esac
		mmd -i "$esp" "::$dir"
		made="$made$dir "
	done
	mcopy -i "$esp" "${pair#*=}" "::/$path"
done

truncate -s "$((mib + 2))M" "$out.tmp"
sgdisk -a 2048 -o -n "1:2048:+${mib}M" -t 1:ef00 -c 1:ESP \
	-U 43414d42-4955-4d00-8000-000000000001 \
	-u 1:43414d42-4955-4d00-8000-000000000002 "$out.tmp" >/dev/null
dd if="$esp" of="$out.tmp" bs=1M seek=1 conv=notrunc,sparse status=none
mv "$out.tmp" "$out"
