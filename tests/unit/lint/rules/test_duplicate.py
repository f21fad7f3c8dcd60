from __future__ import annotations

from tests.support.linting import case, found, mended, told


def test_told_and_removed() -> None:
    text = "# a\nblacklist loop\n# b\nblacklist loop\noptions fat x=1\noptions fat x=1\nalias a b\nalias a b\n"
    assert told("duplicate", case(text)) == [
        "4: x.conf:2 says the same ^loop",
        "6: x.conf:5 says the same ^fat x=1",
        "8: x.conf:7 says the same ^b",
    ]
    assert mended("duplicate", text) == "# a\nblacklist loop\n# b\noptions fat x=1\nalias a b\n"
    assert told("duplicate", case(loads="loop\nfat\nloop")) == ["3: load.conf:1 says the same ^loop"]


def test_of_two_files_a_note() -> None:
    (flaw,) = found("duplicate", case("options loop a=1", package="options loop a=1"))
    assert (flaw.level, flaw.edit) == ("note", None)


def test_healthy() -> None:
    text = "options fat x=1\noptions fat x=2\noptions fat x=1\noptions loop += l=1\noptions loop += l=1\n"
    assert found("duplicate", case(text)) == []
    assert found("duplicate", case("blacklist a\nunset blacklist a\nblacklist a")) == []
    assert found("duplicate", case("blacklist a", package="blacklist a", cmdline="modprobe.blacklist=a")) == []
