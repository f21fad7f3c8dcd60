from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from lkm.origin import Problem
from lkm.system.configfiles import DIRECTORIES, depmod_files, files_not_read, hidden_files, load_files, modprobe_files


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names(found: list[tuple[str, str]], root: Path) -> list[str]:
    assert all(path == f"{root}/{text}" for path, text in found)
    return [text for _, text in found]


@pytest.mark.parametrize("first", range(len(DIRECTORIES)))
def test_the_first_directory_wins_a_name(tmp_path: Path, first: int) -> None:
    places = [f"{place[1:]}/modprobe.d/x.conf" for place in DIRECTORIES[first:]]
    write(tmp_path, *places)
    assert names(modprobe_files(str(tmp_path)), tmp_path) == places[:1]


def test_hidden_files_name_the_one_that_counts(tmp_path: Path) -> None:
    write(tmp_path, *(f"{d}/modprobe.d/x.conf" for d in ("etc", "run", "usr/lib")), "run/modprobe.d/y.conf")
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "etc/modprobe.d/y.conf").symlink_to("/dev/null")
    told = [
        (path.removeprefix(str(tmp_path)), by.removeprefix(str(tmp_path)))
        for path, by in hidden_files(root=str(tmp_path))
    ]
    assert told == [
        ("/run/modprobe.d/x.conf", "/etc/modprobe.d/x.conf"),
        ("/run/modprobe.d/y.conf", "/etc/modprobe.d/y.conf"),
        ("/usr/lib/modprobe.d/x.conf", "/etc/modprobe.d/x.conf"),
        ("/lib/modprobe.d/x.conf", "/etc/modprobe.d/x.conf"),
    ]
    assert hidden_files(paths=(f"{tmp_path}/usr/lib/modprobe.d", f"{tmp_path}/lib/modprobe.d")) == []


def test_files_are_read_in_the_order_of_their_names_bytes(tmp_path: Path) -> None:
    write(
        tmp_path, "lib/modprobe.d/a.conf", "etc/modprobe.d/b.conf", "run/modprobe.d/B.conf", "etc/modprobe.d/é.conf"
    )
    assert names(modprobe_files(str(tmp_path)), tmp_path) == [
        *("run/modprobe.d/B.conf", "lib/modprobe.d/a.conf", "etc/modprobe.d/b.conf", "etc/modprobe.d/é.conf")
    ]


def test_only_conf_files_count(tmp_path: Path) -> None:
    write(tmp_path, *(f"etc/modprobe.d/{n}" for n in ("a", "b.alias", "c.conf~", ".d.conf", ".conf", "e.conf")))
    write(tmp_path, "etc/modprobe.d/sub.conf/x.conf")
    problems: list[Problem] = []
    assert names(modprobe_files(str(tmp_path), problems=problems), tmp_path) == ["etc/modprobe.d/e.conf"]
    assert [str(p) for p in problems] == [f"{tmp_path}/etc/modprobe.d/sub.conf: is not a file"]


def test_paths_replace_the_directories_and_may_have_any_name(tmp_path: Path) -> None:
    write(tmp_path, "etc/modprobe.d/x.conf", "d/b.conf", "d/c", "d/.e", "f")
    paths = tuple(f"{tmp_path}/{p}" for p in ("f", "d/c", "d", "d/.e", "d"))
    assert names(modprobe_files(str(tmp_path), paths), tmp_path) == ["d/.e", "d/b.conf", "d/c", "f"]


def test_the_kernels_files_take_part_under_their_names(tmp_path: Path) -> None:
    write(tmp_path, "k/modules.softdep", "k/modules.weakdep", "d/modules.softdep", "d/aa.conf", "d/zz.conf")
    paths = (f"{tmp_path}/d", f"{tmp_path}/d/modules.softdep")
    assert names(modprobe_files("", paths, f"{tmp_path}/k"), tmp_path) == [
        *("d/aa.conf", "k/modules.softdep", "k/modules.weakdep", "d/zz.conf")
    ]


