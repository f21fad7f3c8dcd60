"""Copies and a log in /var/log/ksymoops."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.errors import MachineError
from lkm.system.ksymoops import PLACE, Audit


def test_nothing_is_kept_where_the_directory_is_not(tmp_path: Path) -> None:
    audit = Audit(str(tmp_path))
    audit.log("20010408000000", "start")
    audit.snapshot("20010408000000", "a", "b")
    assert list(tmp_path.iterdir()) == []


def test_copies_within_a_second(tmp_path: Path) -> None:
    place = tmp_path / PLACE
    place.mkdir(parents=True)
    audit = Audit(str(tmp_path))
    for ksyms in ("one", "one", "two", "two", "one"):
        audit.snapshot("20010408000000", ksyms, "m")
    audit.snapshot("20010408000001", "one", "m")
    found = {path.name: path.read_text() for path in place.glob("*.ksyms")}
    assert found == {
        "20010408000000.ksyms": "one",
        "20010408000000-2.ksyms": "two",
        "20010408000000-3.ksyms": "one",
        "20010408000001.ksyms": "one",
    }
    assert len(list(place.glob("*.modules"))) == 4
    audit.log("20010408000000", "start x")
    audit.log("20010408000007", "end")
    assert (place / "20010408.log").read_text() == "20010408 000000 start x\n20010408 000007 end\n"
    assert (place / "20010408.log").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    place = tmp_path / PLACE
    (place / "20010408.log").mkdir(parents=True)
    with pytest.raises(MachineError) as caught:
        Audit(str(tmp_path)).log("20010408000000", "start")
    assert str(caught.value).endswith("20010408.log: Is a directory")
    assert "remove" in caught.value.hint
