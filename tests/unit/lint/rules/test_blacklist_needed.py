from __future__ import annotations

from tests.support.linting import case, found, told


def test_by_needs_and_softdeps() -> None:
    assert told("blacklist_needed", case("blacklist fat\nblacklist fat")) == [
        "1: fat is loaded all the same: msdos, vfat need it ^fat"
    ]
    assert told("blacklist_needed", case("blacklist fat\nblacklist msdos")) == [
        "1: fat is loaded all the same: vfat needs it ^fat"
    ]
    assert told("blacklist_needed", case("blacklist snd-hda-intel\nsoftdep dummy post: snd-hda-intel")) == [
        "1: snd_hda_intel is loaded all the same: dummy has a softdep on it (x.conf:2) ^snd-hda-intel"
    ]


def test_healthy() -> None:
    assert found("blacklist_needed", case("blacklist fat\nblacklist msdos\nblacklist vfat")) == []
    assert found("blacklist_needed", case("blacklist fat\ninstall fat /bin/false")) == []
    assert found("blacklist_needed", case("blacklist loop", package="blacklist fat")) == []
