"""What ``lkm autoclean``, ``rmmod --all`` and a ``modprobe -r`` without names sweep with; the marks of ``-k``."""

from __future__ import annotations

import os

from lkm.autoload.nouns import KERNEL, USER, Request
from lkm.cli import kernels, messages
from lkm.config.autoclean import assemble_autoclean
from lkm.errors import LkmError
from lkm.kernel.interface import Done
from lkm.plan.progress import Ran
from lkm.plan.steps import Command, Insert
from lkm.report.autoclean import gone
from lkm.system.autocleaner import Cleaner
from lkm.system.autoloaded import Store
from lkm.system.configfiles import autoclean_files
from lkm.system.follow import Driver
from lkm.system.users import owners_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.cli.messages import Messages
    from lkm.config.autoclean import AutocleanSettings
    from lkm.kernel.interface import ShownKernel
    from lkm.origin import Problem
    from lkm.plan.progress import Entry
    from lkm.plan.resolve import World
    from lkm.state.nouns import KernelState


def read_settings(say: Messages, configs: tuple[str, ...] = ()) -> AutocleanSettings:
    """Return what the configuration says, and say what is wrong with it."""
    problems: list[Problem] = []
    settings = assemble_autoclean(autoclean_files(paths=configs, problems=problems))
    for problem in (*problems, *settings.problems):
        say.problem(messages.WARNING, problem)
    return settings


def cleaner(
    kernel: ShownKernel, say: Messages, store: Store, world: World | None = None, driver: Driver | None = None
) -> Cleaner:
    """Return what sweeps on a kernel, with modprobe's configuration for remove commands."""
    if world is None:
        from lkm.system.world import open_world

        world, _ = open_world(kernel.root(), kernel.release(), (), kernel.cmdline())
        for problem in world.settings.problems:
            if not problem.origin.file.startswith(f"{world.directory}/"):
                say.problem(messages.WARNING, problem)
    driver = driver or Driver(kernel, environment=kernels.for_commands(), to_stderr=True)
    return Cleaner(kernel, world, store, owners_of(kernel), driver)


def sweep_now(
    kernel: ShownKernel,
    say: Messages,
    world: World | None = None,
    driver: Driver | None = None,
    *,
    dry: bool = False,
    every: float = 0.0,
) -> tuple[int, tuple[str, ...]]:
    """Sweep as ``rmmod --all``; return the status, 1 when something could not be removed, and what went.

    ``dry``: nothing is removed, nor is kept what was seen. ``every``: the caller does so again and again.
    """
    store = Store(kernel)
    try:
        swept = cleaner(kernel, say, store, world, driver).sweep(
            read_settings(say), active=not dry, keep=not dry, every=every
        )
    except LkmError as error:
        say.error(str(error))
        say.detail(error.hint)
        return 1, ()
    for problem in store.problems:
        say.problem(messages.WARNING, problem)
    for opinion in swept.opinions:
        if opinion.word == "refused":
            say.error(f"could not remove {opinion.module}: {opinion.detail}")
        elif opinion.goes:
            say.info(gone(opinion, active=swept.active))
    return int(swept.refused), swept.removed


def mark(kernel: ShownKernel, say: Messages, word: str, entries: Sequence[Entry], before: KernelState) -> None:
    """Mark what ``modprobe -k`` has just loaded; that this cannot be done is said, and no failure to load."""
    done = [e.step for e in entries if isinstance(e.result, Done) and isinstance(e.step, Insert)]
    commands = [e.step for e in entries if isinstance(e.result, Ran) and isinstance(e.step, Command) and not e.errno]
    names = [*[step.module for step in done], *[step.module for step in commands]]
    fresh = [name for name in dict.fromkeys(names) if before.find(name) is None]
    if not fresh:
        return
    requester = KERNEL if kernels.started_by or os.getppid() == 2 else USER
    try:
        loaded = kernel.state()
        Store(kernel).mark(
            [name for name in fresh if loaded.find(name)], Request(word, requester, 0.0, uid=os.getuid())
        )
    except LkmError as error:
        say.warning(f"not marked for autoclean: {error}")
        say.detail(error.hint)
