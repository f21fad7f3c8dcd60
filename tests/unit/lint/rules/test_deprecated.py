from __future__ import annotations

from tests.support.linting import case, found, told


def test_words_of_the_past() -> None:
    assert told("deprecated", case("include /x")) == ["1: 'include' is a directive no more ^include /x"]
    (flaw,) = found("deprecated", case(" path[misc]=/lib/x"))
    assert flaw.advice == "search DIRECTORY... in a file of depmod.d"
    assert told("deprecated", case(depmod="make_map_files yes")) == [
        "1: 'make_map_files' is a directive no more ^make_map_files yes"
    ]


def test_alias_off() -> None:
    assert told("deprecated", case("alias net-pf-10 off")) == ["1: 'alias net_pf_10 off' does not switch it off ^off"]


def test_healthy() -> None:
    assert found("deprecated", case("alias net-pf-10 loop\noptoins x y")) == []
