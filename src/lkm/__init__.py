"""Load, unload, find, watch and explain Linux loadable kernel modules.

Programs begin with :class:`lkm.Manager`. Importing this package imports nothing else: each name below is imported
when it is first used. The rooms are listed in ``docs/architecture.md``.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.diagnose.effects import Effects, ModuleEffects
    from lkm.diagnose.finding import Fact, Finding, Remedy
    from lkm.errors import FormatError, LkmError, MachineError, NotFound, UsageError
    from lkm.manager.explanation import Explanation
    from lkm.manager.manager import Manager
    from lkm.manager.report import Report, RequestFailed
    from lkm.report.check import CheckResult
    from lkm.report.document import Attempt
    from lkm.state.nouns import LoadedModule

__version__ = "0.1.0"
__all__ = [
    "Attempt",
    "CheckResult",
    "Effects",
    "Explanation",
    "Fact",
    "Finding",
    "FormatError",
    "LkmError",
    "LoadedModule",
    "MachineError",
    "Manager",
    "ModuleEffects",
    "NotFound",
    "Remedy",
    "Report",
    "RequestFailed",
    "UsageError",
    "__version__",
]
_ROOMS = {
    "diagnose.effects": ("Effects", "ModuleEffects"),
    "diagnose.finding": ("Fact", "Finding", "Remedy"),
    "errors": ("FormatError", "LkmError", "MachineError", "NotFound", "UsageError"),
    "manager.explanation": ("Explanation",),
    "manager.manager": ("Manager",),
    "manager.report": ("Report", "RequestFailed"),
    "report.check": ("CheckResult",),
    "report.document": ("Attempt",),
    "state.nouns": ("LoadedModule",),
}

if not TYPE_CHECKING:  # type checkers know the names from above, and others as mistakes

    def __getattr__(name: str) -> object:
        for room, names in _ROOMS.items():
            if name in names:
                from importlib import import_module

                return getattr(import_module(f"lkm.{room}"), name)
        raise AttributeError(f"module 'lkm' has no attribute '{name}'")
