from __future__ import annotations

import pytest

from lkm import errors
from lkm.errors import CycleError, FormatError, LkmError, MachineError


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LkmError)]
    assert len(kinds) > 5
    assert len({kind.code for kind in kinds}) == len(kinds)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (LkmError("what"), "what"),
        (LkmError("what", "where", hint="hint"), "where: what"),
        (FormatError("what"), "what"),
        (FormatError("what", offset=0), "at byte 0: what"),
        (FormatError("what", "x.ko", 7), "x.ko: at byte 7: what"),
        (FormatError("what", "x.ko"), "x.ko: what"),
        (MachineError("what", "/f", errno=2), "/f: what"),
        (CycleError("what", (("a", "b"),)), "what"),
    ],
)
def test_an_error_says_where_and_what(error: LkmError, text: str) -> None:
    assert str(error) == text


def test_naming_the_file_keeps_the_rest() -> None:
    named = FormatError("what", offset=3, hint="cure").at("x.ko")
    assert (named.what, named.where, named.offset, named.hint) == ("what", "x.ko", 3, "cure")
