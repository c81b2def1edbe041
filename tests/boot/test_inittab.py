"""Systems whose inittab is missing or bad: they come up all the same."""

from guest import Guest

BAD_INITTAB = b"""\
# Line 2 has an unknown action, 3 too few fields, 4 is too long, 5 is no text.
::explode:/bin/true
ttyS0::respawn
::once:/bin/echo %s
\xff\x00\xfe\x01
::sysinit:/etc/init.d/rcS
ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100
::once:/bin/missing
::ctrlaltdel:/sbin/reboot
""" % (b"x" * 2000)


def test_no_inittab(images):
    disk = images.disk_with({"etc/inittab": None})
    with Guest("root=/dev/vda1 ro", initramfs=images.initramfs, disk=disk.path) as guest:
        guest.expect("Please press Enter to activate this console")
        guest.type("")
        guest.expect(r"# ")
        # What the kernel and PID 1 say goes to the same terminal.
        guest.wait_until("test -e /run/mainstay/booted && dmesg -n 1")
        assert guest.run("hostname") == "mainstay", "the startup script did not run"
        assert "job control turned off" not in guest.transcript()
        guest.press_ctrl_alt_del()
        assert guest.end() == "guest-reset"
    disk.assert_clean()


def test_bad_lines_are_named_and_the_rest_works(images):
    disk = images.disk_with({"etc/inittab": BAD_INITTAB})
    with Guest("root=/dev/vda1 ro", initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()
        log = guest.run("dmesg | grep inittab:")
        for line in (2, 3, 4, 5):
            assert f"inittab:{line}: " in log
        assert "inittab:6:" not in log and "inittab:7:" not in log
        missing = guest.run("dmesg | grep /bin/missing")
        assert "No such file or directory" in missing
        guest.type("poweroff")
        assert guest.end() == "guest-shutdown"
    disk.assert_clean()
