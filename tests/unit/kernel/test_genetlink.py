from __future__ import annotations

import socket

import pytest

from lkm.kernel.genetlink import generic_families


def test_this_kernels_families() -> None:
    assert "nlctrl" in generic_families()  # the controller itself


def test_a_kernel_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(socket, "socket", refused)
    assert generic_families() == ()
