"""Disks with several file systems, for roots that are put together from layers."""

import pathlib
import re
import shutil
import subprocess
import tempfile

MIB = 1 << 20


def make_ext4(tree, label, image, offset_mib, size_mib, uuid="random"):
    """An ext4 file system with what is in tree, at this place of the image."""
    subprocess.run(
        [
            *("mke2fs", "-q", "-F", "-t", "ext4", "-L", label, "-U", uuid, "-d", tree),
            *("-E", f"offset={offset_mib * MIB},root_owner=0:0", image, f"{size_mib}M"),
        ],
        check=True,
    )


def partition(path, *places):
    """Makes the image one with these partitions, each at (MiB, MiB long)."""
    end = max(at + size for at, size in places)
    subprocess.run(["truncate", "-s", f"{end + 2}M", path], check=True)
    lines = "".join(f"start={at}MiB, size={size}MiB\n" for at, size in places)
    subprocess.run(
        ["sfdisk", "--quiet", "--no-tell-kernel", path],
        input=f"label: gpt\n{lines}",
        text=True,
        check=True,
    )


class SplitDisk:
    """The demo system with /usr in a file system of its own: labels TOP and USR."""

    TOP, USR = (1, 40), (42, 40)

    def __init__(self, images, path):
        self.path = path
        partition(path, self.TOP, self.USR)
        with tempfile.TemporaryDirectory() as directory:
            tree = pathlib.Path(directory) / "tree"
            shutil.copytree(images.tree, tree, symlinks=True)
            make_ext4(tree / "usr", "USR", path, *self.USR)
            shutil.rmtree(tree / "usr")
            (tree / "usr").mkdir()
            shutil.rmtree(tree / "lib/modules")  # the initramfs has loaded what there is to load
            with open(tree / "etc/fstab", "a", encoding="utf-8") as fstab:
                fstab.write("LABEL=USR /usr ext4 ro,nodev 0 2\n")
            make_ext4(tree, "TOP", path, *self.TOP)


class TwinDisk:
    """The demo system, also as /init, and a second file system with the same UUID."""

    UUID = "01234567-89ab-4cde-8f01-23456789abcd"
    FIRST, SECOND = (1, 64), (66, 16)

    def __init__(self, images, path):
        self.path = path
        partition(path, self.FIRST, self.SECOND)
        with tempfile.TemporaryDirectory() as directory:
            tree = pathlib.Path(directory) / "tree"
            shutil.copytree(images.tree, tree, symlinks=True)
            (tree / "init").symlink_to("sbin/init")
            make_ext4(tree, "TOP", path, *self.FIRST, self.UUID)
            (pathlib.Path(directory) / "empty").mkdir()
            make_ext4(pathlib.Path(directory) / "empty", "TOP", path, *self.SECOND, self.UUID)


class NativeDisk:
    """The demo system (label TOP) with these files in place of its own, an empty file system (DATA)
    and swap."""

    TOP, DATA, SWAP = (1, 64), (66, 16), (83, 4)

    def __init__(self, images, path, files):
        self.path = path
        partition(path, self.TOP, self.DATA, self.SWAP)
        with tempfile.TemporaryDirectory() as directory:
            tree = pathlib.Path(directory) / "tree"
            shutil.copytree(images.tree, tree, symlinks=True)
            for name, content in files.items():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                (tree / name).write_text(content)
                (tree / name).chmod(0o755 if content.startswith("#!") else 0o644)
            make_ext4(tree, "TOP", path, *self.TOP)
            (pathlib.Path(directory) / "empty").mkdir()
            make_ext4(pathlib.Path(directory) / "empty", "DATA", path, *self.DATA)
            swap = pathlib.Path(directory) / "swap"
            subprocess.run(["truncate", "-s", f"{self.SWAP[1]}M", swap], check=True)
            subprocess.run(["mkswap", "-q", "-L", "SWAP", swap], check=True)
            with open(path, "r+b") as image:
                image.seek(self.SWAP[0] * MIB)
                image.write(swap.read_bytes())


class LayeredDisk:
    """Two partitions: the medium of a live system (label LIVE) with the demo system as a squashfs,
    and an empty one (label KEEP) for what is written."""

    MEDIUM, KEEP = (1, 94), (96, 24)  # where it begins, and its size

    def __init__(self, images, path):
        self.path = path
        partition(path, self.MEDIUM, self.KEEP)
        with tempfile.TemporaryDirectory() as directory:
            tree = pathlib.Path(directory)
            (tree / "LiveOS").mkdir()
            quick = ["-all-root", "-quiet", "-no-progress", "-comp", "gzip", "-Xcompression-level", "1"]
            subprocess.run(
                ["mksquashfs", images.tree, tree / "LiveOS/squashfs.img", *quick], check=True
            )
            make_ext4(tree, "LIVE", path, *self.MEDIUM)
            shutil.rmtree(tree / "LiveOS")
            make_ext4(tree, "KEEP", path, *self.KEEP)

    def kept_state(self):
        """"clean", and whether a journal is to be replayed."""
        header = subprocess.check_output(
            ["dumpe2fs", "-h", f"{self.path}?offset={self.KEEP[0] * MIB}"],
            text=True,
            stderr=subprocess.DEVNULL,
        )
        state = re.search(r"^Filesystem state: +(.*)$", header, re.MULTILINE).group(1)
        return state + (", needs recovery" if "needs_recovery" in header else "")
