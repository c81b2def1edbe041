"""Namespaces need root: without it each test of PID 1 is skipped by name, and counted."""

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


def pytest_collection_modifyitems(items):
    reason = why_not()
    for item in items:
        if reason and hasattr(item.module, "Pid1"):
            item.add_marker(pytest.mark.skip(reason=reason))
