"""What PID 1 keeps for the supervisor when it dies: descriptors, processes and their exits."""

import errno
import os
import random
import resource
import signal
import socket
import time

import pytest

from link_peer import (
    BOOT_COMPLETE,
    EXIT_RECORDED,
    HELLO,
    IN_FLIGHT,
    KEEP,
    KEY,
    LAYOUT,
    MAGIC,
    STOP,
    STOPPED,
    TABLE,
    Peer,
    children_of,
    find_supervisor,
    inner_pid,
    script,
    state_of,
)
from namespace import Pid1, eventually

INITTAB = "::supervise:/bin/super\n"
POWERED_OFF = -signal.SIGINT
LOG_PIPE, LISTENING = 1, 7
# PID 1 starts the supervisor 20 times at once, then once a second: a round more takes a second.
CRASHES = int(os.environ.get("MAINSTAY_CRASHES", "21"))


@pytest.fixture(autouse=True)
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def system(children=0, **more):
    return Pid1(inittab=INITTAB, files={"/bin/super": script(children)}, **more)


def services_of(peer):
    """The supervisor's children: their pids out here by those in there."""
    return {inner_pid(pid): pid for pid in children_of(peer.pid)}


def next_peer(p, before):
    """Kills the supervisor; the one that is started then."""
    before.kill()
    return Peer(find_supervisor(p, but=[before.pid]))


def descriptors_of(p):
    return len(os.listdir(f"/proc/{p.pid}/fd"))


def inodes(fds):
    return [os.fstat(fd).st_ino for fd in fds]


def close_all(fds):
    for fd in fds:
        os.close(fd)


def settle(peer):
    """All that was said before has been dealt with. @returns what was refused"""
    return peer.wait_accepted(peer.send(BOOT_COMPLETE))


def test_the_same_descriptors_come_back():
    with system() as p:
        pipe = os.pipe()
        listening = socket.socket(socket.AF_UNIX)
        with Peer(find_supervisor(p)) as first:
            greeting = first.hello()
            assert greeting["version"] >= 2
            assert (greeting["keys"], greeting["adopted"], greeting["exits"]) == (0, 0, 0)
            os.write(pipe[1], b"written before")
            first.keep(LOG_PIPE, 7, pipe)
            first.keep(LISTENING, 7, [listening.fileno()] * 8)
            first.keep(LISTENING, 8, [listening.fileno()])
            first.drop(LISTENING, 8)
            first.drop(LISTENING, 9)
            assert settle(first) == {}
            expected = inodes(pipe)
            close_all(pipe)
            second = next_peer(p, first)
        with second:
            assert second.hello()["keys"] == 2
            handed = second.claim()
            assert set(handed.kept) == {(LOG_PIPE, 7), (LISTENING, 7)}
            assert inodes(handed.kept[LOG_PIPE, 7]) == expected
            assert inodes(handed.kept[LISTENING, 7]) == inodes([listening.fileno()] * 8)
            assert os.read(handed.kept[LOG_PIPE, 7][0], 100) == b"written before"
            handed.close()
        listening.close()


def test_what_is_kept_under_a_key_is_replaced():
    with system() as p:
        first_pipe, second_pipe = os.pipe(), os.pipe()
        with Peer(find_supervisor(p)) as peer:
            peer.hello()
            peer.keep(LOG_PIPE, 1, first_pipe)
            peer.keep(LOG_PIPE, 1, second_pipe)
            assert settle(peer) == {}
            os.close(first_pipe[1])
            # PID 1 has no write end of it any more.
            assert os.read(first_pipe[0], 1) == b""
            handed = peer.claim()
            assert inodes(handed.kept[LOG_PIPE, 1]) == inodes(second_pipe)
            handed.close()
        close_all([first_pipe[0], *second_pipe])


