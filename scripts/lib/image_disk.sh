# shellcheck shell=bash
# mkimage --type disk: for a kernel that is loaded from elsewhere, as QEMU and some boards do.
# shellcheck disable=SC2154
# shellcheck source=scripts/lib/image_disks.sh
. "$top/scripts/lib/image_disks.sh"

# shellcheck disable=SC2034
tools=("${filesystem_tools[@]}" "${partition_tools[@]}")

make_image() {
    local root
    take_rootfs
    root=$(root_mib $((2 * gap_mib)))
    partition "$1" $((root + 2 * gap_mib)) <<END
label: gpt
label-id: $(uuid disk)
start=${gap_mib}MiB, size=${root}MiB, type=linux, uuid=$(uuid partition), name=$root_label
END
    make_ext4 "$work/root" "$1" "$gap_mib" "$root"
}
