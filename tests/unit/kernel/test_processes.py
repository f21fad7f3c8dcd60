"""Names and ancestors of processes."""

from __future__ import annotations

import os
from pathlib import Path

from lkm.kernel.processes import ancestors, comm


def test_this_process() -> None:
    assert comm(os.getpid()) == Path("/proc/self/comm").read_text().rstrip("\n")
    assert ancestors(os.getpid())[:2] == (os.getpid(), os.getppid())


def test_odd_names_gone_processes_and_circles(tmp_path: Path) -> None:
    for pid, parent, name in ((7, 6, "a) R 9 ("), (6, 5, "b"), (3, 3, "self")):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} 1 1")
        (tmp_path / str(pid) / "comm").write_text(f"{name}\n")
    assert ancestors(7, str(tmp_path)) == (7, 6, 5)
    assert comm(7, str(tmp_path)) == "a) R 9 ("
    assert comm(99, str(tmp_path)) == "" == comm(-1)
    assert ancestors(-1) == () and len(ancestors(3, str(tmp_path))) == 32
