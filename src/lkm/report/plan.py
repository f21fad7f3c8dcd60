"""The lines of ``modprobe -v``, ``-n -v`` and ``-D``: what each step does, in kmod's words."""

from __future__ import annotations

from lkm.plan.steps import Builtin, Command, Insert, Remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.plan.steps import Step


def action_line(step: Step, *, builtins: bool = False) -> str:
    """Return the line for a step, with its end, or "" for one that does nothing. ``builtins`` names these too (-D).

    ``install`` shows its command as configured, ``remove`` as it is run (kmod: ``print_action`` and ``command_do``).
    """
    if isinstance(step, Insert):
        return f"insmod {step.path} {step.options}\n"
    if isinstance(step, Remove):
        return f"rmmod {step.module}\n"
    if isinstance(step, Command):
        return f"install {step.text} {step.options}\n" if step.kind == "install" else f"remove {step.line}\n"
    return f"builtin {step.module}\n" if builtins and isinstance(step, Builtin) else ""
