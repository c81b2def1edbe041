"""docs/migrate.md, step by step: a system with another init is tried with ours, switched, and goes back.

The commands are those of the page. Each system has the real init of Debian's package; its startup script
and shell are the demo system's, from busybox."""

import contextlib
import re
import shutil
import subprocess

import pytest

from guest import TOP, Guest
from images import Disk, script

GUIDE = (TOP / "docs/migrate.md").read_text(encoding="utf-8")
OURS = "/usr/lib/mainstay/init"
NAMES = "init telinit poweroff reboot halt shutdown".split()
GETTY = "/sbin/getty -L 115200 ttyS0 vt100"
LIBRARIES = "lib64/ld-linux-x86-64.so.2", "libc.so.6", "libselinux.so.1", "libpcre2-8.so.0"

SYSVINIT = f"""\
id:2:initdefault:
si::sysinit:/etc/init.d/rcS
l2:2:wait:/bin/touch /run/level
l3:3:once:/bin/touch /run/never
ca:12345:ctrlaltdel:/sbin/shutdown -t1 -a -r now
T0:23:respawn:{GETTY}
"""


def block(heading):
    """The first block of commands below a heading of the page."""
    part = GUIDE[GUIDE.index(f"\n{heading}\n") :]
    return re.search(r"```sh\n(.*?)```", part, re.DOTALL).group(1)


def put(path, text, mode=0o755):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)


def link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def fetched(name):
    script("fetch", name)
    return TOP / "build" / name


def add_libraries(tree, package):
    for name in LIBRARIES:
        found = [path for path in package.rglob(name.split("/")[-1]) if path.exists()]
        if found:
            place = tree / "lib64" if "lib64" in name else tree / "lib/x86_64-linux-gnu"
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(found[0], place / name.split("/")[-1])


class Busybox:
    program = "/bin/busybox"

    @staticmethod
    def fill(tree):
        for name in ("init", "poweroff", "reboot", "halt"):
            link(tree / "sbin" / name, "/bin/busybox")
        inittab = f"::sysinit:/etc/init.d/rcS\nttyS0::respawn:{GETTY}\n::ctrlaltdel:/sbin/reboot\n"
        put(tree / "etc/inittab", inittab + "::shutdown:/bin/umount -a -r\n::restart:/sbin/init\n", 0o644)

    @staticmethod
    def look(guest):
        guest.run("grep ' / ext4 rw' /proc/mounts")


class Runit:
    program = "/sbin/runit"
    leave = "/sbin/init.old 6"

    @staticmethod
    def fill(tree):
        package = fetched("runit-init")
        add_libraries(tree, package)
        shutil.copytree(package / "lib/runit", tree / "lib/runit", dirs_exist_ok=True)
        for name in ("sbin/runit", "usr/bin/runsv", "usr/bin/runsvdir", "usr/bin/sv"):
            (tree / name).unlink(missing_ok=True)
            shutil.copy(package / name, tree / name)
        link(tree / "sbin/init", "/lib/runit/runit-init")
        for name in ("poweroff", "reboot", "halt", "shutdown"):
            link(tree / "sbin" / name, "/lib/runit/shutdown")
        put(tree / "etc/runit/1", "#!/bin/sh\n/etc/init.d/rcS\ninstall -m000 /dev/null /run/runit.stopit\n"
            "install -m000 /dev/null /run/runit.reboot\n")
        put(tree / "etc/runit/2", "#!/bin/sh\nexec env - PATH=/bin:/sbin:/usr/bin runsvdir -P /etc/service\n")
        put(tree / "etc/runit/3", "#!/bin/sh\nsv -w5 force-stop /etc/service/*\nmount -o remount,ro /\n")
        put(tree / "etc/service/getty-ttyS0/run", f"#!/bin/sh\nexec {GETTY}\n")
        put(tree / "etc/service/web/run", "#!/bin/sh\nexec sleep 8888\n")
        inittab = re.search(r"<<'END'\n(.*?)END\n", block("### runit"), re.DOTALL).group(1)
        put(tree / "etc/inittab", inittab, 0o644)
        for link_there in (tree / "etc/rc.d").glob("*"):
            link_there.unlink()

    @staticmethod
    def look(guest):
        guest.wait_until("sv status /etc/service/web | grep ^run:")


