"""Opening what modprobe plans with: a module directory's indexes and the configuration."""

from __future__ import annotations

import os

from lkm.config.settings import assemble
from lkm.plan.resolve import World
from lkm.system.configfiles import modprobe_files
from lkm.system.indexfiles import open_index
from lkm.system.tree import modules_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.config.nouns import Settings
    from lkm.index.lookup import ModuleIndex
    from lkm.index.merged import MergedIndex
    from lkm.origin import Problem


def open_world(
    root: str, version: str, configs: tuple[str, ...], cmdline: str, extra_roots: tuple[str, ...] = ()
) -> tuple[World, ModuleIndex]:
    """Return the world and its index, below a root ("" for /) for a kernel release ("": the running one's).

    ``configs`` are read instead of the usual places. A module directory that is not there is an empty one.
    ``extra_roots``, the strongest last, have modules of their own; raises MachineError when one is no directory.
    """
    version = version or os.uname().release
    directory = modules_dir(root, version)
    if extra_roots:
        return _merged_world(directory, version, configs, cmdline, extra_roots)
    settings = _settings(configs, cmdline, (directory,), [])
    index = open_index(directory)
    return World(directory, index, settings, os.path.exists), index


def _settings(
    configs: tuple[str, ...], cmdline: str, directories: tuple[str, ...], problems: list[Problem]
) -> Settings:
    files = modprobe_files(paths=configs, kernel_dir=directories[0], problems=problems, more_dirs=directories[1:])
    settings = assemble(files, cmdline)
    if problems:
        settings = settings._replace(problems=(*problems, *settings.problems))
    return settings


def _merged_world(
    directory: str, version: str, configs: tuple[str, ...], cmdline: str, extra_roots: tuple[str, ...]
) -> tuple[World, ModuleIndex]:
    from lkm.system.roots import open_roots

    index, problems = open_roots(directory, version, extra_roots)
    settings = _settings(configs, cmdline, index.directories, list(problems))
    world = World(directory, index, _without_stale(settings, index), os.path.exists)
    index.complain = world.note
    return world, index


def _without_stale(settings: Settings, index: MergedIndex) -> Settings:
    """Leave out what the files of a module directory say of modules that are taken from another."""

    def counts(file: str, module: str) -> bool:
        directory = os.path.dirname(file)
        return directory not in index.directories or index.counts(module, directory)

    return settings._replace(
        softdeps=tuple([s for s in settings.softdeps if counts(s.origin.file, s.module)]),
        weakdeps=tuple([w for w in settings.weakdeps if counts(w.origin.file, w.module)]),
    )
