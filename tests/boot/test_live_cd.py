"""The live CD that README.md has a command for: its root is a squashfs on the CD, changes stay in memory."""

import pytest

from guest import Machine
from test_images import UEFI, assert_services_are_up, power_off, root_of


@pytest.mark.parametrize("firmware", [(), UEFI], ids=["bios", "uefi"])
def test_a_live_cd_can_be_written_to(made, firmware):
    with Machine(*firmware, "-cdrom", made.get("live.iso")) as guest:
        guest.login()
        assert root_of(guest)[1:3] == ["/", "overlay"]
        guest.run("ls -d /sys/firmware/efi", status=0 if firmware else 1)
        guest.run("echo changed >/etc/issue; grep -qx changed /etc/issue")
        assert_services_are_up(guest)
        power_off(guest)