class Sysvinit:
    program = "/sbin/init"
    leave = None  # its way down is the distribution's scripts, which are not here

    @staticmethod
    def fill(tree):
        package = fetched("sysvinit")
        add_libraries(tree, package)
        for name in ("init", "telinit", "halt", "poweroff", "reboot", "shutdown", "runlevel"):
            (tree / "sbin" / name).unlink(missing_ok=True)
            shutil.copy(package / "sbin" / name, tree / "sbin" / name, follow_symlinks=False)
        put(tree / "etc/inittab", SYSVINIT, 0o644)

    @staticmethod
    def look(guest):
        guest.run("test -e /run/level")
        guest.run("! test -e /run/never")


def disk_of(system, images):
    """The demo system with the other init in its place, ours installed beside it."""
    tree = images.new_path().with_suffix(".tree")
    shutil.copytree(images.tree, tree, symlinks=True)
    (tree / "sbin/supervisor").unlink()
    for name in NAMES:
        (tree / "sbin" / name).unlink(missing_ok=True)
    system.fill(tree)
    put(tree / "root/switch", block("## 5. Switch"))
    put(tree / "root/back", block("## 6. Go back"))
    path = images.new_path()
    subprocess.run([TOP / "scripts/mkdisk", tree, path], check=True)
    shutil.rmtree(tree)
    return Disk(path)


class Moved:
    """One system and its disk, booted again and again."""

    def __init__(self, system, images):
        self.system = system
        self._images = images
        self._disk = disk_of(system, images)

    @contextlib.contextmanager
    def booted(self, program, words=""):
        words = f"root=/dev/vda1 ro {words}"
        with Guest(words, initramfs=self._images.initramfs, disk=self._disk.path, network=False) as guest:
            guest.login()
            assert guest.run("readlink /proc/1/exe") == program
            yield guest

    def ends(self, guest, command):
        """By our init."""
        self.ends_by_the_old(guest, command)
        self._disk.assert_clean()

    @staticmethod
    def ends_by_the_old(guest, command):
        guest.type(command)
        assert guest.end() == "guest-reset"


def test_tried_switched_and_back_from_busybox(images):
    moved = Moved(Busybox, images)
    with moved.booted(OURS, f"init={OURS}") as guest:
        Busybox.look(guest)
        guest.run("sh -e /root/switch")
        moved.ends(guest, "busybox reboot")  # which sends TERM, as to its own
    with moved.booted(OURS) as guest:
        Busybox.look(guest)
        moved.ends(guest, "sh -e /root/back")
    with moved.booted(Busybox.program) as guest:
        guest.run("! ls /sbin/*.old")
        guest.run("sh -e /root/switch")
        moved.ends_by_the_old(guest, "busybox reboot")


@pytest.mark.parametrize("system", [Runit, Sysvinit], ids=["runit", "sysvinit"])
def test_tried_switched_and_back(images, system):
    """Boots once less: a switch that holds over a boot is no other from here."""
    moved = Moved(system, images)
    with moved.booted(OURS, f"init={OURS}") as guest:
        system.look(guest)
        guest.run("sh -e /root/switch")
        for name in ("init", "reboot"):
            assert guest.run(f"readlink /sbin/{name}") == OURS
        moved.ends(guest, "sh -e /root/back")
    with moved.booted(system.program) as guest:
        guest.run("! ls /sbin/*.old")
        if system.leave:
            guest.run("sh -e /root/switch")
            moved.ends_by_the_old(guest, system.leave)
