"""Where module directories are, and the walk through one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lkm.errors import MachineError, NotFound
from lkm.system.tree import find_modules_dir, list_modules, newest_release


def test_the_newest_release(tmp_path: Path) -> None:
    assert newest_release(str(tmp_path)) == ""
    for name in ("lib/modules/6.9.1", "usr/lib/modules/6.10.0", "lib/modules/6.1"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lib/modules/7.0").write_text("")
    assert newest_release(str(tmp_path)) == "6.10.0"


def test_lib_is_looked_at_before_usr_lib(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no module directory for kernel") as caught:
        find_modules_dir(str(tmp_path), "6.1")
    assert f"{tmp_path}/usr/lib/modules" in caught.value.hint
    (tmp_path / "usr/lib/modules/6.1").mkdir(parents=True)
    assert find_modules_dir(f"{tmp_path}/", "6.1") == f"{tmp_path}/usr/lib/modules/6.1"
    (tmp_path / "lib").symlink_to("usr/lib")
    assert find_modules_dir(str(tmp_path), "6.1") == f"{tmp_path}/lib/modules/6.1"


def test_a_link_that_leads_out_of_the_root_is_not_needed(tmp_path: Path) -> None:
    (tmp_path / "usr/lib/modules/6.1").mkdir(parents=True)
    (tmp_path / "lib").symlink_to("/nowhere/usr/lib")
    assert find_modules_dir(str(tmp_path), "6.1") == f"{tmp_path}/usr/lib/modules/6.1"


def test_a_relative_root_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "r/lib/modules/6.1").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert find_modules_dir("r", "6.1") == f"{tmp_path}/r/lib/modules/6.1"


def make(top: Path, *paths: str) -> None:
    for path in paths:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(b"")


def walk(top: Path, *excludes: str) -> list[str]:
    return sorted(path.removeprefix(f"{top}/") for path in list_modules(str(top), excludes))


def test_module_files_of_all_kinds_are_found_at_any_depth(tmp_path: Path) -> None:
    make(tmp_path, "a.ko", "k/b.ko.xz", "k/x/c.ko.zst", ".h/d.ko.gz", "k/no.ko.txt", "k/o.o", "dir.ko/e.ko")
    assert walk(tmp_path) == [".h/d.ko.gz", "a.ko", "dir.ko/e.ko", "k/b.ko.xz", "k/x/c.ko.zst"]


def test_excluded_directories_are_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "build/a.ko", "k/build/b.ko", "k/c.ko", "k/build.ko")
    assert walk(tmp_path, "build", "source") == ["k/build.ko", "k/c.ko"]


def test_links_are_followed_but_not_in_a_circle(tmp_path: Path) -> None:
    make(tmp_path, "k/a.ko", "other/b.ko")
    (tmp_path / "k/up").symlink_to("..")
    (tmp_path / "k/self").symlink_to(".")
    (tmp_path / "k/there").symlink_to("../other")
    (tmp_path / "other/back").symlink_to("../k")
    (tmp_path / "k/link.ko").symlink_to("a.ko")
    found = walk(tmp_path)
    assert {"k/a.ko", "k/link.ko", "k/there/b.ko", "other/b.ko", "other/back/a.ko"} <= set(found)
    assert not [path for path in found if "up/" in path or "self/" in path or "back/there/" in path]


def test_what_cannot_be_looked_at_is_told_and_the_rest_found(tmp_path: Path) -> None:
    make(tmp_path, "k/a.ko")
    (tmp_path / "k/gone.ko").symlink_to("nowhere")
    os.mkfifo(tmp_path / "k/pipe.ko")
    told: list[MachineError] = []
    assert list(list_modules(str(tmp_path), (), told.append)) == [f"{tmp_path}/k/a.ko"]
    assert [str(e) for e in told] == [f"{tmp_path}/k/gone.ko: No such file or directory"]
    with pytest.raises(MachineError, match="No such file"):
        list(list_modules(str(tmp_path / "no")))
