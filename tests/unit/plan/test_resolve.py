from __future__ import annotations

import pytest

from lkm.errors import NotFound
from lkm.origin import Origin
from lkm.plan.resolve import Candidate, from_path, resolve
from tests.support.planning import FATS, FakeIndex, world


def meant(name: str, config: str = "", index: FakeIndex = FATS) -> list[tuple[str, str]]:
    return [candidate.key for candidate in resolve(name, world(config, index))]


@pytest.mark.parametrize(
    ("name", "modules"),
    [
        ("vfat", [("vfat", "")]),
        ("nosuch", []),
        ("fs-vfat", [("vfat", "fs_vfat")]),
        ("fs_both", [("vfat", "fs_both"), ("msdos", "fs_both")]),
        ("usb:v7-p1", [("loop", "usb:v7_p1")]),
        ("symbol:fat_scan", [("fat", "symbol:fat_scan")]),
        ("symbol:nosuch", []),
        ("ext4", [("ext4", "")]),
        ("fs-ext9", [("ext4", "fs_ext9")]),
        ("a]", []),
        ("a[", []),
        ("", []),
        ("x" * 5000, []),
    ],
)
def test_what_a_name_means(name: str, modules: list[tuple[str, str]]) -> None:
    assert meant(name) == modules


def test_configured_aliases_come_first_and_all_count() -> None:
    config = "alias vf* loop\nalias vfat msdos\nalias other fat"
    assert meant("vfat", config) == [("loop", "vf*"), ("msdos", "vfat")]


def test_a_command_makes_a_name_known_before_aliases_of_modules() -> None:
    assert meant("fs-vfat", "install fs-vfat /bin/true") == [("fs_vfat", "")]
    assert meant("vfat", "install vfat /bin/true") == [("vfat", "")]
    (candidate,) = resolve("new", world("remove new one\ninstall n* two"))
    assert candidate.command is not None
    assert candidate.command.command == "one"
    assert candidate.origin == Origin("x.conf", 1)


def test_no_module_has_a_colon_in_its_name() -> None:
    assert meant("a:b", index=FakeIndex({"a:b": ""}, {"a:*": "c"})) == [("c", "a:b")]


def test_settings_that_match() -> None:
    here = world(
        "softdep v* pre: a\nsoftdep vfat pre: b\ninstall vfat c\noptions vfat d\noptions fs-vfat e\noptions fat f"
    )
    vfat = Candidate(resolve("fs-vfat", here)[0].module, "fs_vfat", Origin("-"))
    softdeps, command = here.softdeps("vfat"), here.command(vfat, "install")
    assert [softdep.pre for softdep in softdeps] == [("a",), ("b",)]
    assert command is not None and command.command == "c"
    assert here.command(vfat, "remove") is None
    assert here.options(vfat) == "d e"
    assert here.options(vfat._replace(alias="")) == "d"


def test_needs_are_in_the_order_of_loading_and_must_exist() -> None:
    (top,) = resolve("top", world())
    assert [need.module for need in world().needs(top)] == ["low", "mid"]
    assert [need.path for need in world().needs(top)] == ["/m/k/low.ko", "/m/k/mid.ko"]
    with pytest.raises(NotFound, match=r"top: needs /m/k/mid.ko, which is not there"):
        world(gone=["mid"]).needs(top)


def test_a_broken_index_is_an_empty_one_and_told_of_once() -> None:
    here = world(index=FakeIndex({}, {"a": "b"}, broken=True))
    assert [c.module for c in resolve("a", here)] == ["b"]
    assert resolve("c", here) == ()
    assert [str(problem) for problem in here.problems] == ["/m/modules.dep.bin: bad magic"]


def test_a_path_is_a_file() -> None:
    assert from_path("./x-y.ko.xz", world()).key == ("x_y", "")
    assert world().path(from_path("./x-y.ko", world())) == "./x-y.ko"
    for path in ("./gone.ko", "./"):
        with pytest.raises(NotFound):
            from_path(path, world(gone=["gone"]))
