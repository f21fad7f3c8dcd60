from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.config.modulesload import parse


def test_names_and_comments() -> None:
    found = parse("snd-x\r\n# no\n;no\n\n  fat \nloop # x", "m.conf")
    assert [(load.module, load.origin.line) for load in found] == [("snd_x", 1), ("fat", 5), ("loop # x", 6)]


@given(st.text())
def test_anything(text: str) -> None:
    for load in parse(text, "x"):
        assert load.module
        assert load.module[0] not in "#;"
