# shellcheck shell=bash
# mkimage --type iso
# shellcheck disable=SC2154
# shellcheck source=scripts/lib/image_initrd.sh
. "$top/scripts/lib/image_initrd.sh"
# shellcheck source=scripts/lib/image_cd.sh
. "$top/scripts/lib/image_cd.sh"

# shellcheck disable=SC2034
tools=("${initrd_tools[@]}" "${cd_tools[@]}")

make_image() {
    local files=$work/files
    mkdir -p "$files/boot/grub"
    cp -L "$kernel" "$files/boot/vmlinuz"
    make_own_initrd "$files/boot/initramfs"
    grub_config "$append" /boot/initramfs >"$files/boot/grub/grub.cfg"
    make_cd "$files" "$1"
}
