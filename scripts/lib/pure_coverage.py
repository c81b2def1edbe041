#!/usr/bin/python3
"""Usage: pure_coverage.py [--show] BUILD

Prints the line coverage of every PURE file from the counters that the unit tests left in BUILD, a
directory configured with the preset `coverage`. Exits with 1 if a file is below the limit.

A header is PURE if its first line says so; a source is if the header of its name is, or, where there
is none, if its own first line says so. A line counts as covered if any
object ran it. A line of nothing but a brace is left out, as what the compiler puts there is its own
(what an exception would clean up), and so is a file without code (constants, plain structs).
"""

import collections
import json
import os
import pathlib
import shlex
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("common", "init", "supervisor", "ctl")
LIMIT = 95.0
OBJECTS_PER_GCOV = 16


def says_pure(path):
    with open(path, encoding="utf-8") as file:
        return file.readline().startswith("/// PURE.")


def is_pure(path):
    """Of a part of a module, which has no header of its own, its first line decides."""
    header = path.with_suffix(".h")
    return says_pure(header if header.exists() else path)


def pure_files():
    found = []
    for folder in FOLDERS:
        for pattern in ("*.h", "*.cpp"):
            found += [path for path in (TOP / folder).rglob(pattern) if is_pure(path)]
    return sorted(str(path.relative_to(TOP)) for path in found)


def compiled_notes(build):
    """The .gcno of what is compiled today: files of a build directory outlive their sources."""
    notes = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        output = pathlib.Path(entry["directory"], words[words.index("-o") + 1])
        note = output.with_suffix(".gcno")
        if note.exists():
            notes.append(note)
    return notes


def count_lines(notes, counts):
    """Adds what gcov knows of these objects to counts: file -> line -> how often it ran."""
    command = ["gcov", "--json-format", "--stdout", *map(str, notes)]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if result.returncode != 0:
        sys.exit(f"gcov failed: {result.stderr.decode(errors='replace').strip()}")
    for text in result.stdout.splitlines():
        data = json.loads(text)
        for file in data["files"]:
            path = os.path.join(data["current_working_directory"], file["file"])
            lines = counts[os.path.relpath(path, TOP)]
            for line in file["lines"]:
                lines[line["line_number"]] += line["count"]


def without_braces(name, lines):
    text = (TOP / name).read_text(encoding="utf-8").splitlines()
    return {n: count for n, count in lines.items() if text[n - 1].strip(" {}();,")}


def covered_share(lines):
    return 100 * sum(1 for count in lines.values() if count) / len(lines)


def ranges(numbers):
    """1, 2, 3, 7 as "1-3, 7"."""
    parts = []
    for number in sorted(numbers):
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def print_row(name, lines):
    run = sum(1 for count in lines.values() if count)
    # Rounded down, so that what is printed as the limit has reached it.
    share = int(covered_share(lines) * 10) / 10
    print(f"{share:5.1f} %  {run:5} of {len(lines):5}  {name}")


def report(measured, show):
    """Prints the table; returns the files that are below the limit."""
    low = []
    for name, lines in sorted(measured.items(), key=lambda item: (covered_share(item[1]), item[0])):
        print_row(name, lines)
        if covered_share(lines) < LIMIT:
            low.append(name)
        missing = [number for number, count in lines.items() if not count]
        if show and missing:
            print(f"{'':24}never run: {ranges(missing)}")
    everything = {(name, line): n for name, lines in measured.items() for line, n in lines.items()}
    print_row(f"all {len(measured)} PURE files with code", everything)
    return low


def main():
    arguments = [word for word in sys.argv[1:] if word != "--show"]
    counts = collections.defaultdict(collections.Counter)
    notes = compiled_notes(pathlib.Path(arguments[0]).resolve())
    for start in range(0, len(notes), OBJECTS_PER_GCOV):
        count_lines(notes[start : start + OBJECTS_PER_GCOV], counts)
    files = pure_files()
    lines_of = {name: without_braces(name, counts[name]) for name in files}
    measured = {name: lines for name, lines in lines_of.items() if lines}
    low = report(measured, "--show" in sys.argv)
    unbuilt = [name for name in files if name.endswith(".cpp") and name not in measured]
    for name in unbuilt:
        print(f"{name}: no unit test is linked with it")
    for name in low:
        print(f"{name}: below {LIMIT:g} % of its lines")
    return 1 if low or unbuilt or not measured else 0


if __name__ == "__main__":
    sys.exit(main())
