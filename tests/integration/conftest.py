"""Namespaces need root: without it each test of PID 1 is skipped by name, and counted."""

import fcntl
import os
import subprocess

import pytest

import namespace


@pytest.fixture(scope="session", autouse=True)
def busybox():
    subprocess.run([namespace.TOP / "scripts/fetch", "busybox"], check=True)


def why_not():
    if os.geteuid() != 0:
        return "namespaces need root"
    trial = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount", "--uts", "--ipc", "--net", "true"],
        capture_output=True,
        text=True,
    )
    return trial.stderr.strip()


def has_pid_1(module):
    """Whether it knows a kind of Pid1."""
    return any(isinstance(thing, type) and issubclass(thing, namespace.Pid1) for thing in vars(module).values())


def pytest_collection_modifyitems(items):
    reason = why_not()
    for item in items:
        if reason and has_pid_1(item.module):
            item.add_marker(pytest.mark.skip(reason=reason))


def tops_of_supervisors():
    """The cgroups that supervisors make beside each other, where the tests' processes are. Those of the tests
    themselves, which go with each test, may be another run's."""
    own = namespace.Cgroup.own()
    found = set(own.glob("mainstay*")) if own and own.is_dir() else set()
    return {top for top in found if not top.name.startswith("mainstay-test-")}


def pytest_sessionstart(session):
    session.config.tops_before = tops_of_supervisors()


def pytest_sessionfinish(session):
    """A supervisor that was killed leaves its cgroup to the next one, which may never have come."""
    if hasattr(session.config, "workerinput"):
        return  # the others still run
    for top in tops_of_supervisors() - session.config.tops_before:
        remove_unless_locked(top)


def remove_unless_locked(top):
    directory = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for path, _, _ in os.walk(top, topdown=False):
            os.rmdir(path)
    except OSError:
        pass  # it is in use
    finally:
        os.close(directory)
