#!/usr/bin/python3
"""Usage: bench_inside_svlog.py ROOT LIBRARY SPECIFICATION

As bench_inside.py, but measures a logger: how long it takes to write the flood of bench_flood.c to
rotated files. SPECIFICATION names the logger. Prints {"flood": nanoseconds}.
"""

import json
import pathlib
import sys

import bench_inside
import bench_peers

LOGS = pathlib.Path("/run/log")
# Ten files of a million bytes and ISO timestamps for all of them: Mainstay's defaults.
SVLOGD_CONFIG = "s1000000\nn10\n"


def mainstay():
    bench_peers.make_run(bench_peers.SERVICES / "flood", "/run/flood")
    options = ["--control", "/run/control", "--log-dir", str(LOGS)]
    return ["/bin/supervisor", *options, str(bench_peers.SERVICES)]


def s6_log():
    return ["/run/flood", "/bin/s6-log", "n10", "s1000000", "T", str(LOGS)]


def s6_log_bare():
    return ["/run/flood", "/bin/s6-log", "n10", "s1000000", str(LOGS)]


def svlogd():
    (LOGS / "config").write_text(SVLOGD_CONFIG)
    return ["/run/flood", "/bin/svlogd", "-ttt", str(LOGS)]


LOGGERS = {
    "mainstay": mainstay,
    "s6-log": s6_log,
    "s6-log, no timestamps": s6_log_bare,
    "svlogd": svlogd,
}


def main():
    root, library = sys.argv[1:3]
    specification = json.loads(sys.argv[3])
    watch = bench_inside.Stopwatch(library)
    bench_inside.enter(root, "cgroups" in specification)
    LOGS.mkdir()
    watch.open()
    try:
        figures = {"flood": watch.flood(LOGGERS[specification["logger"]]())}
        if not any(file.stat().st_size for file in LOGS.rglob("*") if file.name != "config"):
            figures["problem"] = f"nothing was written to {LOGS}"
    except bench_inside.MeasurementError as error:
        figures = {"problem": f"{error}; it said: {bench_inside.messages()}"}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
