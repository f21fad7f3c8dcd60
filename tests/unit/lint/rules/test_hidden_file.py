from __future__ import annotations

from tests.support.linting import case, found


def test_both_are_named() -> None:
    (flaw,) = found("hidden_file", case()._replace(hidden=(("/lib/modprobe.d/x.conf", "/etc/modprobe.d/x.conf"),)))
    assert (flaw.level, str(flaw.origin)) == ("note", "/lib/modprobe.d/x.conf")
    assert flaw.what == "is not read: /etc/modprobe.d/x.conf hides it"


def test_healthy() -> None:
    assert found("hidden_file", case("blacklist a")) == []
