"""Control groups of a machine that has all of cgroup v2: limits hold, and deaths are named."""

from guest import Guest

WEB = "/sys/fs/cgroup/mainstay/web"


def define(guest, name, run, *lines):
    """A service below /root, to be enabled by a link when it is complete."""
    guest.run(f"mkdir -p /root/{name}; printf '#!/bin/sh\\n%s\\n' '{run}' >/root/{name}/run")
    guest.run(f"chmod +x /root/{name}/run; : >/root/{name}/service.conf")
    for line in lines:
        guest.run(f"echo '{line}' >>/root/{name}/service.conf")
    guest.run(f"ln -s /root/{name} /etc/rc.d/{name}")


def assert_io_weight(guest):
    """Weights of disks come from blk-iocost, which not every kernel is built with: where there are
    none, that is told, and the service runs without."""
    if guest.run(f"test -e {WEB}/io.weight && echo there || echo none") == "there":
        assert guest.run(f"cat {WEB}/io.weight") == "default 200"
    else:
        guest.wait_until("{ dmesg; cat /var/log/messages; } | grep -q 'web: .*io.*it runs without'")


def test_limits_hold_and_deaths_are_named(images):
    disk = images.demo_disk()
    with Guest("root=LABEL=mainstay-root rw", initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()
        guest.run("mount -o remount,rw /")

        guest.run("svctl up klogd")  # the console may be quicker than the services
        # The controller that figures come from is on for everybody, others for those who ask.
        guest.run("cat /sys/fs/cgroup/mainstay/klogd/memory.current")
        guest.run("test ! -e /sys/fs/cgroup/mainstay/klogd/pids.max")
        assert ", 1 task, " in guest.run("svctl status klogd")

        define(
            guest,
            "web",
            "exec sleep 100000",
            *("memory-max = 64M", "memory-high = 48M", "pids-max = 9", "cpu-max = 150%", "cpu-weight = 50", "io-weight = 200"),
        )
        guest.wait_until("svctl status web | grep -qw -e up -e ready")
        assert guest.run(f"cat {WEB}/memory.max") == "67108864"
        assert guest.run(f"cat {WEB}/memory.high") == "50331648"
        assert guest.run(f"cat {WEB}/pids.max") == "9"
        assert guest.run(f"cat {WEB}/cpu.max") == "150000 100000"
        assert guest.run(f"cat {WEB}/cpu.weight") == "50"
        assert_io_weight(guest)
        assert " of memory (at most " in guest.run("svctl status web")
        assert guest.run(f"cat {WEB}/cgroup.procs") == guest.run("pidof sleep | tr ' ' '\\n' | head -1")

        # A process that eats memory: the line of /dev/zero never ends.
        define(guest, "eater", "exec tail /dev/zero", "memory-max = 8M")
        said = r"eater: .*KILL (out of memory)"
        guest.wait_until(f"{{ dmesg; cat /var/log/messages; }} | grep -q '{said}'")

        guest.wait_until("svctl deaths eater | grep -q 'KILL (out of memory)'")
        assert "(out of memory)" in guest.run("svctl status eater")

        # Three more are one too many, beside the shell itself.
        define(
            guest,
            "bomb",
            "for i in 1 2 3; do sleep 100000 & done; wait",
            *("pids-max = 3", "leftovers = kill"),
        )
        guest.wait_until("grep -q '^max [1-9]' /sys/fs/cgroup/mainstay/bomb/pids.events")
        guest.run("svctl down eater bomb web")
        guest.wait_until("test -z \"$(cat /sys/fs/cgroup/mainstay/bomb/cgroup.procs)\"")

        guest.type("poweroff")
        assert guest.end() == "guest-shutdown"
    disk.assert_clean()
