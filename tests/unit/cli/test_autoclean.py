"""``lkm autoclean``, ``rmmod --all``, ``modprobe -k`` and ``-r`` without names, on a simulated kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.cli.main import main
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.system import configfiles
from tests.support.trees import uml_modules


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimulatedKernel:
    """Return a simulated kernel that has the lab's modules; the configuration is what ``conf`` writes."""
    root, release = uml_modules()
    path = str(tmp_path / "w")
    assert main(["lkm", "sim", "new", path, "--tree", str(root), "--release", release]) == 0
    monkeypatch.setenv("LKM_KERNEL", f"sim:{path}")
    monkeypatch.setattr(configfiles, "DIRECTORIES", (str(tmp_path / "etc"),))
    (tmp_path / "etc/lkm").mkdir(parents=True)
    return SimulatedKernel(path)


def conf(tmp_path: Path, text: str) -> str:
    file = tmp_path / "autoclean.conf"
    file.write_text(text)
    return str(file)


def loaded(world: SimulatedKernel) -> list[str]:
    return [module.name for module in world.state().modules]


def pass_time(world: SimulatedKernel, seconds: int) -> None:
    world.set_meta = world.world.set_meta("clock", str(int((world.seconds() + seconds) * 1e6)))  # type: ignore[attr-defined]
