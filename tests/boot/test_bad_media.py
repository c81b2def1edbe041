"""Images and disks that are not as they should be: each has its cause named, and a way on."""

from guest import Guest
from media import TwinDisk


def test_modules_of_another_kernel_and_a_console_that_is_none(images):
    words = "root=/dev/vda1 rd.timeout=1 console=ttyUSB7"
    with Guest(words, initramfs=images.initramfs_for("9.9.9"), disk=images.demo_disk().path) as guest:
        guest.expect(r"\*\*\* The root device /dev/vda1 did not appear within 1 s")
        guest.expect("/ # ")
        guest.run("dmesg | grep 'lib/modules/ has modules for Linux 9.9.9, but none for this kernel'")
        # A shell on the screen and one here: on every console that there is.
        guest.wait_until("ls -l /proc/[0-9]*/fd/0 2>/dev/null | grep -q '/dev/tty1$'")


def test_an_initramfs_that_is_cut_off(images):
    """Which the kernel unpacks as far as it goes: init is there before what is of less use without it."""
    with Guest("root=LABEL=x rd.timeout=1", initramfs=images.initramfs_cut_off(0.7)) as guest:
        guest.expect("Initramfs unpacking failed")
        guest.expect("init: the initramfs is cut off: its last file is missing")
        guest.expect(
            r"\*\*\* The root device LABEL=x did not appear within 1 s\. The initramfs is cut off: make it"
        )
        guest.expect("/ # ")
        guest.run("test -e /etc/initramfs.begin && ! test -e /lib/modules/*/modules.dep")


def test_a_root_that_appears_late_twice_and_write_protected(images):
    disk = TwinDisk(images, images.new_path())
    words = f"root=UUID={disk.UUID} rw rd.break=root init=/init"
    with Guest(words, initramfs=images.initramfs) as guest:
        guest.expect(r"\*\*\* rd.break=root: nothing has failed")
        guest.expect("/ # ")
        guest.run("! ls /dev/vda")
        guest.type("exit")
        guest.expect("the shell was left: going on with the boot")
        guest.expect(f"waiting for the root device UUID={disk.UUID} since 20 s, of 60 s")
        guest.plug_in(disk.path)
        guest.expect(f"/dev/vda1 and /dev/vda2 both answer to UUID={disk.UUID}; taking /dev/vda1")
        guest.expect("/dev/vda1 is write-protected; mounting it read-only")
        guest.login()
        # Called /init, with root= and rd. on the command line, and yet on no initramfs: nothing was
        # looked for, and nothing deleted.
        guest.run("grep -q ^/init /proc/1/cmdline && grep -q ' / ext4 ro' /proc/mounts")
        guest.run("test -x /init && test -f /etc/inittab")
        guest.type("poweroff")
        assert guest.end() == "guest-shutdown"
