"""rmmod on a world that speaks 2.4."""

from __future__ import annotations

from lkm.kernel.sim import rules24
from lkm.kernel.sim.kernel24 import Kernel24
from tests.unit.cli.test_insmod24 import Desk, desk

__all__ = ["desk"]


def names() -> list[str]:
    return [module.name for module in Kernel24("w").modules24()]


def use(name: str, *, release: bool = True) -> None:
    kernel = Kernel24("w")
    kernel._flags(rules24.use(kernel.modules24(), name))
    if release:
        kernel._flags(rules24.release(kernel.modules24(), name))


def test_refusals_are_explained(desk: Desk) -> None:
    desk("insmod fat.o"), desk("insmod msdos.o")
    assert desk("rmmod fat") == 1
    assert desk.err == (
        "fat: Device or resource busy\n  why: msdos refer to its symbols. Remove them first: rmmod msdos fat\n"
    )
    use("msdos", release=False)
    assert desk("rmmod msdos") == 1
    assert "  why: its use count is 1: " in desk.err
    assert desk("rmmod nothing") == 1
    assert desk.err.startswith("rmmod: module nothing is not loaded\n")
    assert desk("rmmod") == 1
    assert names() == ["msdos", "fat"]


def test_a_stack(desk: Desk) -> None:
    desk("insmod fat.o"), desk("insmod msdos.o")
    assert desk("rmmod -r -v msdos") == 0
    assert desk.err == "removed msdos\nremoved fat\n"
    assert names() == []


def test_a_sweep_takes_two_and_spares_the_unused(desk: Desk) -> None:
    desk("insmod -k fat.o"), desk("insmod --autoclean msdos.o"), desk("insmod -k serial.o")
    use("msdos")
    assert [desk("rmmod -a"), names()] == [0, ["serial", "msdos", "fat"]]
    assert [desk("rmmod --all -v"), desk.err, names()] == [0, "removed msdos\nremoved fat\n", ["serial"]]


def test_a_cleanup_that_hangs(desk: Desk) -> None:
    desk("insmod mydriver.o")
    assert desk("sim fault mydriver hang-exit") == 0
    assert desk("rmmod mydriver") == 1
    assert desk("rmmod mydriver") == 1
    assert "why: it is being removed already" in desk.err
    assert desk("lsmod") == 0
    assert desk.out.endswith("mydriver                8154   0 (deleted)\n")
