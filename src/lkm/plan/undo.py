"""What to take out again when a request to load failed: a decision, without I/O.

>>> from lkm.names import ModuleName
>>> from lkm.plan.progress import Entry
>>> why = Reason("dependency", "msdos", Origin("modules.dep"))
>>> fat = Entry(Insert(ModuleName("fat"), why, True, False, "/m/fat.ko"), Done("finit_module"))
>>> plan = plan_undo(Journal((fat,)), "msdos", KernelState())
>>> print(plan.steps[0].module, plan.steps[0].reason)
fat loaded for msdos (this request)
"""

from __future__ import annotations

from lkm.kernel.interface import Done
from lkm.origin import Origin
from lkm.plan.progress import Journal
from lkm.plan.steps import Insert, Plan, Reason, Remove
from lkm.state.nouns import KernelState


def plan_undo(journal: Journal, word: str, before: KernelState) -> Plan:
    """Return the removals that undo a journal's loads, newest first. ``before`` is the state when it began.

    Only what this request itself put in is removed: not what was there ``before``, nor what somebody else loaded
    meanwhile (EEXIST). What gets another user is passed over in silence, as are commands, which nobody can undo.
    """
    steps = []
    for entry in reversed(journal.entries):
        step = entry.step
        if isinstance(step, Insert) and isinstance(entry.result, Done) and before.find(step.module) is None:
            reason = Reason("undo", word, Origin("this request"))
            steps.append(Remove(step.module, reason, False, False, "unused", 0))
    return Plan(tuple(steps))
