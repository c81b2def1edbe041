"""scripts/mkimage: same input, same bytes, whoever makes an image; and what is refused. That the images
boot is shown by tests/boot/test_images.py. Kernel and root here are small, as nothing starts them."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import tempfile

import pytest

from namespace import TOP

MKIMAGE = TOP / "scripts/mkimage"
TYPES = (
    "initramfs", "ext4", "disk", "disk-bios-grub", "disk-bios-extlinux", "disk-uefi", "iso", "iso-live",
    "oci",
)
NOBODY = 65534
# It may read the checkout wherever that lies, and nothing else that others may not.
AS_NOBODY = (
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs",
    "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search",
    "--bounding-set=-all,+dac_read_search",
)


@pytest.fixture(scope="module", autouse=True)
def stub():
    subprocess.run([TOP / "scripts/fetch", "efi-stub"], check=True)


@pytest.fixture
def place():
    """A small root file system and a kernel that is none, where nobody may go, too."""
    with tempfile.TemporaryDirectory(prefix="mkimage-") as directory:
        place = pathlib.Path(directory)
        place.chmod(0o755)
        fill(place)
        yield place


def fill(place):
    root = place / "root"
    for directory in ("sbin", "etc", "usr/lib/mainstay", "var/empty"):
        (root / directory).mkdir(parents=True)
    (root / "usr/lib/mainstay/init").write_bytes(b"\x7fELF" + bytes(range(256)) * 64)
    (root / "usr/lib/mainstay/init").chmod(0o755)
    (root / "sbin/init").symlink_to("/usr/lib/mainstay/init")
    (root / "etc/shadow").write_text("root::::::::\n")
    (root / "etc/shadow").chmod(0o600)
    (root / "etc/a name").write_text("with a blank\n")
    os.link(root / "etc/a name", root / "etc/its other name")
    (place / "kernel").write_bytes(b"MZ" + bytes(range(253)) * 4096)


def mkimage(*arguments, before=(), **options):
    return subprocess.run(
        [*before, MKIMAGE, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        **options,
    )


def make(kind, place, output, *more, root="root", **options):
    words = () if kind in ("ext4", "disk") else ("--append", "quiet")
    made = mkimage(
        "--type", kind, "--rootfs", place / root, "--kernel", place / "kernel", "--modules", "none",
        *words, "--output", output, *more, **options,
    )
    assert made.returncode == 0, made.stdout
    return made.stdout


def copy_backwards(source, target):
    """The same tree, but no directory has its entries in the same order, and no file the same time."""
    target.mkdir()
    for path in sorted(source.rglob("*"), reverse=True):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            copy.symlink_to(os.readlink(path))
        elif path.is_dir():
            copy.mkdir(exist_ok=True)
        elif path.stat().st_nlink > 1 and (target / "etc/its other name").exists():
            os.link(target / "etc/its other name", copy)
        else:
            shutil.copyfile(path, copy)
            copy.chmod(path.stat().st_mode)
    for path in (target, *target.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        os.utime(path, (1e9, 1e9), follow_symlinks=False)


@pytest.mark.parametrize("kind", TYPES)
def test_nobody_makes_the_same_bytes_elsewhere(kind, place):
    """Somebody without rights, with another configuration, time zone and umask."""
    make(kind, place, place / "one")
    copy_backwards(place / "root", place / "other root")
    home = place / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    (home / ".mtoolsrc").write_text("mtools_lower_case=1\n")
    other = {
        "PATH": os.environ["PATH"], "HOME": str(home), "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8",
        "MKE2FS_CONFIG": "/dev/null", "E2FSPROGS_FAKE_TIME": "1", "GZIP": "", "TAR_OPTIONS": "--sparse",
    }
    said = make(
        kind, place, home / "two", root="other root", before=AS_NOBODY, env=other, umask=0o077,
    )
    assert (home / "two").read_bytes() == (place / "one").read_bytes(), said
    assert f"mkimage: {home}/two: " in said.splitlines()[-1], "its size is told"
    assert sorted(os.listdir(home)) == [".mtoolsrc", "two"]


def test_inside_of_a_fakeroot_of_ones_own(place):
    """Which may be where the tree was made."""
    make("ext4", place, place / "one")
    make("ext4", place, place / "two", before=("fakeroot", "--"))
    assert (place / "two").read_bytes() == (place / "one").read_bytes()


@pytest.mark.parametrize("epoch, year", [("86400", "1970"), (None, "2026")])
def test_the_time_is_that_of_source_date_epoch(place, epoch, year):
    environment = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    if epoch:
        environment["SOURCE_DATE_EPOCH"] = epoch
    lines = unpacked(place, env=environment)
    assert len(lines) > 10 and all(f" {year} " in line for line in lines), lines


def unpacked(place, **options):
    """What cpio lists of an initramfs: mode, links, owner, group, …, name."""
    make("initramfs", place, place / "image", **options)
    listed = subprocess.run(
        f"zcat {place}/image | cpio -itv --numeric-uid-gid --quiet",
        shell=True, check=True, capture_output=True, text=True,
    ).stdout
    return listed.splitlines()


def test_owners_and_devices_of_an_initramfs(place):
    os.chown(place / "root/var/empty", 33, 44)
    lines = unpacked(place)
    owners = {line.split()[-1]: line.split()[2:4] for line in lines}
    assert owners.pop("var/empty") == ["33", "44"], "owners other than ours stay"
    assert set(map(tuple, owners.values())) == {("0", "0")}
    assert any(line.startswith("crw-------") and line.endswith("dev/console") for line in lines), lines
    assert any(line.startswith("l") and line.endswith("init -> sbin/init") for line in lines), lines


def test_an_initramfs_that_is_cut_off_still_has_init(place):
    names = [line.split(" -> ")[0].split()[-1] for line in unpacked(place)]
    begin, init, end = map(names.index, ("etc/initramfs.begin", "usr/lib/mainstay/init", "etc/initramfs.end"))
    others = [i for i, name in enumerate(names) if name.startswith(("lib", "usr/share", "var"))]
    assert begin < init < min(others) and end == len(names) - 1, names


def debugfs(image, request):
    return subprocess.run(
        ["/sbin/debugfs", "-R", request, image], check=True, capture_output=True, text=True
    ).stdout


def test_owners_and_devices_of_an_ext4(place):
    os.chown(place / "root/var/empty", 33, 44)
    make("ext4", place, place / "image")
    assert "User:    33   Group:    44 " in debugfs(place / "image", "stat /var/empty")
    shadow = debugfs(place / "image", "stat /etc/shadow")
    assert "Mode:  0600" in shadow and "User:     0   Group:     0 " in shadow
    assert "Type: character special" in debugfs(place / "image", "stat /dev/console")
    check = subprocess.run(["/sbin/e2fsck", "-f", "-n", place / "image"], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout


def test_two_systems_have_two_identities(place):
    """File systems with one UUID on one machine would be taken for each other."""
    identities = set()
    for content in ("one", "other"):
        (place / "root/etc/hostname").write_text(content)
        make("disk", place, place / "image")
        words = ("--part-uuid", place / "image", "1")
        identities.add(subprocess.check_output(["/sbin/sfdisk", *words], text=True))
        probe = ("--probe", "--offset", str(1 << 20), "--match-tag", "UUID", "--output", "value")
        identities.add(subprocess.check_output(["/sbin/blkid", *probe, place / "image"], text=True))
    assert len(identities) == 4


def test_words_go_where_init_reads_them(place):
    made = mkimage(
        "--type", "initramfs", "--modules", "none", "--append", "root=LABEL=x rd.timeout=5",
        "--output", place / "image",
    )
    assert made.returncode == 0, made.stdout
    read = subprocess.run(
        f"zcat {place}/image | cpio -i --quiet --to-stdout etc/cmdline",
        shell=True, check=True, capture_output=True, text=True,
    )
    assert read.stdout == "root=LABEL=x rd.timeout=5\n"


@pytest.mark.parametrize("words, section", [(["--append", "quiet panic=5"], b"quiet panic=5\0"), ([], None)])
def test_words_for_the_kernel_of_an_efi_disk(place, words, section):
    """The kernel gets those that were given, and none of those that are init's only."""
    made = mkimage(
        "--type", "disk-uefi", "--kernel", place / "kernel", "--modules", "none", *words,
        "--output", place / "image",
    )
    assert made.returncode == 0, made.stdout
    program = place / "program"
    subprocess.run(["mcopy", "-i", f"{place}/image@@1M", "::EFI/BOOT/BOOTX64.EFI", program], check=True)
    sections = subprocess.check_output(["objdump", "-h", program], text=True)
    assert ".linux" in sections and ".initrd" in sections
    assert (".cmdline" in sections) == (section is not None)
    if section:
        dump = ["objcopy", "--dump-section", f".cmdline={place}/words", program, place / "copy"]
        subprocess.run(dump, check=True)
        assert (place / "words").read_bytes().startswith(section)


