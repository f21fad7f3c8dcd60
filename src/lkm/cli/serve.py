"""One request for an alias, from the alias to what came of it: for the helper and the daemon, who are no people."""

from __future__ import annotations

import os
import time

from lkm.autoload.nouns import Outcome
from lkm.errors import LkmError
from lkm.kernel.interface import Done
from lkm.kernel.linux import LinuxKernel
from lkm.plan.load import Request, plan_load
from lkm.plan.resolve import resolve
from lkm.plan.steps import Blacklisted, Insert
from lkm.report.causes import cause_of, status
from lkm.system.follow import Driver

#: Where copies of /proc/modules are kept, if it is there (as lkm.system.ksymoops has it).
SNAPSHOTS = "/var/log/ksymoops"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from lkm.kernel.interface import ShownKernel
    from lkm.plan.progress import Entry
    from lkm.plan.resolve import Candidate, World


def serve(alias: str, world: World, kernel: ShownKernel, environment: Mapping[str, str] | None = None) -> Outcome:
    """Load what an alias means; return what came of it. Names of files are not taken for such.

    Of several modules one that is there is enough, as for the kernel that asks. What was loaded for a module that was
    then refused is taken out again. ``environment`` is for commands of the configuration.

    Others do the same at the same time. So a module that this one counts on may go between planning and doing, as
    what another took out again, or a sweep of autoclean; then it is planned once more.
    """
    began = time.monotonic()
    found = resolve(alias, world)
    if not found:
        why = f"; {world.problems[0]}" if world.problems else ""
        return _outcome("not-found", (), f"no module or alias {alias} in {world.directory}{why}", began)
    faults = [_keep_copy(kernel)]
    tried = [_load(candidate, alias, world, kernel, environment) for candidate in found]
    faults.append(_keep_copy(kernel))
    modules = tuple([module for _, loaded, _ in tried for module in loaded])
    texts = "; ".join(filter(None, [*[text for _, _, text in tried], faults[0] or faults[1]]))
    causes = [cause for cause, _, _ in tried]
    return _outcome("done" if "done" in causes else causes[0], modules, texts, began)


def _keep_copy(kernel: ShownKernel) -> str:
    """Keep a copy of /proc/modules where such are wanted, as modutils did; return why that cannot be, or ""."""
    if not isinstance(kernel, LinuxKernel) or not os.path.isdir(SNAPSHOTS):
        return ""
    from lkm.system.ksymoops import Audit

    try:
        Audit("/").snapshot(time.strftime("%Y%m%d%H%M%S"), None, kernel.modules_text())
    except LkmError as error:
        return f"no copy of /proc/modules was kept: {error}"
    return ""


def _outcome(cause: str, modules: tuple[str, ...], text: str, began: float) -> Outcome:
    return Outcome(status(cause), cause, modules, text, time.monotonic() - began)


def _load(
    candidate: Candidate,
    alias: str,
    world: World,
    kernel: ShownKernel,
    environment: Mapping[str, str] | None,
    *,
    again: bool = True,
) -> tuple[str, tuple[str, ...], str]:
    """Load one module; return the cause, what was inserted and stays, and a line on what went wrong."""
    driver = Driver(kernel, environment=environment)
    before = driver.state()
    plan = plan_load(candidate, Request(alias), world, before)
    journal = driver.follow(plan, before)
    loaded = [entry.step.module for entry in journal.entries if _inserted(entry)]
    blacklisted = [step for step in plan.steps if isinstance(step, Blacklisted)]
    if blacklisted:
        return "blacklisted", (), f"{candidate.module} is blacklisted: {blacklisted[0].origin}"
    failure = journal.failure
    if failure is None:
        return "done", tuple(loaded), ""
    from lkm.manager.explainer import Explainer
    from lkm.report.refusal import modprobe_text

    explainer = Explainer(kernel, world.directory, settings=world.settings)
    found = explainer.entry(failure, alias=alias).findings  # before anything is undone: what is loaded is evidence
    undone = {entry.step.module for entry in driver.undo(journal, alias, before).entries if not entry.errno}
    if again and {module.name for module in before.modules} - {module.name for module in driver.state().modules}:
        return _load(candidate, alias, world, kernel, environment, again=False)
    text = f"could not insert '{candidate.module}': {modprobe_text(failure.errno, os.strerror)}"
    text += f": {found[0].what}" if found else ""
    return cause_of(failure, findings=found), tuple([module for module in loaded if module not in undone]), text


def _inserted(entry: Entry) -> bool:
    return isinstance(entry.step, Insert) and isinstance(entry.result, Done)
