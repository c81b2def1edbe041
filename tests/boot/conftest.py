"""What all boot tests share: QEMU must be there, and the images are made once."""

import os
import shutil
import tempfile

import pytest

from guest import TOP
from images import Images
from readme import ReadmeImages

os.environ["PATH"] += ":/usr/sbin:/sbin"


def pytest_collection_modifyitems(items):
    if shutil.which("qemu-system-x86_64") is None:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="qemu-system-x86_64 is not installed"))


@pytest.fixture(scope="session")
def images():
    with tempfile.TemporaryDirectory(prefix="boot-tests-", dir=TOP / "build") as directory:
        yield Images(directory)


@pytest.fixture(scope="session")
def made():
    """The images of README.md's table."""
    with tempfile.TemporaryDirectory(prefix="readme-images-", dir=TOP / "build") as directory:
        yield ReadmeImages(directory)
