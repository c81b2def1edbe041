"""How services say that they are ready, alive, reloading, somebody else: with real processes.

The services are puppets (puppet.py): the tests say when they say what.
"""

import contextlib
import os
import pathlib
import select
import shutil
import signal
import socket

import pytest

import puppet
from supervised import DEADLINE, Supervised, eventually
from svctl_runner import svctl

SLEEP = "exec sleep 100000"


@pytest.fixture
def s():
    with Supervised() as supervised:
        yield supervised


def add_puppet(s, name, conf):
    s.add(name, puppet.run(s, name), **{"service.conf": conf})


def started(s, conf, name="web"):
    """A supervised puppet, listening, with the supervisor started."""
    add_puppet(s, name, conf)
    s.start()
    return puppet.Puppet(s, name)


def notify_path(s, web):
    return web("os.environ['NOTIFY_SOCKET']")


def wait_restart(s, name, before):
    s.wait_other_pid(name, before)
    return puppet.Puppet(s, name)


def descriptors_of(s):
    """How many it has, but for what runit's clients are given a second after the start, as nobody is ready."""
    found = []
    for fd in pathlib.Path(f"/proc/{s.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed in this moment
            found.append(os.readlink(fd))
    return len([path for path in found if "/supervise/" not in path])


# --- s6's descriptor


def test_a_newline_on_the_descriptor_is_ready(s):
    web = started(s, "ready = fd 5")
    web("os.write(5, b'nearly')")
    assert s.wait_state("web", "up")["pid"] == web.pid
    web("os.write(5, b' there\\n')")
    s.wait_state("web", "ready")


def test_the_notification_fd_file_of_s6_means_the_same(s):
    s.add("web", "exec 3>&- 2>&1\necho >&7\n" + SLEEP, **{"notification-fd": "7\n"})
    s.start()
    s.wait_state("web", "ready")


def test_a_descriptor_closed_without_a_newline_is_told_and_not_ready(s):
    web = started(s, "ready = fd 5")
    web("os.close(5)")
    s.wait_message("web: closed its notification descriptor without a newline")
    s.wait_state("web", "up")


def test_never_ready_ends_with_the_start_timeout_and_is_tried_again(s):
    """One run writes in time, which may not be the next."""
    s.add(
        "web",
        "while [ ! -e go ]; do sleep 0.02; done; echo >&5; exec sleep 100000 5>&-",
        **{"service.conf": "ready = fd 5\nstart-timeout = 1s\nrestart-delay = 1ms"},
    )
    s.start()
    eventually(lambda: s.status("web").get("restarts", 0) >= 1, "it is tried again")
    (s.definitions / "web/go").touch()
    s.wait_state("web", "ready")


def test_a_flood_on_the_descriptor_is_thrown_away(s):
    s.add(
        "web",
        "head -c 30000000 /dev/zero >&5\necho >&5\n" + SLEEP,
        **{"service.conf": "ready = fd 5"},
    )
    s.add("other", SLEEP)
    s.start()
    s.wait_state("other", "ready")
    s.wait_state("web", "ready")


# --- notify sockets


def test_ready_by_a_message(s):
    web = started(s, "ready = notify")
    assert s.wait_state("web", "up")
    web("notify('STATUS=loading')")
    web("notify('READY=1\\nSTATUS=serving')")
    assert s.wait_state("web", "ready")["status_text"] == "serving"
    path = pathlib.Path(notify_path(s, web))
    assert path.parent == s.top / "notify"
    assert path.stat().st_mode & 0o777 == 0o666
    assert path.parent.stat().st_mode & 0o777 == 0o755


def test_only_a_service_that_asks_for_it_has_a_socket(s):
    web = started(s, "")
    assert not web("'NOTIFY_SOCKET' in os.environ or 'WATCHDOG_USEC' in os.environ")
    assert not (s.top / "notify").exists()


def test_the_socket_outlives_a_run_and_is_gone_with_the_service(s):
    web = started(s, "ready = notify")
    path = pathlib.Path(notify_path(s, web))
    before = path.stat().st_ino
    web("notify('READY=1')")
    s.wait_state("web", "ready")
    os.kill(web.pid, signal.SIGKILL)
    web = wait_restart(s, "web", web.pid)
    assert path.stat().st_ino == before
    web("notify('READY=1')")
    s.wait_state("web", "ready")
    s.disable("web")
    eventually(lambda: not path.exists(), "the socket is gone")


def test_the_real_library_is_understood(s):
    web = started(s, "ready = notify\nwatchdog-timeout = 60")
    assert web("sd_notify('READY=1')") == 1
    s.wait_state("web", "ready")
    assert web("sd_watchdog()") == 60_000_000


@pytest.mark.skipif(not shutil.which("systemd-notify"), reason="there is no systemd-notify")
def test_systemd_notify_of_a_shell_script(s):
    # It speaks for its parent, the script, and waits until it was heard.
    s.add(
        "web",
        f"systemd-notify --ready --status=here && echo heard > {s.top}/heard\n{SLEEP}",
        **{"service.conf": "ready = notify"},
    )
    s.start()
    s.wait_state("web", "ready")
    s.wait_text("heard", "heard")


def test_a_barrier_is_answered(s):
    web = started(s, "ready = notify")
    assert web("notify('READY=1') or barrier()")
    # What was sent before it has been handled.
    assert s.status("web")["state"] == "ready"


def test_reloading_ends_with_ready(s):
    web = started(s, "ready = notify")
    web("notify('READY=1') or barrier()")
    web("notify('RELOADING=1\\nMONOTONIC_USEC=1') or barrier()")
    assert s.status("web")["state"] == "ready"
    assert s.status("web")["reloading"]
    web("notify('READY=1') or barrier()")
    assert s.status("web")["state"] == "ready"
    assert not s.status("web").get("reloading")


def test_more_time_can_be_asked_for(s):
    conf = "ready = notify\nstart-timeout = 1s\nrestart-delay = 1ms"
    add_puppet(s, "patient", conf)
    add_puppet(s, "hasty", conf)
    # Held until both listen, as only what follows is about time.
    s.start()
    patient = eventually(lambda: extended(s), "one asked in time")
    hasty = s.pid("hasty")
    s.wait_other_pid("hasty", hasty)
    s.wait_other_pid("hasty", s.pid("hasty"))
    assert s.pid("patient") == patient.pid
    patient("notify('READY=1')")
    s.wait_state("patient", "ready")


def extended(s):
    """A run that asked for more time before it was over."""
    try:
        patient = puppet.Puppet(s, "patient")
        patient("notify('EXTEND_TIMEOUT_USEC=600000000') or barrier()")
        return patient
    except (AssertionError, OSError):
        return None


def test_more_time_can_be_asked_for_to_stop(s):
    s.add(
        "web",
        "trap 'systemd-notify EXTEND_TIMEOUT_USEC=600000000; while [ ! -e go ]; do sleep 0.02; done; exit' TERM\n"
        f"systemd-notify --ready; while :; do sleep 0.02; done",
        **{"service.conf": "ready = notify\nstop-timeout = 60"},
    )
    s.start()
    s.wait_state("web", "ready")
    with s.client() as client:
        client.send(verb="down", services=["web"])
        eventually(lambda: s.status("web").get("deadline_ms", 0) > 60_000, "it has more time")
        (s.definitions / "web/go").touch()
        assert client.read_answer().exit == 0
    assert s.status("web")["last_death"]["code"] == 0


def test_errors_that_a_service_reports_are_shown(s):
    web = started(s, "ready = notify")
    for message, shown in (
        ("ERRNO=2", "No such file or directory"),
        ("BUSERROR=org.freedesktop.DBus.Error.TimedOut", "D-Bus error org.freedesktop.DBus.Error.TimedOut"),
        ("EXIT_STATUS=7", "exit status 7"),
    ):
        web(f"notify('{message}') or barrier()")
        assert s.status("web")["notify_error"] == shown
    assert s.messages().count("web: reports an error: ") == 1, "once a run"
    page = svctl("status", "web", control=s.socket)
    assert "  reports:  exit status 7\n" in page.stdout
    web("notify('READY=1') or barrier()")
    assert s.status("web")["state"] == "ready"


def test_what_a_service_says_when_it_stops_is_shown(s):
    web = started(s, "ready = notify\nrestart-delay = 1ms")
    web("notify('READY=1') or barrier()")
    web("notify('STOPPING=1\\nSTATUS=goodbye') or barrier()")
    view = s.status("web")
    assert (view["cause"], view["status_text"], view["pid"]) == ("says that it is stopping", "goodbye", web.pid)
    web.tell("os._exit(0)")
    again = wait_restart(s, "web", web.pid)
    again("notify('READY=1')")
    assert "cause" not in s.wait_state("web", "ready")


def test_ready_and_status_can_be_said_for_a_service(s):
    started(s, "ready = notify")
    s.wait_state("web", "up")
    answer = s.ask(verb="notify", services=["web"], ready=True, status_text="said for it")
    assert answer.exit == 0
    assert s.status("web")["state"] == "ready"
    assert s.status("web")["status_text"] == "said for it"


# --- watchdog


def test_a_service_without_a_sign_of_life_is_killed_and_started_again(s):
    web = started(s, "ready = notify\nwatchdog-timeout = 200ms\nrestart-delay = 1ms")
    web.tell("notify('READY=1')")  # there may be no time for an answer
    again = wait_restart(s, "web", web.pid)
    assert again("sd_watchdog()") == 200_000


def test_a_service_can_say_that_it_is_stuck(s):
    web = started(s, "ready = notify\nwatchdog-timeout = 600\nrestart-delay = 1ms")
    web("notify('READY=1') or barrier()")
    web("notify('WATCHDOG=1') or barrier()")
    assert s.pid("web") == web.pid
    web.tell("notify('WATCHDOG=trigger')")
    wait_restart(s, "web", web.pid)


def test_the_watchdog_can_be_set_by_the_service(s):
    web = started(s, "ready = notify\nwatchdog-timeout = 600\nrestart-delay = 1ms")
    web.tell("notify('READY=1\\nWATCHDOG_USEC=100000')")
    wait_restart(s, "web", web.pid)


# --- main processes


def test_a_daemon_says_who_its_main_process_is(s):
    web = started(s, "ready = notify\nrestart-delay = 1ms")
    inner = web("daemon('inner')")
    web(f"notify('READY=1\\nMAINPID={inner}') or barrier()")
    assert s.wait_state("web", "ready")["pid"] == inner
    web.tell("os._exit(0)")
    web.file.close()
    inside = puppet.Puppet(s, "inner")
    assert inside.pid == inner
    eventually(lambda: not is_alive(web.pid), "the first process is gone")
    assert s.status("web")["pid"] == inner
    # It alone speaks for the service now, and its end is the end.
    inside("notify('STATUS=still here') or barrier()")
    inside.tell("os._exit(3)")
    wait_restart(s, "web", inner)
    assert s.status("web")["last_death"]["code"] == 3


def test_a_main_process_named_with_the_last_breath_counts(s):
    web = started(s, "ready = notify")
    inner = web("daemon('inner')")
    web.tell(f"notify('READY=1\\nMAINPID={inner}') or os._exit(0)")
    eventually(lambda: not is_alive(web.pid), "the first process is gone")
    assert s.wait_state("web", "ready")["pid"] == inner
    assert s.ask(verb="down", services=["web"]).exit == 0
    assert not is_alive(inner)


def test_a_main_process_that_is_another_ones_child_ends_the_service(s):
    web = started(s, "ready = notify\nrestart-delay = 1ms")
    inner = web("fork('inner')")
    web(f"notify('READY=1\\nMAINPID={inner}') or barrier()")
    assert s.wait_state("web", "ready")["pid"] == inner
    puppet.Puppet(s, "inner").tell("os._exit(3)")
    web.tell(f"os.waitpid({inner}, 0)")
    s.wait_other_pid("web", inner)
    # Before Linux 6.15 only its parent knows how it ended.
    knows = tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 15)
    assert s.status("web")["last_death"]["code"] == (3 if knows else 0)
    os.kill(web.pid, signal.SIGKILL)


