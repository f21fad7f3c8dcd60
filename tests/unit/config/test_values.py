from __future__ import annotations

import errno

import pytest

from lkm.config.values import RANGES, is_bool, is_true, refusal


@pytest.mark.parametrize("kind", RANGES)
def test_ends_of_ranges(kind: str) -> None:
    low, high = RANGES[kind]
    assert [refusal(kind, str(n)) for n in (low, high, high + 1)] == [0, 0, errno.ERANGE]
    assert refusal(kind, str(low - 1)) == (errno.ERANGE if low else errno.EINVAL)
    assert refusal(kind, "x") == errno.EINVAL


def test_bools_and_texts() -> None:
    assert [is_bool(v) for v in ("y", "N", "1", "on", "oFf", "maybe", "")] == [True] * 5 + [False] * 2
    assert [is_true(v) for v in ("t", "On", "0", "off")] == [True, True, False, False]
    assert refusal("charp", "x" * 1025) == errno.ENOSPC
    assert [refusal("string", "abc", limit) for limit in (3, 4, None)] == [errno.ENOSPC, 0, 0]
    assert refusal("int", None) == refusal("", "anything") == 0
