from __future__ import annotations

import errno
from typing import ClassVar

import pytest

from lkm.cli import evidence, insmod
from lkm.cli.main import main
from lkm.kernel.interface import Done, Outcome, Refused


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
    monkeypatch.setattr(evidence, "explain", lambda *_, verbose: ("because", "verbosely" if verbose else ""))
    return Fake


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
    kernel.outcome = Refused("open", errno.ENOENT)
    assert main(["insmod", "x.ko"]) == 1
    assert "could not load module x.ko: No such file or directory\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "missing filename."),
        (["-"], "does not support loading from stdin!"),
        (["-q", "x"], "invalid option -- 'q'"),
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
