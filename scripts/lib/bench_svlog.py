"""Measures loggers: one service that floods its standard output with lines of 100 bytes."""

import subprocess

import bench_budgets
import bench_namespace
from bench_inside_svlog import LOGGERS
from bench_report import Part, Table, median, number, ratio, say

# BENCH_FLOOD_BYTES of bench_shared.h; a byte a microsecond is a MB a second.
FLOOD_BYTES = 400_000_000


def loggers(arguments):
    """Those whose programs are here; Mainstay's only where the supervisor has one."""
    programs = arguments.build / "root/bin"
    usage = subprocess.run([programs / "supervisor", "--help"], capture_output=True, text=True)
    there = {
        "mainstay": "--log-dir" in usage.stdout,
        "s6-log": (programs / "s6-log").exists(),
        "svlogd": (programs / "svlogd").exists(),
    }
    for name, is_there in there.items():
        if not is_there:
            say(f"svlog: skipping {name}: it is not here")
    return [name for name in LOGGERS if there[name.split(",")[0]]]


def measure(arguments, names):
    """@returns for each logger its rates in MB/s, and what went wrong"""
    rates = {name: [] for name in names}
    problems = {}
    for turn in range(arguments.rounds):
        for name in names:
            say(f"svlog, round {turn + 1} of {arguments.rounds}: {name}")
            try:
                specification = {"logger": name}
                figures = bench_namespace.run(arguments, "bench_inside_svlog.py", specification)
            except bench_namespace.RunError as error:
                figures = {"problem": str(error)}
            if "problem" in figures:
                problems[name] = figures["problem"]
                say(f"svlog: {name}: {problems[name]}")
            else:
                rates[name].append(FLOOD_BYTES / (figures["flood"] / 1000))
    return rates, problems


def run(arguments):
    rates, problems = measure(arguments, loggers(arguments))
    peers = [median(values) for name, values in rates.items() if values and name != "mainstay"]
    best = max(peers, default=None)
    table = Table("One service floods its logger", ["logger", "MB/s", "÷ best peer", "budget", "met"])
    for name, values in rates.items():
        rate = median(values)
        budget = bench_budgets.of_svlog(rate) if name == "mainstay" else bench_budgets.NONE
        table.rows.append([name, number(rate), ratio(rate, best), *budget])
    table.notes = [f"{name} was not measured: {text}." for name, text in problems.items()]
    if "mainstay" not in rates:
        table.notes.append("Mainstay was not measured: its supervisor has no --log-dir.")
    return Part("svlog", [table], rates, "mainstay" in problems)
