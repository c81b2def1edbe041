"""The native steps in the place of the startup script, on a machine with disks, swap and a clock."""

from guest import Guest
from media import NativeDisk
from readme import Partition

# As dumpkmap writes it: one table, in which the keys Q and A have changed places and all others do
# nothing (K_HOLE of <linux/keyboard.h>).
KEYS = ["\0\x02"] * 128
KEYS[16], KEYS[30] = "a\0", "q\0"
KEYMAP = "bkeymap" + "\x01" + "\0" * 255 + "".join(KEYS)
PLACE_OF_Q, PLACE_OF_A = (len("bkeymap") + 256 + 2 * key for key in (16, 30))

FILES = {
    "etc/inittab": "::sysinit:/bin/date -s 2001-02-03\n::native:all\n::native:watchdog=/dev/watchdog,25\n"
    "ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100\n::ctrlaltdel:/sbin/reboot\n",
    "etc/hostname": "mainstay\n",
    "etc/fstab": "LABEL=TOP / ext4 defaults,noatime 0 1\n"
    "LABEL=DATA /srv/data ext4 nodev,commit=7 0 2\n"
    "LABEL=SWAP none swap sw,pri=7\n"
    "LABEL=MISSING /srv/missing ext4 defaults 0 2\n",
    "etc/sysctl.d/own.conf": "kernel.sysrq = 17\n-kernel.no_such = 1\n",
    "etc/sysctl.conf": "kernel/panic=23\nkernel.wrong.name = 1\n",
    "etc/modules-load.d/own.conf": "# by name\nsoftdog\nnonesuch\n",
    "etc/modprobe.d/own.conf": "options softdog soft_margin=99\n",
    "etc/tmpfiles.d/own.conf": "d /run/own 0750 root adm\n",
    "etc/machine-id": "",
    "etc/keymap": KEYMAP,
    "var/lib/mainstay/.keep": "",
    "forcefsck": "",  # as `shutdown -F` leaves it
    # The terminal stands in for e2fsck.
    "sbin/fsck.ext4": "#!/bin/sh\necho \"fsck was asked: $*\"\n",
}


def test_a_system_without_a_startup_script(images):
    """And without a network."""
    disk = NativeDisk(images, images.new_path(), FILES)
    disk_root = "root=LABEL=TOP ro rd.timeout=2"
    with Guest(disk_root, initramfs=images.initramfs, disk=disk.path, network=False) as guest:
        guest.expect("fsck was asked: -a -C0 -f /dev/vda1")
        guest.expect("fsck was asked: -a -C0 -f /dev/vda2")
        guest.expect(r"\*\*\* fstab:4: /srv/missing: The /srv/missing device LABEL=MISSING")
        guest.expect("Rescue shell")
        guest.expect("root@mainstay:/# ")
        guest.run("grep '/srv/data ext4 rw,nodev,.*commit=7' /proc/mounts")
        guest.run("grep ' / ext4 rw,noatime' /proc/mounts")
        guest.run("mkdir -p /srv/missing; mount -t tmpfs none /srv/missing")
        guest.type("exit")
        guest.login()
        assert guest.run("tail -n 1 /proc/swaps").split()[::4] == ["/dev/vda3", "7"]
        assert guest.run("cd /proc/sys/kernel && cat sysrq panic").split() == ["17", "23"]
        guest.run("dmesg | grep 'softdog: .*soft_margin=99'")
        guest.run("dmesg | grep 'watchdog /dev/watchdog: the machine is reset if PID 1 hangs for 25 s'")
        guest.run("ip link show lo | grep LOOPBACK,UP && ! ip link show eth0 2>&1")
        for place, letter in ((PLACE_OF_Q, "a"), (PLACE_OF_A, "q")):
            dumped = f"dumpkmap </dev/tty1 | dd bs=1 skip={place} count=1 2>/dev/null"
            assert guest.run(dumped) == letter
        guest.run("dmesg | grep init: >/run/said; date +%Y | grep -v 2001")
        guest.run("grep \"own.conf:3: there is no module 'nonesuch'\" /run/said")
        guest.run("grep 'sysctl.conf:2: /proc/sys/kernel/wrong/name: No such file' /run/said")
        guest.run("! grep no_such /run/said; stat -c %a%G /run/own | grep 750adm")
        guest.run("grep -E '^[0-9a-f]{32}$' /etc/machine-id && test -s /var/lib/mainstay/random-seed")
        # Nobody can unmount what is swapped to: a clean disk is one that no longer was.
        guest.run("dd if=/dev/zero of=/srv/data/swap bs=1k count=512 && chmod 600 /srv/data/swap")
        guest.run("mkswap /srv/data/swap && swapon /srv/data/swap")
        guest.run("! umount /srv/data")
        guest.run("! test -e /forcefsck")
        # The clock leaps to the last second: a shutdown at a time of day goes by the clock.
        guest.run("date -s '2031-01-01 12:00:00'")
        guest.type("shutdown -h 12:30 new disk")
        guest.expect("new disk\\s+The system is going down for power-off in 30 minutes!")
        guest.press("\x03")
        guest.expect("shutdown: cancelled")
        guest.type("shutdown -h 12:30 &")
        guest.expect("going down for power-off in 30 minutes!")
        guest.type("date -s '2031-01-01 12:29:59'")
        guest.expect("going down for power-off in 1 minute!")
        guest.expect("going down for power-off NOW!")
        assert guest.end() == "guest-shutdown"
    Partition(disk.path, 2).assert_clean()
