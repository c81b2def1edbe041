"""svlog by itself: lines, files, rotation, disks that are full or not there yet, kills."""

import os
import pathlib
import random
import re
import shutil
import subprocess
import time

import pytest

import svlog_alone
from svlog_alone import REMOVE, Svlog, eventually

ISO = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


@pytest.fixture
def log_dir(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def svlog(log_dir):
    with Svlog(log_dir) as svlog:
        yield svlog


def numbers_of(text):
    return [int(number) for number in re.findall(rb"number (\d+)\n", text)]


def write_numbers(fd, first, last):
    for number in range(first, last):
        os.write(fd, b"number %d\n" % number)


# --- lines


def test_each_line_gets_the_time_in_the_format_asked_for(svlog):
    for name, pattern in (
        ("iso", ISO + b" hello\n" + ISO + b" there\n"),
        ("tai64n", rb"@4[0-9a-f]{23} hello\n@4[0-9a-f]{23} there\n"),
        ("none", rb"hello\nthere\n"),
    ):
        pipe = svlog.add(name, format=name)
        os.write(pipe, b"hel")
        os.write(pipe, b"lo\nthere\n")
        svlog.wait_text(name, "there\n")
        assert re.fullmatch(pattern, svlog.text(name))


def test_rights_of_files(svlog, log_dir):
    os.write(svlog.add("web"), b"x\n")
    svlog.wait_text("web", "x\n")
    assert log_dir.stat().st_mode & 0o7777 == 0o750
    assert (log_dir / "web").stat().st_mode & 0o7777 == 0o750
    assert (log_dir / "web/current").stat().st_mode & 0o7777 == 0o640


def test_a_long_line_is_cut_and_its_pieces_say_so(svlog):
    pipe = svlog.add("web")
    os.write(pipe, b"x" * 20000 + b"\nnext\n")
    svlog.wait_text("web", "next\n")
    lines = svlog.text("web").split(b"\n")
    assert [re.sub(ISO, b"", line)[:1] for line in lines] == [b" ", b"+", b"+", b" ", b""]
    assert b"".join(line[28:] for line in lines[:3]) == b"x" * 20000


def test_a_stream_without_a_newline_is_kept_whole_and_bounded(svlog):
    pipe = svlog.add("binary", format="none", max_size=65536, max_files=100)
    data = bytes(range(11, 250)) * 2000
    os.write(pipe, data)
    eventually(lambda: len(svlog.text("binary")) > len(data) - 8192, "all but the last piece")
    assert svlog.finish() == 0
    assert svlog.text("binary") == data
    assert all(path.stat().st_size <= 65536 for path in svlog.files("binary"))


def test_what_is_in_the_pipes_is_written_before_it_ends(svlog):
    pipes = [svlog.add(f"s{i}") for i in range(20)]
    for pipe in pipes:
        os.write(pipe, b"number 1\n" * 1000 + b"and a half line")
    assert svlog.finish() == 0
    for i in range(20):
        text = svlog.text(f"s{i}")
        assert len(numbers_of(text)) == 1000
        assert text.endswith(b" and a half line\n")


@pytest.mark.parametrize(
    "name, directory",
    [
        ("..", "%2E."),
        ("../../../outside", "%2E.%2F..%2F..%2Foutside"),
        ("web/log", "web%2Flog"),
        (".hidden", "%2Ehidden"),
        ("new\nline", "new%0Aline"),
        ("\u00e4", "%C3%A4"),
        ("@supervisor", "%40supervisor"),
    ],
)
def test_no_name_leaves_the_log_directory(svlog, log_dir, name, directory):
    os.write(svlog.add(name), b"x\n")
    svlog.wait_text(directory, "x\n")
    assert os.listdir(log_dir) == [directory]
    assert os.listdir(log_dir.parent) == ["log"]


# --- rotation


def test_a_full_file_is_finished_and_the_oldest_go(svlog):
    pipe = svlog.add("web", max_size=4096, max_files=3)
    write_numbers(pipe, 0, 1000)
    svlog.wait_text("web", "number 999\n")
    files = svlog.files("web")
    assert len(files) == 4
    assert all(path.stat().st_size <= 4096 for path in files)
    assert all(path.stat().st_size > 4000 for path in files[:-1])
    numbers = numbers_of(svlog.text("web"))
    assert numbers == list(range(numbers[0], 1000))


def test_old_files_go_when_their_time_has_come(svlog):
    pipe = svlog.add("web")
    os.write(pipe, b"old\n")
    svlog.wait_text("web", "old\n")
    svlog.change(1, max_age=1)  # not before: the line could be gone before it was seen
    eventually(lambda: b"old" not in svlog.text("web"), "the line is gone")
    assert [path.name for path in svlog.files("web")] == ["current"]
    svlog.change(1)
    os.write(pipe, b"new\n")
    svlog.wait_text("web", "new\n")


def test_settings_can_change(svlog):
    pipe = svlog.add("web", format="none")
    os.write(pipe, b"bare\n")
    svlog.wait_text("web", "bare\n")
    svlog.change(1, format="tai64n", max_size=2048, max_files=1)
    write_numbers(pipe, 0, 500)
    svlog.wait_text("web", "number 499\n")
    assert len(svlog.files("web")) == 2
    assert svlog.text("web").startswith(b"@4")


def test_alrm_finishes_files_and_hup_opens_them_again(svlog, log_dir):
    pipe = svlog.add("web")
    os.write(pipe, b"first\n")
    svlog.wait_text("web", "first\n")
    svlog.signal("ALRM")
    eventually(lambda: len(svlog.files("web")) == 2, "a finished file")
    os.write(pipe, b"second\n")
    svlog.wait_text("web", "second\n")
    shutil.rmtree(log_dir)
    svlog.signal("HUP")
    eventually(lambda: log_dir.exists(), "it has opened the directory again")
    os.write(pipe, b"third\n")
    svlog.wait_text("web", "third\n")


def test_a_half_line_of_a_power_loss_is_ended(log_dir):
    (log_dir / "web").mkdir(parents=True)
    (log_dir / "web/current").write_bytes(b"before\nhalf")
    with Svlog(log_dir) as svlog:
        os.write(svlog.add("web"), b"after\n")
        svlog.wait_text("web", "after\n")
        assert re.fullmatch(rb"before\nhalf\n" + ISO + b" after\n", svlog.text("web"))


# --- kills


def check_is_a_count_to(last, paths):
    """All of them together are what `seq 1 LAST` prints, byte for byte."""
    counted = subprocess.Popen(["seq", "1", str(last)], stdout=subprocess.PIPE)
    try:
        for path in paths:
            with open(path, "rb") as file:
                while piece := file.read(1 << 20):
                    assert piece == counted.stdout.read(len(piece)), f"{path} differs"
        assert counted.stdout.read(1) == b"", "the end is missing"
    finally:
        counted.kill()
        counted.wait()
        counted.stdout.close()


@pytest.mark.parametrize("memory", [65536, 4096])
def test_killed_at_any_moment_it_loses_no_byte_and_doubles_none(log_dir, memory):
    """A service counts at full speed, and svlog is killed again and again, also while it starts."""
    chance = random.Random(memory)
    last = 12_000_000
    with Svlog(log_dir) as svlog:
        pipe = svlog.add("web", format="none", max_size=1 << 20, max_files=100_000, memory=memory)
        writer = subprocess.Popen(["seq", "1", str(last)], stdout=pipe)
        kills = 0
        while writer.poll() is None:
            time.sleep(chance.uniform(0, 0.02))
            svlog.kill()
            svlog.start()
            kills += 1
        assert svlog.finish() == 0
        assert svlog.notices == []
        assert kills > 3
        check_is_a_count_to(last, svlog.files("web"))


def count_from(position, size):
    """So many bytes of what `seq 1 INFINITY` prints, from a position on."""
    digits, first = 1, 0
    while position >= first + 9 * 10 ** (digits - 1) * (digits + 1):
        first += 9 * 10 ** (digits - 1) * (digits + 1)
        digits += 1
    number, skipped = divmod(position - first, digits + 1)
    number += 10 ** (digits - 1)
    lines = range(number, number + (size + skipped) // (digits + 1) + 2)
    return b"".join(b"%d\n" % line for line in lines)[skipped : skipped + size]


@pytest.fixture
def small_disk(log_dir):
    """A small file system that outlives svlog. Gives the command's words that enter it, and its path
    from outside."""
    if os.geteuid() != 0:
        pytest.skip("mounts need root")
    script = 'mount -t tmpfs -o size=2m none "$1" && echo mounted && exec sleep 100000'
    holder = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script, "sh", str(log_dir.parent)], stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout.readline() == b"mounted\n"
        enter = ["nsenter", "--mount", "--target", str(holder.pid), "bash", "-c", 'exec -a svlog "$@"']
        yield [*enter, "sh", str(svlog_alone.SUPERVISOR)], f"/proc/{holder.pid}/root{log_dir}"
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_killed_while_the_disk_is_full_it_accounts_for_every_byte(log_dir, small_disk):
    """What is not in files is counted in them, in its place. Between kills somebody makes room."""
    enter, outside = small_disk
    chance = random.Random(1)
    text = bytearray()

    def collect(paths):
        for path in paths:
            text.extend(path.read_bytes())
            path.unlink()

    with Svlog(log_dir, prefix=enter) as svlog:
        pipe = svlog.add("web", format="none", max_size=65536, max_files=1000)
        svlog.log_dir = pathlib.Path(outside)
        writer = subprocess.Popen(["seq", "1", "1000000000"], stdout=pipe)
        try:
            for _ in range(12):
                svlog.wait_notice("No space left on device")
                svlog.notices.clear()
                time.sleep(chance.uniform(0, 0.03))
                svlog.kill()
                collect(svlog.files("web")[:-1])
                svlog.log_dir = log_dir
                svlog.start()
                svlog.log_dir = pathlib.Path(outside)
        finally:
            writer.kill()
            writer.wait()
        collect(svlog.files("web")[:-1])
        assert svlog.finish() == 0
        collect(svlog.files("web"))
    position = dropped = 0
    for part in re.split(rb"(svlog: dropped \d+ bytes? here: they could not be written\n)", text):
        if note := re.match(rb"svlog: dropped (\d+) byte", part):
            position += int(note[1])
            dropped += 1
        else:
            is_next = part == count_from(position, len(part))
            assert is_next, f"at {position}, after {dropped} gaps: {part[:60]} ... {part[-60:]}"
            position += len(part)
    assert dropped > 5


def test_without_its_supervisor_it_goes_on_until_another_takes_over(svlog):
    """The link ends; those who write notice nothing. The next svlog goes on with the same pipes."""
    last = 12_000_000
    pipe = svlog.add("web", format="none", max_size=1 << 20, max_files=100_000)
    writer = subprocess.Popen(["seq", "1", str(last)], stdout=pipe)
    try:
        for _ in range(5):
            eventually(lambda: svlog.files("web"), "it writes")
            svlog.link.close()
            before = svlog.size("web")
            eventually(lambda: writer.poll() is not None or svlog.size("web") > before, "it writes on")
            assert svlog.process.poll() is None
            svlog.kill()
            svlog.start()
        assert writer.wait(svlog_alone.namespace.DEADLINE) == 0
    finally:
        writer.kill()
        writer.wait()
    assert svlog.finish() == 0
    check_is_a_count_to(last, svlog.files("web"))


def test_without_its_supervisor_it_ends_with_the_last_writer(svlog):
    pipe = svlog.add("web")
    svlog.link.close()
    os.write(pipe, b"number 1\n")
    svlog.wait_text("web", "number 1\n")
    os.write(pipe, b"number 2\nand a half line")
    assert svlog.process.poll() is None
    os.close(pipe)
    assert svlog.process.wait(svlog_alone.namespace.DEADLINE) == 0
    assert svlog.text("web").endswith(b" and a half line\n")
    assert numbers_of(svlog.text("web")) == [1, 2]


def test_without_its_supervisor_term_still_writes_what_there_is(svlog):
    pipe = svlog.add("web")
    svlog.link.close()
    write_numbers(pipe, 0, 1000)
    svlog.signal("TERM")
    assert svlog.process.wait(svlog_alone.namespace.DEADLINE) == 0
    assert numbers_of(svlog.text("web")) == list(range(1000))


def test_a_second_one_for_the_same_memory_ends_without_a_word_written(svlog):
    os.write(svlog.add("web"), b"number 1\n")
    svlog.wait_text("web", "number 1\n")
    first = svlog.process, svlog.link
    svlog.start_process()
    eventually(lambda: not svlog.hear(), "it hangs up")
    assert "lock: Resource temporarily unavailable" in svlog.notices[-1]
    assert svlog.process.wait(svlog_alone.namespace.DEADLINE) == 0
    svlog.link.close()
    svlog.process, svlog.link = first
    os.write(svlog.pipes[1][1], b"number 2\n")
    svlog.wait_text("web", "number 2\n")
    assert numbers_of(svlog.text("web")) == [1, 2]


def test_lines_that_were_read_but_not_written_come_after_a_kill(log_dir):
    """The directory cannot be made, so the lines are in the arena only."""
    log_dir.parent.joinpath("log").write_text("in the way")
    with Svlog(log_dir) as svlog:
        pipe = svlog.add("web")
        write_numbers(pipe, 0, 100)
        svlog.wait_notice("output is kept in memory until files can be written")
        svlog.kill()
        log_dir.unlink()
        svlog.start()
        svlog.wait_text("web", "number 99\n")
        assert numbers_of(svlog.text("web")) == list(range(100))


# --- disks


def on_tmpfs(log_dir, options):
    """svlog in a mount namespace of its own, its directory's parent a small file system."""
    if os.geteuid() != 0:
        pytest.skip("mounts need root")
    script = 'mount -t tmpfs -o "$1" none "$2" && shift 2 && exec -a svlog "$@"'
    mount = ["unshare", "--mount", "bash", "-c", script, "sh", options, str(log_dir.parent)]
    return Svlog(log_dir, prefix=[*mount, str(svlog_alone.SUPERVISOR)])


def look_inside(svlog, log_dir):
    """Its files as seen from outside of its namespace."""
    svlog.log_dir = pathlib.Path(f"/proc/{svlog.process.pid}/root{log_dir}")


def mount_inside(svlog, *arguments):
    subprocess.run(
        ["nsenter", "--mount", "--target", str(svlog.process.pid), "mount", *arguments], check=True
    )


def test_a_full_disk_is_said_counted_and_got_over(log_dir):
    with on_tmpfs(log_dir, "size=256k") as svlog:
        pipe = svlog.add("web", max_size=65536, max_files=1000)
        look_inside(svlog, log_dir)
        write_numbers(pipe, 0, 20000)
        svlog.wait_notice("No space left on device")
        other = svlog.add("other")
        os.write(other, b"is kept\n")
        for path in svlog.files("web")[:-1]:
            path.unlink()
        svlog.signal("HUP")
        svlog.wait_notice("files are written again")
        svlog.wait_text("web", "number 19999\n")
        svlog.wait_text("other", "is kept\n")
        text = svlog.text("web")
        assert re.search(ISO + rb" svlog: dropped \d+ bytes? here", text)
        numbers = numbers_of(text)
        assert numbers == sorted(set(numbers))


def test_a_full_disk_that_gets_room_is_noticed_without_being_told(log_dir):
    with on_tmpfs(log_dir, "size=256k") as svlog:
        pipe = svlog.add("web", max_size=65536, max_files=1000)
        look_inside(svlog, log_dir)
        write_numbers(pipe, 0, 20000)
        svlog.wait_notice("No space left on device")
        for path in svlog.files("web")[:-1]:
            path.unlink()
        svlog.wait_text("web", "number 19999\n")


def test_some_of_the_file_system_stays_free(log_dir):
    with on_tmpfs(log_dir, "size=1m") as svlog:
        pipe = svlog.add("web", max_size=65536, max_files=1000, min_free=50)
        look_inside(svlog, log_dir)
        write_numbers(pipe, 0, 60000)
        svlog.wait_text("web", "number 59999\n")
        room = os.statvfs(svlog.log_dir)
        assert svlog.hear() and svlog.notices == []
        assert len(svlog.files("web")) > 4
        # Directories and half-filled pages are not counted beforehand.
        assert room.f_bavail * 100 // room.f_blocks > 40


def test_a_disk_that_others_fill_gets_nothing(log_dir):
    with on_tmpfs(log_dir, "size=1m") as svlog:
        look = pathlib.Path(f"/proc/{svlog.process.pid}/root{log_dir.parent}")
        eventually(lambda: (look / "log").exists() or os.statvfs(look).f_blocks == 256, "mounted")
        (look / "hog").write_bytes(b"x" * 900_000)
        pipe = svlog.add("web", min_free=20)
        look_inside(svlog, log_dir)
        os.write(pipe, b"early\n")
        svlog.wait_notice("log-min-free: No space left on device")
        (look / "hog").unlink()
        svlog.wait_text("web", "early\n")


def test_a_read_only_disk_gets_everything_when_it_becomes_writable(log_dir):
    with on_tmpfs(log_dir, "ro") as svlog:
        pipe = svlog.add("web")
        look_inside(svlog, log_dir)
        write_numbers(pipe, 0, 50)
        svlog.wait_notice("Read-only file system; output is kept in memory")
        mount_inside(svlog, "-o", "remount,rw", str(log_dir.parent))
        svlog.wait_text("web", "number 49\n")
        write_numbers(pipe, 50, 60)
        svlog.wait_text("web", "number 59\n")
        assert numbers_of(svlog.text("web")) == list(range(60))
        svlog.wait_notice("files are written again")


def test_it_follows_when_something_is_mounted_over_its_directory(log_dir):
    with on_tmpfs(log_dir, "size=1m") as svlog:
        pipe = svlog.add("web")
        look_inside(svlog, log_dir)
        os.write(pipe, b"below\n")
        svlog.wait_text("web", "below\n")
        mount_inside(svlog, "-t", "tmpfs", "none", str(log_dir.parent))
        os.write(pipe, b"above\n")
        svlog.wait_text("web", "above\n")
        os.write(pipe, b"still\n")
        svlog.wait_text("web", "still\n")
        assert b"below" not in svlog.text("web")


def test_two_never_write_into_one_directory(svlog, log_dir):
    os.write(svlog.add("web"), b"first\n")
    svlog.wait_text("web", "first\n")
    with Svlog(log_dir) as second:
        os.write(second.add("web"), b"second\n")
        second.wait_notice("lock: Device or resource busy")
        assert svlog.finish() == 0
        second.wait_text("web", "second\n")


# --- many, and much


def test_a_flood_starves_nobody(svlog):
    """The pipe of the flood never runs dry: a hundred lines of others come through all the same."""
    flood = svlog.add("flood", max_files=2)
    quiet = svlog.add("quiet")
    writer = subprocess.Popen(["yes", "a line of a flood that does not end"], stdout=flood)
    try:
        for number in range(100):
            os.write(quiet, b"number %d\n" % number)
            svlog.wait_text("quiet", f"number {number}\n")
        status = open(f"/proc/{svlog.process.pid}/status").read()
        resident = int(re.search(r"RssAnon:\s+(\d+)", status)[1])
        assert resident < 8 * 1024 or "san" in open(f"/proc/{svlog.process.pid}/maps").read()
    finally:
        writer.kill()
        writer.wait()


def test_a_thousand_services(svlog):
    pipes = [svlog.add(f"s{i}") for i in range(1000)]
    for i, pipe in enumerate(pipes):
        os.write(pipe, b"number %d\n" % i)
    assert svlog.finish() == 0
    assert all(numbers_of(svlog.text(f"s{i}")) == [i] for i in range(1000))


def test_one_that_is_removed_is_read_to_the_end(svlog):
    pipe = svlog.add("web")
    os.write(pipe, b"number 1\n" * 500)
    svlog.send(REMOVE, 1)
    svlog.sent += 1
    eventually(lambda: svlog.hear() and 1 in svlog.removed, "it says so")
    assert len(numbers_of(svlog.text("web"))) == 500
    again = svlog.add("other", slot=1)
    os.write(again, b"x\n")
    svlog.wait_text("other", "x\n")


# --- the link, and people


def test_what_makes_no_sense_is_ignored(svlog):
    for message in (b"x", b"\0" * 48, b"\xff" * 48, os.urandom(1000), b"x" * 60000):
        svlog.link.send(message)
    svlog.send(99, 1)
    svlog.send(svlog_alone.NEWS, 1)
    svlog.hear()
    svlog.sent = svlog.done
    os.write(svlog.add("web"), b"still here\n")
    svlog.wait_text("web", "still here\n")


def test_a_pipe_that_did_not_come_is_refused(svlog):
    svlog.send(svlog_alone.ADD, 5, text="web")
    svlog.sent += 1
    eventually(lambda: svlog.hear() and svlog.done == 1, "it is refused")
    os.write(svlog.add("other", slot=6), b"x\n")


def test_another_version_of_the_link_ends_it(log_dir):
    with Svlog(log_dir, link_version=1) as svlog:
        assert svlog.process.wait(svlog_alone.namespace.DEADLINE) == 0


def test_term_writes_what_there_is(svlog):
    pipe = svlog.add("web")
    os.write(pipe, b"half a line")
    svlog.signal("TERM")
    assert svlog.process.wait(svlog_alone.namespace.DEADLINE) == 0
    assert svlog.text("web").endswith(b" half a line\n")


def run_by_hand(*arguments):
    return subprocess.run(
        ["svlog", *arguments],
        executable=svlog_alone.SUPERVISOR,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_by_hand():
    result = run_by_hand("--help")
    assert result.returncode == 0 and "usage: svlog" in result.stdout
    assert "svlog (mainstay)" in run_by_hand("--version").stdout
    result = run_by_hand()
    assert result.returncode == 2 and "supervisor(8) starts svlog" in result.stderr
    result = run_by_hand("--log-dri", "x")
    assert result.returncode == 2 and "--log-dri" in result.stderr
    assert run_by_hand("--log-dir").returncode == 2
