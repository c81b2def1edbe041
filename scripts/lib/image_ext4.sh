# shellcheck shell=bash
# mkimage --type ext4
# shellcheck disable=SC2154
# shellcheck source=scripts/lib/image_disks.sh
. "$top/scripts/lib/image_disks.sh"

# shellcheck disable=SC2034
tools=("${filesystem_tools[@]}")

make_image() {
    take_rootfs
    make_ext4 "$work/root" "$1" 0 "$(root_mib 0)"
}
