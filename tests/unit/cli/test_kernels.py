"""The choice of a kernel."""

from __future__ import annotations

import pytest

from lkm.cli.kernels import open_kernel
from lkm.errors import MachineError
from lkm.kernel.linux import LinuxKernel


def test_the_live_kernel_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LKM_KERNEL", raising=False)
    assert isinstance(open_kernel(LinuxKernel), LinuxKernel)
    assert isinstance(open_kernel(LinuxKernel, "live"), LinuxKernel)


@pytest.mark.parametrize("spec", ["sim:", "simulated:x", "x"])
def test_an_unknown_kernel_is_named(spec: str) -> None:
    with pytest.raises(MachineError, match="unknown kernel"):
        open_kernel(LinuxKernel, spec)
