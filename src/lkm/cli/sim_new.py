"""``lkm sim new``: a world from a kernel image, a module tree, or neither."""

from __future__ import annotations

import os
import sys

from lkm.manager.newworld import make


def run(_verb: str, operands: list[str], options: dict[str, str]) -> int:
    """Make the file; print what is in it. Raises UsageError, MachineError, FormatError, NotFound."""
    (path,) = operands
    meta, count, source = make(path, options)
    if meta["dialect"] == "2.4" and meta["tree"] and "tree" not in options:
        from lkm.cli.sim_new24 import index, lay_out

        lay_out(meta["tree"])
        index(path)
    sys.stdout.write(
        f"{path}: simulated Linux {meta['release']}, dialect {meta['dialect']}\n  exports: {count} ({source})\n"
        f"  modules: {meta['tree'] or 'of this machine'}/lib/modules/{meta['release']}\n"
        f"use it: export LKM_KERNEL=sim:{os.path.abspath(path)}\n".replace("of this machine/", "/")
    )
    return 0
