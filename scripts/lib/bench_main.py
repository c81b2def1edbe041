#!/usr/bin/python3
"""Runs the measurements that scripts/bench asks for and prints their tables. See its --help."""

import argparse
import json
import pathlib
import signal
import sys

import bench_boot
import bench_cgroup
import bench_report
import bench_services
import bench_svlog


def parse_services(text):
    if text == "none":
        return []
    return sorted({int(number) for number in text.split(",")})


def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench", add_help=False)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--init", type=pathlib.Path, required=True)
    parser.add_argument("--busybox", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--services", type=parse_services, default=[100, 1000, 5000])
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument("--restarts", type=positive, default=50)
    parser.add_argument("--idle", type=float, default=10)
    parser.add_argument("--with-logs", action="store_true")
    parser.add_argument("--cgroups", action="store_true")
    parser.add_argument("--svlog", action="store_true")
    parser.add_argument("--boot", action="store_true")
    parser.add_argument("--markdown", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    return parser.parse_args()


def measure(arguments):
    """@returns the tables, every single figure, and whether one that must be there is missing"""
    parts = []
    if arguments.services:
        parts.append(bench_services.run(arguments))
    if arguments.svlog:
        parts.append(bench_svlog.run(arguments))
    if arguments.boot:
        parts.append(bench_boot.run(arguments))
    tables = [table for part in parts for table in part.tables]
    return tables, {part.name: part.figures for part in parts}, any(part.failed for part in parts)


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        tables, figures, failed = measure(arguments)
    except bench_cgroup.CgroupError as error:
        bench_report.say(str(error))
        return 1
    for table in tables:
        print(bench_report.as_text(table))
    if arguments.markdown:
        arguments.markdown.write_text("\n".join(map(bench_report.as_markdown, tables)))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
