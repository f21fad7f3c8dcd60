"""A world's file: made whole, changed whole, and true whatever is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.errors import MachineError
from lkm.kernel.sim import world
from lkm.kernel.sim.world import World
from tests.support.elfwriter import build_module

CHURN = """
import sys, time
from lkm.kernel.interface import Refused
from lkm.kernel.sim.kernel import SimulatedKernel
kernel = SimulatedKernel(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
refused = 0
for _ in range(int(sys.argv[2])):
    calls = [kernel.load(sys.argv[3] + "/low.ko")]
    time.sleep(float(sys.argv[4]))
    calls += [kernel.load(sys.argv[3] + "/high.ko"), kernel.unload("high"), kernel.unload("low")]
    time.sleep(float(sys.argv[4]))  # lets the other one in: who waits for a lock looks for it now and then only
    refused += len([call for call in calls if isinstance(call, Refused)])
print(refused)
"""


def make(place: Path) -> Path:
    for name, exports, needs in (("low", ["f"], []), ("high", [], ["f"])):
        info = [("license", "GPL"), ("vermagic", "1 "), ("intree", "Y")]
        (place / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    World.create(str(place / "w"), {"release": "1", "vermagic": "1 "}).close()
    return place / "w"


def churn(world: Path, rounds: int, pause: float = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHURN, str(world), str(rounds), str(world.parent), str(pause)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_leave_a_true_world(tmp_path: Path, tell: Callable[[str], None]) -> None:
    world = make(tmp_path)
    both = [churn(world, 60, 0.005) for _ in range(2)]
    for process in both:
        started(process)
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    opened = World(str(world))
    assert opened.check() == ()
    refused = sum(map(int, said))
    tell(
        f"2 processes at once: 480 loads and unloads, {refused} refused for what the other did; consistent at the end"
    )
    assert 0 < refused < 480


def started(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("\n")
    process.stdin.flush()


def killed(world: Path, points: int, tell: Callable[[str], None]) -> None:
    """Kill a process that loads and unloads, at random points; after each the world must be one that can be."""
    chance = random.Random(5)
    inside = 0
    states = Counter[int]()
    for _ in range(points):
        process = churn(world, 10**6)
        started(process)
        time.sleep(chance.random() / 20)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        inside += world.with_name(f"{world.name}-journal").exists()
        opened = World(str(world))
        assert opened.check() == ()
        states[opened.db.execute("SELECT COUNT(*) FROM modules").fetchone()[0]] += 1
        opened.close()
    tell(
        f"killed at {points} random points, {inside} of them inside a change: each time the world opens and is"
        f" consistent, with 0, 1, 2 modules loaded {states[0]}, {states[1]}, {states[2]} times"
    )
    assert inside > points // 20


def test_a_killed_process_leaves_a_true_world(tmp_path: Path, tell: Callable[[str], None]) -> None:
    killed(make(tmp_path), 12, tell)


@pytest.mark.sweep
def test_processes_killed_at_200_points_leave_a_true_world(tmp_path: Path, tell: Callable[[str], None]) -> None:
    killed(make(tmp_path), 200, tell)


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


def test_a_change_of_another_process_that_does_not_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "_WAIT", 0.05)
    one, other = (World(str(make(tmp_path))), World(str(tmp_path / "w")))
    with other.change(), pytest.raises(MachineError, match="database is locked") as told, one.change():
        raise AssertionError
    assert "another process" in told.value.hint
    with one.change():
        one.set_meta("clock", "1")
    assert other.meta("clock") == "1"
