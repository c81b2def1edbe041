"""scripts/bench measures what it says, and leaves nothing behind. How long something takes is not
looked at here."""

import json
import os
import pathlib
import subprocess

import pytest

from namespace import PROGRAMS, TOP

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")

FEW = ("--services", "5", "--rounds", "1", "--restarts", "2", "--idle", "0.1")
FIGURES = {
    *("start", "restart", "mass_restart", "stop", "private", "pss", "anonymous"),
    *("processes", "wakeups", "status_one", "status_all"),
}
TITLES = (
    *("start of all", "restart of one", "restart of all", "stop of all", "private", "Pss"),
    *("anonymous", "supervising processes", "wakeups", "status of one", "status of all"),
)


def bench(*options, programs=PROGRAMS):
    return subprocess.run(
        [TOP / "scripts/bench", "--programs", programs, *options], capture_output=True, text=True
    )


def traces():
    """Processes that have the tree of a measurement as their root, its mounts, its cgroups."""
    root = str(TOP / "build/bench/root")
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "root").startswith(root):
                found.append(process)
        except OSError:
            pass
    mounts = pathlib.Path("/proc/self/mounts").read_text().splitlines()
    found += [mount for mount in mounts if root in mount]
    # os.walk passes over what other tests remove meanwhile.
    cgroups = (directory for _, directories, _ in os.walk("/sys/fs/cgroup") for directory in directories)
    return found + [cgroup for cgroup in cgroups if cgroup.startswith("mainstay-bench-")]


def test_every_figure_is_measured_and_nothing_is_left(tmp_path):
    result = bench(*FEW, "--only", "mainstay,floor,dinit", "--json", tmp_path / "json")
    assert result.returncode == 0, result.stderr
    assert "skipping dinit" in result.stderr
    assert [title for title in TITLES if title not in result.stdout] == []
    figures = json.loads((tmp_path / "json").read_text())["services"]["5"]
    assert set(figures["mainstay"]) == FIGURES
    assert set(figures["floor"]) == FIGURES - {"status_one", "status_all"}
    assert len(figures["mainstay"]["restart"]) == 2
    assert min(figures["mainstay"]["start"]) > 0
    assert traces() == []


def test_services_can_have_loggers_and_cgroups_and_tables_be_markdown(tmp_path):
    more = ("--with-logs", "--cgroups", "--markdown", tmp_path / "md")
    result = bench(*FEW, *more, "--only", "mainstay")
    assert result.returncode == 0, result.stderr
    assert traces() == []
    text = (tmp_path / "md").read_text()
    assert "### 5 services, each with a logger" in text
    assert "| restart of one, ms | " in text


def test_a_supervisor_that_ends_is_a_measurement_that_failed(tmp_path):
    for name in ("supervisor", "svctl"):
        (tmp_path / name).write_bytes(pathlib.Path("/bin/true").read_bytes())
        (tmp_path / name).chmod(0o755)
    result = bench(*FEW, "--only", "mainstay", programs=tmp_path)
    assert result.returncode == 1
    assert "mainstay was given up: start of 5" in result.stdout
    assert traces() == []


def test_a_supervisor_that_nobody_knows_is_a_usage_error():
    result = bench(*FEW, "--only", "systemd")
    assert result.returncode == 2
    assert "there is no systemd" in result.stderr
