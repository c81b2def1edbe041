"""Native early steps of inittab in namespaces: what they do, what they say, and that nothing stops."""

import re

import pytest

from namespace import Pid1

UP = "::once:/bin/echo system is up\n"
MACHINE_ID = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}\n")


def test_steps_skip_politely_what_is_not_there():
    with Pid1(inittab="::native:all\n" + UP) as p:
        p.wait_for_line("system is up")
        said = [line for line in p.transcript().splitlines() if line.startswith("init: ")]
        assert not [line for line in said if "warning" in line or "inittab:1" in line], said
        # All that is made without being asked for.
        assert MACHINE_ID.fullmatch((p.root / "etc/machine-id").read_text())


def test_tmpfiles_make_and_remove_what_they_say_and_name_what_is_wrong():
    files = {
        "/etc/passwd": "root:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n",
        "/etc/group": "root:x:0:\nadm:x:4:\n",
        "/usr/lib/tmpfiles.d/b.conf": "d /run/never\n",
        "/etc/tmpfiles.d/b.conf": "# in place of that in /usr/lib\n"
        "d /run/web/deep 0750 web adm\n"
        "f /run/web/note 0600 - - - one\\ntwo\n"
        "L /run/log - - - - /var/log\n"
        "p /run/pipe 0620\n"
        "D /srv/work\n"
        "R /srv/old\n"
        "z /srv/file 0640 web -\n"
        "w /srv/file - - - - written\n",
        "/etc/tmpfiles.d/c.conf": "d relative\nd /run/x - nobody\nd- /proc/no/way\nd /run/last\n",
        "/srv/work/a/b": "gone\n",
        "/srv/old/a/b": "gone\n",
        "/srv/file": "old\n",
    }
    with Pid1(inittab="::native:tmpfiles\n" + UP, files=files) as p:
        p.wait_for_line("/etc/tmpfiles.d/c.conf:1: the path is not absolute")
        p.wait_for_line("/etc/tmpfiles.d/c.conf:2: there is no user 'nobody'")
        p.wait_for_line("inittab:1: tmpfiles: exit 1")
        p.wait_for_line("system is up")
        assert "c.conf:3" not in p.transcript()
        stat = ("stat", "-c", "%A %u %g %n")
        assert p.run(*stat, "/run/web/deep").split()[:3] == ["drwxr-x---", "33", "4"]
        assert p.run(*stat, "/run/web/note").startswith("-rw-------")
        assert p.run(*stat, "/run/pipe").startswith("prw--w----")
        assert p.run(*stat, "/srv/file").startswith("-rw-r----- 33 0")
        assert (p.root / "run/web/note").read_text() == "one\ntwo"
        assert (p.root / "srv/file").read_text() == "written"
        assert p.run("readlink", "/run/log") == "/var/log\n"
        assert p.run("ls", "-A", "/srv") == "file\nwork\n"
        assert p.run("ls", "-A", "/srv/work") == ""
        p.run("test", "-d", "/run/last")
        p.run("sh", "-c", "! test -e /run/never")


def test_fstab_is_mounted_and_what_may_fail_does():
    files = {
        "/etc/fstab": "# nothing\n"
        "tmpfs /mnt/deep/tmp tmpfs nosuid,noexec,mode=0711,size=64k 0 0\n"
        "/srv /mnt/bound none bind,ro\n"
        "LABEL=NOWHERE /mnt/usb vfat nofail 0 2\n"
        "server:/x /mnt/net nfs defaults\n"
        "tmpfs /mnt/hand tmpfs noauto\n"
        "tmpfs relative tmpfs\n",
        "/srv/file": "bound\n",
    }
    with Pid1(inittab="::native:fstab\n" + UP, files=files) as p:
        p.wait_for_line("fstab:5: /mnt/net is mounted when there is a network")
        p.wait_for_line("fstab:7: the mount point is no absolute path")
        p.wait_for_line("fstab:4: /mnt/usb: LABEL=NOWHERE is not there; going on without it")
        p.wait_for_line("system is up")
        mounts = p.run("cat", "/proc/mounts")
        assert re.search(r"/mnt/deep/tmp tmpfs rw,nosuid,noexec,.*size=64k,mode=711", mounts)
        assert re.search(r"/mnt/bound \S+ ro,", mounts)
        assert (p.root / "mnt/bound/file").read_text() == "bound\n"
        assert "/mnt/hand" not in mounts and "/mnt/net" not in mounts


def test_a_mount_that_must_not_fail_ends_in_a_shell_that_goes_on():
    files = {"/etc/fstab": "tmpfs /mnt/a tmpfs no_such_option\ntmpfs /mnt/b tmpfs\n"}
    with Pid1(inittab="::native:fstab\n" + UP, files=files) as p:
        p.wait_for_line(r"^init: fstab:1: /mnt/a: tmpfs: Invalid argument")
        p.wait_for_line(r"\*\*\* fstab:1: /mnt/a: tmpfs: Invalid argument")
        p.wait_for_line("Rescue shell")
        assert "/mnt/b tmpfs" in p.run("cat", "/proc/mounts")
        p.send("exit\n")
        # Once more, as somebody may have mended it; then the boot goes on.
        p.wait_for_line(r"^init: fstab:1: /mnt/a: tmpfs: Invalid argument")
        p.wait_for_line("inittab:1: fstab: exit 1")
        p.wait_for_line("system is up")


def test_a_machine_id_is_kept_or_made_for_this_boot():
    given = "0123456789abcdef0123456789abcdef\n"
    with Pid1(inittab="::native:machine-id\n" + UP, files={"/etc/machine-id": given}) as p:
        p.wait_for_line("system is up")
        assert (p.root / "etc/machine-id").read_text() == given
    inittab = "::sysinit:/bin/mount --bind -o ro /etc /etc\n::sysinit:/bin/mount -o remount,ro,bind /etc\n"
    with Pid1(inittab=inittab + "::native:machine-id\n" + UP, files={"/etc/machine-id": ""}) as p:
        p.wait_for_line("machine-id: Read-only file system; a new one until the next boot")
        p.wait_for_line("system is up")
        assert MACHINE_ID.fullmatch(p.run("cat", "/etc/machine-id"))


@pytest.mark.parametrize("how", ["variable", "file"])
def test_a_container_has_the_id_that_its_manager_gave_it(how):
    uuid = "01234567-89AB-cdef-0123-456789abcdef"
    put = f"::sysinit:/bin/sh -c 'mkdir /run/host; echo {uuid} >/run/host/container-uuid'\n"
    inittab = ("" if how == "variable" else put) + "::native:machine-id\n" + UP
    env = {"container": "test", **({"container_uuid": uuid} if how == "variable" else {})}
    with Pid1(inittab=inittab, files={"/etc/machine-id": ""}, env=env) as p:
        p.wait_for_line("system is up")
        assert (p.root / "etc/machine-id").read_text() == "0123456789abcdef0123456789abcdef\n"


def test_a_seed_is_used_once_and_replaced():
    old = "old seed of the last run, which no second run gets"
    with Pid1(
        inittab="::native:random-seed\n" + UP, files={"/var/lib/mainstay/random-seed": old}
    ) as p:
        p.wait_for_line("system is up")
        seed = (p.root / "var/lib/mainstay/random-seed").read_bytes()
        assert len(seed) == 512 and old.encode() not in seed
        assert p.run("stat", "-c", "%a", "/var/lib/mainstay/random-seed") == "600\n"
        assert p.run("ls", "/var/lib/mainstay") == "random-seed\n"
