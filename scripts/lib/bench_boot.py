"""Measures a boot of 100 services in QEMU, and ctrl-alt-del, under each init that is here.

Every guest is an initramfs and nothing else: its first process writes down the time and becomes
/sbin/init; the service that is the last to run says how long that took (bench_service.c).
"""

import pathlib
import shutil
import subprocess

import bench_budgets
import bench_guest
from bench_report import Part, Table, median, number, ratio, say

TOP = pathlib.Path(__file__).resolve().parents[2]
KERNEL = TOP / "build/kernel/vmlinuz"
SERVICES = 100  # BENCH_BOOT_SERVICES of bench_shared.h
NS_PER_MS = 1e6

MOUNTS = "".join(
    f"::sysinit:/bin/busybox mount -t {kind} {kind} /{place}\n"
    for kind, place in (("proc", "proc"), ("sysfs", "sys"), ("devtmpfs", "dev"), ("tmpfs", "run"))
)
RUNIT_INITTAB = MOUNTS + "::respawn:/bin/runsvdir /etc/service\n::ctrlaltdel:/sbin/reboot\n"


def mainstay(arguments, tree):
    shutil.copy(arguments.init, tree / "sbin/init")
    shutil.copy(arguments.build / "root/bin/supervisor", tree / "sbin/supervisor")
    (tree / "etc/inittab").write_text("::supervise:/sbin/supervisor\n")


def floor(arguments, tree):
    shutil.copy(arguments.build / "boot_floor", tree / "sbin/init")


def nitro(arguments, tree):
    shutil.copy(arguments.build / "root/bin/nitro", tree / "sbin/init")
    (tree / "etc/nitro").symlink_to("service")
    (tree / "etc/nitro.sock").symlink_to("/run/nitro.sock")


def busybox_and_runit(arguments, tree):
    for name in ("bin/busybox", "sbin/init", "sbin/reboot"):
        shutil.copy(arguments.busybox, tree / name)
    for name in ("runsvdir", "runsv"):
        shutil.copy(arguments.build / "root/bin" / name, tree / "bin")
    (tree / "etc/inittab").write_text(RUNIT_INITTAB)


INITS = {
    "mainstay": ("supervisor", mainstay),
    "floor": ("floor", floor),
    "nitro": ("nitro", nitro),
    "busybox and runit": ("runsvdir", busybox_and_runit),
}


def make_initramfs(arguments, name):
    tree = arguments.build / "boot" / name.replace(" ", "-")
    for directory in "bench bin dev etc/service proc run sbin sys tmp".split():
        (tree / directory).mkdir(parents=True)
    for libraries in ("lib", "lib64", "usr"):
        shutil.copytree(arguments.build / "root" / libraries, tree / libraries, symlinks=True)
    shutil.copy(arguments.build / "root/etc/ld.so.cache", tree / "etc")
    shutil.copy(arguments.build / "boot_first", tree / "init")
    shutil.copy(arguments.build / "boot_service", tree / "bench/service")
    for service in range(SERVICES):
        directory = tree / f"etc/service/s{service}"
        directory.mkdir()
        (directory / "run").symlink_to("/bench/service")
    INITS[name][1](arguments, tree)
    image = tree.with_suffix(".cpio.gz")
    make = [TOP / "scripts/mkimage", "--type", "initramfs", "--modules", "none"]
    subprocess.run([*make, "--rootfs", tree, "--output", image], check=True)
    return image


def measure_once(accelerator, image):
    with bench_guest.Guest(KERNEL, accelerator, image) as guest:
        return {"boot": guest.boot(), "reset": guest.reset()}


def measure(arguments, names):
    images = {name: make_initramfs(arguments, name) for name in names}
    accelerator = subprocess.check_output([TOP / "scripts/accelerator", KERNEL], text=True).strip()
    figures = {name: {"boot": [], "reset": []} for name in names}
    problems = {}
    for turn in range(arguments.rounds):
        for name in (name for name in names if name not in problems):
            say(f"boot ({accelerator}), round {turn + 1} of {arguments.rounds}: {name}")
            try:
                for key, value in measure_once(accelerator, images[name]).items():
                    figures[name][key].append(value)
            except (bench_guest.GuestError, OSError) as error:
                say(f"boot: {name}: {error}")
                problems[name] = str(error).splitlines()[0]
    return figures, problems, accelerator


def run(arguments):
    programs = arguments.build / "root/bin"
    names = [name for name, (program, _) in INITS.items() if (programs / program).exists()]
    figures, problems, accelerator = measure(arguments, names)
    table = Table(
        f"Boot of {SERVICES} services in QEMU ({accelerator})",
        ["", "boot, ms", "÷ floor", "ctrl-alt-del to reset, ms", "÷ floor", "budget", "met"],
    )
    base = {key: median(figures["floor"][key]) for key in ("boot", "reset")}
    for name in names:
        table.rows.append(row_of(name, figures[name], base))
    table.notes = [f"{name} was not measured whole: {why}." for name, why in problems.items()]
    failed = any(name in problems for name in ("mainstay", "floor"))
    return Part("boot", [table], figures, failed)


def row_of(name, figures, base):
    cells = []
    for key in ("boot", "reset"):
        value = median(figures[key])
        cells.append("–" if value is None else number(value / NS_PER_MS))
        cells.append(ratio(value, base[key]))
    budget = bench_budgets.NONE
    if name == "mainstay":
        budget = bench_budgets.of_boot(
            *(median(figures[key]) for key in ("boot", "reset")), base["boot"], base["reset"]
        )
    return [name, *cells, *budget]
