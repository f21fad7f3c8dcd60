from __future__ import annotations

from tests.support.linting import case, found, told


def test_commands_and_parameters() -> None:
    text = "install loop a\ninstall loop b\noptions fat x=1 y=2\noptions fat x=3\n"
    assert told("overridden", case(text)) == [
        "2: x.conf:1 counts instead ^loop b",
        "3: x is set again by x.conf:4 ^x=1 y=2",
    ]
    assert told("overridden", case("install lo* a\ninstall loop b")) == ["2: x.conf:1 counts instead ^loop b"]


def test_healthy() -> None:
    text = "install loop a\nremove loop b\noptions fat x=1\noptions fat y=1\noptions fat += x=2\n"
    assert found("overridden", case(text, cmdline="fat.x=5")) == []
    assert found("overridden", case("options fat x=1\nblacklist a\nblacklist a", package="options fat x=2")) == []
    assert found("overridden", case("install a x\nunset install a\ninstall a y")) == []
