"""The simulated kernel: modules in and out, what that leaves, and the tools on it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from lkm.cli import insmod, lsmod, rmmod
from lkm.kernel.interface import Done, Refused
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.world import World
from tests.unit.kernel.sim.test_world import make


@pytest.fixture
def kernel(tmp_path: Path) -> SimulatedKernel:
    return SimulatedKernel(str(make(tmp_path)))


def test_a_stack_goes_in_and_out(kernel: SimulatedKernel, tmp_path: Path) -> None:
    missing = kernel.load(str(tmp_path / "high.ko"))
    assert isinstance(missing, Refused)
    assert (missing.errno, missing.log[0].text) == (errno.ENOENT, "high: Unknown symbol f (err -2)")
    for name in ("low", "high"):
        assert isinstance(kernel.load(str(tmp_path / f"{name}.ko")), Done)
    low = kernel.state().find("low")
    assert low is not None
    assert (low.refcount, low.holders) == (1, ("high",))
    assert [m.name for m in kernel.state().modules] == ["high", "low"]
    assert kernel.load(str(tmp_path / "low.ko")) == Refused("finit_module", errno.EEXIST)
    assert kernel.unload("low") == Refused("delete_module", errno.EAGAIN)
    assert isinstance(kernel.unload("high"), Done)
    assert isinstance(kernel.unload("low"), Done)
    assert kernel.unload("low") == Refused("delete_module", errno.ENOENT)
    assert kernel.world.check() == ()


def test_an_init_that_fails_and_one_that_hangs(kernel: SimulatedKernel, tmp_path: Path) -> None:
    kernel.world.db.execute("INSERT INTO faults VALUES('low', 'init', ?)", (str(errno.ENODEV),))
    assert kernel.load(str(tmp_path / "low.ko")) == Refused("finit_module", errno.ENODEV)
    kernel.world.db.execute("UPDATE faults SET kind = 'hang'")
    kernel.load(str(tmp_path / "low.ko"))
    assert kernel.initstate("low") == "coming"
    assert kernel.unload("low") == Refused("delete_module", errno.EBUSY)


def test_the_tools_work_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LKM_KERNEL", f"sim:{make(tmp_path)}")
    assert insmod.main(["insmod", str(tmp_path / "low.ko")]) == 0
    assert lsmod.main(["lsmod"]) == 0
    assert "low" in capfd.readouterr().out
    assert rmmod.main(["rmmod", "low"]) == 0
    assert SimulatedKernel(str(tmp_path / "w")).state().modules == ()


def test_a_policy_stops_everything(tmp_path: Path) -> None:
    make(tmp_path)
    world = World(str(tmp_path / "w"))
    world.set_meta("modules_disabled", "1")
    world.close()
    assert SimulatedKernel(str(tmp_path / "w")).load(str(tmp_path / "low.ko")) == Refused("finit_module", errno.EPERM)
