# shellcheck shell=bash
# mkimage --type disk-uefi: the firmware starts EFI/BOOT/BOOTX64.EFI of the EFI partition. That is one
# file of kernel and initramfs (docs/decisions/0071-kernel-and-initramfs-in-one-efi-file.md). Nobody
# passes a command line to it, so the initramfs brings the words that init is to know.
# shellcheck disable=SC2154
# shellcheck source=scripts/lib/image_disks.sh
. "$top/scripts/lib/image_disks.sh"
# shellcheck source=scripts/lib/image_initrd.sh
. "$top/scripts/lib/image_initrd.sh"
# shellcheck source=scripts/lib/image_efi.sh
. "$top/scripts/lib/image_efi.sh"

# shellcheck disable=SC2034
tools=("${filesystem_tools[@]}" "${partition_tools[@]}" "${fat_tools[@]}" "${initrd_tools[@]}"
    "${efi_tools[@]}")

# make_esp FILE WORDS: sets esp_mib.
make_esp() {
    local files=$work/files
    mkdir -p "$files/EFI/BOOT"
    make_initrd first "$work/initramfs" "$2"
    make_efi_program "$work/initramfs" "$files/EFI/BOOT/BOOTX64.EFI"
    esp_mib=$(($(mib_of "$files") + 8))
    [ -n "$rootfs" ] || esp_mib=$(wanted_mib "$esp_mib" $((2 * gap_mib)))
    make_fat "$files" "$1" "$esp_mib" "$gap_mib"
}

make_image() {
    local root=0 words="root=LABEL=$root_label ro" table=
    if [ -n "$rootfs" ]; then
        take_rootfs
        words="root=PARTUUID=$(uuid partition) ro"
    fi
    make_esp "$work/esp" "$words${append:+ $append}"
    if [ -n "$rootfs" ]; then
        root=$(root_mib $((esp_mib + 2 * gap_mib)))
        table="size=${root}MiB, type=linux, uuid=$(uuid partition), name=$root_label"
    fi
    partition "$1" $((root + esp_mib + 2 * gap_mib)) <<END
label: gpt
label-id: $(uuid disk)
start=${gap_mib}MiB, size=${esp_mib}MiB, type=uefi, uuid=$(uuid esp), name=mainstay-efi
$table
END
    write_at "$work/esp" "$1" $((gap_mib << 20))
    [ -z "$rootfs" ] || make_ext4 "$work/root" "$1" $((gap_mib + esp_mib)) "$root"
}
