# shellcheck shell=bash
# Sourced by mkimage after common.sh: the place where an image is put together, the tools for it, and
# what makes two images of the same input equal: time, order, owners and identifiers. Each type has
# image_TYPE.sh, which names its tools and defines make_image FILE.
# What mkimage was told is set there.
# shellcheck disable=SC2154

PATH=$PATH:/usr/sbin:/sbin

readonly default_epoch=1767225600 # 2026-01-01
# A name for what has none of its own, and where an initramfs looks for its root by default.
export root_label=mainstay-root

# need_tools TOOL:PACKAGE…: a TOOL is a program, or with a slash a file.
need_tools() {
    local pair tool missing=() packages=()
    for pair in "$@"; do
        tool=${pair%%:*}
        if [[ $tool == /* ]]; then [ -e "$tool" ]; else command -v "$tool" >/dev/null; fi && continue
        missing+=("${tool##*/}")
        packages+=("${pair#*:}")
    done
    [ ${#missing[@]} -eq 0 ] || die "this machine has no ${missing[*]}" \
        "apt-get install $(printf '%s\n' "${packages[@]}" | sort -u | xargs)"
}

# pretend_root WORD…: starts mkimage again where files have the owners, and are the devices, that they
# are made to be, though nobody but root may do that. Inside of a fakeroot that is so already.
pretend_root() {
    export MAINSTAY_IMAGE_USER MAINSTAY_IMAGE_GROUP
    if [ -z "${FAKEROOTKEY-}" ]; then
        need_tools fakeroot:fakeroot
        MAINSTAY_IMAGE_USER=$(id -u) MAINSTAY_IMAGE_GROUP=$(id -g)
        # fakeroot leaves its daemon behind when TERM or HUP ends it: who is inside is ended, and it follows.
        exec env --ignore-signal=HUP,TERM fakeroot -u -- env --default-signal=HUP,TERM "$0" "$@"
    fi
    our_user=${MAINSTAY_IMAGE_USER:-0} our_group=${MAINSTAY_IMAGE_GROUP:-0}
}

# begin_image: a directory beside the output, so that the image can be renamed into its place.
begin_image() {
    need_tools "${tools[@]}"
    umask 022
    export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$default_epoch} TZ=UTC LC_ALL=C
    work=$(mktemp -d "$(cd "$(dirname "$output")" && pwd)/.mkimage.XXXXXX") ||
        die "cannot make a directory in $(dirname "$output")" "say another place with --output"
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM HUP
    set -E
    trap 'die "this failed: $BASH_COMMAND"' ERR # nothing ends without a word
}

finish_image() {
    mv -f "$work/image" "$output"
    say "$output: $(sizes_of "$output")"
}

# sizes_of FILE: on disk and, where it has holes, in full.
sizes_of() {
    local disk full
    disk=$(size_of "$1")
    full=$(du -hs --apparent-size "$1" | cut -f1)
    if [ "$disk" = "$full" ]; then echo "$disk"; else echo "$full, on disk $disk"; fi
}

# take_tree FROM TREE: a copy of it.
take_tree() {
    cp -a "$1/." "$2/" || die "cannot copy $1" "run this as somebody who may read all of it"
}

# close_tree TREE: the last thing done to a tree before it is packed: what is ours is given to root,
# and all gets its time. The console node lets the kernel open its console before anything has
# mounted /dev.
close_tree() {
    mkdir -p "$1/dev"
    rm -f "$1/dev/console"
    mknod -m 0600 "$1/dev/console" c 5 1
    find "$1" -uid "$our_user" -exec chown -h 0 {} +
    find "$1" -gid "$our_group" -exec chgrp -h 0 {} +
    find "$1" -depth -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

# digest_of_tree TREE
digest_of_tree() {
    tar -C "$1" --sort=name --numeric-owner --format=gnu -cf - . | sha256sum | cut -d' ' -f1
}

# take_rootfs: the root file system in $work/root, and the seed of this image's identifiers.
take_rootfs() {
    mkdir "$work/root"
    take_tree "$rootfs" "$work/root"
    close_tree "$work/root"
    seed=$(printf '%s\n' "$type" "$append" "$size" "$(digest_of_tree "$work/root")" | sha256sum)
    say "root file system: $(size_of "$work/root") in $(find "$work/root" | wc -l) files"
}

# identifier NAME: 32 hexadecimal digits that are those of this content alone.
identifier() {
    printf '%s %s' "$seed" "$1" | sha256sum | cut -c 1-32
}

# uuid NAME: the same as a UUID, of the version for those made in ways of one's own (RFC 9562).
uuid() {
    identifier "$1" | sed 's/^\(.\{8\}\)\(.\{4\}\).\(...\).\(...\)\(.\{12\}\)$/\1-\2-8\3-8\4-\5/'
}

# mib_of FILE…: together, rounded up.
mib_of() {
    du -cs --apparent-size --block-size=1M "$@" | tail -n 1 | cut -f1
}
