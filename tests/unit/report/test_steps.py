from __future__ import annotations

import pytest

from lkm.kernel.interface import Done, Refused
from lkm.names import ModuleName
from lkm.origin import Origin
from lkm.plan.progress import Entry, Ran, Result, Skipped
from lkm.plan.steps import (
    Absent,
    Blacklisted,
    Builtin,
    Command,
    Forbidden,
    Insert,
    Loaded,
    NotLoaded,
    Reason,
    Remove,
    Step,
)
from lkm.report.steps import done, failed, planned

HERE = Origin("x.conf", 1)
BASE = (ModuleName("a"), Reason("pre", "b", HERE), True, True)
INSTALL = Command(*BASE, "install", "x $CMDLINE_OPTS", "y", HERE)
SIDE = (ModuleName("a"), Reason("pre", "b", HERE), False, False)


@pytest.mark.parametrize(
    ("step", "result", "errno", "line"),
    [
        (Insert(*BASE, "/a.ko"), Done(""), 0, "load a: /a.ko"),
        (
            Command(*BASE, "install", "x $CMDLINE_OPTS", "y", HERE),
            Done(""),
            0,
            "run the install command of a (x.conf:1): x y",
        ),
        (
            Command(*BASE, "remove", "x", "", HERE),
            Skipped(""),
            0,
            "leave out: run the remove command of a (x.conf:1): x",
        ),
        (Remove(*BASE, "idle", 0), Done(""), 0, "remove a"),
        (Remove(*BASE, "idle", 1), Refused("", 16), 16, "cannot remove a"),
        (Remove(*BASE, "unused", 1), Skipped("in use"), 0, "leave a: in use"),
        (Forbidden(*BASE, "", HERE), Refused("", 1), 1, "cannot load a: forbidden by x.conf:1"),
        (Blacklisted(*BASE, HERE), Skipped(""), 0, "leave a: blacklisted by x.conf:1"),
        (Absent(*BASE), Skipped(""), 0, "cannot load a: it has no file"),
        (Loaded(*BASE), Skipped(""), 0, "a is loaded already"),
        (Builtin(*BASE), Skipped(""), 0, "a is part of the kernel"),
        (NotLoaded(*BASE, True), Refused("", 2), 2, "a is part of the kernel"),
        (NotLoaded(*BASE), Skipped(""), 0, "a is not loaded"),
    ],
)
def test_what_is_planned(step: Step, result: Result, errno: int, line: str) -> None:
    assert planned(Entry(step, result, errno)) == f"{line}\n    softdep (pre) of b (x.conf:1)\n"


@pytest.mark.parametrize(
    ("step", "result", "line"),
    [
        (Insert(*SIDE, "/a.ko"), Done("finit_module"), "loaded a: softdep (pre) of b"),
        (Insert(*SIDE, "/a.ko"), Skipped("already loaded"), ""),
        (Insert(*BASE, "/a.ko"), Skipped("already loaded"), "a is loaded already"),
        (Remove(*BASE, "idle", 0), Done("delete_module"), "removed a"),
        (Remove(*SIDE, "unused", 0), Skipped("in use"), ""),
        (Command(*SIDE, "install", "x", "", HERE), Ran(0), "ran the install command of a: softdep (pre) of b"),
        (Builtin(*BASE), Skipped(""), "a is part of the kernel"),
        (Builtin(*SIDE), Skipped(""), ""),
    ],
)
def test_what_was_done(step: Step, result: Result, line: str) -> None:
    assert done(Entry(step, result)) == line
    assert done(Entry(step, result, 5)) == ""


def test_what_failed() -> None:
    assert failed(Entry(Insert(*BASE, "/a.ko"), Refused("finit_module", 8), 8)) == ""
    assert (
        failed(Entry(Absent(*SIDE), Refused("", 2), 2)) == "a was not loaded, softdep (pre) of b (x.conf:1): ENOENT"
    )
    assert failed(Entry(Remove(*SIDE, "idle", 0), Refused("", 16), 16)).startswith("a was not removed, ")
    command = Entry(Command(*SIDE, "remove", "x", "", HERE), Ran(3), 22)
    assert failed(command) == "the remove command of a failed with status 3"
