"""What would come of a plan, each step changing the state that the next one meets; nothing is done.

``foresee`` (in ``progress``) is what a dry run of modprobe prints: there nothing is imagined, so what would be unused
only once the plan is followed stays, as in kmod.

>>> from lkm.names import ModuleName
>>> from lkm.origin import Origin
>>> from lkm.plan.steps import Plan, Reason, Remove
>>> from lkm.state.nouns import LoadedModule
>>> fat, msdos = ModuleName("fat"), ModuleName("msdos")
>>> why = Reason("asked", "msdos", Origin("command line"))
>>> plan = Plan((Remove(msdos, why, True, True, "idle", 0), Remove(fat, why, False, False, "unused", 1)))
>>> state = KernelState((LoadedModule(msdos, 1, 0), LoadedModule(fat, 1, 1, (msdos,))))
>>> journal, after = imagine(plan, state)
>>> [type(entry.result).__name__ for entry in journal.entries], after.modules
(['Done', 'Done'], ())
"""

from __future__ import annotations

from lkm.kernel.interface import Done
from lkm.plan.progress import Progress
from lkm.plan.steps import Command, Insert
from lkm.state.nouns import KernelState, LoadedModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.names import ModuleName
    from lkm.plan.progress import Journal
    from lkm.plan.steps import Plan


def imagine(plan: Plan, state: KernelState) -> tuple[Journal, KernelState]:
    """Return the journal of a run in which every step that is tried succeeds, and the state after it.

    What a command does to other modules cannot be known. Its own module is taken as loaded, or as gone.
    """
    progress = Progress(plan, state)
    while (step := progress.next_step()) is not None:
        comes = isinstance(step, Insert) or (isinstance(step, Command) and step.kind == "install")
        state = _with(state, step.module) if comes else _without(state, step.module)
        progress.record(Done(""), state)
    return progress.journal, state


def _with(state: KernelState, name: ModuleName) -> KernelState:
    if state.find(name):
        return state
    return KernelState((LoadedModule(name, 0, 0), *state.modules))


def _without(state: KernelState, name: ModuleName) -> KernelState:
    left = []
    for module in state.modules:
        if module.name == name:
            continue
        if name in module.holders:
            holders = tuple([holder for holder in module.holders if holder != name])
            module = module._replace(holders=holders, refcount=module.refcount - 1)
        left.append(module)
    return KernelState(tuple(left))
