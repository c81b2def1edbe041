"""The live CD that README.md has a command for: its root is a squashfs on the CD, changes stay in memory."""

from guest import Machine
from test_images import assert_services_are_up, power_off, root_of


def test_a_live_cd_can_be_written_to(made):
    with Machine("-cdrom", made.get("live.iso")) as guest:
        guest.login()
        assert root_of(guest)[1:3] == ["/", "overlay"]
        guest.run("echo changed >/etc/issue; grep -qx changed /etc/issue")
        assert_services_are_up(guest)
        power_off(guest)
