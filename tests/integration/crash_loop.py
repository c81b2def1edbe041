"""Kills the supervisor and svlog at random moments, while services do all that services do.

    with Machine(crash_loop.files(), inittab=crash_loop.INITTAB) as m:
        loop = CrashLoop(m)
        loop.start()
        for _ in range(200):
            loop.kill_at_a_random_moment()
        loop.check()

What they do is written down by themselves, so that afterwards it can be compared with what the supervisor
tells and what svlog wrote.
"""

import collections
import contextlib
import grp
import os
import pathlib
import random
import re
import signal
import time

from namespace import eventually
from supervised import Client, wait_for_svlog, wait_open_for_runit
from test_svlog import check_is_a_count_to

UPGRADE = 59  # what telinit u sends
CONTROL = "run/mainstay/control"
LOGS = "var/log/services"
INITTAB = f"::supervise:/sbin/supervisor --log-dir /{LOGS} /etc/service\n"

STEADY = "#!/bin/sh\nexec sleep 100000\n"
SLOW_END = "#!/bin/sh\ntrap 'sleep 0.05; exit 0' TERM\nwhile :; do sleep 1000 & wait; done\n"
# Before all of these do what they do: so they keep still for as long as they are to, and say so, with the number of
# this time, as one who looked just before the end of the last time still says that.
WHILE_QUIET = "while { read q </tmp/quiet; } 2>/dev/null; do : >/tmp/NAME.quiet.$q; sleep 0.05; done"
KEEP_STILL = f"#!/bin/sh\n{WHILE_QUIET}\n"
# Notes its birth, and ends by itself after a while with a code of its own.
CRASHES = KEEP_STILL + "echo $$ >>/tmp/crashes\nsleep 0.0$(($$ % 7))\nexit $(($$ % 100))\n"
# Has a line of each run, and one of its finish program, which is told how the run ended, and which it was.
FINISHES = KEEP_STILL + "echo $$ >>/tmp/finishes\nexit $(($$ % 100))\n"
FINISH = "#!/bin/sh\necho $4 $1 $2 >>/tmp/finished\nsleep 0.02\n"
# Prints at full speed and crashes.
SHEDS = KEEP_STILL + """read n </tmp/sheds
echo $((n + 1000)) >/tmp/sheds
seq $((n + 1)) $((n + 1000))
exit 9
"""
# Prints at full speed, more at once than its pipe holds; then nothing for a moment, as others need the processor.
FLOOD = f"""#!/bin/sh
n=0
while :; do
    echo $n >/tmp/flood.new && mv /tmp/flood.new /tmp/flood
    {WHILE_QUIET}
    seq $((n + 1)) $((n + 12000))
    n=$((n + 12000))
    sleep 0.25
done
"""
FAST = "restart-delay = 20 ms\nrestart-delay-max = 80 ms\n"
# All of it is kept; and what comes while svlog is waited for, which dies more often than it should, has room.
WHOLE_LOG = "log-timestamp = none\nlog-max-size = 4M\nlog-max-files = 1000\nlog-memory = 1M\n"

CRASHING = ["crashes", "finishes", "sheds"]
PRINTING = ["flood", "sheds"]


def steady_names(count):
    return [f"steady{number}" for number in range(count)]


def files(steady=6):
    def script(name, text, conf=""):
        made = {f"/etc/service/{name}/run": text.replace("NAME", name)}
        return made | ({f"/etc/service/{name}/service.conf": conf} if conf else {})

    made = {"/etc/group": f"adm:x:{grp.getgrnam('adm').gr_gid}:\n", "/tmp/sheds": "0\n"}
    for name in steady_names(steady):
        made |= script(name, STEADY)
    made |= script("crashes", CRASHES, FAST)
    made |= script("finishes", FINISHES, FAST) | {"/etc/service/finishes/finish": FINISH}
    made |= script("slow", SLOW_END)
    made |= script("flood", FLOOD, WHOLE_LOG)
    made |= script("sheds", SHEDS, FAST + WHOLE_LOG)
    return made


