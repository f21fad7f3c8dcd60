from __future__ import annotations

import errno
from pathlib import Path
from typing import ClassVar

import pytest

from lkm.cli import failure, rmmod
from lkm.cli.main import main
from lkm.errors import MachineError
from lkm.kernel.interface import Done, Outcome, Refused
from lkm.manager.explainer import Told
from lkm.names import ModuleName
from lkm.state.nouns import KernelState, LoadedModule


class FakeKernel:
    """Holds msdos, which uses fat, and dummy; removes what it is asked to."""

    removed: ClassVar[list[tuple[str, bool]]] = []
    answers: ClassVar[dict[str, int]] = {}

    def state(self) -> KernelState:
        gone = {name for name, _ in self.removed}
        held = () if "msdos" in gone else (ModuleName("msdos"),)
        modules = [LoadedModule(ModuleName(name), 1, 0) for name in ("dummy", "msdos") if name not in gone]
        return KernelState((*modules, LoadedModule(ModuleName("fat"), 1, len(held), held)))

    def holders(self, name: str) -> tuple[str, ...]:
        return ("msdos",) if name == "fat" else ()

    def unload(self, name: str, *, force: bool = False) -> Outcome:
        if number := self.answers.get(name):
            return Refused("delete_module", number)
        self.removed.append((name, force))
        return Done("delete_module")


class FakeExplainer:
    """Says of what it was asked."""

    def __init__(self, *_: object, incident: str, verbose: bool, arguments: tuple[str, ...]) -> None:
        self.incident = incident
        self.verbose = verbose

    def removal(self, refused: Refused, name: str) -> Told:
        answer = f"{refused.call} {refused.errno}" if refused.call else "foreseen"
        return Told((f"why {name}: {answer}", "verbosely" if self.verbose else ""))

    def keep(self, word: str, said: str, told: Told) -> str:
        return f"{word} in {self.incident}" if self.incident else ""


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> type[FakeKernel]:
    class Fake(FakeKernel):
        removed: ClassVar[list[tuple[str, bool]]] = []
        answers: ClassVar[dict[str, int]] = {}

    monkeypatch.setattr(rmmod, "LinuxKernel", Fake)
    monkeypatch.setattr(rmmod, "_is_builtin", lambda _, name: name == "vt")
    monkeypatch.setattr(failure, "Explainer", FakeExplainer)
    return Fake


def test_in_the_order_given_and_on_after_a_failure(
    kernel: type[FakeKernel], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rmmod", "fat", "msdos", "no-such", "vt", "fat"]) == 1
    assert kernel.removed == [("msdos", False), ("fat", False)]
    err = capsys.readouterr().err.splitlines()
    assert [line for line in err if not line.startswith(" ")] == [
        "rmmod: ERROR: Module fat is in use by: msdos",
        "rmmod: ERROR: Module no_such is not currently loaded",
        "rmmod: ERROR: Module vt is builtin.",
    ]


def test_force_asks_the_kernel_at_once(kernel: type[FakeKernel]) -> None:
    assert main(["rmmod", "-f", "fat"]) == 0
    assert kernel.removed == [("fat", True)]


def test_refusal(kernel: type[FakeKernel], capsys: pytest.CaptureFixture[str]) -> None:
    kernel.answers["dummy"] = errno.EBUSY
    assert main(["rmmod", "dummy"]) == 1
    line = "rmmod: ERROR: could not remove module dummy: Device or resource busy\n"
    assert capsys.readouterr().err == line + "  why dummy: delete_module 16\n"
    assert main(["rmmod", "-v", "--incident", "f", "dummy"]) == 1
    assert capsys.readouterr().err == line + "  why dummy: delete_module 16\n  verbosely\n  dummy in f\n"
    assert main(["rmmod", "--classic", "dummy"]) == main(["rmmod", "-q", "dummy"]) == 1
    assert capsys.readouterr().err == line
    assert main(["rmmod", "fat"]) == 1
    assert capsys.readouterr().err == "rmmod: ERROR: Module fat is in use by: msdos\n  why fat: foreseen\n"


def test_files_name_their_module_but_folders_do_not_hide_one(
    kernel: type[FakeKernel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dummy").mkdir()
    (tmp_path / "msdos.ko.xz").write_text("")
    monkeypatch.chdir(tmp_path)
    assert main(["rmmod", "dummy", "msdos.ko.xz"]) == 0
    assert [name for name, _ in kernel.removed] == ["dummy", "msdos"]


def test_kernel_without_modules(
    kernel: type[FakeKernel], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def state(self: FakeKernel) -> KernelState:
        raise MachineError("no modules here", hint="use `lkm lab run`")

    monkeypatch.setattr(kernel, "state", state)
    assert main(["rmmod", "fat"]) == 1
    assert "no modules here\n  use `lkm lab run`\n" in capsys.readouterr().err


def test_no_names(kernel: type[FakeKernel], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rmmod"]) == 1
    assert capsys.readouterr().err == "rmmod: ERROR: missing module name.\n"


def test_a_name_ends_at_its_first_dot(kernel: type[FakeKernel]) -> None:
    assert main(["rmmod", "msdos.ko", "fat.ko.xz"]) == 0
    assert kernel.removed == [("msdos", False), ("fat", False)]
