from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lkm.kernel.since import since


def test_no_module_is_younger_than_one_that_came_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("new", "old"):
        (tmp_path / "module" / name).mkdir(parents=True)
    times = {"new": 1_000_000_000.0, "old": 1_000_000_300.0}  # old was looked at later
    real = os.stat

    class Status:
        def __init__(self, at: float) -> None:
            self.st_ctime = at

    def stat(path: str) -> object:
        name = path.rpartition("/")[2]
        real(path)
        return Status(times[name])

    monkeypatch.setattr("lkm.kernel.since.os.stat", stat)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    found = since(["new", "gone", "old"], str(tmp_path))
    assert found == {"new": "2001-09-09T01:46:40+0000", "old": "2001-09-09T01:46:40+0000"}
