"""PID 1 fails, or is replaced, on a real kernel: no panic, nothing is lost, and the disk ends clean."""

import pytest

from guest import TOP, Guest
from test_boot import SERVICES, assert_services_are_up

FAULTY_INIT = TOP / "build/test-fault/bin/init"
INIT = "/usr/lib/mainstay/init"
SUPERVISOR = "/usr/lib/mainstay/supervisor"
NULL_DEREFERENCE = 60  # what lets the faulty init read from there

# Every process but those of this shell, of the kernel, udhcpc's script, and one that a test may just have started.
PROCESSES = "ps -o pid,ppid,args | awk '$2 == 1 && !/-sh|login/ || /supervisor|syslogd|klogd|udhcpc|svlog/ && !/awk|default[.]script/ {print $1}' | sort -n | xargs"
BUT_SVLOG = PROCESSES.replace("|svlog", "")


def needs_faulty_init(test):
    reason = "build/test-fault/bin/init is not built: cmake --build --preset test-fault"
    return pytest.mark.skipif(not FAULTY_INIT.exists(), reason=reason)(test)


def processes(guest):
    assert_services_are_up(guest)
    guest.wait_until("grep -qx svlog /proc/[0-9]*/comm")  # which comes after them
    found = guest.run(PROCESSES)
    assert len(found.split()) >= 6, found
    return found


def fail(guest, signal, consequence):
    guest.run("dmesg -c >/dev/null")
    guest.run(f"kill -{signal} 1")
    guest.wait_until(f"dmesg | grep 'PID 1 failed: .*Mainstay.*{consequence}'")


def upgrade(guest):
    guest.run("dmesg -c >/dev/null")
    guest.run("telinit u")
    guest.wait_until("dmesg | grep 'upgraded: Mainstay'")


def power_off(guest, disk):
    guest.type("poweroff")
    assert guest.end() == "guest-shutdown"
    disk.assert_clean()


