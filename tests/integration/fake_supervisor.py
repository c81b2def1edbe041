"""A supervisor that says whatever a test wants: what a real one never would.

    with FakeSupervisor(tmp_path, [GREETING, receive, b'{"id":1,"done":true,"exit":0}\n']) as fake:
        ...
        fake.requests    # the lines that were received, as objects

A script is what happens on each connection, in order: bytes are sent, `receive` reads one line,
`silence` says nothing until the peer leaves. After the script the connection is closed.
"""

import json
import os
import socket
import threading

GREETING = b'{"mainstay":"0.1.0","protocol":1,"pid":42,"commit":"fake"}\n'
DONE = b'{"id":1,"done":true,"exit":0}\n'


def receive(connection, requests):
    line = connection.makefile("rb", buffering=0).readline()
    if line:
        requests.append(json.loads(line))


def silence(connection, _requests):
    while connection.recv(4096):
        pass


class FakeSupervisor:
    def __init__(self, directory, script):
        self.path = str(directory / "fake.sock")
        self.requests = []
        self._script = script
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def __enter__(self):
        self._listener.bind(self.path)
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._listener.close()
        os.unlink(self.path)

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._play(connection)

    def _play(self, connection):
        try:
            for step in self._script:
                if callable(step):
                    step(connection, self.requests)
                else:
                    connection.sendall(step)
        except OSError:
            pass  # the peer has left: that is what some tests are about
