"""scripts/boot, as a user runs it."""

from guest import DEADLINE, TOP, Console

BOOT = [TOP / "scripts/boot", "--programs", TOP / "build/release/bin", "--timeout", 3 * DEADLINE]


def test_it_boots_to_a_login_and_ctrl_a_x_leaves():
    with Console([*BOOT, "--append", "mainstay.test=1"]) as console:
        console.expect("log in as root, without a password")
        console.login()
        assert "mainstay.test=1" in console.run("cat /proc/cmdline")
        console.press("\x01x")
        assert console.wait_for_exit() == 0


def test_the_initramfs_can_be_the_whole_system():
    with Console([*BOOT, "--initramfs-only"]) as console:
        console.login()
        assert "rootfs" in console.run("grep ' / ' /proc/mounts")
        console.run("svctl up syslogd klogd udhcpc")
        console.wait_until("ip address show dev eth0 | grep -qF 10.0.2.15/24")
        console.type("poweroff")
        assert console.wait_for_exit() == 0
