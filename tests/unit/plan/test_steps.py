from __future__ import annotations

import pytest

from lkm.names import ModuleName
from lkm.origin import Origin
from lkm.plan.steps import KINDS, Command, Reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_reason_is_told_with_its_place(kind: str) -> None:
    assert str(Reason(kind, "a", Origin("x.conf", 3))) == f"{KINDS[kind]} a (x.conf:3)"


def test_options_are_put_into_a_command_once() -> None:
    why = Reason("asked", "a", Origin("-"))
    command = Command(ModuleName("a"), why, True, True, "install", "x $CMDLINE_OPTS; $CMDLINE_OPTS", "", Origin("-"))
    assert command.line == "x ; "
    # kmod replaces what it has put in, for ever.
    assert command._replace(options="$CMDLINE_OPTS").line == "x $CMDLINE_OPTS; $CMDLINE_OPTS"
