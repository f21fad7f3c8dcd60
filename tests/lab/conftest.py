from __future__ import annotations

from collections.abc import Callable

import pytest

from lkm.lab import LabResult
from tests.support import kernels

Lab = Callable[..., LabResult]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all that is in this directory."""
    for item in items:
        if "/lab/" in item.nodeid and not item.nodeid.startswith("tests/unit"):
            item.add_marker(pytest.mark.lab)


@pytest.fixture
def lab() -> Lab:
    """Return what runs a command in User-Mode Linux: ``lab("uname", "-r").stdout``."""
    return kernels.uml


@pytest.fixture
def debian_lab() -> Lab:
    """Return what runs a command in Debian's own kernel, by QEMU."""
    return kernels.debian
