from __future__ import annotations

from pathlib import Path

import pytest

from lkm.kernel.linux import release
from lkm.system.world import open_world


def test_directory_and_settings(tmp_path: Path) -> None:
    directory = tmp_path / "usr/lib/modules/1"
    directory.mkdir(parents=True)
    (directory / "modules.softdep").write_text("softdep a pre: b\n")
    config = tmp_path / "c"
    config.mkdir()
    (config / "x.conf").write_text("softdep a pre: c\noptions a b\n")
    here, _ = open_world(str(tmp_path), "1", (str(config),), "a.c=1")
    assert here.directory == str(directory)
    assert [softdep.pre for softdep in here.settings.softdeps] == [("b",), ("c",)]
    assert [option.text for option in here.settings.options] == ["b", "c=1"]


def test_no_directory_is_an_empty_one(tmp_path: Path) -> None:
    here, index = open_world(f"{tmp_path}", "", (str(tmp_path),), "")
    assert here.directory == f"{tmp_path}/lib/modules/{release()}"
    assert here.entry("fat") is None
    assert list(index.all_modules()) == []


def test_a_config_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    here, _ = open_world(str(tmp_path), "1", (str(tmp_path / "nowhere"),), "")
    assert [problem.origin.file for problem in here.settings.problems] == [str(tmp_path / "nowhere")]


@pytest.mark.parametrize("root", ["", "/"])
def test_the_root_itself(root: str, tmp_path: Path) -> None:
    here, _ = open_world(root, "no-such-release", (str(tmp_path),), "")
    assert here.directory == "/lib/modules/no-such-release"
