"""A cgroup v2 for one run, made before it and removed with everything below it afterwards."""

import os
import pathlib
import time

# What was killed with its namespace may take a moment to be gone.
REMOVAL_DEADLINE = 10


class CgroupError(Exception):
    pass


def own():
    """Where this process is in cgroup v2."""
    mounts = pathlib.Path("/proc/self/mounts").read_text().splitlines()
    points = [fields[1] for fields in map(str.split, mounts) if fields[2] == "cgroup2"]
    lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
    paths = [line.removeprefix("0::/") for line in lines if line.startswith("0::/")]
    if not points or not paths:
        raise CgroupError("--cgroups: this machine has no cgroup v2")
    return pathlib.Path(points[0], paths[0])


class Cgroup:
    def __init__(self):
        self.path = own() / f"mainstay-bench-{os.getpid()}"

    def enter_command(self):
        """The words before a command that is to run in it."""
        join = f'echo $$ >{self.path}/cgroup.procs && exec "$@"'
        return ["/bin/sh", "-c", join, "sh"]

    def __enter__(self):
        self.path.mkdir()
        return self

    def __exit__(self, *exception):
        end = time.monotonic() + REMOVAL_DEADLINE
        while not self._try_remove():
            if time.monotonic() > end:
                raise CgroupError(f"{self.path}: cannot be removed; something in it still runs")
            time.sleep(0.05)

    def _try_remove(self):
        below = [pathlib.Path(directory) for directory, _, _ in os.walk(self.path)]
        try:
            for directory in reversed(below):
                directory.rmdir()
        except OSError:
            return False
        return True
