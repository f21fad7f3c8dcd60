from __future__ import annotations

from lkm.names import ModuleName
from lkm.origin import Origin
from lkm.plan.steps import Absent, Builtin, Command, Insert, Reason, Remove
from lkm.report.plan import action_line

BASE = (ModuleName("m"), Reason("asked", "m", Origin("-")), True, True)


def test_lines_are_kmods() -> None:
    assert action_line(Insert(*BASE, "/m.ko")) == "insmod /m.ko \n"
    assert action_line(Insert(*BASE, "/m.ko", "a=1 ")) == "insmod /m.ko a=1 \n"
    assert action_line(Remove(*BASE, "idle", 0)) == "rmmod m\n"
    install = Command(*BASE, "install", "x $CMDLINE_OPTS", "a=1", Origin("-"))
    assert action_line(install) == "install x $CMDLINE_OPTS a=1\n"
    assert action_line(install._replace(kind="remove", options="")) == "remove x \n"


def test_steps_that_do_nothing_have_no_line_but_built_ins_when_asked() -> None:
    assert action_line(Absent(*BASE)) == action_line(Builtin(*BASE)) == ""
    assert action_line(Builtin(*BASE), builtins=True) == "builtin m\n"
    assert action_line(Absent(*BASE), builtins=True) == ""