def test_processes_live_on_and_their_exits_are_told_once():
    with system(children=6) as p:
        with Peer(find_supervisor(p)) as first:
            first.hello()
            services = services_of(first)
            pids = sorted(services)
            first.keep_table(pids)
            assert settle(first) == {}
            second = next_peer(p, first)
        assert all(pid in children_of(p.pid) for pid in services.values())
        with second:
            # One ends before anybody asks, with its true status.
            os.kill(services[pids[0]], signal.SIGUSR1)
            eventually(lambda: services[pids[0]] not in children_of(p.pid), "it is reaped")
            greeting = second.hello()
            assert (greeting["adopted"], greeting["exits"], greeting["tables"]) == (5, 1, 1)
            handed = second.claim()
            assert sorted(handed.adopted) == pids[1:]
            for i, pid in enumerate(pids[1:], 1):
                process, pidfd = handed.adopted[pid]
                assert process == (pid, 0, i, 0, i + 1, 10 + i)
                signal.pidfd_send_signal(pidfd, 0)
            (exit_message,) = handed.exits
            assert exit_message.process() == (pids[0], signal.SIGUSR1, 0, 0, 1, 10)
            second.send(EXIT_RECORDED, exit_message.value)
            # One ends while somebody listens; the pidfd is a true one.
            signal.pidfd_send_signal(handed.adopted[pids[1]][1], signal.SIGTERM)
            number, process = second.exited()
            assert process == (pids[1], signal.SIGTERM, 1, 0, 2, 11)
            handed.close()
            third = next_peer(p, second)
        with third:
            # The first was recorded, the second was not.
            handed = third.claim_after_hello()
            assert [message.process()[0] for message in handed.exits] == [pids[1]]
            assert handed.exits[0].value == number
            assert sorted(handed.adopted) == pids[2:]
            third.send(EXIT_RECORDED, number)
            again = third.claim()
            assert again.exits == []
            assert sorted(again.adopted) == pids[2:]
            handed.close()
            again.close()


def test_only_children_that_a_table_names_are_adopted():
    with system(children=3) as p:
        with Peer(find_supervisor(p)) as first:
            first.hello()
            services = services_of(first)
            pids = sorted(services)
            # Ourselves, nobody, the supervisor, a negative number, one that is named twice.
            first.keep_table([1, 0, inner_pid(first.pid), -1, 4000000, pids[1], pids[1]])
            assert settle(first) == {}
            second = next_peer(p, first)
        with second:
            handed = second.claim_after_hello()
            assert sorted(handed.adopted) == [pids[1]]
            handed.close()
            os.kill(services[pids[0]], signal.SIGKILL)
            os.kill(services[pids[1]], signal.SIGKILL)
            assert second.exited()[1][0] == pids[1]


@pytest.mark.parametrize("order", ["supervisor first", "services first"])
def test_what_happens_while_pid_1_is_busy_is_not_lost(order):
    with system(children=3) as p:
        pipe = os.pipe()
        with Peer(find_supervisor(p)) as first:
            first.hello()
            services = services_of(first)
            pids = sorted(services)
            assert settle(first) == {}
            os.kill(p.pid, signal.SIGSTOP)
            # The last words of a supervisor count.
            first.keep_table(pids)
            first.keep(LOG_PIPE, 3, pipe)
            victims = [first.pid, services[pids[0]], services[pids[2]]]
            for pid in victims if order == "supervisor first" else reversed(victims):
                os.kill(pid, signal.SIGKILL)
            for pid in victims:  # which are not dead at once
                eventually(lambda: state_of(pid) == "Z", f"{pid} is dead")
            os.kill(p.pid, signal.SIGCONT)
            second = Peer(find_supervisor(p, but=[first.pid]))
        with second:
            handed = second.claim_after_hello()
            assert set(handed.kept) == {(LOG_PIPE, 3)}
            assert sorted(handed.adopted) == [pids[1]]
            exits = [message.process() for message in handed.exits]
            assert sorted(process[:3] for process in exits) == [
                (pids[0], signal.SIGKILL, 0),
                (pids[2], signal.SIGKILL, 2),
            ]
            handed.close()
        close_all(pipe)