def test_words_with_signs_reach_init_in_a_container(place):
    make("oci", place, place / "image", "--append", r'--one "two" back\slash')
    with tarfile.open(place / "image") as archive:
        def read(name):
            return json.load(archive.extractfile(name))

        def blob(entry):
            return read("./blobs/sha256/" + entry["digest"].removeprefix("sha256:"))

        config = blob(blob(read("./index.json")["manifests"][0])["config"])
    assert config["config"]["Entrypoint"] == ["/sbin/init"]
    assert config["config"]["Cmd"] == ["--one", '"two"', "back\\slash"]


@pytest.mark.parametrize(
    "arguments, status, message",
    [
        ((), 2, "--type is missing"),
        (("--type", "floppy", "--output", "x"), 2, "--type floppy: there are initramfs"),
        (("--type", "ext4"), 2, "--output is missing"),
        (("--type",), 2, "--type needs a value"),
        (("--type", "ext4", "--output", "x"), 2, "ext4 needs a --rootfs"),
        (("--type", "ext4", "--output", "/missing/x"), 1, "/missing: no such directory"),
        (("--type", "ext4", "--output", "/tmp"), 1, "/tmp: is a directory"),
        (("--type", "ext4", "--rootfs", "/missing", "--output", "x"), 1, "/missing: no such directory"),
        (("--type", "iso", "--kernel", "/missing", "--output", "x"), 1, "/missing: no such file"),
        (("--type", "disk", "--size", "big", "--output", "x"), 2, "--size big: not a number of MiB"),
        (("--type", "oci", "--size", "9", "--output", "x"), 2, "--size: oci is as large as it must be"),
        (("--type", "iso", "--append", "a\nb", "--output", "x"), 2, "control characters"),
        (("--type", "disk", "--append", "ro", "--output", "x"), 2, "--append: nothing in this disk"),
        (("image",), 2, "unknown argument image"),
    ],
)
def test_wrong_arguments_are_named(tmp_path, arguments, status, message):
    said = mkimage(*arguments, cwd=tmp_path)
    assert (said.returncode, message in said.stdout) == (status, True), said.stdout
    assert os.listdir(tmp_path) == []