def test_a_link_to_nowhere_hides_later_files_as_in_kmod(tmp_path: Path) -> None:
    write(tmp_path, "lib/modprobe.d/x.conf")
    (tmp_path / "etc/modprobe.d").mkdir(parents=True)
    (tmp_path / "etc/modprobe.d/x.conf").symlink_to("/nowhere")
    assert modprobe_files(str(tmp_path)) == []


def test_dev_null_masks_a_file(tmp_path: Path) -> None:
    write(tmp_path, "lib/modprobe.d/x.conf")
    (tmp_path / "etc/modprobe.d").mkdir(parents=True)
    (tmp_path / "etc/modprobe.d/x.conf").symlink_to("/dev/null")
    assert modprobe_files(str(tmp_path)) == [(f"{tmp_path}/etc/modprobe.d/x.conf", "")]


def test_a_pipe_in_a_directory_is_passed_over_but_one_that_was_named_is_read(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    pipe = tmp_path / "d/p.conf"
    os.mkfifo(pipe)
    problems: list[Problem] = []
    assert modprobe_files("", (f"{tmp_path}/d",), problems=problems) == []
    assert problems[0].message == "is not a file"
    writer = threading.Thread(target=pipe.write_text, args=("blacklist a",))
    writer.start()
    assert modprobe_files("", (str(pipe),)) == [(str(pipe), "blacklist a")]
    writer.join()


def test_what_cannot_be_read_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "etc/modprobe.d").mkdir(parents=True)
    (tmp_path / "etc/modprobe.d/loop.conf").symlink_to("loop.conf")
    problems: list[Problem] = []
    assert modprobe_files(str(tmp_path), problems=problems) == []
    assert modprobe_files("", (f"{tmp_path}/nowhere",), problems=problems) == []
    assert [str(p) for p in problems] == [
        f"{tmp_path}/etc/modprobe.d/loop.conf: cannot be read: Too many levels of symbolic links",
        f"{tmp_path}/nowhere: cannot be read: No such file or directory",
    ]


def test_bytes_and_line_ends_come_through(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"a\r\n\xff\0\n")
    assert modprobe_files("", (f"{tmp_path}/x",))[0][1] == "a\r\n\udcff\0\n"


def test_depmod_has_its_own_directories(tmp_path: Path) -> None:
    write(tmp_path, "etc/modprobe.d/x.conf", "usr/lib/depmod.d/x.conf", "run/depmod.d/a.conf")
    assert names(depmod_files(str(tmp_path)), tmp_path) == ["run/depmod.d/a.conf", "usr/lib/depmod.d/x.conf"]
    assert names(depmod_files(paths=(f"{tmp_path}/run/depmod.d",)), tmp_path) == ["run/depmod.d/a.conf"]


def test_a_device_without_an_end_is_told_of() -> None:
    problems: list[Problem] = []
    assert modprobe_files("", ("/dev/zero", "/dev/null"), problems=problems) == [("/dev/null", "")]
    assert [str(p) for p in problems] == ["/dev/zero: cannot be read: File too large"]


def test_modules_to_load_and_files_that_nobody_reads(tmp_path: Path) -> None:
    for path in ("etc/modules-load.d/b.conf", "lib/modules-load.d/b.conf", "usr/lib/modules-load.d/a.conf"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    (tmp_path / "etc/modules").write_text("x")
    found = [path.removeprefix(str(tmp_path)) for path, _ in load_files(str(tmp_path))]
    assert found == ["/usr/lib/modules-load.d/a.conf", "/etc/modules-load.d/b.conf", "/etc/modules"]
    (tmp_path / "etc/modules-load.d/modules.conf").symlink_to("../modules")
    assert [path.rpartition("/")[2] for path, _ in load_files(str(tmp_path))] == ["a.conf", "b.conf", "modules.conf"]
    for name in ("x", "x.conf.bak", "x.conf~", ".x", "README", "x.conf.dpkg-dist", "y.cfg"):
        (tmp_path / "etc/modules-load.d" / name).write_text("")
    (tmp_path / "etc/modules.conf").write_text("")
    assert [path.removeprefix(str(tmp_path)) for path in files_not_read(str(tmp_path))] == [
        *("/etc/modules-load.d/x", "/etc/modules-load.d/y.cfg", "/etc/modules.conf"),
    ]