def test_a_thousand_services_and_a_supervisor_that_does_not_listen_at_first():
    with system(children=1000) as p:
        pipes = []
        with Peer(find_supervisor(p)) as first:
            first.hello()
            services = services_of(first)
            pids = sorted(services)
            first.keep_table(pids)
            for i in range(1000):
                pipes.append(os.pipe())
                number = first.keep(LOG_PIPE, i, pipes[-1])
                if number - first.accepted >= IN_FLIGHT:
                    assert first.wait_accepted(number - IN_FLIGHT // 2) == {}
            assert settle(first) == {}
            second = next_peer(p, first)
        with second:
            handed = second.claim_after_hello()
            assert sorted(handed.adopted) == pids
            for i, pipe in enumerate(pipes):
                assert inodes(handed.kept[LOG_PIPE, i]) == inodes(pipe)
            # All end, and nobody reads for a while: the queue is bounded, and PID 1 works on.
            for pid in services.values():
                os.kill(pid, signal.SIGTERM)
            eventually(lambda: len(children_of(p.pid)) == 1, "all are buried")
            assert p.run("echo", "alive") == "alive\n"
            told = [second.exited()[1] for _ in pids]
            assert sorted(process[0] for process in told) == pids
            assert {process[1] for process in told} == {signal.SIGTERM}
            handed.close()
        for pipe in pipes:
            close_all(pipe)


def test_a_full_keeper_refuses_and_says_so():
    with system() as p:
        pipe = os.pipe()
        with Peer(find_supervisor(p)) as peer:
            # What the limit of descriptors that PID 1 may give itself leaves room for.
            most = peer.hello()["most_descriptors"]
            assert 1024 < most <= 32768
            for i in range(most // 8):
                number = peer.keep(LISTENING, i, [pipe[0]] * 8)
                if number - peer.accepted >= IN_FLIGHT:
                    assert peer.wait_accepted(number - IN_FLIGHT // 2) == {}
            assert settle(peer) == {}
            refused = [peer.keep(LISTENING, 100000 + i, [pipe[0]] * 8) for i in range(3)]
            assert settle(peer) == dict.fromkeys(refused, errno.ENOSPC)
            p.wait_for_line("not kept: 8 descriptors of kind 7 and id 100000: No space left on device")
            assert p.transcript().count("not kept") == 1
            # One in the place of another still goes, and so does one after a Drop.
            peer.keep(LISTENING, 0, [pipe[0]] * 8)
            peer.drop(LISTENING, 1)
            peer.keep(LISTENING, 100000, [pipe[0]])
            assert settle(peer) == {}
        close_all(pipe)


def test_what_does_not_make_sense_is_refused():
    with system() as p:
        pipe = os.pipe()
        with Peer(find_supervisor(p)) as peer:
            peer.hello()
            assert settle(peer) == {}
            before = descriptors_of(p)
            key = KEY.pack(LOG_PIPE, 0, 1, 0)
            with open("/dev/null", "rb") as null:
                expected = {
                    peer.send(KEEP, 0, key): errno.EINVAL,
                    peer.send(KEEP, 9, key, [pipe[0]] * 9): errno.EINVAL,
                    peer.send(KEEP, 8, key, [pipe[0]] * 9): errno.EMFILE,
                    peer.send(KEEP, 2, key, [pipe[0]]): errno.EINVAL,
                    peer.send(KEEP, 1, key, [pipe[0], null.fileno()]): errno.EINVAL,
                    peer.send(TABLE): errno.EINVAL,
                    peer.send(TABLE, 0, b"", [null.fileno()]): errno.EBADMSG,
                    peer.send(TABLE, 0, b"", [os.memfd_create("unsealed")]): errno.EBADMSG,
                }
            assert settle(peer) == expected
            handed = peer.claim()
            assert handed.kept == {}
            eventually(lambda: descriptors_of(p) == before, "nothing of it is left open")
        close_all(pipe)


def test_garbage_on_the_link_harms_nobody():
    chance = random.Random(4)
    with system() as p:
        pipe = os.pipe()
        with Peer(find_supervisor(p)) as peer:
            peer.hello()
            peer.keep(LOG_PIPE, 1, pipe)
            assert settle(peer) == {}
            before = descriptors_of(p)
            begun = time.monotonic()
            for round_number in range(2000):
                size = chance.choice([0, 1, 63, 64, 65, 4000])
                packet = chance.randbytes(size)
                if size == 64 and chance.random() < 0.8:
                    # None of version 2: what those ask for would be done.
                    unknown = chance.randrange(19, 65536)
                    body = chance.randbytes(48)
                    packet = LAYOUT.pack(MAGIC, 1, unknown, peer.sequence, 0, body)
                socket.send_fds(peer.socket, [packet], [pipe[0]] * chance.randrange(20))
                if round_number % 100 == 0:
                    settle(peer)
            assert settle(peer) == {}
            p.wait_for_line("something on the boot link that is no message")
            count = p.transcript().count("on the boot link that is no message")
            assert count <= 1 + (time.monotonic() - begun) / 10, "it is said once in 10 s"
            handed = peer.claim()
            assert inodes(handed.kept[LOG_PIPE, 1]) == inodes(pipe)
            handed.close()
            eventually(lambda: descriptors_of(p) == before, "nothing of it is left open")
        close_all(pipe)


def test_many_crashes_leave_nothing_behind():
    with system(children=5) as p:
        pipe = os.pipe()
        peer = Peer(find_supervisor(p))
        services = services_of(peer)
        pids = sorted(services)
        baseline = None
        for round_number in range(CRASHES):
            with peer:
                greeting = peer.hello()
                handed = peer.claim()
                if round_number > 0:
                    assert greeting["adopted"] == len(pids)
                    assert sorted(handed.adopted) == pids
                    assert sorted(handed.kept) == [(LOG_PIPE, i) for i in range(5)]
                handed.close()
                peer.keep_table(pids)
                for i in range(5):
                    peer.keep(LOG_PIPE, i, pipe)
                if round_number % 2 == 0:  # else it dies with all of it on its way
                    assert settle(peer) == {}
                after = next_peer(p, peer)
            peer = after
            if round_number == 0:
                baseline = descriptors_of(p)
        peer.socket.close()
        eventually(lambda: descriptors_of(p) <= baseline, "nothing is left open")
        assert sorted(inner_pid(pid) for pid in services.values()) == pids
        close_all(pipe)


def test_a_supervisor_of_version_1_gets_what_it_knew():
    with system(children=3) as p:
        pipe = os.pipe()
        with Peer(find_supervisor(p)) as first:
            first.hello()
            pids = sorted(services_of(first))
            first.keep_table(pids)
            first.keep(LOG_PIPE, 1, pipe)
            assert settle(first) == {}
            second = next_peer(p, first)
        with second:
            # It starts all services again, so those that live would run twice.
            second.send(HELLO, second.pid)
            eventually(lambda: children_of(p.pid) == [second.pid], "they are ended")
            os.close(pipe[1])
            assert os.read(pipe[0], 1) == b""
            p.signal("TERM")
            assert second.receive().kind == STOP
        os.close(pipe[0])


def test_a_supervisor_that_has_stopped_leaves_nothing():
    with system() as p:
        pipe = os.pipe()
        with Peer(find_supervisor(p)) as first:
            first.hello()
            first.keep(LOG_PIPE, 1, pipe)
            first.keep_table([])
            first.send(STOPPED)
            second = next_peer(p, first)
        with second:
            greeting = second.hello()
            assert (greeting["keys"], greeting["tables"]) == (0, 0)
        close_all(pipe)


def test_adopted_services_are_stopped_by_the_supervisor_at_shutdown():
    with system(children=4) as p:
        with Peer(find_supervisor(p)) as first:
            first.hello()
            services = services_of(first)
            first.keep_table(sorted(services))
            assert settle(first) == {}
            second = next_peer(p, first)
        with second:
            handed = second.claim_after_hello()
            p.signal("TERM")
            assert second.receive().kind == STOP
            for pid, (_, pidfd) in sorted(handed.adopted.items()):
                signal.pidfd_send_signal(pidfd, signal.SIGTERM)
                assert second.exited()[1][:2] == (pid, signal.SIGTERM)
            handed.close()
            second.send(STOPPED)
            second.kill()
            p.wait_for_line("all services are down")
            assert p.exit_status() == POWERED_OFF


def test_pid_1_goes_on_alone_when_the_supervisor_dies_at_shutdown():
    with system(children=4) as p:
        with Peer(find_supervisor(p)) as first:
            first.hello()
            first.keep_table(sorted(services_of(first)))
            assert settle(first) == {}
            p.signal("TERM")
            assert first.receive().kind == STOP
            first.kill()
            assert p.exit_status() == POWERED_OFF


def test_descriptors_whose_closing_waits_do_not_hold_pid_1_up():
    # A socket that lingers: its last close waits until the other side has taken everything.
    with system() as p:
        listener = socket.create_server(("127.0.0.1", 0))
        lingering = socket.create_connection(listener.getsockname())
        other, _ = listener.accept()
        lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\x10\x0e\0\0")
        lingering.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                lingering.send(bytes(65536))
        with Peer(find_supervisor(p)) as peer:
            peer.hello()
            peer.keep(LISTENING, 1, [lingering.fileno()])
            assert settle(peer) == {}
            os.close(lingering.detach())
            peer.drop(LISTENING, 1)
            # Answered while the socket still lingers, as nobody has read a byte of it.
            assert settle(peer) == {}
        other.close()
        listener.close()