def test_a_tree_without_init_is_a_file_system_all_the_same(place):
    warning = f"warning: {place}/root has no /sbin/init"
    assert warning not in make("ext4", place, place / "image")
    (place / "root/sbin/init").unlink()
    assert make("ext4", place, place / "image").count(warning) == 1


def test_a_wrong_time_is_named(tmp_path):
    environment = os.environ | {"SOURCE_DATE_EPOCH": "today"}
    said = mkimage("--type", "initramfs", "--output", tmp_path / "image", env=environment)
    assert said.returncode == 2
    assert "SOURCE_DATE_EPOCH=today: not a number of seconds" in said.stdout


def test_help_tells_every_option():
    said = mkimage("--help")
    assert said.returncode == 0
    for word in (*TYPES, "--rootfs", "--kernel", "--modules", "--append", "--size", "--output"):
        assert word in said.stdout


@pytest.mark.parametrize("kind", ["ext4", "disk", "disk-bios-grub", "disk-bios-extlinux", "disk-uefi"])
def test_what_does_not_fit_leaves_what_was_there(place, kind):
    (place / "out").mkdir()
    (place / "out/image").write_text("the one of yesterday")
    said = mkimage(
        "--type", kind, "--rootfs", place / "root", "--kernel", place / "kernel", "--modules", "none",
        "--size", "4", "--output", place / "out/image",
    )
    assert said.returncode == 1
    assert "--size 4 is too small" in said.stdout and "this needs --size " in said.stdout
    assert (place / "out/image").read_text() == "the one of yesterday"
    assert os.listdir(place / "out") == ["image"]


def test_a_disk_has_the_size_that_was_asked_for(place):
    for kind in ("disk", "disk-bios-grub", "disk-bios-extlinux", "disk-uefi"):
        make(kind, place, place / "image", "--size", "100")
        assert (place / "image").stat().st_size == 100 << 20
    made = mkimage(
        "--type", "disk-uefi", "--kernel", place / "kernel", "--modules", "none", "--size", "50",
        "--output", place / "image",
    )
    assert made.returncode == 0, made.stdout
    assert (place / "image").stat().st_size == 50 << 20


def test_a_module_that_is_not_there_is_named(place):
    modules = place / "modules/1.2.3"
    modules.mkdir(parents=True)
    (modules / "modules.dep").write_text("kernel/there.ko:\n")
    (modules / "modules.builtin").write_text("kernel/built-in.ko\n")
    for name, status in (("away", 1), ("built_in", 0)):
        said = mkimage(
            "--type", "initramfs", "--modules", name, "--modules-dir", modules, "--output", place / "image",
        )
        assert said.returncode == status, said.stdout
        assert (f"{modules}: there is no module {name}" in said.stdout) == (status == 1)


def test_a_missing_tool_is_named_with_its_package(place):
    tools = place / "bin"
    tools.mkdir()
    for name in os.listdir("/usr/bin"):
        if name not in ("mcopy", "mmd", "syslinux"):
            (tools / name).symlink_to(f"/usr/bin/{name}")
    said = mkimage(
        "--type", "disk-bios-extlinux", "--kernel", place / "kernel", "--output", place / "image",
        env=os.environ | {"PATH": str(tools)},
    )
    assert said.returncode == 1
    assert "this machine has no mcopy mmd syslinux" in said.stdout
    assert "apt-get install mtools syslinux\n" in said.stdout


def test_who_is_interrupted_leaves_nothing(place):
    out = place / "out"
    out.mkdir()
    process = subprocess.Popen(
        [
            MKIMAGE, "--type", "iso-live", "--rootfs", place / "root", "--kernel", place / "kernel",
            "--modules", "none", "--output", out / "image",
        ],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )
    process.stderr.readline()  # it has begun
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert os.listdir(out) == []
