from __future__ import annotations

import errno
from pathlib import Path

import pytest

from lkm.diagnose.engine import RULES
from lkm.diagnose.finding import Finding
from lkm.kernel.interface import Refused
from lkm.names import ModuleName
from lkm.origin import Origin
from lkm.plan.progress import Entry, Ran
from lkm.plan.steps import Absent, Builtin, Command, Forbidden, Insert, NotLoaded, Reason, Remove, Step
from lkm.report.causes import _FINDINGS, CAUSES, cause_of
from lkm.state.nouns import LoadedModule, LogRecord

DOCUMENT = Path(__file__).parents[3] / "docs/exit-codes.md"
HERE = Origin("x")
BASE = (ModuleName("a"), Reason("asked", "a", HERE), True, True)
INSERT, REMOVE = Insert(*BASE, "/a.ko"), Remove(*BASE, "idle", 0)
IDLE = LoadedModule(ModuleName("a"), 1, 0)


def test_the_page_has_every_cause_with_its_status() -> None:
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| ") and "`" in line]
    assert rows == [f"| {number} | `{name}` | {text} |" for name, (number, text) in CAUSES.items()]
    numbers = [number for number, _ in CAUSES.values()]
    assert len(set(numbers)) == len(numbers)


def refused(number: int, said: str = "", call: str = "finit_module") -> Refused:
    return Refused(call, number, (LogRecord(4, 1, 1, said),) if said else ())


@pytest.mark.parametrize(
    ("result", "cause"),
    [
        (refused(errno.ENOENT), "symbols"),
        (refused(errno.ENOEXEC), "format"),
        (refused(errno.ENOEXEC, "a: version magic '1 ' should be '2 '"), "version"),
        (refused(errno.ENOEXEC, "a: disagrees about version of symbol module_layout"), "version"),
        (refused(errno.EINVAL, "a: disagrees about version of symbol x"), "version"),
        (refused(errno.EINVAL, "a: `x' invalid for parameter `n'"), "parameters"),
        (refused(errno.ERANGE), "parameters"),
        (refused(errno.EINVAL), "init"),
        (refused(errno.EIO), "init"),
        (refused(errno.ENODEV), "no-device"),
        (refused(errno.EPERM), "disabled"),
        (refused(errno.ENOSYS), "no-modules"),
        (refused(errno.EKEYREJECTED), "signature"),
        (refused(errno.ENOKEY), "signature"),
        (refused(errno.EACCES, call="open"), "unreadable"),
        (refused(errno.ENOEXEC, call="read"), "format"),
    ],
)
def test_refused_loads(result: Refused, cause: str) -> None:
    assert cause_of(Entry(INSERT, result, result.errno)) == cause


@pytest.mark.parametrize(
    ("result", "module", "cause"),
    [
        (refused(errno.EAGAIN, call="delete_module"), IDLE, "in-use"),
        (refused(errno.EBUSY, call=""), IDLE, "in-use"),
        (refused(errno.EBUSY, call="delete_module"), IDLE._replace(permanent=True), "permanent"),
        (refused(errno.EBUSY, call="delete_module"), IDLE._replace(state="Loading"), "permanent"),
        (refused(errno.EBUSY, call="delete_module"), IDLE, "in-use"),
        (refused(errno.ENOSYS, call="delete_module"), IDLE, "no-modules"),
        (refused(errno.EPERM, call="delete_module"), IDLE, "disabled"),
        (refused(errno.ENOENT, call="delete_module"), None, "done"),
        (refused(errno.EFAULT, call="delete_module"), IDLE, "failed"),
    ],
)
def test_refused_removals(result: Refused, module: LoadedModule | None, cause: str) -> None:
    assert cause_of(Entry(REMOVE, result, result.errno), module=module) == cause


def test_only_root_may() -> None:
    for step, call in ((INSERT, "init_module"), (REMOVE, "delete_module")):
        assert cause_of(Entry(step, refused(errno.EPERM, call=call), errno.EPERM), privileged=False) == "permission"


@pytest.mark.parametrize(
    ("step", "cause"),
    [
        (Absent(*BASE), "not-found"),
        (Forbidden(*BASE, "", HERE), "forbidden"),
        (Builtin(*BASE), "builtin"),
        (NotLoaded(*BASE, True), "builtin"),
        (NotLoaded(*BASE), "done"),
    ],
)
def test_steps_that_nothing_is_done_for(step: Step, cause: str) -> None:
    assert cause_of(Entry(step, refused(errno.ENOENT, call=""), errno.ENOENT)) == cause


def test_commands_and_success() -> None:
    assert cause_of(Entry(Command(*BASE, "install", "x", "", HERE), Ran(3), errno.EINVAL)) == "command"
    assert cause_of(None) == "done"


@pytest.mark.parametrize(
    ("number", "code", "certainty", "cause"),
    [
        (errno.EINVAL, "empty-file", "certain", "format"),
        (errno.EINVAL, "built-in", "certain", "builtin"),
        (errno.EINVAL, "namespace", "certain", "symbols"),
        (errno.EPERM, "container", "likely", "permission"),
        (errno.EBUSY, "half-loaded", "certain", "permanent"),
        (errno.ENOENT, "init-failed", "likely", "init"),
        (errno.EINVAL, "built-in", "possible", "init"),
        (errno.EKEYREJECTED, "bad-signature", "certain", "signature"),
    ],
)
def test_a_finding_that_is_sure_decides(number: int, code: str, certainty: str, cause: str) -> None:
    findings = (Finding(code, "", certainty), Finding("crc-mismatch", "", "certain"))
    assert cause_of(Entry(INSERT, refused(number), number), findings=findings) == cause


def test_what_findings_decide_is_there() -> None:
    rules = [__import__(f"lkm.diagnose.rules.{name}", fromlist=["CODE"]) for name in RULES]
    assert set(_FINDINGS) <= {rule.CODE for rule in rules} and set(_FINDINGS.values()) <= set(CAUSES)
