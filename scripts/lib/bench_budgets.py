"""The budgets that Mainstay has set itself (docs/performance.md), and whether a figure keeps them.

A budget is two cells of a table: what it is and "yes" or "no"; empty where there is none."""

from bench_report import number

NONE = ("", "")
# Those that hold for one number of services only.
AT_1000 = {
    "private": 2560,
    "stop": 30.0,
    "status_all": 4.0,
}
AT_ANY = {
    "restart": 0.8,
    "wakeups": 0,
    "status_one": 1.0,
}
START_PER_FLOOR = 0.85
PRIVATE_PER_SERVICE = 1.0
SVLOG_MB_PER_SECOND = 300
BOOT_PER_FLOOR = 1.2
RESET_PER_FLOOR = 3.0


def at_most(value, most, text=None):
    if value is None:
        return (text or f"≤ {number(most)}", "–")
    return (text or f"≤ {number(most)}", "yes" if value <= most else "no")


def per_floor(value, floor, most):
    known = value is not None and floor
    return at_most(value / floor if known else None, most, f"≤ {most} × floor")


def of_services(key, count, value, floor):
    if key == "start" and count == 1000:
        return per_floor(value, floor, START_PER_FLOOR)
    if key in AT_ANY:
        return at_most(value, AT_ANY[key])
    if key in AT_1000 and count == 1000:
        return at_most(value, AT_1000[key])
    return NONE


def of_slope(key, value):
    return at_most(value, PRIVATE_PER_SERVICE) if key == "private" else NONE


def of_svlog(value):
    least = SVLOG_MB_PER_SECOND
    return (f"≥ {least}", "–" if value is None else "yes" if value >= least else "no")


def of_boot(boot, reset, boot_floor, reset_floor):
    first = per_floor(boot, boot_floor, BOOT_PER_FLOOR)
    second = per_floor(reset, reset_floor, RESET_PER_FLOOR)
    return (f"{first[0]}; {second[0]}", f"{first[1]}; {second[1]}")
