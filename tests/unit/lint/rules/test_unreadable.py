from __future__ import annotations

from tests.support.linting import case, found, told


def test_each_reader() -> None:
    assert told("unreadable", case("optoins a b=1")) == ["1: unknown directive 'optoins' ^optoins a b=1"]
    (flaw,) = found("unreadable", case("optoins a b=1"))
    assert flaw.advice == "did you mean 'options'?"
    assert told("unreadable", case(depmod="serach x")) == ["1: unknown directive 'serach' ^serach x"]
    assert told("unreadable", case(cmdline="a[.b=1")) == ["0: bad module name 'a[' ^a[.b=1"]


def test_healthy() -> None:
    assert found("unreadable", case("# x\nblacklist a\n", depmod="search a", cmdline="quiet")) == []
    assert found("unreadable", case("include x")) == []  # another rule's
