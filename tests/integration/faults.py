"""Makes single calls of a program fail: the test's side of tests/faults/fault_plan.h.

A faulty program is one of ours in which each call that can fail goes through a wrapper. It maps a
file, the plan; there it writes down every call that it makes, and there the test says which is to
fail: the nth from now on that has this name and returns to this place in the program.
"""

import bisect
import collections
import errno
import mmap
import pathlib
import struct
import subprocess

import namespace

FAULTY = namespace.TOP / "build/release/faulty"
CALLS = namespace.TOP / "tests/faults/calls.txt"

NAME_SIZE = 20
MAX_RECORDS = 16_384
HEADER = struct.Struct(f"=IIII{NAME_SIZE}sIII")
RECORD = struct.Struct(f"={NAME_SIZE}sII")
SIZE = HEADER.size + MAX_RECORDS * RECORD.size

# Which calls are counted: those of the program, or those of its children before they execute another.
PROGRAM, CHILDREN = 0, 1

# In the place of an errno: the program faults where it would make the call.
CRASH = 4096
# Likewise: it hangs there for ever; only a signal's handler runs.
HANG = 4097

Call = collections.namedtuple("Call", "name site")


class Fault(collections.namedtuple("Fault", "call nth error")):
    """The nth execution (from 0) of a call, and the errno it is to fail with."""

    def describe(self, symbols):
        where = symbols.name(self.call.site)
        error = "a fault of the program" if self.error == CRASH else errno.errorcode[self.error]
        return f"{self.call.name}() number {self.nth} in {where}: {error}"


def errors_of_calls():
    """What calls.txt says: for each wrapped call the errno values it is made to fail with."""
    errors = {}
    for line in CALLS.read_text().splitlines():
        words = line.split()
        if words and words[0] != "#" and words[1] != "-" and not line.startswith("#"):
            errors[words[0]] = [getattr(errno, word) for word in words[1:]]
    return errors


def faults_of(calls):
    """Each fault there can be in this sequence of calls, in its order."""
    errors = errors_of_calls()
    seen = collections.Counter()
    faults = []
    for call in calls:
        faults += [Fault(call, seen[call], error) for error in errors[call.name]]
        seen[call] += 1
    return faults


class Plan:
    """The file, mapped. Made by the test, or by itself where a copy of an empty one lies."""

    def __init__(self, path):
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), SIZE)

    @staticmethod
    def empty():
        return bytes(SIZE)

    def close(self):
        self._map.close()

    def _header(self):
        return HEADER.unpack_from(self._map)

    def count(self):
        return self._header()[2]

    def is_armed(self):
        return self._header()[7] != 0

    def arm(self, fault):
        """What arms it is written last, as the program reads while this writes."""
        what = (fault.nth, fault.call.name.encode(), fault.call.site, fault.error)
        struct.pack_into(f"=I{NAME_SIZE}sII", self._map, 12, *what)
        struct.pack_into("=I", self._map, HEADER.size - 4, 1)

    def watch(self, scope):
        """Counts the calls of these processes."""
        struct.pack_into("=I", self._map, 4, scope)

    def disarm(self):
        struct.pack_into("=I", self._map, HEADER.size - 4, 0)

    def failed(self):
        """The names of the calls that were made to fail."""
        records = [RECORD.unpack_from(self._map, HEADER.size + i * RECORD.size) for i in range(min(self.count(), MAX_RECORDS))]
        return {name.rstrip(b"\0").decode() for name, _, error in records if error}

    def calls(self, first=0):
        """The calls from this number on."""
        last = min(self.count(), MAX_RECORDS)
        records = [RECORD.unpack_from(self._map, HEADER.size + i * RECORD.size) for i in range(first, last)]
        return [Call(name.rstrip(b"\0").decode(), site) for name, site, _ in records]


class Symbols:
    """The functions of a program, to name the place of a call."""

    def __init__(self, program):
        listing = subprocess.check_output(["nm", "--demangle", "--defined-only", program], text=True)
        found = []
        for line in listing.splitlines():
            address, kind, name = line.split(None, 2)
            if kind in "tTwW":
                found.append((int(address, 16), name))
        self._starts, self._names = zip(*sorted(found))

    def name(self, address):
        return self._names[bisect.bisect_right(self._starts, address) - 1].split("(")[0]


def unlisted_calls(objects):
    """What these objects call outside of themselves and the C++ runtime, and calls.txt does not name.

    gcc-nm, as the objects of a release hold what the link-time optimiser reads.
    """
    listing = subprocess.check_output(["gcc-nm", "--format=posix", *objects], text=True)
    defined, wanted = set(), set()
    for line in listing.splitlines():
        words = line.split()
        if len(words) >= 2 and not line.endswith(":"):
            (wanted if words[1] == "U" else defined).add(words[0])
    listed = {line.split()[0] for line in CALLS.read_text().splitlines() if line and line[0] != "#"}
    runtime = ("_Z", "__cxa_", "__gxx_", "__dso_handle", "__libc_single_threaded")
    return {name for name in wanted - defined - listed if not name.startswith(runtime)}
