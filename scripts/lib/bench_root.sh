# shellcheck shell=bash
# Sourced by scripts/bench after common.sh: makes the tree that measurements have as their root, with
# the programs in /bin and the libraries those need. It is the same for all supervisors, costs each
# the same, and keeps the machine's own directories out of it.

readonly bench=$build/bench
readonly bench_root=$bench/root
readonly peers=$build/peers
readonly freestanding=(-static -nostdlib -ffreestanding -fno-stack-protector -no-pie)

new_root() {
    rm -rf "$bench"
    mkdir -p "$bench_root"/{bin,lib,lib64,usr,etc,run,proc,dev,sys/fs/cgroup,tmp}
    ln -s ../bin "$bench_root/usr/bin" # s6-svscan knows s6-supervise by this path
    echo root:x:0:0:root:/:/bin/sh >"$bench_root/etc/passwd"
    printf '%s\n' root:x:0: adm:x:4: >"$bench_root/etc/group"
}

# compile OPTION…
compile() {
    gcc -O2 -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror "$@" || die "cannot compile the helpers of this script"
}

# compile_helpers: what of a measurement is not for an interpreter.
compile_helpers() {
    local lib=$top/scripts/lib
    compile "${freestanding[@]}" "$lib/bench_service.c" -o "$bench_root/bin/service"
    compile "${freestanding[@]}" -DLOGGER "$lib/bench_service.c" -o "$bench_root/bin/logger"
    compile -static -pthread "$lib/bench_floor.c" -o "$bench_root/bin/floor"
    compile -static "$lib/bench_flood.c" -o "$bench_root/bin/flood"
    compile -shared -fPIC "$lib/bench_stopwatch.c" -o "$bench/stopwatch.so"
}

# compile_boot_helpers: those that run in a guest, where /run is mounted too late for the services' page.
compile_boot_helpers() {
    local lib=$top/scripts/lib page='-DBENCH_SHARED_FILE="/bench/shared"'
    compile "${freestanding[@]}" "$page" -DREPORT "$lib/bench_service.c" -o "$bench/boot_service"
    compile -static "$page" "$lib/bench_boot_first.c" -o "$bench/boot_first"
    compile -static "$page" "$lib/bench_boot_floor.c" -o "$bench/boot_floor"
}

# libraries_of FILE: the paths of those it is linked with, its interpreter included.
libraries_of() {
    LD_LIBRARY_PATH=$(echo "$peers"/usr/lib/*-linux-gnu) ldd "$1" 2>/dev/null |
        grep -o '/[^ ]*' || true
}

# add_program FILE: into /bin, and what it is linked with where the linker looks for it.
add_program() {
    [ -x "$1" ] || die "$1: no such program"
    cp "$1" "$bench_root/bin/"
    local library place
    for library in $(libraries_of "$1"); do
        place=$bench_root${library#"$peers"}
        mkdir -p "${place%/*}"
        cp -L "$library" "$place"
    done
}

add_debian_peers() {
    local program
    for program in runsvdir runsv sv svlogd s6-svscan s6-supervise s6-svstat s6-log; do
        add_program "$peers/usr/bin/$program"
    done
}

finish_root() {
    ldconfig -r "$bench_root"
}
