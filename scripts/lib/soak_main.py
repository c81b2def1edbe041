"""What scripts/soak does: a system, a storm of random events, and what has grown since its beginning."""

import argparse
import pathlib
import random
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/integration"))

from namespace import Pid1, eventually  # noqa: E402
from soak_figures import Figures, compare, find_parts, table, unreaped  # noqa: E402
from supervised import wait_open_for_runit  # noqa: E402

SVCTL = TOP / "build/release/bin/svctl"
INITTAB = "::supervise:/sbin/supervisor --log-dir /var/log/services --definitions /etc/sv /etc/service\n"

# What one action may take: far more than it does, so that a hang is found.
PATIENCE = 60

FAST = "restart-delay = 50ms\nrestart-delay-max = 100ms\nlog-max-size = 16K\nlog-max-files = 2\n"
# name: (run, service.conf).
STORMY = {
    "crashes": ("sleep 0.05; exit 1", FAST),
    "aborts": ("sleep 0.02; kill -ABRT $$", FAST),
    "chatters": ("i=0; while :; do i=$((i + 1)); echo line $i of many; usleep 2000; done", FAST),
    "forks": ("sleep 100000 & sleep 0.1; exit 0", FAST + "leftovers = kill\n"),
    "deaf": ("trap '' TERM; while :; do usleep 20000; done", FAST + "stop-timeout = 100ms\n"),
    "needs": ("exec sleep 100000", "needs = steady0 chatters\n"),
    "logged": ("while :; do echo logged; usleep 5000; done", FAST),
    "notifies": ("echo >&3; exec sleep 100000", FAST + "ready = fd 3\n"),
    "fails": ("exit 9", FAST + "permanent-failure-status = 9\n"),
}
LOOKS = (
    ["status"], ["list"], ["tree"], ["deaths"], ["log"], ["log", "-n", "1000", "chatters"], ["version"],
    ["log", "@supervisor"], ["--json", "status"], ["rescan"], ["is-up", "crashes"],
)
ACTS = ("up", "down", "restart", "try-restart", "once", "hup", "kill", "status", "why", "reset", "reload")


def resting(count):
    """Those are the same at the beginning and at the end."""
    return {f"steady{i}": ("exec sleep 100000", "") for i in range(count)}


def definitions(steady):
    files = {}
    for name, (run, conf) in {**steady, **STORMY}.items():
        files[f"/etc/sv/{name}/run"] = f"#!/bin/sh\nexec 2>&1\n{run}\n"
        files[f"/etc/sv/{name}/service.conf"] = conf
    files["/etc/sv/logged/log/run"] = "#!/bin/sh\nexec cat >/dev/null\n"
    return files


class Storm:
    def __init__(self, system, choose, kills, steady):
        self._steady = steady
        self._system = system
        self._choose = choose
        self._kills = kills
        self._control = f"/proc/{system.pid}/root/run/mainstay/control"
        self.actions = 0

    def svctl(self, *words):
        return subprocess.run(
            [SVCTL, "--control", self._control, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
        )

    def enabled(self):
        return self._system.root / "etc/service"

    def enable(self, name):
        link = self.enabled() / name
        if not link.is_symlink():
            link.symlink_to(f"/etc/sv/{name}")

    def _act(self):
        name = self._choose.choice(list(STORMY))
        self.svctl("--timeout", "2s", self._choose.choice(ACTS), name)

    def _look(self):
        self.svctl(*self._choose.choice(LOOKS))

    def _change_links(self):
        link = self.enabled() / self._choose.choice(list(STORMY))
        if link.is_symlink() and self._choose.random() < 0.5:
            link.unlink()
        else:
            self.enable(link.name)

    def _change_definition(self):
        name = self._choose.choice(list(STORMY))
        conf = self._system.root / f"etc/sv/{name}/service.conf"
        conf.write_text(STORMY[name][1] + f"finish-timeout = {self._choose.randint(1, 9)}s\n")
        self.svctl("rescan")

    def _leave_early(self):
        """Followers that are killed while they follow."""
        words = self._choose.choice((["log", "-f"], ["events"], ["wait", "--down", "steady1"]))
        client = subprocess.Popen(
            [SVCTL, "--control", self._control, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        time.sleep(self._choose.random() / 10)
        client.kill()
        client.wait()

    def _reload_init(self):
        self._system.signal("HUP")

    def _kill_a_part(self):
        part = find_parts(self._system.pid).get(self._choose.choice(("supervisor", "svlog")))
        if part is not None:
            try:
                part.send_signal(signal.SIGKILL)
            except ProcessLookupError:
                pass

    def blow(self, seconds):
        end = time.monotonic() + seconds
        kinds = [self._act] * 6 + [self._look] * 4
        kinds += [self._change_links, self._change_definition, self._leave_early, self._reload_init]
        while time.monotonic() < end:
            self._choose.choice(kinds)()
            self.actions += 1
            if self._kills and self._choose.random() < 0.02:
                self._kill_a_part()

    def calm(self):
        """The same rest each time: what is stormy is there, was started, and is down; the rest is up."""
        for name in STORMY:
            self.enable(name)
        self.svctl("rescan")
        self.svctl("--timeout", "2s", "up", *STORMY)
        eventually(self._is_calm, "all is at rest", PATIENCE)

    def _is_calm(self):
        stormy = self.svctl("down", *STORMY)
        steady = self.svctl("up", *self._steady)
        return stormy.returncode == 0 and steady.returncode == 0


def measure(system):
    return {name: Figures.of(part.pid) for name, part in find_parts(system.pid).items()}


def settle(system, before):
    """The figures, once they are as they were; else those after a while."""
    deadline = time.monotonic() + 10
    while True:
        now = measure(system)
        if not compare(before, now) or time.monotonic() > deadline:
            return now
        time.sleep(0.2)


def soak(arguments):
    choose = random.Random(arguments.seed)
    steady = resting(arguments.services)
    with Pid1(inittab=INITTAB, files=definitions(steady)) as system:
        storm = Storm(system, choose, arguments.kill, steady)
        (system.root / "etc/service").mkdir(parents=True)
        for name in steady:
            storm.enable(name)
        eventually(lambda: storm.svctl("version").returncode == 0, "the supervisor answers")
        storm.calm()
        storm.blow(arguments.seconds / 5)
        storm.calm()
        # It has two descriptors more for each service that it has come to.
        wait_open_for_runit(system.root / "etc/sv" / name for name in (*steady, *STORMY))
        before = measure(system)
        storm.blow(arguments.seconds * 4 / 5)
        storm.calm()
        after = settle(system, before)
        left = eventually_none(system)
    return storm.actions, before, after, left


def eventually_none(system):
    """Zombies that stay."""
    deadline = time.monotonic() + 10
    while (left := unreaped(system.pid)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def parse_arguments():
    parser = argparse.ArgumentParser(prog="soak", add_help=False)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--services", type=int, default=10)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    if arguments.seconds is None:
        arguments.seconds = arguments.minutes * 60
    return arguments


def main():
    arguments = parse_arguments()
    print(f"seed {arguments.seed}, {arguments.seconds:.0f} s", flush=True)
    actions, before, after, left = soak(arguments)
    grown = compare(before, after)
    print(table(before, after))
    print(f"{actions} actions; {left} zombies left; " + (", ".join(grown) if grown else "nothing grew"))
    return 1 if grown or left or actions == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