def children(pid, name):
    """The pids of those with this name."""
    found = []
    with contextlib.suppress(OSError):
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with contextlib.suppress(OSError):
                if pathlib.Path(f"/proc/{child}/comm").read_text() == f"{name}\n":
                    found.append(int(child))
    return found


def links_of(pid):
    """What each of its descriptors leads to."""
    found = []
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed in this moment
            found.append(os.readlink(fd))
    return found


def open_things(pid):
    """What a process has open, without the numbers that are different for each, and without what may be there or
    not, once: each log's file, which svlog opens with its first line, and the cgroup of the service that the
    supervisor started last."""
    found = []
    for link in links_of(pid):
        name = re.sub(r":\[\d+\]|(?<=/proc/)\d+", "", link)
        found.append(re.sub(r"(?<=/cgroup/mainstay/).+", "SERVICE", name))
    opened = collections.Counter(found)
    for path in [path for path in opened if path.startswith(f"/{LOGS}/") or path.endswith("/SERVICE")]:
        assert opened.pop(path) == 1, path
    return opened


class CrashLoop:
    def __init__(self, machine, steady=6, seed=1):
        self._m = machine
        self._running = ["flood", *steady_names(steady)]
        self._chance = random.Random(seed)
        self.kills = self.svlog_kills = self.upgrades = self._quiet_times = 0

    def start(self):
        """Lets all of it begin, and notes what may not change."""
        eventually(self._are_all_ready, "who stays is ready")
        for name in CRASHING:
            eventually(lambda: self._deaths(name)[0] > 0, f"{name} has crashed")
        self._steady = self._pids()
        # The first ones have what they made, the others what they were given.
        self._m.kill_supervisor()
        self._upgrade_pid1()
        self._become_quiet()
        self._open = eventually(self._all_open, "one svlog")
        self._go_on()

    def kill_at_a_random_moment(self):
        """One kill -9 of the supervisor. Of two moments one is early in its life, of four one before it answers; of
        five it is asked for an upgrade before, of ten PID 1 is: that may be under way then."""
        chance = self._chance
        if chance.random() < 0.1:
            self._upgrade_pid1()
        verb = chance.choice(["down", "up", "restart", "upgrade", None])
        if verb:
            with contextlib.suppress(OSError), Client(self._m.root / CONTROL) as client:
                client.send(verb=verb, **({} if verb == "upgrade" else {"services": ["slow"]}))
        time.sleep(chance.choice([0.05, 0.6]) * chance.random())
        victim = eventually(self._m.supervisor, "a supervisor")
        svlog = chance.choice(["lives", "lives", "dies before", "dies after"])
        if svlog == "dies before":
            self._kill_svlog()
        os.kill(victim, signal.SIGKILL)
        self.kills += 1
        if svlog == "dies after":
            self._kill_svlog()
        if chance.random() < 0.25:
            eventually(lambda: self._m.supervisor() not in (None, victim), "another supervisor")
        else:
            self.check_steady()

    def _upgrade_pid1(self):
        self._m.signal(UPGRADE)
        self.upgrades += 1

    def _kill_svlog(self):
        """Which outlives its supervisor, as a child of PID 1."""
        for parent in filter(None, (self._m.pid, self._m.supervisor())):
            for svlog in children(parent, "svlog"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(svlog, signal.SIGKILL)
                    self.svlog_kills += 1

    def check_steady(self):
        """Who runs is the process that it was."""
        assert self._pids() == self._steady, self._m.transcript()[-3000:]

    def check(self):
        """All is over: what was told is what was, and nothing is left behind."""
        self.check_steady()
        self._become_quiet()
        self._wait_same_open()
        eventually(lambda: self._m.zombies() == [], "every zombie is buried")
        self._check_exits()
        self._check_logs()

    # --- quiet, so that what was told can be compared with what was

    def _become_quiet(self):
        self._quiet_times += 1
        self._file("quiet.new").write_text(f"{self._quiet_times}\n")
        self._file("quiet.new").rename(self._file("quiet"))
        for name in [*CRASHING, "flood"]:
            eventually(self._file(f"{name}.quiet.{self._quiet_times}").exists, f"{name} keeps still")
        assert self._m.ask(verb="up", services=["slow"]).exit == 0
        for name in PRINTING:
            last = b"%d\n" % self._numbers(name)[0][0]
            eventually(lambda: self._end_of_log(name).endswith(last), f"all of {name} is written")
        wait_open_for_runit(self._m.root / "etc/service" / name for name in self._m.status())
        wait_for_svlog(self._m.supervisor)
        eventually(self._have_all_pipes, "PID 1 and svlog have the pipe of every service")
        said = "upgraded: Mainstay"
        eventually(lambda: self._m.transcript().count(said) == self.upgrades, f"PID 1 says '{said}' each time")

    def _go_on(self):
        self._file("quiet").unlink()

    def _file(self, name):
        return self._m.root / "tmp" / name

    def _numbers(self, name):
        """Those in each line that it wrote down."""
        return [tuple(map(int, line.split())) for line in self._file(name).read_text().splitlines()]

    def _are_all_ready(self):
        views = self._m.status()
        return all(views.get(name, {}).get("state") == "ready" for name in self._running)

    def _pids(self):
        views = self._m.status()
        return {name: views[name].get("pid") for name in self._running}

    def _deaths(self, name):
        """Number of deaths, and the last ones."""
        details = self._m.status(name).get("details", {})
        return details.get("death_count", 0), details.get("deaths", [])

    def _all_open(self):
        """Of PID 1, the supervisor and svlog; None while the svlog of a dead supervisor is not buried."""
        supervisor = self._m.supervisor()
        svlogs = children(supervisor, "svlog")
        if len(svlogs) != 1 or children(self._m.pid, "svlog"):
            return None
        return [open_things(pid) for pid in (self._m.pid, supervisor, *svlogs)]

    def _have_all_pipes(self):
        """They are told of one after the other, when there is room for it on their links."""
        pids = [view["pid"] for view in self._m.status().values()]
        written = {os.readlink(self._m.root / f"proc/{pid}/fd/1") for pid in pids}
        svlogs = children(self._m.supervisor(), "svlog")
        return all(written <= set(links_of(reader)) for reader in (self._m.pid, *svlogs))

    def _wait_same_open(self):
        now = []

        def same():
            now[:] = self._all_open() or []
            return now == self._open

        with contextlib.suppress(AssertionError):
            eventually(same, "the same is open as before")
        more = [after - before for after, before in zip(now, self._open)]
        assert now == self._open, f"more is open in PID 1, supervisor, svlog: {more}"

    # --- what is compared

    def _check_exits(self):
        """Each run is told once, with the code that it chose."""
        runs = [pid for (pid,) in self._numbers("finishes")]
        assert self._numbers("finished") == [(pid, pid % 100, 0) for pid in runs]
        expected = {
            "crashes": [pid % 100 for (pid,) in self._numbers("crashes")],
            "finishes": [pid % 100 for pid in runs],
            "sheds": [9] * (self._numbers("sheds")[0][0] // 1000),
        }
        for name, codes in expected.items():
            count, died = self._deaths(name)
            assert count == len(codes), f"{name}: {count} deaths of {len(codes)}: {self._m.transcript()[-3000:]}"
            assert [death.get("code") for death in died] == codes[-len(died) :], name

    def _logs(self, name):
        directory = self._m.root / LOGS / name
        return [*sorted(directory.glob("@*.s")), directory / "current"]

    def _end_of_log(self, name):
        """It may have been rotated with the last line, or in this moment."""
        with contextlib.suppress(FileNotFoundError):
            return b"".join(path.read_bytes()[-20:] for path in self._logs(name)[-2:])
        return b""

    def _check_logs(self):
        for name in PRINTING:
            check_is_a_count_to(self._numbers(name)[0][0], self._logs(name))
