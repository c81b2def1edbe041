"""The harness itself, shown with busybox's init, whose behaviour is known."""

import os
import signal

from namespace import Pid1, eventually

BUSYBOX_INIT = ("/bin/busybox", "init")


def busybox_init(inittab, **options):
    return Pid1(BUSYBOX_INIT, inittab=inittab, **options)


def test_the_program_is_pid_1_of_a_system_of_its_own():
    with busybox_init("::sysinit:/bin/sh -c 'echo hello from $PPID'\n") as p:
        assert p.wait_for_line(r"hello from (\d+)").group(1) == "1"
        assert p.run("hostname", "in-there") == ""
        assert p.run("hostname") == "in-there\n"
        assert os.uname().nodename != "in-there"
        assert p.run("ls", "/.machine", check=False).endswith("No such file or directory\n")


def test_files_given_are_there_and_scripts_can_run():
    files = {"/bin/hi": "#!/bin/sh\ncat /etc/text\n", "/etc/text": "some text\n"}
    with busybox_init("::once:/bin/hi\n", files=files) as p:
        p.wait_for_line("^some text$")
        assert (p.root / "etc/text").read_text() == "some text\n"


def test_the_console_is_a_terminal_that_can_be_typed_on():
    with busybox_init("console::once:-/bin/sh\n") as p:
        p.wait_for_line(r"# ")
        p.send("tty; echo $((6 * 7))\n")
        p.wait_for_line("^/dev/console$")
        p.wait_for_line("^42$")


def test_a_pipe_can_be_the_output_instead():
    with Pid1(("/bin/echo", "only", "words"), console="pipe") as p:
        p.wait_for_line("^only words$")
        assert p.exit_status() == 0


def test_the_exit_code_arrives():
    with Pid1(("/bin/sh", "-c", "exit 7")) as p:
        assert p.exit_status() == 7


def test_reboot_and_power_off_are_told_apart():
    for sent, status in (("TERM", -signal.SIGHUP), ("USR2", -signal.SIGINT)):
        with busybox_init("::sysinit:/bin/echo up\n") as p:
            p.wait_for_line("^up$")
            p.signal(sent)
            assert p.exit_status() == status


def test_without_the_right_to_reboot_busybox_exits():
    with busybox_init("::sysinit:/bin/echo up\n", drop=["sys_boot"]) as p:
        p.wait_for_line("^up$")
        p.signal("TERM")
        assert p.exit_status() >= 0


def test_pid_1_starts_with_the_descriptors_and_the_environment_the_kernel_gives():
    with Pid1(("/bin/sleep", "1000"), env={"container": "test"}) as p:
        # Until then it is the shell of enter.sh, which has more open and another environment.
        eventually(lambda: p.run("cat", "/proc/1/cmdline") == "/bin/sleep\0001000\0", "PID 1 is the program")
        assert p.run("ls", "/proc/1/fd").split() == ["0", "1", "2"]
        environment = p.run("cat", "/proc/1/environ").split("\0")
        assert environment == ["HOME=/", "TERM=linux", "container=test", ""]


def test_the_machine_is_out_of_reach():
    with Pid1(("/bin/sleep", "1000")) as p:
        assert p.run("wc", "-l", "/proc/swaps") == "1 /proc/swaps\n"
        assert "Read-only" in p.run("sh", "-c", "echo 1 >/proc/sys/kernel/panic", check=False)
        for line in p.run("cat", "/proc/mounts").splitlines():
            assert line.split()[2] in ("tmpfs", "proc", "devtmpfs", "devpts"), line


def test_nothing_is_left_behind():
    with Pid1(("/bin/sh", "-c", "sleep 1000 & sleep 1000")) as p:
        eventually(lambda: p.run("pidof", "sleep", check=False).count(" ") == 1, "two sleeps run")
        stage, cgroup, pid = p._stage, p._cgroup.path, p.pid
    assert not stage.exists()
    assert cgroup is None or not cgroup.exists()
    assert not os.path.exists(f"/proc/{pid}")
