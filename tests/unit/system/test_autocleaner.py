"""Sweeps on a simulated kernel: what is removed, by which means, and what is kept of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.autoload.nouns import KERNEL, Request
from lkm.config.autoclean import AutocleanSettings, assemble_autoclean
from lkm.config.settings import assemble
from lkm.kernel.interface import Outcome, Refused
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.world import World
from lkm.plan.resolve import World as Plans
from lkm.system.autocleaner import Cleaner, Swept
from lkm.system.autoloaded import Store
from lkm.system.follow import Driver
from tests.support.planning import FakeIndex
from tests.unit.system.test_autoloaded import put

NOW = assemble_autoclean([("a.conf", "idle 0\nunused 0")])


class Kernel(SimulatedKernel):
    """It refuses to remove what is in ``stubborn``."""

    stubborn: tuple[str, ...] = ()

    def unload(self, name: str, *, force: bool = False) -> Outcome:
        return Refused("delete_module", 11) if name in self.stubborn else super().unload(name, force=force)


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    path = str(tmp_path / "w")
    World.create(path, {"release": "6.1.0", "tree": str(tmp_path)}, []).close()
    kernel = Kernel(path)
    put(kernel, "fat", "msdos", "loop")
    with kernel.world.change():
        kernel.world.db.execute("INSERT INTO refs(holder, used) VALUES('msdos', 'fat')")
        kernel.world.db.execute("UPDATE modules SET usecount = 1 WHERE name = 'fat'")
    Store(kernel).mark(("fat", "msdos"), Request("fs-msdos", KERNEL, 0.0))
    return kernel


def sweep(
    kernel: Kernel, conf: str = "", settings: AutocleanSettings = NOW, *, active: bool = True, keep: bool = True
) -> Swept:
    index = FakeIndex({"fat": "", "msdos": "fat", "loop": ""})
    world = Plans("/m", index, assemble([("m.conf", conf)], ""), lambda _: True)
    cleaner = Cleaner(kernel, world, Store(kernel), lambda _: (), Driver(kernel))
    return cleaner.sweep(settings, active=active, keep=keep)


def loaded(kernel: Kernel) -> list[str]:
    return [module.name for module in kernel.state().modules]


def words(swept: Swept) -> dict[str, str]:
    return {opinion.module: opinion.word for opinion in swept.opinions}


def test_a_stack_goes_and_what_was_not_marked_stays(kernel: Kernel) -> None:
    swept = sweep(kernel)
    assert swept.removed == ("msdos", "fat")
    assert loaded(kernel) == ["loop"]
    assert Store(kernel).read() == (swept.marks, ())
    assert swept.marks.marks == ()


def test_a_dependency_that_is_not_marked_stays_though_nothing_needs_it_any_more(kernel: Kernel) -> None:
    Store(kernel).change(lambda marks: marks.without(("fat",)))
    assert sweep(kernel).removed == ("msdos",)
    assert loaded(kernel) == ["loop", "fat"]


def test_a_dry_sweep_removes_nothing_and_keeps_what_it_saw(kernel: Kernel) -> None:
    kernel.world.set_meta("clock", "7000000")
    swept = sweep(kernel, active=False)
    assert swept.removed == ("msdos", "fat")
    assert loaded(kernel) == ["loop", "msdos", "fat"]
    fat = Store(kernel).read()[0].of("fat")
    assert fat is not None
    assert (fat.used_once, fat.holders, fat.last_use) == (True, ("msdos",), 7.0)


def test_a_sweep_that_is_not_to_be_kept_changes_nothing(kernel: Kernel) -> None:
    before = Path(Store(kernel).path).read_bytes()
    sweep(kernel, active=False, keep=False)
    assert Path(Store(kernel).path).read_bytes() == before


def test_where_nothing_is_marked_nothing_is_written(kernel: Kernel) -> None:
    Path(Store(kernel).path).unlink()
    assert sweep(kernel).opinions == ()
    assert not Path(Store(kernel).path).exists()


def test_what_the_kernel_refuses_stays_marked_and_holds_what_it_needs(kernel: Kernel) -> None:
    kernel.stubborn = ("msdos",)
    swept = sweep(kernel)
    assert swept.refused
    assert words(swept) == {"fat": "held", "msdos": "refused"}
    assert swept.opinions[1].detail == "Resource temporarily unavailable"
    assert len(Store(kernel).read()[0].marks) == 2


def test_a_remove_command_is_run_and_told_of_when_it_fails_or_leaves_the_module_in(
    kernel: Kernel, tmp_path: Path
) -> None:
    swept = sweep(kernel, "remove msdos exit 3")
    assert words(swept)["msdos"] == "refused"
    assert swept.opinions[1].detail == "its remove command failed with status 3 (m.conf:1)"
    swept = sweep(kernel, f"remove msdos echo $MODPROBE_MODULE >{tmp_path}/said")
    assert (tmp_path / "said").read_text() == "msdos\n"
    assert swept.opinions[1].detail == "its remove command leaves it in (m.conf:1)"


def test_softdeps_are_left_to_their_own_marks(kernel: Kernel) -> None:
    assert sweep(kernel, "softdep msdos pre: loop post: loop").removed == ("msdos", "fat")
    assert loaded(kernel) == ["loop"]


def test_the_two_passes_are_those_of_two_sweeps(kernel: Kernel) -> None:
    with kernel.world.change():
        kernel.world.db.execute("UPDATE modules SET usecount = 1 WHERE name = 'msdos'")
    assert words(sweep(kernel)) == {"fat": "held", "msdos": "counted"}
    with kernel.world.change():
        kernel.world.db.execute("UPDATE modules SET usecount = 0 WHERE name = 'msdos'")
    assert words(sweep(kernel)) == {"fat": "held", "msdos": "visited"}
    assert sweep(kernel).removed == ("msdos", "fat")


def test_what_was_marked_or_replaced_while_it_swept_is_not_touched(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A remove command may mark: here the first removal does it, of a module that was not there before."""
    remove = Kernel.unload

    def meanwhile(self: Kernel, name: str, *, force: bool = False) -> Outcome:
        if name == "msdos":
            put(kernel, "new")
            Store(kernel).mark(("new", "loop"), Request("x", KERNEL, 0.0))
        return remove(self, name, force=force)

    monkeypatch.setattr(Kernel, "unload", meanwhile)
    assert sweep(kernel).removed == ("msdos", "fat")
    assert [mark.module for mark in Store(kernel).read()[0].marks] == ["loop", "new"]
