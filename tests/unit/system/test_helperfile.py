from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lkm.errors import MachineError, UsageError
from lkm.kernel.helper import ENVIRONMENT
from lkm.system import helperfile


def test_the_helper_is_modprobe_in_the_kernels_environment(tmp_path: Path) -> None:
    path = tmp_path / "new/modprobe"
    helperfile.make(str(path))
    helperfile.make(str(path))  # over its own
    done = subprocess.run([path, "--version"], env=ENVIRONMENT, cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.startswith("lkm version ")
    found = helperfile.look(str(path))
    assert (found.there, found.runs, found.ours) == (True, True, True)
    assert Path(found.python).exists()
    assert [p.name for p in path.parent.iterdir()] == ["modprobe"]


@pytest.mark.parametrize("path", ["modprobe", "/tmp/helper", "/tmp/modprobe/"])
def test_its_path_must_do(path: str) -> None:
    with pytest.raises(UsageError, match="absolute and end in /modprobe"):
        helperfile.make(path)


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "modprobe").write_text("#!/bin/sh\nexec kmod\n")
    with pytest.raises(MachineError, match="not made by lkm helper"):
        helperfile.make(str(tmp_path / "modprobe"))
    assert not helperfile.look(str(tmp_path / "modprobe")).ours
    assert helperfile.look(str(tmp_path / "nothing")) == helperfile.Found(str(tmp_path / "nothing"))


def test_a_link_to_lkm_is_ours(tmp_path: Path) -> None:
    (tmp_path / "lkm").write_text("")
    (tmp_path / "modprobe").symlink_to(tmp_path / "lkm")
    found = helperfile.look(str(tmp_path / "modprobe"))
    assert (found.ours, found.python) == (True, "")


def test_the_path_of_python_must_fit_a_first_line() -> None:
    with pytest.raises(UsageError):
        helperfile.script("/" + "x" * 255, [])
    with pytest.raises(UsageError):
        helperfile.script("/my python", [])


def test_who_else_may_replace_it_is_found(tmp_path: Path) -> None:
    (tmp_path / "modprobe").write_text("")
    (tmp_path / "modprobe").chmod(0o757)
    assert helperfile.look(str(tmp_path / "modprobe")).open_to == str(tmp_path / "modprobe")
    (tmp_path / "modprobe").chmod(0o755)
    tmp_path.chmod(0o777)
    assert helperfile.look(str(tmp_path / "modprobe")).open_to == str(tmp_path)
    assert helperfile.look("/bin/sh").open_to == ""


def test_what_it_runs_must_be_roots_too(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir(mode=0o777)
    (tmp_path / "package").chmod(0o777)
    path = tmp_path / "modprobe"
    path.write_text(helperfile.script("/bin/sh", [str(tmp_path / "package")]))
    assert helperfile.look(str(path)).open_to == str(tmp_path / "package")
    path.write_text(helperfile.script(str(tmp_path / "package"), []))
    assert helperfile.look(str(path)).open_to == str(tmp_path / "package")
    path.write_text(helperfile.script("/bin/sh", []))
    assert helperfile.look(str(path)).open_to in ("", str(tmp_path), str(path))  # of whoever runs this


def test_the_first_setting_is_remembered(tmp_path: Path) -> None:
    memory = str(tmp_path / "new/before")
    assert helperfile.remembered(memory) is None
    helperfile.remember("/a\udcff", memory)
    helperfile.remember("/b", memory)
    assert helperfile.remembered(memory) == "/a\udcff"
    helperfile.remove(memory)
    helperfile.remove(memory)
    assert helperfile.remembered(memory) is None
    helperfile.remember("", memory)
    assert helperfile.remembered(memory) == ""


def test_a_setting_for_each_boot(tmp_path: Path) -> None:
    helperfile.at_boot("/h/modprobe", str(tmp_path / "new/x.conf"))
    assert (tmp_path / "new/x.conf").read_text().endswith("\nkernel.modprobe = /h/modprobe\n")
