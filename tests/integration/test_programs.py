"""Real programs under the supervisor, by the service directories of etc-examples/sv."""

import re

import pytest

import programs
from namespace import eventually
from programs import Programs

ALL = ("dbus", "nginx", "redis", "rsyslog")


def running(*services):
    """A supervisor with these services; skipped where a program is not installed."""
    absent = programs.missing(*services)
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}; scripts/test installs them")
    return Programs(*services)


@pytest.fixture
def p():
    with running(*ALL) as supervised:
        supervised.start()
        yield supervised


def wait_all_ready(p):
    return {name: p.wait_state(name, "ready") for name in sorted(p.known())}


def started_at(p, name):
    """When its main process was born, in clock ticks since boot: proc(5), field 22 of stat."""
    return int(p.proc(name, "stat").rpartition(")")[2].split()[19])


def status_fields(p, name):
    lines = p.proc(name, "status").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def get_page(p):
    """The first line of nginx's answer."""
    ask = r"exec 3<>/dev/tcp/127.0.0.1/80; printf 'HEAD / HTTP/1.0\r\n\r\n' >&3; read -r l <&3; echo $l"
    return p.run("bash", "-c", ask)


def nginx_workers(p):
    children = p.proc("nginx", f"task/{p.pid('nginx')}/children")
    return set(children.split())


# --- ready by their own word


def test_each_is_ready_by_its_own_word_and_does_its_work(p):
    wait_all_ready(p)
    assert p.run("redis-cli", "set", "key", "value") == "OK\n"
    names = p.run("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus",
                  "/org/freedesktop/DBus", "org.freedesktop.DBus.ListNames")
    assert "org.freedesktop.DBus" in names
    assert "200" in get_page(p)
    p.run("logger", "a line for the system log")
    eventually(lambda: "a line for the system log" in p.run("cat", "/var/log/syslog"), "it is written")


def test_what_redis_says_of_itself_is_shown(p):
    p.wait_state("redis", "ready")
    page = p.svctl("status", "redis")
    assert page.returncode == 0
    assert "Ready to accept connections" in page.stdout
    assert "Key-value store" in page.stdout


def test_their_output_is_in_their_log(p):
    wait_all_ready(p)
    assert "Server initialized" in p.svctl("log", "redis").stdout
    assert "start worker process" in p.svctl("log", "nginx").stdout


# --- order


def test_they_start_in_the_order_that_they_ask_for(p):
    wait_all_ready(p)
    assert started_at(p, "rsyslog") <= started_at(p, "redis") <= started_at(p, "nginx")
    assert started_at(p, "rsyslog") <= started_at(p, "dbus")


def test_what_is_needed_is_started_first_and_stopped_last():
    with running("nginx", "redis", "rsyslog") as p:
        for name in p.definitions.iterdir():
            (name / "down").touch()
        p.start()
        assert p.svctl("up", "nginx").returncode == 0
        p.wait_state("nginx", "ready")
        assert p.status("redis")["state"] == "ready"
        assert p.status("rsyslog")["state"] == "down", "`after` alone starts nothing"
        down = p.svctl("down", "redis")
        assert down.returncode == 0, down.stderr
        assert p.status("redis")["state"] == "down"
        nginx = p.status("nginx")
        assert (nginx["state"], nginx["wanted"]) == ("waiting", "up")
        assert p.svctl("up", "redis").returncode == 0
        p.wait_state("nginx", "ready")


# --- as a careful admin runs them


def test_redis_has_no_rights_and_its_own_limits(p):
    p.wait_state("redis", "ready")
    fields = status_fields(p, "redis")
    uid = p.run("id", "-u", "redis").strip()
    assert fields["Uid"].split() == [uid] * 4
    assert fields["Gid"].split() == [p.run("id", "-g", "redis").strip()] * 4
    for which in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[which], 16) == 0, which
    assert fields["NoNewPrivs"] == "1"
    assert fields["Umask"] == "0077"
    assert re.search(r"^Max open files +10032 +10032 ", p.proc("redis", "limits"), re.MULTILINE)
    assert re.search(r"^Max core file size +0 +0 ", p.proc("redis", "limits"), re.MULTILINE)


def test_rsyslog_keeps_only_the_rights_that_it_needs(p):
    p.wait_state("rsyslog", "ready")
    kept = "chown dac_override syslog net_bind_service setgid setuid".split()
    numbers = {"chown": 0, "dac_override": 1, "setgid": 6, "setuid": 7, "net_bind_service": 10, "syslog": 34}
    assert int(status_fields(p, "rsyslog")["CapBnd"], 16) == sum(1 << numbers[name] for name in kept)


# --- reload, stop, restart


def test_nginx_reloads_without_a_new_master(p):
    p.wait_state("nginx", "ready")
    master, workers = p.pid("nginx"), nginx_workers(p)
    assert p.svctl("reload", "nginx").returncode == 0
    eventually(lambda: nginx_workers(p) and not nginx_workers(p) & workers, "all its workers are new")
    assert p.pid("nginx") == master
    assert "200" in get_page(p)


@pytest.mark.parametrize("name", ALL)
def test_each_stops_by_itself_within_its_timeout(p, name):
    wait_all_ready(p)
    others = {other: p.pid(other) for other in ALL if other not in (name, "nginx")}
    down = p.svctl("down", name)
    assert down.returncode == 0, down.stderr
    death = p.status(name)["last_death"]
    assert (death.get("code"), death.get("signal")) == (0, None)
    assert {other: p.pid(other) for other in others} == others
    if name == "redis":
        assert "bye bye" in p.svctl("log", "redis").stdout


@pytest.mark.parametrize("name", ALL)
def test_each_that_is_killed_runs_again_and_is_ready_again(p, name):
    wait_all_ready(p)
    before = p.pid(name)
    others = {other: p.pid(other) for other in ALL if other != name}
    p.run("kill", "-KILL", str(before))
    p.wait_other_pid(name, before)
    p.wait_state(name, "ready")
    assert {other: p.pid(other) for other in others} == others, "nobody else is restarted"
    if name == "nginx":
        assert "200" in get_page(p)


def test_all_stop_at_the_end(p):
    wait_all_ready(p)
    assert p.stop() == 0
