from __future__ import annotations

import pytest

from lkm.diagnose.rules.cut_file import find
from tests.support.elfwriter import build_module
from tests.support.sick import case


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_wherever_it_is_cut(bits: int, order: str) -> None:
    data = build_module(bits=bits, order=order)
    for size in (4, 30, 60, 200, len(data) // 2, len(data) - 1):
        (finding,) = find(case(data[:size]))
        assert finding.what == f"the file is cut off after {size} bytes"
    assert list(find(case(data))) == []
    assert list(find(case(data + b"more"))) == []


def test_other_files() -> None:
    assert list(find(case(b""))) == list(find(case(b"text"))) == []
