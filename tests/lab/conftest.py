from __future__ import annotations

from collections.abc import Callable

import pytest

from lkm.lab import LabResult
from tests.support import kernels


@pytest.fixture
def lab() -> Callable[..., LabResult]:
    """Return what runs a command in User-Mode Linux: ``lab("uname", "-r").stdout``."""
    return kernels.uml


@pytest.fixture
def debian_lab() -> Callable[..., LabResult]:
    """Return what runs a command in Debian's own kernel, by QEMU."""
    return kernels.debian
