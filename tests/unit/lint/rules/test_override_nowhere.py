from __future__ import annotations

from tests.support.linting import case, found, told


def test_not_in_that_directory() -> None:
    assert told("override_nowhere", case(depmod="override loop * updates\noverride nosuch 6.* kernel\n")) == [
        "1: loop is taken from kernel/loop.ko ^updates",
        "2: there is no module nosuch ^nosuch 6.* kernel",
    ]


def test_healthy() -> None:
    assert found("override_nowhere", case(depmod="override loop * kernel\noverride x 5.10 y\nsearch z")) == []
