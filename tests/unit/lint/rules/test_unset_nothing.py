from __future__ import annotations

from tests.support.linting import case, found, told


def test_names_and_order() -> None:
    assert told("unset_nothing", case("blacklist loop\nunset blacklist lop")) == [
        "2: there is no 'blacklist lop' to unset ^lop"
    ]
    (flaw,) = found("unset_nothing", case("blacklist loop\nunset blacklist lop"))
    assert flaw.advice == "did you mean 'loop'?"
    (flaw,) = found("unset_nothing", case("unset blacklist loop\nblacklist loop"))
    assert flaw.advice.startswith("x.conf:2 is read after this")


def test_healthy() -> None:
    assert found("unset_nothing", case("unset blacklist loop", package="blacklist loop")) == []
