"""A short run of scripts/soak, so that it works when it is wanted; half an hour is for by hand."""

import os
import subprocess

import pytest

import namespace

SECONDS = 45


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
def test_nothing_grows_in_a_storm_of_events():
    result = subprocess.run(
        [namespace.TOP / "scripts/soak", "--seconds", str(SECONDS)], capture_output=True, text=True
    )
    print(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "nothing grew" in result.stdout
