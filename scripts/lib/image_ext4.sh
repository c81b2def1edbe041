# shellcheck shell=bash
# mkimage --type ext4
# shellcheck source=scripts/lib/image_disks.sh
. "$top/scripts/lib/image_disks.sh"

# shellcheck disable=SC2034,SC2154
tools=("${filesystem_tools[@]}")

make_image() {
    take_rootfs
    # shellcheck disable=SC2154
    make_ext4 "$work/root" "$1" 0 "$(root_mib 0)"
}
