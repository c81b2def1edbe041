# shellcheck shell=bash
# Sourced by those of image_TYPE.sh whose loader is GRUB.

# grub_config WORDS [INITRAMFS]: what to boot, at once. In GRUB's language nearly everything but
# letters and digits may mean something.
grub_config() {
    local words
    words=$(printf %s "$1" | sed 's|[^A-Za-z0-9_=.,:/ -]|\\&|g')
    cat <<END
set timeout=0
menuentry Mainstay {
    linux /boot/vmlinuz $words
${2:+    initrd $2}
}
END
}
