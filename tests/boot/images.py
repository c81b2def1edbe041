"""Initramfs, root trees and disks for the guests, made by the scripts that users have."""

import hashlib
import pathlib
import re
import shutil
import subprocess

from guest import TOP

ROOT_OFFSET = 1 << 20  # of the only partition, see scripts/mkdisk


def script(name, *arguments):
    return subprocess.run([TOP / "scripts" / name, *arguments], check=True)


class Disk:
    """A disk image of its own for one guest."""

    def __init__(self, path):
        self.path = path

    def digest(self):
        with open(self.path, "rb") as image:
            return hashlib.file_digest(image, "sha256").hexdigest()

    @property
    def uuid(self):
        probe = ["blkid", "--probe", "--offset", str(ROOT_OFFSET), "--match-tag", "UUID"]
        return subprocess.check_output([*probe, "--output", "value", self.path], text=True).strip()

    @property
    def partuuid(self):
        return subprocess.check_output(["sfdisk", "--part-uuid", self.path, "1"], text=True).strip()

    def assert_clean(self):
        """Nothing for fsck to mend, and no journal to replay: it was unmounted or made read-only."""
        partition = f"{self.path}?offset={ROOT_OFFSET}"
        header = subprocess.check_output(
            ["dumpe2fs", "-h", partition], text=True, stderr=subprocess.DEVNULL
        )
        assert re.search(r"^Filesystem state: +clean$", header, re.MULTILINE), header
        assert "needs_recovery" not in header
        check = subprocess.run(
            ["e2fsck", "-f", "-n", partition],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert check.returncode == 0, check.stdout


class Images:
    """Makes everything in one directory; what does not change is made once."""

    def __init__(self, directory):
        self._directory = pathlib.Path(directory)
        self._disks = 0
        script("fetch", "kernel")
        self.initramfs = self._directory / "initramfs.cpio.gz"
        script("mkinitramfs", self.initramfs)
        self.tree = self._directory / "root"
        script("mkrootfs", self.tree)
        self._demo = self._directory / "demo.img"
        script("mkdisk", self.tree, self._demo)

    def demo_disk(self):
        """The demo system of scripts/boot."""
        path = self.new_path()
        subprocess.run(["cp", "--sparse=always", self._demo, path], check=True)
        return Disk(path)

    def initramfs_with(self, files):
        """The initramfs with these files besides: the kernel unpacks archives one over another."""
        tree = self._directory / "added"
        for name, content in files.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes(content)
            (tree / name).chmod(0o755)
        path = self._directory / f"initramfs{len(list(self._directory.iterdir()))}.cpio.gz"
        script("packcpio", tree, path)
        shutil.rmtree(tree)
        path.write_bytes(self.initramfs.read_bytes() + path.read_bytes())
        return path

    def initramfs_for(self, release):
        """The initramfs with its modules in the directory of another kernel."""
        (modules,) = (TOP / "build/kernel/lib/modules").iterdir()
        other = self._directory / release
        other.symlink_to(modules)
        path = self._directory / f"initramfs-{release}.cpio.gz"
        script("mkinitramfs", "--modules", other, path)
        return path

    def initramfs_cut_off(self, part):
        """The first part of it, such as a copy that was interrupted leaves."""
        path = self._directory / "cut-off.cpio.gz"
        whole = self.initramfs.read_bytes()
        path.write_bytes(whole[: int(len(whole) * part)])
        return path

    def disk_with(self, files):
        """The demo system with these files besides or in place of its own; None removes one."""
        tree = self._directory / "changed"
        shutil.copytree(self.tree, tree, symlinks=True)
        for name, content in files.items():
            path = tree / name
            mode = path.lstat().st_mode if path.is_symlink() or path.exists() else 0o755
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)
                path.chmod(mode)
        path = self.new_path()
        script("mkdisk", tree, path)
        shutil.rmtree(tree)
        return Disk(path)

    def block_tool(self):
        """For the guest: tests/boot/block_tool.cpp."""
        path = self._directory / "block_tool"
        source = TOP / "tests/boot/block_tool.cpp"
        subprocess.run(["c++", "-std=c++20", "-Os", "-s", "-static", source, "-o", path], check=True)
        return path

    def waiter(self):
        """A service's program that costs as little as one can: tests/boot/waiter.cpp."""
        path = self._directory / "waiter"
        source = TOP / "tests/boot/waiter.cpp"
        subprocess.run(["c++", "-Os", "-s", "-static", "-nostdlib", "-Wl,-n", source, "-o", path], check=True)
        return path

    def new_path(self):
        self._disks += 1
        return self._directory / f"disk{self._disks}.img"
