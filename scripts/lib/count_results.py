#!/usr/bin/python3
"""Usage: count_results.py DIR

Reads what scripts/test left in DIR and prints what failed, what was skipped and why, and as the
last line the sum over all layers. Exits with 1 if anything failed or nothing ran.

DIR/LAYER/NAME.status holds the exit status of one command, or "skipped: REASON". A command that
runs many tests also leaves DIR/LAYER/NAME.xml (JUnit); each test case in there counts. A command
that failed without a failed test case, or left no readable file, counts as one failed test.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

LAYERS_OF_MANY_TESTS = ("unit", "integration", "boot")


class Result:
    def __init__(self, layer, name, outcome, reason="", detail=""):
        self.title = f"{layer}: {name}"
        self.outcome = outcome
        self.reason = reason
        self.detail = detail


def results_of_command(status_file):
    layer, name = status_file.parent.name, status_file.stem
    status = status_file.read_text().strip()
    if status.startswith("skipped: "):
        return [Result(layer, name, "skipped", status[len("skipped: ") :])]
    if layer not in LAYERS_OF_MANY_TESTS:
        return [Result(layer, name, "passed" if status == "0" else "failed")]
    cases = test_cases(layer, status_file.with_suffix(".xml"))
    if not cases or (status != "0" and not any(case.outcome == "failed" for case in cases)):
        cases.append(Result(layer, name, "failed", f"ended with status {status}"))
    return cases


def test_cases(layer, xml_file):
    try:
        root = ElementTree.parse(xml_file).getroot()
    except (OSError, ElementTree.ParseError):
        return []
    return [test_case(layer, case) for case in root.iter("testcase")]


def test_case(layer, case):
    name = f"{case.get('classname', '')} {case.get('name')}".strip()
    for tag in ("failure", "error"):
        problem = case.find(tag)
        if problem is not None:
            # pytest has shown its failures already; of Catch2's nobody has seen any.
            detail = problem.text if layer == "unit" else ""
            return Result(layer, name, "failed", detail=detail)
    skipped = case.find("skipped")
    if skipped is not None:
        return Result(layer, name, "skipped", skipped.get("message", "no reason given"))
    return Result(layer, name, "passed")


def main():
    status_files = sorted(pathlib.Path(sys.argv[1]).glob("*/*.status"))
    results = [result for file in status_files for result in results_of_command(file)]
    for outcome in ("skipped", "failed"):
        for result in results:
            if result.outcome == outcome:
                print(f"{outcome}: {result.title}" + (f": {result.reason}" if result.reason else ""))
                print(result.detail, end="")
    count = {
        outcome: sum(result.outcome == outcome for result in results)
        for outcome in ("passed", "failed", "skipped")
    }
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 1 if count["failed"] or not results else 0


if __name__ == "__main__":
    sys.exit(main())
