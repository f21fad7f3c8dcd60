from __future__ import annotations

import pytest

from tests.support import linting
from tests.support.linting import case, found, told


def test_at_boot_and_in_commands() -> None:
    text = "blacklist loop\ninstall dummy modprobe -q loop; modprobe -i dummy\n"
    assert told("blacklist_by_name", case(text, loads="fat\nloop\n", tree=False)) == [
        "2: loop is not loaded at boot: x.conf:1 blacklists it ^loop",
        "2: loop is loaded here all the same: x.conf:1 blacklists it ^loop; modprobe -i dummy",
    ]


def test_no_alias_leads_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linting.TREE, "aliases", {}, raising=False)
    assert told("blacklist_by_name", case("blacklist loop")) == [
        "1: this keeps nothing out: no alias leads to loop ^loop"
    ]
    assert found("blacklist_by_name", case("blacklist loop\nalias x loop")) == []
    assert found("blacklist_by_name", case("blacklist fat")) == []  # others need it: another rule's


def test_an_alias_is_no_name() -> None:
    assert told("blacklist_by_name", case("blacklist fs-vfat\nblacklist my-loop\nalias my-* loop\n")) == [
        "1: this keeps nothing out: fs_vfat is an alias, of vfat ^fs-vfat",
        "2: this keeps nothing out: my_loop is an alias, of loop ^my-loop",
    ]
    assert found("blacklist_by_name", case("blacklist nosuch\nblacklist fs-ext4\n")) == []


def test_healthy() -> None:
    text = "blacklist loop\ninstall dummy modprobe -r loop; modprobe -i dummy\ninstall loop /bin/false\n"
    assert found("blacklist_by_name", case(text, loads="fat")) == []


def test_the_command_line_loads_modules_too() -> None:
    assert told("blacklist_by_name", case("blacklist loop\n", cmdline="modules_load=loop", tree=False)) == [
        "0: loop is not loaded at boot: x.conf:1 blacklists it ^loop"
    ]
