"""svctl that changes which services there are, and that lints."""

import json

import pytest

from supervised import Supervised, eventually
from svctl_runner import svctl

SLEEP = "exec sleep 1000"


@pytest.fixture
def system():
    with Supervised() as supervised:
        supervised.define("web", SLEEP)
        supervised.start("--definitions", f"/nonexistent:{supervised.definitions}")
        yield supervised


def run(system, *words):
    return svctl(*words, control=system.socket)


def gone(system, name):
    eventually(lambda: name not in system.known(), f"{name} is gone")


def test_a_service_is_enabled_started_and_disabled(system):
    result = run(system, "enable", "web")
    link = system.enabled / "web"
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"web: enabled, {link} -> {system.definitions}/web\n"
    # It is known at once: nobody has to wait for inotify.
    assert run(system, "wait", "web").returncode == 0
    assert "it was already" in run(system, "enable", "web").stdout
    assert ", enabled" in run(system, "status", "web").stdout
    assert run(system, "disable", "web").stdout == f"web: disabled, {link}\n"
    assert not link.exists()
    gone(system, "web")
    assert (system.definitions / "web").exists()


def test_a_service_is_enabled_until_the_next_boot(system):
    assert run(system, "enable", "--runtime", "web").returncode == 0
    assert (system.top / "enabled/web").is_symlink()
    assert not (system.enabled / "web").exists()
    assert run(system, "wait", "web").returncode == 0
    assert run(system, "disable", "web").returncode == 0
    gone(system, "web")


def test_a_path_is_enabled_from_wherever_svctl_is(system):
    directory = system.top / "elsewhere/db"
    directory.mkdir(parents=True)
    system.script(directory / "run", SLEEP)
    assert run(system, "enable", f"{directory}/../db").returncode == 0
    assert (system.enabled / "db").readlink() == directory


def test_what_cannot_be_enabled_is_told(system):
    result = run(system, "enable", "wbe")
    assert result.returncode == 4
    assert f"no service wbe is defined in /nonexistent:{system.definitions}" in result.stderr
    assert "did you mean web?" in result.stderr
    assert run(system, "enable", "/nonexistent/x").returncode == 4
    (system.enabled / "own").mkdir()
    result = run(system, "disable", "own")
    assert result.returncode == 1
    assert "is no symlink, so it is left alone" in result.stderr


def test_a_service_is_added_and_removed_for_this_run(system):
    result = run(system, "add", str(system.definitions / "web"))
    assert result.stdout == f"web: added, {system.definitions}/web\n"
    assert run(system, "wait", "web").returncode == 0
    assert not list(system.enabled.iterdir())
    assert "there is a service of that name" in run(
        system, "add", str(system.definitions / "web")
    ).stderr
    assert run(system, "remove", "web").stdout.startswith("web: removed")
    gone(system, "web")
    assert run(system, "remove", "web").returncode == 4


def test_rescan_looks_again(system):
    system.enable("web")
    assert run(system, "rescan").returncode == 0
    assert "web" in system.known()


def test_lint_finds_its_programs_and_combines_what_they_say(system, tmp_path):
    (tmp_path / "etc/service").mkdir(parents=True)
    (tmp_path / "etc/inittab").write_text("::sysinit:/bin/true\n")
    result = svctl("lint", "--root", str(tmp_path))
    assert result.returncode == 0, result.stderr
    (tmp_path / "etc/inittab").write_text("::respwan:/bin/true\n")
    result = svctl("lint", "--root", str(tmp_path))
    assert result.returncode == 1
    assert f"{tmp_path}/etc/inittab:1: " in result.stdout
    result = svctl("--json", "lint", "--root", str(tmp_path))
    assert result.returncode == 1
    *problems, end = map(json.loads, result.stdout.splitlines())
    assert problems[0]["file"] == f"{tmp_path}/etc/inittab"
    assert problems[0]["line"] == 1
    assert end["done"] is True
    assert end["errors"] == len(problems) > 0
