"""Opening what modprobe plans with: a module directory's indexes and the configuration."""

from __future__ import annotations

import os

from lkm.config.settings import assemble
from lkm.errors import NotFound
from lkm.kernel.linux import release
from lkm.origin import Problem
from lkm.plan.resolve import World
from lkm.system.configfiles import modprobe_files
from lkm.system.indexfiles import open_index
from lkm.system.tree import find_modules_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.index.lookup import ModuleIndex


def open_world(root: str, version: str, configs: tuple[str, ...], cmdline: str) -> tuple[World, ModuleIndex]:
    """Return the world and its index, below a root ("" for /) for a kernel release ("": the running one's).

    ``configs`` are read instead of the usual places. A module directory that is not there is an empty one.
    """
    version = version or release()
    try:
        directory = find_modules_dir(root, version)
    except NotFound:
        base = os.path.abspath(root) if root else ""
        directory = f"{base.rstrip('/')}/lib/modules/{version}"
    problems: list[Problem] = []
    files = modprobe_files(paths=configs, kernel_dir=directory, problems=problems)
    settings = assemble(files, cmdline)
    if problems:
        settings = settings._replace(problems=(*problems, *settings.problems))
    index = open_index(directory)
    return World(directory, index, settings, os.path.exists), index
