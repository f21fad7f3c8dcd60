"""`lkm tools`, by really running it and the links that it makes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lkm.cli import tools
from lkm.cli.main import CLASSIC
from lkm.errors import NotFound

LKM = Path(sys.executable).with_name("lkm")


def run(*command: str | Path, path: str = "/usr/bin:/bin") -> tuple[int, str, str]:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, env={"PATH": path})
    return done.returncode, done.stdout, done.stderr


def test_the_links_are_the_tools(tmp_path: Path) -> None:
    target = tmp_path / "new/bin"
    status, said, errors = run(LKM, "tools", target)
    assert (status, errors) == (0, "")
    assert said == (
        f"made in {target}, as links to {LKM.resolve()}: depmod insmod lsmod modinfo modprobe rmmod\n"
        f'{target} is not on your PATH. To have it there in this shell: PATH="{target}:$PATH"\n'
    )
    assert sorted(os.listdir(target)) == sorted(CLASSIC)
    for name in CLASSIC:
        status, said, errors = run(target / name, "--help")
        assert (status, errors) == (0, "")
        assert said.startswith(f"usage: {name} ")
        assert run(name, "--version", path=f"{target}:/usr/bin") == run(LKM, name, "-V")


def test_run_again_it_changes_nothing(tmp_path: Path) -> None:
    run(LKM, "tools", tmp_path)
    before = {name: os.lstat(tmp_path / name).st_ino for name in CLASSIC}
    status, said, _ = run(LKM, "tools", tmp_path, path=f"/bin:{tmp_path}/")
    assert status == 0
    assert (
        said == f"all six links were there\n{tmp_path} is on your PATH: the first of each name there is what runs.\n"
    )
    assert {name: os.lstat(tmp_path / name).st_ino for name in CLASSIC} == before


@pytest.mark.parametrize("kind", ["file", "link", "dangling"])
def test_what_it_did_not_make_stays_unless_forced(tmp_path: Path, kind: str) -> None:
    rmmod = tmp_path / "rmmod"
    if kind == "file":
        rmmod.write_text("mine")
    else:
        rmmod.symlink_to("/bin/true" if kind == "link" else "/nowhere")
    was = os.lstat(rmmod)
    status, said, errors = run(LKM, "tools", tmp_path)
    assert (status, said) == (1, "")
    assert errors == (
        f"lkm tools: {tmp_path}: not made by lkm tools: rmmod; nothing was changed\n"
        "  choose another directory, or replace them with --force\n"
    )
    assert os.listdir(tmp_path) == ["rmmod"] and os.lstat(rmmod).st_ino == was.st_ino
    assert run(LKM, "tools", "--force", tmp_path)[0] == 0
    assert rmmod.resolve() == LKM.resolve()
    assert sorted(os.listdir(tmp_path)) == sorted(CLASSIC)


def test_a_directory_stays_even_if_forced(tmp_path: Path) -> None:
    (tmp_path / "lsmod").mkdir()
    status, _, errors = run(LKM, "tools", "-f", tmp_path)
    assert status == 1
    assert errors == (
        f"lkm tools: {tmp_path}: not made by lkm tools: lsmod; nothing was changed\n  choose another directory\n"
    )


def test_errors_are_clear(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    assert run(LKM, "tools") == (1, "", "lkm tools: name one directory\n  for example: lkm tools ~/bin\n")
    assert run(LKM, "tools", "a", "b")[0] == 1
    assert run(LKM, "tools", "-x") == (1, "", "lkm tools: invalid option -- 'x'\n")
    assert run(LKM, "tools", tmp_path / "f") == (1, "", f"lkm tools: {tmp_path}/f: is not a directory\n")
    assert run(LKM, "tools", "/proc/x") == (1, "", "lkm tools: /proc/x: No such file or directory\n")


def test_a_link_to_lkm_makes_links_to_lkm_itself(tmp_path: Path) -> None:
    (tmp_path / "lkm").symlink_to(LKM)
    assert run(tmp_path / "lkm", "tools", tmp_path / "bin")[0] == 0
    assert os.readlink(tmp_path / "bin/lsmod") == str(LKM.resolve())


def test_without_a_launcher_it_says_how_to_have_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["script.py"])
    assert tools.launcher() == str(LKM)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(NotFound, match="cannot be found") as caught:
        tools.launcher()
    assert "started as script.py" in caught.value.hint
