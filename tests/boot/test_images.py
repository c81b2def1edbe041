"""What scripts/mkimage makes boots: each kind by the command that stands in README.md, from the firmware
or loader it is for, to a login, the services, and an end that leaves nothing to mend."""

import pytest

from guest import Guest, Machine, device
from readme import Partition, commands

UEFI = ("-bios", "/usr/share/ovmf/OVMF.fd")
SERVICES = ("syslogd", "klogd", "udhcpc")


def assert_services_are_up(guest):
    guest.run(f"svctl up {' '.join(SERVICES)}")
    states = [line.split()[:2] for line in guest.run("svctl status").splitlines()]
    for service in SERVICES:
        assert [service, "up"] in states or [service, "ready"] in states, states
    assert guest.run("cat /proc/1/comm") == "init"


def root_of(guest):
    """Device, type and options of what is mounted on /, by the kernel's last word on it."""
    return guest.run("grep ' / ' /proc/mounts").splitlines()[-1].split()


def power_off(guest):
    guest.type("poweroff")
    assert guest.end() == "guest-shutdown"


def test_grub_disk_whose_root_the_kernel_mounts(made):
    """No initramfs, NVMe. Services are enabled by links while the system runs."""
    image = made.without_services("grub-plain.img")
    root = Partition(image, 1)
    with Machine(*device(image, "nvme")) as guest:
        guest.login()
        assert f"root=PARTUUID={root.partuuid} " in guest.run("cat /proc/cmdline")
        assert root_of(guest)[1:3] == ["/", "ext4"]
        guest.run("dmesg | grep -q 'unpack rootfs image'", status=1)
        assert "syslogd" not in guest.run("svctl status")
        for service in SERVICES:
            guest.run(f"ln -s ../init.d/{service} /etc/rc.d/")
        for service in SERVICES:
            guest.wait_until(f"pidof {service}")
        assert_services_are_up(guest)
        guest.wait_until("ip address show dev eth0 | grep -qF 10.0.2.15/24")
        guest.type("reboot")
        assert guest.end() == "guest-reset"
    root.assert_clean()


def test_grub_disk_with_an_initramfs(made):
    image = made.get("grub.img")
    root = Partition(image, 1)
    with Machine(*device(image)) as guest:
        guest.login()
        guest.run("dmesg | grep -q 'unpack rootfs image'")
        assert root_of(guest)[:3] == ["/dev/vda1", "/", "ext4"]
        assert_services_are_up(guest)
        power_off(guest)
    root.assert_clean()


def test_extlinux_disk_whose_initramfs_is_the_system(made):
    with Machine(*device(made.get("extlinux.img"))) as guest:
        guest.login()
        assert root_of(guest)[1:3] == ["/", "rootfs"]
        assert_services_are_up(guest)
        power_off(guest)


def test_efi_disk_with_the_root_on_another(made):
    """Nobody passes a command line: what root to take, the initramfs knows."""
    system = made.get("root.ext4")
    with Machine(*UEFI, *device(made.get("efi.img")), *device(system)) as guest:
        guest.login()
        assert "root=" not in guest.run("cat /proc/cmdline")
        assert root_of(guest)[:3] == ["/dev/vdb", "/", "ext4"]
        assert_services_are_up(guest)
        power_off(guest)
    Partition(system).assert_clean()


def test_efi_disk_with_everything(made):
    image = made.get("uefi.img")
    root = Partition(image, 2)
    with Machine(*UEFI, *device(image, "nvme")) as guest:
        guest.login()
        assert "root=" not in guest.run("cat /proc/cmdline")
        assert root_of(guest)[:3] == ["/dev/nvme0n1p2", "/", "ext4"]
        assert_services_are_up(guest)
        power_off(guest)
    root.assert_clean()


@pytest.mark.parametrize("firmware", [(), UEFI], ids=["bios", "uefi"])
def test_cd(made, firmware):
    with Machine(*firmware, "-cdrom", made.get("mainstay.iso")) as guest:
        guest.login()
        assert root_of(guest)[1:3] == ["/", "rootfs"]
        guest.run("ls -d /sys/firmware/efi", status=0 if firmware else 1)
        assert_services_are_up(guest)
        power_off(guest)


def test_initramfs_and_disk_for_a_kernel_that_is_loaded_from_elsewhere(made):
    image = made.get("disk.img")
    with Guest(initramfs=made.get("initramfs.gz"), disk=image) as guest:
        guest.login()
        assert "root=" not in guest.run("cat /proc/cmdline")
        assert root_of(guest)[:3] == ["/dev/vda1", "/", "ext4"]
        assert_services_are_up(guest)
        power_off(guest)
    Partition(image, 1).assert_clean()


def test_initramfs_that_is_the_system(made):
    with Guest(initramfs=made.get("system.gz")) as guest:
        guest.login()
        assert root_of(guest)[1:3] == ["/", "rootfs"]
        assert_services_are_up(guest)
        power_off(guest)


def test_every_command_of_the_table_is_tried_here():
    text = open(__file__, encoding="utf-8").read()
    others = ("mainstay.oci", "live.iso")  # test_container.py, test_live_cd.py
    assert commands()
    for name in commands():
        assert f'"{name}"' in text or name in others, name
