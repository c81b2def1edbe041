"""A service that does what its test tells it, one step at a time.

    s.add("web", run=puppet.run(s, "web"), **{"service.conf": "ready = notify"})
    web = puppet.Puppet(s, "web")
    web("notify('READY=1')")

The service is this file run as a program. It evaluates the expressions that the test sends, among
the functions below, and answers with their value.
"""

import array
import ctypes
import json
import os
import select
import socket
import sys

try:
    from supervised import DEADLINE, eventually
except ImportError:  # this is the service
    DEADLINE = 60


def run(s, name, prefix="exec"):
    """A run script; NAME.puppet is where it listens."""
    return f"{prefix} /usr/bin/python3 -B {os.path.abspath(__file__)} {s.top}/{name}.puppet"


class Puppet:
    """The test's end. A service that was started again needs a new one."""

    def __init__(self, s, name):
        self.path = s.top / f"{name}.puppet"
        self.socket = eventually(self._connect, f"{name} listens")
        self.file = self.socket.makefile("rw")
        self.pid = self("os.getpid()")

    def _connect(self):
        attempt = socket.socket(socket.AF_UNIX)
        attempt.settimeout(DEADLINE)
        try:
            attempt.connect(str(self.path))
            return attempt
        except OSError:
            attempt.close()
            return None

    def tell(self, expression):
        """Without waiting for an answer, which there is none of where it ends."""
        self.file.write(json.dumps(expression) + "\n")
        self.file.flush()

    def __call__(self, expression):
        self.tell(expression)
        line = self.file.readline()
        assert line, f"{self.path} ended at {expression}"
        answer = json.loads(line)
        assert "error" not in answer, answer
        return answer["value"]


# --- what a service can be told to do


def notify(message, descriptors=(), path=None):
    """A datagram to the notify socket."""
    if isinstance(message, str):
        message = message.encode()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(path or os.environ["NOTIFY_SOCKET"])
        sender.sendmsg([message], rights if descriptors else [])


pipes = []


def keep(name, content):
    """Stores a file with that content (FDSTORE)."""
    descriptor = os.memfd_create(name)
    os.write(descriptor, content)
    notify(f"FDSTORE=1\nFDNAME={name}", [descriptor])
    os.close(descriptor)


def barrier():
    """As sd_notify_barrier(3): whether the manager closed the pipe that goes with BARRIER=1."""
    reader, writer = os.pipe()
    notify("BARRIER=1", [writer])
    os.close(writer)
    poll = select.poll()
    poll.register(reader, select.POLLHUP)
    is_closed = bool(poll.poll(DEADLINE * 1000))
    os.close(reader)
    return is_closed


def sd_notify(message):
    """The same by the real library."""
    library = ctypes.CDLL("libsystemd.so.0")
    return library.sd_notify(0, message.encode())


def sd_watchdog():
    """What sd_watchdog_enabled(3) makes of the environment: microseconds, 0 for none."""
    library = ctypes.CDLL("libsystemd.so.0")
    timeout = ctypes.c_uint64(0)
    return timeout.value if library.sd_watchdog_enabled(0, ctypes.byref(timeout)) > 0 else 0


def kind_of(descriptor):
    """Family and type of a socket."""
    with socket.socket(fileno=os.dup(descriptor)) as passed:
        return [int(passed.family), int(passed.type)]


def sd_listen_fds():
    """How many descriptors sd_listen_fds(3) finds."""
    return ctypes.CDLL("libsystemd.so.0").sd_listen_fds(0)


def fork(name, session=False):
    """Another puppet as a child, listening on NAME.puppet. Its pid."""
    path = os.path.join(os.path.dirname(sys.argv[1]), name + ".puppet")
    child = os.fork()
    if child == 0:
        if session:
            os.setsid()
        serve(path)
    return child


def daemon(name):
    """The same as a daemon: a session of its own, and its parent gone."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.write(writer, str(fork(name)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return int(os.read(reader, 20))


def as_user(uid, action):
    """Does it as another user, in a child that is gone afterwards. Its exit code."""
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
        action()
        os._exit(0)
    return os.waitpid(child, 0)[1]


def in_child(action):
    """In a child that is dead and gone afterwards."""
    child = os.fork()
    if child == 0:
        action()
        os._exit(0)
    return os.waitpid(child, 0)[1]


def serve(path):
    if os.path.exists(path):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection, connection.makefile("rw") as stream:
                for line in stream:
                    try:
                        answer = {"value": eval(json.loads(line), globals())}
                    except Exception as error:
                        answer = {"error": repr(error)}
                    stream.write(json.dumps(answer, default=repr) + "\n")
                    stream.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
