"""Why a name was not found, for tools that only look: done only then, so one that succeeds pays nothing for it."""

from __future__ import annotations

import os

from lkm.kernel.interface import NO_MODULES, NO_MODULES_HINT
from lkm.manager.kernels import is_live

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.interface import ShownKernel


def explain(kernel: ShownKernel, word: str, root: str, release: str) -> tuple[str, ...]:
    """Return lines that say why ``word`` was not found in the module directory of a release below a root.

    ``kernel`` is the one that is worked on, whose modules these may be or not.
    """
    from lkm.diagnose.engine import diagnose
    from lkm.diagnose.evidence import KernelSide
    from lkm.manager.evidence import Scene
    from lkm.report.finding import told
    from lkm.system.tree import modules_dir

    directory = modules_dir(root, release)
    scene = Scene(kernel, directory, side=KernelSide(directory, release))
    return (*told(diagnose(scene.lookup(word or "any module"))), *without_modules(kernel, root, release))


def without_modules(kernel: ShownKernel, root: str, release: str) -> tuple[str, ...]:
    """Return what there is to be said where a tree would be for the running kernel, and that can load nothing."""
    return (NO_MODULES, NO_MODULES_HINT) if running_has_none(kernel, root, release) else ()


def running_has_none(kernel: ShownKernel, root: str, release: str) -> bool:
    """Tell whether modules of a root and a release would be for the running kernel, and it can load none."""
    if root.strip("/") or release != os.uname().release or not is_live(kernel):
        return False
    return os.path.exists("/proc/version") and not os.path.exists("/proc/modules")
