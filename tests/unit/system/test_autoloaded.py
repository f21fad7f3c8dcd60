from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from lkm.autoload.marks import Marks
from lkm.autoload.nouns import KERNEL, Request
from lkm.errors import MachineError
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.world import World
from lkm.system.autoloaded import PATH, VARIABLE, Store, path_of

REQUEST = Request("fs-vfat", KERNEL, 0.0)


@pytest.fixture
def kernel(tmp_path: Path) -> SimulatedKernel:
    path = str(tmp_path / "w")
    World.create(path, {"release": "6.1.0", "tree": str(tmp_path)}, []).close()
    return SimulatedKernel(path)


def put(kernel: SimulatedKernel, *names: str) -> None:
    with kernel.world.change():
        for name in names:
            kernel.world.db.execute("INSERT INTO modules(name, size) VALUES(?, 1)", (name,))


def take(kernel: SimulatedKernel, name: str) -> None:
    with kernel.world.change():
        kernel.world.db.execute("DELETE FROM modules WHERE name = ?", (name,))


def test_the_state_is_beside_a_simulated_kernel_unless_named(
    kernel: SimulatedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lkm.kernel.linux import LinuxKernel

    assert path_of(kernel) == f"{kernel.world.path}.autoloaded.json"
    assert path_of(LinuxKernel()) == PATH
    monkeypatch.setenv(VARIABLE, "/x/y")
    assert path_of(kernel) == path_of(LinuxKernel()) == "/x/y"


def test_marks_survive_and_lost_ones_are_noticed(kernel: SimulatedKernel) -> None:
    put(kernel, "fat", "vfat", "loop")
    Store(kernel).mark(("fat", "vfat", "loop"), REQUEST)
    take(kernel, "loop")
    take(kernel, "fat")
    put(kernel, "fat")
    marks, lost = Store(kernel).read()
    assert [(mark.module, mark.alias) for mark in marks.marks] == [("vfat", "fs-vfat")]
    assert [(one.mark.module, one.why) for one in lost] == [("fat", "replaced"), ("loop", "gone")]
    Store(kernel).mark(("fat",), REQUEST)
    assert Store(kernel).read()[1] == ()


def test_after_a_reboot_nothing_is_marked(kernel: SimulatedKernel, monkeypatch: pytest.MonkeyPatch) -> None:
    put(kernel, "fat")
    Store(kernel).mark(("fat",), REQUEST)
    monkeypatch.setattr(SimulatedKernel, "boot", lambda self: "another")
    marks, lost = Store(kernel).read()
    assert marks == Marks("another")
    assert lost[0].why == "rebooted"


def test_a_mark_is_not_made_twice(kernel: SimulatedKernel) -> None:
    put(kernel, "fat")
    Store(kernel).mark(("fat",), REQUEST)
    kernel.world.set_meta("clock", "5000000")
    Store(kernel).mark(("fat",), REQUEST._replace(alias="fat"))
    (mark,) = Store(kernel).read()[0].marks
    assert (mark.alias, mark.loaded) == ("fs-vfat", 0.0)


def test_pins_stay_until_they_are_taken_away(kernel: SimulatedKernel) -> None:
    put(kernel, "fat")
    Store(kernel).pin(("fat", "nfsd"), pinned=True)
    assert Store(kernel).read()[0].pins == ("fat", "nfsd")
    Store(kernel).pin(("nfsd",), pinned=False)
    assert Store(kernel).read()[0].pins == ("fat",)


def test_a_broken_file_is_told_of_and_set_aside_by_the_next_change(kernel: SimulatedKernel) -> None:
    put(kernel, "fat")
    store = Store(kernel)
    Path(store.path).write_text('{"version": 1')
    assert store.read() == (Marks("simulated"), ())
    assert [str(p) for p in store.problems] == [
        f"{store.path}: this is no state of the autoloader: no module is marked"
    ]
    store.mark(("fat",), REQUEST)
    assert Path(f"{store.path}.bad").read_text() == '{"version": 1'
    assert "the file is" in store.problems[-1].message
    assert [mark.module for mark in Store(kernel).read()[0].marks] == ["fat"]


def test_what_cannot_be_written_is_an_error_and_leaves_the_old_state(kernel: SimulatedKernel) -> None:
    put(kernel, "fat", "vfat")
    store = Store(kernel)
    store.mark(("fat",), REQUEST)
    before = Path(store.path).read_text()
    Path(f"{store.path}.new").mkdir()
    with pytest.raises(MachineError) as caught:
        store.mark(("vfat",), REQUEST)
    assert caught.value.where == store.path
    assert Path(store.path).read_text() == before


def test_where_nobody_may_write_the_cure_is_told(kernel: SimulatedKernel, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError) as caught:
        Store(kernel, f"{tmp_path}/file/state").mark(("fat",), REQUEST)
    assert (caught.value.where, "LKM_STATE" in caught.value.hint) == (f"{tmp_path}/file", True)


def _marks(path: str, names: list[str]) -> None:
    kernel = SimulatedKernel(path)
    for name in names:
        Store(kernel).mark((name,), REQUEST)


def test_many_at_once_lose_no_mark(kernel: SimulatedKernel) -> None:
    names = [f"m{at}" for at in range(24)]
    put(kernel, *names)
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_marks, args=(kernel.world.path, names[at::4])) for at in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert len(json.loads(Path(Store(kernel).path).read_text())["modules"]) == 24
