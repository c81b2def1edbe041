"""Lists in docs/ whose last column names the tests that show what each line says.

A test is written as `tests/integration/test_X.py::test_name`, or `tests/unit/X_test.cpp::its name`.
"""

import re

from namespace import TOP


def rows(name):
    """The lines of all tables in docs/NAME as lists of cells, without their heads."""
    lines = (TOP / "docs" / name).read_text().splitlines()
    heads = {lines[i - 1] for i in range(1, len(lines)) if lines[i].startswith("|---")}
    tables = [line for line in lines if line.startswith("| ") and line not in heads]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in tables]


def exists(path, name):
    text = (TOP / path).read_text()
    if path.endswith(".py"):
        return f"\ndef {name}(" in text
    return f'TEST_CASE("{name}"' in text


def check(row):
    """That something shows it, and that all of that is there."""
    what, shown_by = row[0], row[-1]
    tests = re.findall(r"`(tests/\S+\.(?:py|cpp))::([^`]+)`", shown_by)
    assert tests, f"nothing shows: {what}"
    for path, name in tests:
        assert exists(path, name), f"{path} has no {name} ({what})"
