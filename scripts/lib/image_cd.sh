# shellcheck shell=bash
# Sourced by image_iso.sh and image_iso-live.sh: CDs whose loader is GRUB, for BIOS and UEFI.
# shellcheck disable=SC2034,SC2154

# shellcheck source=scripts/lib/image_grub.sh
. "$top/scripts/lib/image_grub.sh"

readonly cd_tools=(grub-mkrescue:grub-common xorriso:xorriso mformat:mtools
    /usr/lib/grub/i386-pc/boot.img:grub-pc-bin /usr/lib/grub/x86_64-efi/moddep.lst:grub-efi-amd64-bin)
export cd_label=MAINSTAY
readonly cd_modules="normal configfile linux iso9660 search search_fs_file echo ls cat test reboot halt"

# fix_serial: grub-mkrescue has mformat give the EFI partition a random serial number.
fix_serial() {
    mkdir "$work/bin"
    cat >"$work/bin/mformat" <<END
#!/bin/sh
exec $(command -v mformat) -N $(identifier fat | cut -c 1-8) "\$@"
END
    chmod 0755 "$work/bin/mformat"
}

# make_cd TREE FILE: of what lies in TREE, which has GRUB's configuration in its place.
make_cd() {
    local date
    date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S00)
    fix_serial
    PATH=$work/bin:$PATH grub-mkrescue --output="$2" --fonts= --locales= --themes= \
        --install-modules="$cd_modules" --modules="$cd_modules" "$1" \
        -volid "$cd_label" -uid 0 -gid 0 --modification-date="$date" \
        --set_all_file_dates "$date" 2>"$work/grub-mkrescue" || {
        cat "$work/grub-mkrescue" >&2
        die "grub-mkrescue failed" "see its messages above"
    }
}
