"""``lkm resolve``: which modules names, aliases and modaliases mean; thousands of them, or one after the other."""

from __future__ import annotations

import os
import sys

from lkm.cli import messages
from lkm.cli.kernels import of_today, open_kernel
from lkm.cli.options import Option, help_text, parse
from lkm.cli.standard import HELP, KERNEL, VERSION
from lkm.errors import MachineError, UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.system.resolver import Resolver
from lkm.system.world import open_world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.index.lookup import ModuleIndex
    from lkm.origin import Problem
    from lkm.plan.resolve import World
    from lkm.system.resolver import Answer

USAGE = """lkm resolve [options] [NAME|ALIAS|MODALIAS...]

Prints what each name means, in order: the name, a tab, the modules; - for none. Without operands names come from
standard input, a line each; then changed indexes and configuration are noticed, and each answer is written at once,
so that a program can go on asking. Status: 0 all are known, 1 some are not, 2 it could not be told."""
OPTIONS = (
    Option("d", "dirname", "DIR", "the root below which modules are"),
    Option("", "extra-root", "ROOT", "take modules below this root too, the last first; may be repeated"),
    Option("S", "set-version", "VERSION", "the kernel's release, if not the running one"),
    Option("C", "config", "PATH", "read this file or directory, not the usual ones; may be repeated"),
    Option("", "no-cmdline", "", "do not read the kernel command line"),
    Option("r", "raw", "", "no configuration at all: only what the indexes say"),
    Option("b", "use-blacklist", "", "leave out modules that are blacklisted, as loading by an alias does"),
    Option("", "json", "", "answer with a JSON object a line"),
    VERSION,
    HELP,
)
_CHUNK = 1 << 16


def main(argv: list[str]) -> int:
    """Answer; see USAGE for the status."""
    say = messages.Messages("resolve")
    try:
        options, operands = parse(OPTIONS, argv[1:], (HELP.key, VERSION.key))
    except UsageError as error:
        say.error(error.what)
        say.detail("lkm resolve --help lists the options")
        return 2
    given = dict(options)
    if "help" in given:
        sys.stdout.write(help_text(USAGE, (*OPTIONS, KERNEL)))
        return 0
    if "version" in given:
        from lkm import __version__

        sys.stdout.write(f"lkm version {__version__}\n")
        return 0
    configs = tuple([value for key, value in options if key == "config"])
    roots = tuple([value for key, value in options if key == "extra-root"])
    try:
        if "dirname" not in given:
            of_today()
        tool = _Tool(say, given, (os.devnull,) if "raw" in given else configs, roots)
    except (MachineError, UsageError) as error:
        say.error(str(error))
        say.detail(error.hint)
        return 2
    if not os.path.isdir(tool.resolver.world.directory):
        from lkm.manager.absence import explain

        say.error(f"there is no module directory {tool.resolver.world.directory}")
        kernel = open_kernel(LinuxKernel)
        root = given.get("dirname", "") or kernel.root()
        release = os.path.basename(tool.resolver.world.directory)
        say.detail(*explain(kernel, operands[0] if operands else "", root, release))
        return 2
    if operands:
        tool.answer(operands)
    else:
        for names in _lines():
            tool.resolver.refresh()
            tool.answer(names)
    return tool.status


class _Tool:
    """One run. ``status`` is the exit status as far as it is known."""

    def __init__(
        self, say: messages.Messages, given: dict[str, str], configs: tuple[str, ...], roots: tuple[str, ...]
    ) -> None:
        self.say = say
        self.given = given
        self.status = 0
        self._configs = configs
        self._roots = roots
        self._told: set[Problem] = set()
        self.resolver = Resolver(self._open, configs)

    def _open(self) -> tuple[World, ModuleIndex]:
        kernel = open_kernel(LinuxKernel)
        bare = "raw" in self.given
        world, index = open_world(
            self.given.get("dirname", "") or kernel.root(),
            self.given.get("set-version", "") or kernel.release(),
            self._configs,
            "" if bare or "no-cmdline" in self.given else kernel.cmdline(),
            self._roots,
        )
        for problem in world.settings.problems:
            if not bare and not problem.origin.file.startswith(tuple([f"{d}/" for d in index.directories])):
                self.say.problem(messages.WARNING, problem)
        return world, index

    def answer(self, names: list[str]) -> None:
        """Write the answers for some names, all at once."""
        answers = [self.resolver.resolve(name) for name in names]
        if "use-blacklist" in self.given:
            answers = [self._allowed(answer) for answer in answers]
        for problem in self.resolver.world.problems:
            if problem not in self._told:
                self._told.add(problem)
                self.say.warning(str(problem))
                self.status = 2
        if not self.status and not all(answer.modules for answer in answers):
            self.status = 1
        lines = _json_lines(answers) if "json" in self.given else [text(answer) for answer in answers]
        sys.stdout.buffer.write("".join(lines).encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()

    def _allowed(self, answer: Answer) -> Answer:
        if not answer.blacklisted:
            return answer
        return answer._replace(modules=tuple([m for m in answer.modules if m not in answer.blacklisted]))


def text(answer: Answer) -> str:
    """Return an answer as a line: the name, a tab, the modules or ``-``."""
    return f"{answer.name}\t{' '.join(answer.modules) or '-'}\n"


def _json_lines(answers: list[Answer]) -> list[str]:
    import json

    return [
        json.dumps(
            {
                "name": answer.name,
                "modules": list(answer.modules),
                "blacklisted": list(answer.blacklisted),
                "builtin": answer.builtin,
            }
        )
        + "\n"
        for answer in answers
    ]


def _lines() -> Iterator[list[str]]:
    """Yield the lines of standard input, as many at a time as one read gives."""
    rest = b""
    while chunk := os.read(0, _CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield [line.decode("utf-8", "surrogateescape") for line in lines]
    if rest:
        yield [rest.decode("utf-8", "surrogateescape")]
