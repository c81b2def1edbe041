"""What goes wrong around PID 1 while it runs: it goes on, and still ends in order."""

from guest import Guest

GETTY = "ps -o pid,args | awk '/[g]etty.*tty2/ {print $1; found = 1} END {exit !found}'"


def kill_getty(guest):
    guest.run(f"old=$({GETTY}); kill -KILL $old")


def test_pid_1_goes_on_without_processes_space_or_console(images):
    disk = images.demo_disk()
    with Guest("root=LABEL=mainstay-root ro", initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()

        # No further process: PID 1 alone in a cgroup that has room for one.
        guest.run("cd /sys/fs/cgroup; echo +pids >cgroup.subtree_control; mkdir tight")
        guest.run("echo 1 >tight/cgroup.procs; echo 1 >tight/pids.max")
        kill_getty(guest)
        guest.wait_until("dmesg | grep -q 'init: inittab:.*tty2 .*fork: Resource temporarily unav'")
        guest.run(GETTY, status=1)
        guest.run("echo max >tight/pids.max")
        guest.wait_until(f"new=$({GETTY}); test -n \"$new\" -a \"$new\" != \"$old\"")

        # Memory file systems full, the root read-only, no console node.
        guest.run("dd if=/dev/zero of=/run/fill bs=1M 2>/dev/null", status=1)
        guest.run("svctl down klogd syslogd udhcpc; mount -o remount,ro /; rm /dev/console")
        kill_getty(guest)
        guest.wait_until(f"new=$({GETTY}); test -n \"$new\" -a \"$new\" != \"$old\"")
        guest.run("kill -HUP 1")
        guest.wait_until("dmesg | grep -q 'HUP from'")

        guest.type("/sbin/poweroff")
        assert guest.end() == "guest-shutdown"
    disk.assert_clean()
