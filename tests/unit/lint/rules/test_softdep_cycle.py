from __future__ import annotations

from tests.support.linting import case, found, told


def test_orders_that_contradict() -> None:
    assert told("softdep_cycle", case("softdep loop pre: dummy\nsoftdep dummy pre: loop\n", tree=False)) == [
        "1: a circle: each of these is to come after the next: dummy, loop, dummy ^dummy"
    ]
    assert len(found("softdep_cycle", case("softdep a pre: a", tree=False))) == 1
    assert len(found("softdep_cycle", case("softdep a pre: b-c\nsoftdep a post: b-c", tree=False))) == 1


def test_needs_count_too() -> None:
    assert told("softdep_cycle", case("softdep fat pre: vfat")) == [
        "1: a circle: each of these is to come after the next: fat, vfat, fat ^vfat"
    ]


def test_healthy() -> None:
    assert found("softdep_cycle", case("softdep a post: b\nsoftdep b pre: a\nsoftdep c pre: a b", tree=False)) == []
