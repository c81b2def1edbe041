# shellcheck shell=bash
# Sourced by those of image_TYPE.sh that make file systems and partitions.
# shellcheck disable=SC2034,SC2154

readonly filesystem_tools=(mke2fs:e2fsprogs debugfs:e2fsprogs)
readonly partition_tools=(sfdisk:fdisk)
readonly fat_tools=(mkfs.fat:dosfstools mcopy:mtools mmd:mtools)

# What is before the first partition of a disk, and behind the last of a GPT disk, in MiB.
export gap_mib=1

# filesystem_mib TREE: what an ext4 needs for it, with inodes, journal and some room.
filesystem_mib() {
    local used
    used=$(mib_of "$1")
    echo $((used + used / 4 + 24 + $(find "$1" | wc -l) / 256))
}

# wanted_mib NEEDED OTHERS: what --size leaves for a part of the disk that needs NEEDED MiB, if there are
# OTHERS MiB besides; NEEDED without --size.
wanted_mib() {
    if [ -z "$size" ]; then
        echo "$1"
        return
    fi
    [ $((size - $2)) -ge "$1" ] || die "--size $size is too small" "this needs --size $(($1 + $2)), or none"
    echo $((size - $2))
}

# root_mib OTHERS: the size of the root file system on a disk that has OTHERS MiB besides.
root_mib() {
    wanted_mib "$(filesystem_mib "$work/root")" "$1"
}

# make_ext4 TREE FILE OFFSET SIZE: in MiB. The tree must be closed. What mke2fs does not give the
# time it is told are the times of change, which it takes from the files, and of access, which change
# as it reads them.
make_ext4() {
    local offset=$(($3 << 20)) last
    export E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH MKE2FS_CONFIG=$top/scripts/lib/mke2fs.conf
    [ "$SOURCE_DATE_EPOCH" != 0 ] || export E2FSPROGS_FAKE_TIME=1 # 0 means none is given
    truncate -s ">$(($3 + $4))M" "$2"
    mke2fs -q -F -t ext4 -L "$root_label" -U "$(uuid filesystem)" -d "$1" \
        -E "offset=$offset,hash_seed=$(uuid hashes),root_owner=0:0" "$2" "${4}M" ||
        die "mke2fs failed" "see its message above; perhaps more --size"
    last=$(debugfs -R stats "$2?offset=$offset" 2>/dev/null |
        awk -F: '/^Inode count/ { all = $2 } /^Free inodes/ { print all - $2 }')
    for inode in 2 $(seq 11 "$last"); do
        echo "sif <$inode> ctime @$SOURCE_DATE_EPOCH"
        echo "sif <$inode> ctime_extra 0"
        echo "sif <$inode> atime @$SOURCE_DATE_EPOCH"
        echo "sif <$inode> atime_extra 0"
    done | debugfs -w -f - "$2?offset=$offset" >/dev/null 2>"$work/debugfs" ||
        die "debugfs failed: $(tail -n 1 "$work/debugfs")"
}

# partition FILE SIZE: reads a table for sfdisk. SIZE in MiB.
partition() {
    truncate -s "$2M" "$1"
    sfdisk --quiet --no-tell-kernel --no-reread "$1" || die "sfdisk failed" "see its message above"
}

# write_at FILE IMAGE OFFSET: in bytes; the rest of the image stays.
write_at() {
    dd if="$1" of="$2" bs=1M oflag=seek_bytes seek="$3" conv=notrunc status=none
}

# make_fat TREE FILE MIB [PARTITION_START]: a FAT with what is in TREE, in the order of names.
make_fat() {
    local hidden=$((${4-0} << 11)) name
    truncate -s "$3M" "$2"
    mkfs.fat --invariant -h "$hidden" -i "$(identifier fat | cut -c 1-8)" -n MAINSTAY "$2" >/dev/null
    find "$1" -mindepth 1 -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
    (cd "$1" && find . -mindepth 1 -printf '%y %P\n') | sort -k 2 | while read -r kind name; do
        case $kind in
        d) mmd -i "$2" "::$name" ;;
        *) mcopy -m -i "$2" "$1/$name" "::$name" ;;
        esac
    done
}
