# shellcheck shell=bash
# Sourced after common.sh: whether QEMU can use KVM here. That /dev/kvm opens says little: a
# nested KVM may hang a guest for good. So a kernel without a root must have panicked within a
# deadline. The answer is kept until the next boot of this machine.

# kvm_boots KERNEL: the trial.
kvm_boots() {
    [ -w /dev/kvm ] || return
    timeout 10 qemu-system-x86_64 -accel kvm -cpu host -machine pc -m 256 -nodefaults \
        -display none -no-reboot -kernel "$1" -append panic=-1 </dev/null >/dev/null 2>&1
}

# best_accelerator KERNEL: prints kvm or tcg.
best_accelerator() {
    local answer
    answer=$build/accelerator-$(cat /proc/sys/kernel/random/boot_id)
    if [ ! -s "$answer" ]; then
        say "trying whether KVM works (10 s at most)"
        mkdir -p "$build"
        if kvm_boots "$1"; then echo kvm; else echo tcg; fi >"$answer"
    fi
    cat "$answer"
}
