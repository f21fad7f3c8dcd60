"""A world's file: made whole, changed whole, and true whatever is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lkm.errors import MachineError
from lkm.kernel.sim.world import World
from tests.support.elfwriter import build_module

CHURN = """
import sys
from lkm.kernel.sim.kernel import SimulatedKernel
kernel = SimulatedKernel(sys.argv[1])
print("ready", flush=True)
for _ in range(int(sys.argv[2])):
    kernel.load(sys.argv[3] + "/low.ko"), kernel.load(sys.argv[3] + "/high.ko")
    kernel.unload("high"), kernel.unload("low")
"""


def make(place: Path) -> Path:
    for name, exports, needs in (("low", ["f"], []), ("high", [], ["f"])):
        info = [("license", "GPL"), ("vermagic", "1 "), ("intree", "Y")]
        (place / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    World.create(str(place / "w"), {"release": "1", "vermagic": "1 "}).close()
    return place / "w"


def churn(world: Path, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHURN, str(world), str(rounds), str(world.parent)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_leave_a_true_world(tmp_path: Path) -> None:
    world = make(tmp_path)
    both = [churn(world, 40) for _ in range(2)]
    assert [(process.communicate()[0], process.returncode) for process in both] == [("ready\n", 0)] * 2
    assert World(str(world)).check() == ()


def test_a_killed_process_leaves_a_true_world(tmp_path: Path) -> None:
    world = make(tmp_path)
    points = random.Random(5)
    for _ in range(200 if os.environ.get("LKM_SWEEP") else 8):
        process = churn(world, 10**6)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(points.random() / 20)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        opened = World(str(world))
        assert opened.check() == ()
        opened.close()


def test_check_tells_what_cannot_be(tmp_path: Path) -> None:
    world = World(str(make(tmp_path)))
    world.db.execute("INSERT INTO refs(holder, used) VALUES('a', 'b')")
    assert world.check() == ("a: holder is not loaded", "b: used module is not loaded")


def test_a_world_is_not_made_twice_nor_read_from_something_else(tmp_path: Path) -> None:
    world = make(tmp_path)
    with pytest.raises(MachineError, match="exists"):
        World.create(str(world), {})
    with pytest.raises(MachineError, match="not a simulated kernel"):
        World(str(tmp_path / "low.ko"))
    with pytest.raises(MachineError, match="no such simulated kernel"):
        World(str(tmp_path / "nowhere"))
    assert sorted(os.listdir(tmp_path)) == ["high.ko", "low.ko", "w"]


def test_a_change_that_raises_is_undone(tmp_path: Path) -> None:
    world = World(str(make(tmp_path)))
    with pytest.raises(ZeroDivisionError), world.change():
        world.set_meta("clock", "7")
        raise ZeroDivisionError
    assert world.meta("clock") == "0"
