from __future__ import annotations

import errno
from pathlib import Path
from typing import ClassVar

import pytest

from lkm.cli import depmod, failure, insmod, rmmod
from lkm.cli.main import main
from lkm.kernel.interface import Done, Outcome, Refused
from lkm.kernel.sim.world import World
from lkm.manager.explainer import Told
from tests.support.elfwriter import build_module


class FakeKernel:
    """Answers as told, and notes what it was asked to load."""

    asked: ClassVar[list[tuple[str, str, int]]] = []
    outcome: Outcome = Done("finit_module")

    def load(self, path: str, parameters: str = "", flags: int = 0) -> Outcome:
        self.asked.append((path, parameters, flags))
        return self.outcome


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> type[FakeKernel]:
    class Fake(FakeKernel):
        asked: ClassVar[list[tuple[str, str, int]]] = []

    monkeypatch.setattr(insmod, "LinuxKernel", Fake)
    monkeypatch.setattr(failure, "Explainer", FakeExplainer)
    return Fake


class FakeExplainer:
    """Says that it explains, and to which file it would write."""

    def __init__(self, *_: object, incident: str, verbose: bool, arguments: tuple[str, ...]) -> None:
        self.incident = incident
        self.verbose = verbose
        self.arguments = arguments

    def load(self, refused: Refused, path: str, parameters: str) -> Told:
        assert (path, *parameters.split()) == self.arguments
        return Told(("because", "verbosely" if self.verbose else ""))

    def keep(self, word: str, said: str, told: Told) -> str:
        return f"{word} in {self.incident}" if self.incident else ""


def test_parameters_are_joined_by_spaces_and_flags_passed(kernel: type[FakeKernel]) -> None:
    assert main(["insmod", "x.ko", "a=1", "b=2 3"]) == 0
    assert main(["lkm", "insmod", "--force-vermagic", "x.ko"]) == 0
    assert main(["insmod", "--force-modv", "x.ko"]) == 0
    assert main(["insmod", "-f", "--", "x.ko", "-x"]) == 0
    assert kernel.asked == [("x.ko", "a=1 b=2 3", 0), ("x.ko", "", 2), ("x.ko", "", 1), ("x.ko", "-x", 3)]


def test_refusal_is_kmods_line_then_ours(kernel: type[FakeKernel], capsys: pytest.CaptureFixture[str]) -> None:
    kernel.outcome = Refused("finit_module", errno.ENOENT)
    assert main(["insmod", "x.ko"]) == 1
    line = "insmod: ERROR: could not insert module x.ko: Unknown symbol in module\n  because\n"
    assert capsys.readouterr().err == line
    assert main(["insmod", "-v", "x.ko"]) == 1
    assert capsys.readouterr().err == line + "  verbosely\n"
    assert main(["insmod", "--classic", "x.ko"]) == 1
    assert capsys.readouterr().err == line.removesuffix("  because\n")
    assert main(["insmod", "--classic", "--incident", "f", "x.ko"]) == 1
    assert capsys.readouterr().err == line.removesuffix("  because\n")
    assert main(["insmod", "--incident=f", "x.ko", "a=1", "b"]) == 1
    assert capsys.readouterr().err == line + "  x.ko in f\n"
    assert main(["insmod", "-q", "x.ko"]) == 1
    assert capsys.readouterr().err == ""
    kernel.outcome = Refused("open", errno.ENOENT)
    assert main(["insmod", "x.ko"]) == 1
    assert "could not load module x.ko: No such file or directory\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "missing filename."),
        (["-"], "does not support loading from stdin!"),
        (["-x", "x"], "invalid option -- 'x'"),
    ],
)
def test_wrong_use(
    kernel: type[FakeKernel], capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["insmod", *arguments]) == 1
    assert words in capsys.readouterr().err and not kernel.asked


def test_help_and_version(kernel: type[FakeKernel], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["insmod", "--help"]) == 0 and main(["insmod", "-V"]) == 0
    out = capsys.readouterr().out
    assert "--force-vermagic" in out and "lkm version" in out and not kernel.asked


def test_what_is_said_is_about_the_simulated_kernel_and_not_the_machine(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another release, another machine, its own built-in modules, and who may load."""
    place = root / "lib/modules/9.9"
    place.mkdir()
    (place / "modules.builtin").write_text("kernel/fs/only_there.ko\n")
    (place / "low.ko").write_bytes(build_module("low", modinfo=[("license", "GPL"), ("vermagic", "9.9 ")]))
    assert depmod.main(["depmod", "-b", str(root), "9.9"]) == 0
    capsys.readouterr()
    meta = {"release": "9.9", "vermagic": "9.9 ", "tree": str(root), "machine": "183", "cap_sys_module": "0"}
    World.create(f"{tmp_path}/w", meta).close()
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w")
    assert rmmod.main(["rmmod", "only_there"]) == 1
    assert "Module only_there is builtin." in capsys.readouterr().err
    assert insmod.main(["insmod", str(place / "low.ko")]) == 1
    assert " [not-allowed]\n" in capsys.readouterr().err
    World(f"{tmp_path}/w").set_meta("cap_sys_module", "1")
    assert insmod.main(["insmod", str(place / "low.ko")]) == 1
    assert "it is made for x86_64; this kernel runs on aarch64" in capsys.readouterr().err
