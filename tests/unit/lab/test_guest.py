from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path

import pytest

from lkm.lab import guest
from lkm.lab.guest import Machine, Pipes, Relay, run_directory, started


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_relays_until_the_end_and_cleans_up(temporary: Path) -> None:
    with run_directory() as directory, Pipes(("out", "status")) as pipes:
        status = pipes.given["status"]
        script = f"echo out; echo log >&2; sleep 60 & echo 5 >/proc/self/fd/{status}"
        relay = Relay(pipes, {}, time.monotonic() + 20)
        with started(Machine(["sh", "-c", script], {"PATH": "/bin"}, stdout="out"), directory, pipes) as process:
            relay.until_end(process)
            assert guest.kernel_log(directory) == "log\n"
        assert relay.kept == {"out": bytearray(b"out\n"), "status": bytearray(b"5\n")}
    assert os.listdir(temporary) == []
    deadline = time.monotonic() + 20
    while alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(process.pid)


def alive(group: int) -> list[str]:
    """Return the living processes of a group; those that wait for init to take note are dead."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group, *_ = path.read_text().rpartition(")")[2].split()
            if int(its_group) == group and state != "Z":
                found.append(path.parent.name)
    return found


def test_output_goes_to_the_descriptor_that_was_named(temporary: Path) -> None:
    reading, writing = os.pipe()
    with run_directory() as directory, Pipes(("out",)) as pipes:
        relay = Relay(pipes, {"out": writing}, time.monotonic() + 20)
        with started(Machine(["head", "-c", "50000", "/dev/zero"], {}, stdout="out"), directory, pipes) as process:
            relay.until_end(process)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        assert file.read() == bytes(50000)
    assert relay.kept["out"] == b""


def test_a_deadline_ends_it(temporary: Path) -> None:
    began = time.monotonic()
    with run_directory() as directory, Pipes(("out",)) as pipes:
        relay = Relay(pipes, {}, began + 0.2)
        with pytest.raises(TimeoutError), started(Machine(["sleep", "60"], {}), directory, pipes) as process:
            relay.until_end(process)
    assert time.monotonic() - began < 20
    assert process.returncode == -9


def test_what_killed_runs_left_is_removed_by_the_next(temporary: Path) -> None:
    old, new, other = (temporary / name for name in ("lkm-lab-old", "lkm-lab-new", "other"))
    for path in (old, new, other):
        path.mkdir()
        (path / "file").touch()
    for path in (old, other):
        os.utime(path, (0, 0))
    with run_directory() as mine:
        os.utime(mine, (0, 0))
        with run_directory() as another:  # which finds mine old, but locked
            assert {path.name for path in temporary.iterdir()} == {mine.name, another.name, "lkm-lab-new", "other"}
    assert {path.name for path in temporary.iterdir()} == {"lkm-lab-new", "other"}


def test_a_directory_that_kernels_cannot_be_told_of_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    strange = tmp_path / "with space"
    strange.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(strange))
    with run_directory() as directory:
        assert " " not in str(directory)


def test_each_guest_gets_a_processor_of_its_own() -> None:
    allowed = os.sched_getaffinity(0)
    taken = [guest.one_processor() for _ in range(len(allowed) + 1)]
    for _, fd in taken:
        os.close(fd)
    assert {processor for processor, _ in taken} <= allowed
