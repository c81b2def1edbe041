# shellcheck shell=bash
# mkimage --type initramfs
# shellcheck disable=SC2154
# shellcheck source=scripts/lib/image_initrd.sh
. "$top/scripts/lib/image_initrd.sh"

# shellcheck disable=SC2034
tools=("${initrd_tools[@]}")

make_image() {
    make_own_initrd "$1" "$append"
}
