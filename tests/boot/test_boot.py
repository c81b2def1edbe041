"""The demo system on a disk: every way to find the root, to use it, and to end."""

from guest import PROMPT, Guest

SERVICES = ("syslogd", "klogd", "udhcpc")


def assert_services_are_up(guest):
    guest.run(f"svctl up {' '.join(SERVICES)}")
    status = guest.run("svctl status")
    for service in SERVICES:
        assert any(
            line.split()[:1] == [service] and line.split()[1] in ("up", "ready")
            for line in status.splitlines()
        ), status
        guest.run(f"pidof {service}")


def assert_lease(guest):
    guest.wait_until("ip address show dev eth0 | grep -qF 10.0.2.15/24")
    assert "default via 10.0.2.2 " in guest.run("ip route")
    guest.wait_until("grep -q '^nameserver 10.0.2.3$' /etc/resolv.conf")


def assert_job_control(guest):
    guest.type("""sh -c 'echo start""ed; exec sleep 100000'""")
    guest.expect(r"started\s")
    guest.press("\x03")
    guest.expect(PROMPT)
    guest.run("pidof sleep", status=1)
    assert "job control turned off" not in guest.transcript()


def assert_messages_are_shown_where_asked(guest):
    """Systemd's signals to show status and to hide it; the lowest number would come first, so each is awaited."""
    guest.run("tell() { kill -$1 1; until grep -q '^ShdPnd:.0*$' /proc/1/status; do usleep 10000; done; kill -HUP 1; }")
    guest.type("tell 54")
    guest.expect("init: HUP from .*: reading /etc/inittab again")
    guest.run("tell 55")
    guest.wait_until("test $(dmesg | grep -c 'HUP fro[m]') -eq 2")
    guest.type("tell 54")
    guest.expect("init: HUP from .*: reading /etc/inittab again")
    assert guest.transcript().count("init: HUP from") == 2, guest.transcript()


def test_root_by_uuid_services_and_ctrl_alt_del(images):
    disk = images.demo_disk()
    with Guest(f"root=UUID={disk.uuid} ro", initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()
        assert_services_are_up(guest)
        assert_lease(guest)

        guest.run("svctl down udhcpc")
        guest.run("pidof udhcpc", status=1)
        guest.run("svctl status udhcpc | grep -qw down")
        guest.run("svctl up udhcpc")
        guest.run("pidof udhcpc")

        guest.run("old=$(pidof syslogd); kill -KILL $old")
        guest.wait_until('new=$(pidof syslogd) && test "$new" != "$old"')
        assert_services_are_up(guest)

        assert_job_control(guest)
        guest.press_ctrl_alt_del()
        assert guest.end() == "guest-reset"
    disk.assert_clean()


def test_root_by_path_and_poweroff(images):
    disk = images.demo_disk()
    with Guest("root=/dev/vda1 ro", initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()
        assert " / ext4 rw," in guest.run("grep ' / ' /proc/mounts")
        # The initramfs is gone: its pages, some MiB, are among those that cannot be reclaimed.
        guest.wait_until("awk '/^Unevictable/ { exit $2 > 1024 }' /proc/meminfo")
        assert guest.run("stat -c '%a %U:%G' /etc/shadow /etc/passwd").split("\n") == [
            "600 root:root",
            "644 root:root",
        ]
        assert guest.run("stat -c '%a' /dev/null /dev/tty").split() == ["666", "666"]
        assert_services_are_up(guest)
        guest.type("poweroff")
        assert guest.end() == "guest-shutdown"
    disk.assert_clean()


def test_root_by_partuuid_single_user_and_power_failure(images):
    disk = images.demo_disk()
    append = f"root=PARTUUID={disk.partuuid} ro single"
    with Guest(append, initramfs=images.initramfs, disk=disk.path) as guest:
        guest.expect("Single-user mode was asked for")
        guest.expect("/# ")  # of /etc/profile
        assert " / ext4 ro," in guest.run("grep ' / ' /proc/mounts"), "nothing ran before the shell"
        guest.type("exit")
        guest.login()
        assert_messages_are_shown_where_asked(guest)
        guest.run("kill -PWR 1")
        assert guest.end() == "guest-shutdown"
    disk.assert_clean()


def test_no_initramfs_and_reboot(images):
    """ext4 and NVMe are built into the kernel: it mounts the root and starts /sbin/init itself."""
    disk = images.demo_disk()
    # The emulated NVMe was once seen to leave a request hanging: look after 2 s, not 30.
    append = f"root=PARTUUID={disk.partuuid} ro nvme_core.io_timeout=2"
    with Guest(append, disk=disk.path, bus="nvme") as guest:
        guest.login()
        assert_services_are_up(guest)
        assert_lease(guest)
        assert_job_control(guest)
        guest.type("reboot")
        assert guest.end() == "guest-reset"
    disk.assert_clean()


def test_a_shell_as_init_can_become_init(images):
    disk = images.demo_disk()
    append = "root=PARTLABEL=mainstay-root ro init=/bin/sh"
    with Guest(append, initramfs=images.initramfs, disk=disk.path) as guest:
        guest.expect("/ # ")
        guest.run("dmesg -n 1")  # else a message of the kernel may stand in the middle of what is compared
        assert guest.run("echo $$") == "1"
        guest.type("exec /sbin/init")
        guest.login()
        assert_services_are_up(guest)
        guest.type("poweroff")
        assert guest.end() == "guest-shutdown"
    disk.assert_clean()
