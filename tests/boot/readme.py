"""The images that README.md promises, each made by the very command that stands there."""

import functools
import pathlib
import re
import shlex
import shutil
import subprocess

from guest import TOP

ROW = re.compile(r"^\| .* \| `scripts/mkimage (.*) --output build/(\S+)` \|$", re.MULTILINE)


def commands():
    """mkimage's arguments but --output, by the name of the image that is made."""
    text = (TOP / "README.md").read_text(encoding="utf-8")
    return {name: shlex.split(words) for words, name in ROW.findall(text)}


class ReadmeImages:
    """Makes each image at its first use, of one demo tree, in one directory."""

    def __init__(self, directory):
        self._directory = pathlib.Path(directory)
        for what in ("kernel", "efi-stub"):
            subprocess.run([TOP / "scripts/fetch", what], check=True)
        self._tree = self._directory / "demo"
        subprocess.run([TOP / "scripts/mkrootfs", self._tree], check=True)

    @functools.cache
    def get(self, name):
        words = [self._tree if word == "build/demo" else word for word in commands()[name]]
        return self._make(name, words)

    @functools.cache
    def without_services(self, name):
        """The image of a system on which no service is enabled yet."""
        tree = self._directory / "no-services"
        shutil.copytree(self._tree, tree, symlinks=True)
        for link in (tree / "etc/rc.d").iterdir():
            link.unlink()
        words = [tree if word == "build/demo" else word for word in commands()[name]]
        return self._make(f"no-services-{name}", words)

    def _make(self, name, words):
        path = self._directory / name
        subprocess.run([TOP / "scripts/mkimage", *words, "--output", path], check=True)
        return path


class Partition:
    """A file system on a disk image: the whole of it, or a partition by its number."""

    def __init__(self, image, number=None):
        self.image = image
        self._start = 0
        if number is not None:
            listed = ("partx", "--noheadings", "--raw", "--output", "START", "--nr", str(number))
            self._start = int(subprocess.check_output([*listed, image], text=True)) * 512
        self.number = number

    @property
    def partuuid(self):
        words = ["--noheadings", "--raw", "--output", "UUID", "--nr", str(self.number)]
        return subprocess.check_output(["partx", *words, self.image], text=True).strip()

    def assert_clean(self):
        """Nothing for fsck to mend, and no journal to replay."""
        place = f"{self.image}?offset={self._start}"
        header = subprocess.check_output(
            ["dumpe2fs", "-h", place], text=True, stderr=subprocess.DEVNULL
        )
        assert re.search(r"^Filesystem state: +clean$", header, re.MULTILINE), header
        assert "needs_recovery" not in header
        check = subprocess.run(["e2fsck", "-f", "-n", place], capture_output=True, text=True)
        assert check.returncode == 0, check.stdout