def test_a_stranger_is_no_main_process(s):
    web = started(s, "ready = notify")
    web(f"notify('MAINPID={os.getpid()}\\nREADY=1')")
    assert s.wait_state("web", "ready")["pid"] == web.pid
    s.wait_message(f"names pid {os.getpid()} as main process, which is no process of the service")


def test_the_process_of_another_service_is_no_main_process(s):
    add_puppet(s, "other", "")
    web = started(s, "ready = notify")
    other = puppet.Puppet(s, "other")
    web(f"notify('MAINPID={other.pid}\\nREADY=1')")
    assert s.wait_state("web", "ready")["pid"] == web.pid
    s.wait_message(f"names pid {other.pid} as main process, which is another service's")


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


# --- who may speak


def test_a_stranger_is_refused_and_named(s):
    web = started(s, "ready = notify\nnotify-access = all")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"READY=1", notify_path(s, web))
        stranger.sendto(b"READY=1", notify_path(s, web))
    s.wait_message(f"web: notify message of pid {os.getpid()}, user {os.getuid()}: is refused")
    web("barrier()")
    s.wait_state("web", "up")
    assert s.messages().count(f"pid {os.getpid()},") == 1


def test_by_default_only_the_main_process_is_heard(s):
    web = started(s, "ready = notify")
    web("in_child(lambda: notify('READY=1'))")
    s.wait_message("it is not the main process, and notify-access is main")
    s.wait_state("web", "up")


