"""The history on disk: nothing is lost or mixed, whoever writes, is killed, or runs out of room."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lkm.autoload.history import line
from lkm.autoload.nouns import ALLOW, KERNEL, Entry, Outcome, Request, Verdict
from lkm.errors import MachineError
from lkm.kernel.linux import LinuxKernel
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.world import World
from lkm.origin import Problem
from lkm.system import history
from lkm.system.history import Follower, History, path_of

WRITER = """
import os, sys
from lkm.autoload.nouns import *
from lkm.system.history import History
history, name = History(sys.argv[1], limit=int(sys.argv[3]), keep=1000), sys.argv[2]
for number in range(int(sys.argv[4])):
    history.append(Entry(Request(f"{name}-{number}", KERNEL, 0.0), Verdict(ALLOW, "x" * (number * 7 % 300))))
    os.write(1, b"%d\\n" % number)
"""


def entry(alias: str) -> Entry:
    return Entry(Request(alias, KERNEL, 1.5), Verdict(ALLOW), Outcome(0, "done", (alias,)))


def aliases(path: Path, keep: int = history.KEEP) -> tuple[list[str], list[Problem]]:
    problems: list[Problem] = []
    return [e.request.alias for e in History(str(path), keep=keep).read(problems.append)], problems


def writer(path: Path, name: str, limit: int = 1 << 20, count: int = 10**6) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(limit), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_what_is_added_is_there(tmp_path: Path) -> None:
    path = tmp_path / "new/dir/history.jsonl"
    for alias in ("a", "b"):
        History(str(path)).append(entry(alias))
    assert path.read_text() == line(entry("a")) + "\n" + line(entry("b")) + "\n"
    assert list(History(str(path)).read()) == [entry("a"), entry("b")]
    assert path.stat().st_mode & 0o777 == 0o600


def test_where_it_is_is_told_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LKM_HISTORY", raising=False)
    assert History().path == "/var/lib/lkm/history.jsonl"
    monkeypatch.setenv("LKM_HISTORY", "/x")
    assert (History().path, History("/y").path) == ("/x", "/y")


@pytest.mark.parametrize("torn", [b'{"at": 1.', b"\0\0\0", line(entry("lost")).encode()])
def test_a_torn_line_is_told_of_and_spoils_no_other(torn: bytes, tmp_path: Path) -> None:
    path = tmp_path / "history"
    History(str(path)).append(entry("a"))
    with path.open("ab") as file:
        file.write(torn)
    found, (problem,) = aliases(path)
    assert found == ["a"]
    assert (problem.origin.line, problem.hint) == (2, "the next writer gives it its end")
    History(str(path)).append(entry("b"))
    found, problems = aliases(path)
    assert [alias for alias in found if alias != "lost"] == ["a", "b"]
    assert len(problems) == (b"lost" not in torn)


def test_a_full_disk_is_an_error_and_a_torn_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history"
    write = os.write
    with monkeypatch.context() as patch, pytest.raises(MachineError, match="No space left"):
        patch.setattr(os, "write", lambda fd, data: write(fd, data[:10]))
        History(str(path)).append(entry("a"))
    History(str(path)).append(entry("b"))
    found, problems = aliases(path)
    assert found == ["b"] and [p.origin.line for p in problems] == [1]


def test_a_file_that_has_grown_is_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "history"
    size = len(line(entry("0"))) + 1
    for number in range(9):
        History(str(path), limit=2 * size, keep=3).append(entry(str(number)))
    assert aliases(path)[0] == ["2", "3", "4", "5", "6", "7", "8"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["history", "history.1", "history.2", "history.3"]
    (tmp_path / "history.2").unlink()  # as when a writer was killed between two renames
    for number in (9, 10):
        History(str(path), limit=2 * size, keep=3).append(entry(str(number)))
    assert aliases(path)[0] == ["2", "3", "6", "7", "8", "9", "10"]


def test_no_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "history").symlink_to(tmp_path / "other")
    (tmp_path / "other").write_text("")
    with pytest.raises(MachineError):
        History(str(tmp_path / "history")).append(entry("a"))
    assert (tmp_path / "other").read_text() == ""


def test_many_writers_lose_and_mix_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history"
    writers = [writer(path, name, 2000, 60) for name in "abc"]
    assert [w.communicate() and w.returncode for w in writers] == [0, 0, 0]
    found, problems = aliases(path, keep=1000)
    assert not problems
    for name in "abc":
        assert [alias for alias in found if alias[0] == name] == [f"{name}-{number}" for number in range(60)]
    assert (tmp_path / "history.5").exists()


def kill_at_random(tmp_path: Path, rounds: int, seed: int, limit: int) -> None:
    """Kill one of two writers again and again; what a writer has said to have added is there, once and whole."""
    path = tmp_path / "history"
    draw = random.Random(seed)
    told: dict[str, int] = {}
    steady = writer(path, "steady", limit)
    for number in range(rounds):
        victim = writer(path, f"v{number}", limit)
        assert victim.stdout
        victim.stdout.readline()
        time.sleep(draw.random() / 30)
        victim.send_signal(signal.SIGKILL)
        told[f"v{number}"] = 1 + len(victim.stdout.read().split())
        victim.wait()
        victim.stdout.close()
    steady.send_signal(signal.SIGKILL)
    told["steady"] = len(steady.communicate()[0].split())
    found, problems = aliases(path, keep=1000)
    assert not problems  # a single write is not cut by a kill
    for name, count in told.items():
        mine = [int(alias.rpartition("-")[2]) for alias in found if alias.startswith(f"{name}-")]
        assert mine == list(range(len(mine)))
        assert count <= len(mine) <= count + 1, name  # one may be added and not told of


def test_killed_writers_lose_and_mix_nothing(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 8, 1, 3000)


@pytest.mark.sweep
def test_killed_writers_lose_and_mix_nothing_for_long(tmp_path: Path) -> None:
    # Of files so small as in the short test so many would come together that the oldest go.
    kill_at_random(tmp_path, 300, random.randrange(1 << 30), 200_000)


def test_followers_see_what_comes_over_rotations(tmp_path: Path) -> None:
    path = tmp_path / "history"
    target = History(str(path), limit=300, keep=100)
    target.append(entry("before"))
    count = iter(range(100))

    def more() -> None:
        number = next(count)
        for part in "xy":
            target.append(entry(f"{number}{part}"))

    seen = []
    for one in History(str(path)).follow(more, lambda problem: pytest.fail(str(problem))):
        seen.append(one.request.alias)
        if len(seen) == 12:
            break
    assert seen == ["before", *[f"{number}{part}" for number in range(6) for part in "xy"]][:12]
    assert (tmp_path / "history.3").exists()


def test_a_follower_waits_for_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    target = History(str(tmp_path / "history"))
    follower = target.follow(lambda: target.append(entry("first")), lambda problem: pytest.fail(str(problem)))
    assert next(follower).request.alias == "first"


def looked(follower: Follower) -> list[str]:
    return [one.request.alias for one in follower.look()]


def test_who_looks_from_now_on_sees_what_comes_over_rotations_and_torn_lines(tmp_path: Path) -> None:
    path = tmp_path / "history"
    target = History(str(path), limit=400, keep=100)
    target.append(entry("before"))
    with path.open("a") as file:
        file.write('{"at": 1')
    problems: list[Problem] = []
    follower = Follower(target, problems.append, past=False)
    assert looked(follower) == looked(follower) == []
    target.append(entry("a"))
    assert looked(follower) == ["a"]
    assert len(problems) == 1 and "torn" in problems[0].message
    for number in range(3):
        target.append(entry(f"{number}x"), entry(f"{number}y"))
        assert looked(follower) == [f"{number}x", f"{number}y"]
    assert (tmp_path / "history.2").exists()


def test_a_file_that_comes_later_is_new_and_one_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "new/history"
    follower = Follower(History(str(path)), lambda problem: pytest.fail(str(problem)), past=False)
    assert looked(follower) == []
    History(str(path)).append(entry("first"))
    assert looked(follower) == ["first"]
    path.unlink()
    path.symlink_to(path)  # a loop: root may read all else
    for _ in range(2):
        with pytest.raises(MachineError, match="symbolic links"):
            looked(follower)
    path.unlink()
    History(str(path)).append(entry("second"))
    assert looked(follower) == ["second"]


def test_the_last_request_that_inserted_a_module(tmp_path: Path) -> None:
    target = History(str(tmp_path / "history"), limit=200)
    first = Entry(Request("fs-a", KERNEL, 7.0), Verdict(ALLOW), Outcome(0, "done", ("b", "a")))
    for one in (entry("a"), first, Entry(Request("a", KERNEL, 9.0), Verdict(ALLOW), Outcome(0, "done")), entry("c")):
        target.append(one)
    assert (tmp_path / "history.2").exists()
    assert target.last_for("a", 0.0) == target.last_for("b", 7.0) == first
    assert (
        target.last_for("a", 7.5) is target.last_for("x", 0.0) is History(f"{tmp_path}/no").last_for("a", 0) is None
    )


def test_a_simulated_kernel_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LKM_HISTORY", raising=False)
    World.create(f"{tmp_path}/w", {"release": "6.1.0", "tree": str(tmp_path)}, []).close()
    kernel = SimulatedKernel(f"{tmp_path}/w")
    assert (path_of(kernel), path_of(LinuxKernel())) == (f"{tmp_path}/w.history.jsonl", history.PLACE)
    monkeypatch.setenv("LKM_HISTORY", "/x")
    assert path_of(kernel) == path_of(LinuxKernel()) == "/x"
