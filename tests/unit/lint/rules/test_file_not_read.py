from __future__ import annotations

from tests.support.linting import case, found


def test_how_to_name_it() -> None:
    paths = ("/r/etc/modprobe.conf", "/r/etc/modprobe.d/blacklist")
    flaws = found("file_not_read", case()._replace(passed_over=paths))
    assert [flaw.what for flaw in flaws] == ["modprobe.conf is not read", "blacklist is not read"]
    assert [flaw.advice for flaw in flaws] == [
        "mv /r/etc/modprobe.conf /r/etc/modprobe.d/local.conf",
        "mv /r/etc/modprobe.d/blacklist /r/etc/modprobe.d/blacklist.conf",
    ]


def test_healthy() -> None:
    assert found("file_not_read", case("blacklist a")) == []