def test_with_access_all_a_child_is_heard_even_when_it_is_gone(s):
    web = started(s, "ready = notify\nnotify-access = all")
    web("in_child(lambda: notify('READY=1'))")
    s.wait_state("web", "ready")


def test_with_access_all_a_child_that_lives_is_heard(s):
    web = started(s, "ready = notify\nnotify-access = all")
    web("fork('child')")
    child = puppet.Puppet(s, "child")
    child("notify('READY=1')")
    s.wait_state("web", "ready")
    os.kill(child.pid, signal.SIGKILL)


def test_hostile_datagrams_change_nothing_and_leak_nothing(s):
    web = started(s, "ready = notify")
    web("barrier()")
    s.wait_for_svlog()
    before = descriptors_of(s)
    for message in (
        "'x' * 5000",
        "b'\\0'",
        "b'READY=1\\0STATUS=x'",
        "b'\\xff' * 4000",
        "'=' * 4096",
        "'MAINPID=99999999999999999999\\nERRNO=-1\\nWATCHDOG_USEC=-1'",
        "'MAINPID=1'",
        "'NOTIFYACCESS=everybody'",
    ):
        web(f"notify({message}) or barrier()")
    web("[notify('FDSTORE=1', [2] * 200) for i in range(50)] and barrier()")
    # The report of its exec and its messages come by two ways.
    assert s.wait_state("web", "up")["pid"] == web.pid, s.messages()
    assert descriptors_of(s) <= before + 1  # the control connection of this question
    web("notify('READY=1')")
    s.wait_state("web", "ready")


