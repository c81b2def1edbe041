# shellcheck shell=bash
# mkimage --type initramfs
# shellcheck source=scripts/lib/image_initrd.sh
. "$top/scripts/lib/image_initrd.sh"

# shellcheck disable=SC2034,SC2154
tools=("${initrd_tools[@]}")

make_image() {
    # shellcheck disable=SC2154
    make_own_initrd "$1" "$append"
}
