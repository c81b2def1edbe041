# shellcheck shell=bash
# Sourced by image_disk-uefi.sh: kernel and initramfs as one program that UEFI starts. systemd's stub
# (the package systemd-boot-efi) finds both in its own sections, and hands the initramfs to the
# kernel's EFI stub.
# shellcheck disable=SC2034,SC2154

readonly efi_stub_installed=/usr/lib/systemd/boot/efi/linuxx64.efi.stub
efi_stub=$build/efi-stub$efi_stub_installed
[ ! -e "$efi_stub_installed" ] || efi_stub=$efi_stub_installed
readonly efi_tools=(objcopy:binutils objdump:binutils)

# end_of_sections FILE: the first free address behind those of a PE file, at a whole page.
end_of_sections() {
    objdump -h "$1" | awk '$2 ~ /^\./ { print $3, $4 }' | while read -r bytes address; do
        echo $(((0x$address + 0x$bytes + 0xfff) & ~0xfff))
    done | sort -n | tail -n 1
}

# clear_pe_time FILE: objcopy writes the present time into the header, 8 bytes behind its beginning,
# and 88 behind it a checksum that counts the time, too, and that firmware does not look at.
clear_pe_time() {
    local header place
    header=$(od -An -j 60 -N 4 -t u4 "$1")
    head -c 4 /dev/zero >"$work/zeros"
    for place in 8 88; do
        write_at "$work/zeros" "$1" $((header + place))
    done
}

# make_efi_program INITRAMFS FILE
make_efi_program() {
    local address linux_end sections=()
    need_file "$efi_stub" "get it with: scripts/fetch efi-stub, or install systemd-boot-efi"
    address=$(end_of_sections "$efi_stub")
    if [ -n "$append" ]; then
        printf '%s\0' "$append" >"$work/words"
        sections=(--add-section ".cmdline=$work/words" --change-section-vma ".cmdline=$address")
        address=$((address + 0x10000))
    fi
    linux_end=$((address + ($(stat -L -c %s "$kernel") + 0xfff & ~0xfff)))
    objcopy "${sections[@]}" \
        --add-section ".linux=$kernel" --change-section-vma ".linux=$address" \
        --add-section ".initrd=$1" --change-section-vma ".initrd=$linux_end" \
        "$efi_stub" "$2" || die "objcopy failed" "see its message above"
    clear_pe_time "$2"
    say "EFI program: $(size_of "$2")"
}
