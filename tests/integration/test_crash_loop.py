"""kill -9 the supervisor, and svlog, 200 times at random moments, under our PID 1 (crash_loop.py says what runs).

It waits more than it computes: PID 1 starts a supervisor that dies all the time 20 times in 10 seconds.
MAINSTAY_CRASH_ROUNDS: how often it is killed; MAINSTAY_SEED: at which moments. test_crash_loop_thousand.py does the
same beside 1,000 services.
"""

import os

import crash_loop
from test_supervisor_crash import Machine

ROUNDS = int(os.environ.get("MAINSTAY_CRASH_ROUNDS", "200"))
SEED = int(os.environ.get("MAINSTAY_SEED", "1"))


def kill_again_and_again(rounds, **steady):
    with Machine(crash_loop.files(**steady), inittab=crash_loop.INITTAB) as m:
        loop = crash_loop.CrashLoop(m, seed=SEED, **steady)
        loop.start()
        for _ in range(rounds):
            loop.kill_at_a_random_moment()
        loop.check()
        print(f"{loop.kills} kills of the supervisor, {loop.svlog_kills} of svlog, {loop.upgrades} upgrades of PID 1")


def test_killed_again_and_again_at_random_moments():
    kill_again_and_again(ROUNDS)