def test_descriptors_that_nobody_asked_for_are_closed(s):
    """With a word that takes none, where none is stored, and of a stranger."""
    web = started(s, "ready = notify")
    web("pipes.append(os.pipe())")
    web("notify('STATUS=x', [pipes[0][1]]) or notify('FDSTORE=1', [pipes[0][1]] * 3) or barrier()")
    web("os.close(pipes[0][1])")
    assert web("os.read(pipes[0][0], 1).decode()") == ""
    read, write = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger, open(read, "rb") as pipe:
        stranger.connect(notify_path(s, web))
        socket.send_fds(stranger, [b"FDSTORE=1"], [write] * 3)
        os.close(write)
        assert select.select([pipe], [], [], DEADLINE)[0] == [pipe]
        assert pipe.read() == b""


def test_a_flood_of_messages_starves_nobody(s):
    s.add(
        "flood",
        "exec /usr/bin/python3 -c \"import os, socket\n"
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "s.connect(os.environ['NOTIFY_SOCKET'])\n"
        'while True: s.send(b\'STATUS=\' + b\'x\' * 4000)"',
        **{"service.conf": "ready = notify"},
    )
    add_puppet(s, "web", "ready = notify")
    s.start()
    web = puppet.Puppet(s, "web")
    web("notify('READY=1')")
    s.wait_state("web", "ready")
    assert s.ask(verb="down", services=["flood"]).exit == 0


# --- check programs


def test_ready_when_the_check_succeeds(s):
    s.add(
        "web",
        SLEEP,
        check=f"echo x >> {s.top}/tries; echo to-nobody; echo not-yet >&2; test -e {s.top}/ok",
        **{"service.conf": "ready = check\ncheck-interval = 50ms"},
    )
    s.start()
    eventually(lambda: len(s.read("tries")) >= 6, "it is tried again and again")
    s.wait_state("web", "up")
    (s.top / "ok").touch()
    s.wait_state("web", "ready")
    log = s.status("web")["log"]
    assert "not-yet" in log and "to-nobody" not in log


def test_a_check_that_cannot_be_run_is_told(s):
    s.add(
        "web",
        SLEEP,
        **{"service.conf": "ready = check\nexec-check = /nonexistent\ncheck-interval = 50ms"},
    )
    s.start()
    s.wait_message("web: its check cannot be run: ")
    s.wait_state("web", "up")


def test_a_check_ends_with_its_service(s):
    s.add(
        "web",
        SLEEP,
        check=f"echo $$ > {s.top}/checker; exec sleep 100000",
        **{"service.conf": "ready = check"},
    )
    s.start()
    checker = int(s.wait_text("checker", "\n"))
    assert s.ask(verb="down", services=["web"]).exit == 0
    eventually(lambda: not is_alive(checker), "the check was ended too")
