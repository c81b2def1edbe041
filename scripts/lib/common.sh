# shellcheck shell=bash
# Sourced by the scripts of this folder: where things are, and how to speak to the user.
# Progress goes to stderr, so that a script's stdout stays free for its result.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly top
readonly build=$top/build
export kernel_dir=$build/kernel
export busybox=$build/busybox/bin/busybox

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die MESSAGE [REMEDY]: one line for what failed and where, one for what to do about it.
die() {
    say "error: $1"
    if [ $# -gt 1 ]; then
        say "  try: $2"
    fi
    exit 1
}

# usage_error MESSAGE: the user called us wrongly.
usage_error() {
    say "$1 (see ${0##*/} --help)"
    exit 2
}

# print_help: the comment at the top of the calling script is its help.
print_help() {
    sed -n '2,/^[^#]/ { s/^# \{0,1\}//p }' "$0"
}

# size_of FILE: its size on disk, for people.
size_of() {
    du -hs "$1" | cut -f1
}

# as_root COMMAND…: runs it as root, asking sudo only if we are not.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "'$1' needs root, and there is no sudo" "run this as root"
    fi
}

# need_file FILE REMEDY
need_file() {
    [ -f "$1" ] || die "$1: no such file" "$2"
}
