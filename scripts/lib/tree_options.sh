# shellcheck shell=bash
# Sourced after common.sh by mkrootfs and mkinitramfs, which take the same arguments: sets
# programs, modules and target from the command line.

programs=$build/release/bin
modules=
target=
while [ $# -gt 0 ]; do
    case $1 in
    --programs | --modules)
        [ $# -gt 1 ] || usage_error "$1 needs a directory"
        printf -v "${1#--}" %s "$2"
        shift
        ;;
    -h | --help)
        print_help
        exit 0
        ;;
    -*) usage_error "unknown option $1" ;;
    *) target=$1 ;;
    esac
    shift
done
[ -n "$target" ] || usage_error "say what to make"
[ -n "$modules" ] || modules=$(echo "$kernel_dir"/lib/modules/*)
