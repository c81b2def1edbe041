"""Measures N services under each supervisor, in interleaved rounds, and makes the tables of it."""

import bench_budgets
import bench_namespace
import bench_peers
from bench_report import Part, Table, median, number, ratio, say

NS_PER_MS = 1e6


class Figure:
    def __init__(self, key, title, scale=1.0):
        self.key = key
        self.title = title
        self.scale = scale


FIGURES = [
    Figure("start", "start of all, ms", NS_PER_MS),
    Figure("restart", "restart of one, ms", NS_PER_MS),
    Figure("mass_restart", "restart of all, ms", NS_PER_MS),
    Figure("stop", "stop of all, ms", NS_PER_MS),
    Figure("private", "memory, private KiB"),
    Figure("pss", "memory, Pss KiB"),
    Figure("anonymous", "memory, anonymous KiB"),
    Figure("processes", "supervising processes"),
    Figure("wakeups", "wakeups while idle"),
    Figure("status_one", "status of one, ms", NS_PER_MS),
    Figure("status_all", "status of all, ms", NS_PER_MS),
]


class Measured:
    """What all rounds brought: lists of values by number of services, supervisor and figure."""

    def __init__(self):
        self.values = {}
        self.problems = {}  # by (number, supervisor); where there is one, no more is measured

    def add(self, count, supervisor, figures):
        kept = self.values.setdefault(count, {}).setdefault(supervisor, {})
        for key, value in figures.items():
            kept.setdefault(key, []).extend(value if isinstance(value, list) else [value])

    def notes(self, count):
        return [
            f"{name} was given up: {text}."
            for (other, name), text in self.problems.items()
            if other == count
        ]

    def median(self, count, supervisor, figure):
        values = self.values.get(count, {}).get(supervisor, {}).get(figure.key)
        return median([value / figure.scale for value in values]) if values else None


def chosen(arguments):
    """The supervisors to measure; those that are asked for and cannot be are named."""
    wanted = arguments.only.split(",") if arguments.only else [s.name for s in bench_peers.ALL]
    unknown = set(wanted) - {supervisor.name for supervisor in bench_peers.ALL}
    if unknown:
        say(f"--only: there is no {', '.join(sorted(unknown))} (see bench --help)")
        raise SystemExit(2)
    found = []
    for supervisor in bench_peers.ALL:
        programs = [arguments.build / "root/bin" / program for program in supervisor.programs]
        if supervisor.name not in wanted:
            continue
        if not all(program.exists() for program in programs):
            say(f"skipping {supervisor.name}: its programs are not here (see --help)")
        elif arguments.with_logs and not supervisor.has_logs:
            say(f"skipping {supervisor.name}: it has no loggers")
        else:
            found.append(supervisor)
    return found


def measure_once(arguments, supervisor, count, kind, idle):
    specification = {
        "supervisor": supervisor.name,
        "kind": kind,
        "services": count,
        "logs": arguments.with_logs,
        "restarts": arguments.restarts,
        "idle": idle,
    }
    return bench_namespace.run(arguments, "bench_inside.py", specification)


def measure_all(arguments, supervisors):
    measured = Measured()
    for count in arguments.services:
        for turn in range(arguments.rounds):
            # No supervisor always comes after the same other.
            order = supervisors[turn % len(supervisors) :] + supervisors[: turn % len(supervisors)]
            for supervisor in order:
                say(f"{count} services, round {turn + 1} of {arguments.rounds}: {supervisor.name}")
                measure_round(arguments, measured, supervisor, count, turn)
    return measured


def measure_round(arguments, measured, supervisor, count, turn):
    key = (count, supervisor.name)
    if supervisor.limit and count > supervisor.limit:
        measured.problems[key] = f"it takes {supervisor.limit} services at most"
    for kind in ("single", "mass"):
        if key in measured.problems:
            return
        # What sleeps in one round sleeps in all: once is enough.
        idle = arguments.idle if turn == 0 else 0
        try:
            figures = measure_once(arguments, supervisor, count, kind, idle)
            problem = figures.pop("problem", None)
            measured.add(count, supervisor.name, figures)
        except bench_namespace.RunError as error:
            problem = str(error)
        if problem:
            say(f"{supervisor.name} with {count} services: {problem}")
            measured.problems[key] = problem.splitlines()[0]


def peers_of(supervisors):
    return [s for s in supervisors if not s.is_floor and s.name != "mainstay"]


def best_peer(measured, count, supervisors, figure):
    """@returns (value, name) of the peer with the smallest figure"""
    values = [(measured.median(count, s.name, figure), s.name) for s in peers_of(supervisors)]
    return min((pair for pair in values if pair[0] is not None), default=(None, ""))


def row_of(measured, count, supervisors, figure):
    cells = [number(measured.median(count, s.name, figure)) for s in supervisors]
    own = measured.median(count, "mainstay", figure)
    floor = measured.median(count, "floor", figure)
    peer, _ = best_peer(measured, count, supervisors, figure)
    budget = bench_budgets.of_services(figure.key, count, own, floor)
    return [figure.title, *cells, ratio(own, floor), ratio(own, peer), *budget]


def table_of(measured, count, supervisors, arguments):
    logs = ", each with a logger" if arguments.with_logs else ""
    header = ["", *(s.name for s in supervisors), "÷ floor", "÷ best peer", "budget", "met"]
    table = Table(f"{count} services{logs}", header)
    table.rows = [row_of(measured, count, supervisors, figure) for figure in FIGURES]
    table.notes.append(noise_of(measured, count))
    table.notes += measured.notes(count)
    return table


def noise_of(measured, count):
    """The floor does the same each time: how much its figures differ is the machine's doing."""
    starts = measured.values.get(count, {}).get("floor", {}).get("start", [])
    if not starts:
        return "The floor was not measured, so nothing tells how busy the machine was."
    low, high = min(starts) / NS_PER_MS, max(starts) / NS_PER_MS
    return f"Noise: the floor's start took {number(low)} to {number(high)} ms over {len(starts)} runs."


def slope_table(measured, supervisors, counts):
    """What each further service costs, between the smallest and the largest number measured."""
    header = ["memory for each further service", *(s.name for s in supervisors), "budget", "met"]
    table = Table("Memory by the number of services", header)
    for figure in (f for f in FIGURES if f.key in ("private", "pss", "anonymous")):
        slopes = {s.name: slope(measured, s.name, figure, counts) for s in supervisors}
        budget = bench_budgets.of_slope(figure.key, slopes.get("mainstay"))
        cells = [number(slopes[s.name]) for s in supervisors]
        table.rows.append([figure.title.replace("memory, ", ""), *cells, *budget])
    return table


def slope(measured, name, figure, counts):
    points = [(count, measured.median(count, name, figure)) for count in counts]
    points = [point for point in points if point[1] is not None]
    if len(points) < 2:
        return None
    (first, low), (last, high) = points[0], points[-1]
    return (high - low) / (last - first)


def run(arguments):
    supervisors = chosen(arguments)
    measured = measure_all(arguments, supervisors)
    tables = [table_of(measured, count, supervisors, arguments) for count in arguments.services]
    if len(arguments.services) > 1:
        tables.append(slope_table(measured, supervisors, arguments.services))
    failed = any(name in ("mainstay", "floor") for _, name in measured.problems)
    return Part("services", tables, measured.values, failed)