def test_signals_of_a_fault_cost_nothing(images):
    disk = images.demo_disk()
    with Guest("root=/dev/vda1 ro", initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()
        before = processes(guest)
        fail(guest, "SEGV", "everything goes on")
        assert processes(guest) == before
        assert "PID 1 recovered from 1 fault, " in guest.run("cat /run/mainstay/recovered")
        fail(guest, "BUS", "going on with processes only")
        assert processes(guest) == before
        power_off(guest, disk)


@needs_faulty_init
def test_a_real_null_dereference_costs_nothing(images):
    disk = images.disk_with({INIT.lstrip("/"): FAULTY_INIT.read_bytes()})
    with Guest("root=/dev/vda1 ro", initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()
        before = processes(guest)
        fail(guest, NULL_DEREFERENCE, "everything goes on")
        guest.wait_until("grep 'SEGV at 0x0, program counter 0x.*, build id ' /run/mainstay/recovered")
        assert processes(guest) == before
        # After the program's file is gone it fails all the same, and the disk still becomes clean.
        guest.run(f"rm {INIT}")
        fail(guest, NULL_DEREFERENCE, "going on with processes only")
        assert processes(guest) == before
        guest.type("kill -38 1")
        assert guest.end() == "guest-shutdown"
    disk.assert_clean()


def test_a_new_program_takes_over_and_the_disk_ends_clean(images):
    disk = images.demo_disk()
    with Guest("root=/dev/vda1 ro", initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()
        before = processes(guest)
        guest.run(f"cp {INIT} {INIT}.new && mv {INIT}.new {INIT}")
        upgrade(guest)
        assert processes(guest) == before
        guest.run(f"head -c 300000 {INIT} >{INIT}.new; chmod 755 {INIT}.new; mv {INIT} {INIT}.old")
        guest.run(f"mv {INIT}.new {INIT}; kill -59 1")
        guest.wait_until("dmesg | grep 'fails its self-test; going on with the old program'")
        guest.run(f"mv {INIT}.old {INIT}")
        assert processes(guest) == before
        # The supervisor likewise, and svlog with it, which is another process then.
        before = guest.run(BUT_SVLOG)
        guest.run(f"cp {SUPERVISOR} {SUPERVISOR}.new && mv {SUPERVISOR}.new {SUPERVISOR}")
        assert "goes on" in guest.run("svctl upgrade")
        # The next svlog has the supervisor's name until it is executed.
        guest.wait_until(f'test "$({BUT_SVLOG})" = "{before}"')
        power_off(guest, disk)


def test_a_program_that_was_replaced_does_not_keep_the_disk_from_ending_clean(images):
    disk = images.demo_disk()
    with Guest("root=/dev/vda1 ro", initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()
        processes(guest)
        guest.run(f"cp {INIT} {INIT}.new && mv {INIT}.new {INIT}")
        power_off(guest, disk)


# The cloud kernel has no driver of a device that QEMU has: its own timer stands for the hardware.
WATCHED = "root=/dev/vda1 ro watchdog=/dev/watchdog,10 modules=softdog"


@needs_faulty_init
def test_the_watchdog_resets_a_machine_whose_shutdown_hangs(images):
    """Kept alive by the initramfs, the program that follows it, and the one in its place."""
    disk = images.disk_with({INIT.lstrip("/"): FAULTY_INIT.read_bytes()})
    with Guest(WATCHED, initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()
        guest.wait_until("dmesg | grep 'watchdog: taken over from the initramfs, 10 s'")
        upgrade(guest)
        guest.run("dmesg -c >/dev/null; echo '::shutdown:/bin/kill -61 1' >>/etc/inittab; kill -HUP 1")
        guest.wait_until("dmesg | grep 'HUP from'")
        guest.type("poweroff")
        assert guest.end() == "guest-reset"


COUNT = 1000


def everybody(guest, supervisor):
    """As the kernel and the supervisor have it: whose child is who, and which service is ready as which process."""
    guest.run("svctl status | sed 's/ready.*pid/is/' | grep ' is ' >/tmp/services")
    children = f"cat /proc/1/task/1/children; md5sum </proc/{supervisor}/task/{supervisor}/children"
    return guest.run(f"{children}; md5sum </tmp/services; wc -l </tmp/services").split("\n")


@needs_faulty_init
def test_a_thousand_services_notice_nothing_and_the_watchdog_is_kept_quiet(images):
    """Two faults, a new program, and two faults more, more than a minute after the first."""
    services = dict.fromkeys([f"etc/rc.d/web{i:03}/run" for i in range(COUNT)], images.waiter().read_bytes())
    disk = images.disk_with({INIT.lstrip("/"): FAULTY_INIT.read_bytes(), **services})
    with Guest(WATCHED, initramfs=images.initramfs, disk=disk.path, memory=512) as guest:
        guest.login()
        guest.run("svctl wait --boot")
        guest.wait_until("grep -qx svlog /proc/[0-9]*/comm")
        of_pid_1 = "for pid in $(cat /proc/1/task/1/children); do echo $(cat /proc/$pid/comm) $pid; done"
        supervisor = guest.run(f"{of_pid_1} | sed -n 's/^supervisor //p'")
        before = everybody(guest, supervisor)
        assert before[-1] == str(COUNT + len(SERVICES)) and len(before[0].split()) >= 5, before
        fail(guest, NULL_DEREFERENCE, "everything goes on")
        assert everybody(guest, supervisor) == before
        fail(guest, "SEGV", "going on with processes only")
        assert everybody(guest, supervisor) == before
        guest.run("sleep 25")  # longer than the watchdog waits: it is told in between
        upgrade(guest)
        guest.run("sleep 36")
        assert everybody(guest, supervisor) == before
        fail(guest, "BUS", "everything goes on")
        assert everybody(guest, supervisor) == before
        fail(guest, "ABRT", "going on with processes only")
        guest.run("sleep 15")
        assert everybody(guest, supervisor) == before
        power_off(guest, disk)
