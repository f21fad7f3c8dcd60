"""The text of depmod.d files → where modules are looked for, and which of two with one name is taken.

Reads as kmod does (depmod.c, ``cfg_file_parse``): the same lines, words and comments as modprobe.d.

>>> settings, problems = parse("search updates built-in\\noverride kmod 6.* extra\\nserach x\\n", "d.conf")
>>> settings.searches, settings.override_paths("6.1.0"), settings.override_paths("5.10")
(('updates', 'built-in'), ('extra/kmod',), ())
>>> print(problems[0], "|", problems[0].hint)
d.conf:3: unknown directive 'serach' | did you mean 'search'?
"""

from __future__ import annotations

from lkm.config.ere import found
from lkm.config.lines import BLANKS, Line, logical_lines, word_at, words
from lkm.config.nearest import hint_for
from lkm.errors import FormatError
from lkm.origin import Origin, Problem
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: The search order where no file gives one. "built-in" is the kernel's own directories, "external" the externals.
DEFAULT_SEARCHES = ("updates", "built-in")
#: Directories of a module tree that are never looked into, at any depth.
DEFAULT_EXCLUDES = ("build", "source")

_SYNTAX = {
    "search": ("search DIRECTORY...", 0),
    "override": ("override MODULE KERNEL DIRECTORY", 3),
    "external": ("external KERNEL DIRECTORY...", 2),
    "exclude": ("exclude DIRECTORY...", 0),
}


class Override(Record):
    """``override MODULE KERNEL DIRECTORY``: on kernels that match, the module (by file name) is taken from there."""

    module: str
    kernel: str
    directory: str
    origin: Origin


class External(Record):
    """``external KERNEL DIRECTORY...``: on kernels that match, absolute directories to look in as well."""

    kernel: str
    directories: tuple[str, ...]
    origin: Origin


class DepmodSettings(Record):
    """What depmod.d says, in the order of the files.

    ``searches`` lists directories (and "built-in", "external"), most important first; ``excludes`` names of
    directories that are passed over.
    """

    searches: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    externals: tuple[External, ...] = ()
    excludes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def override_paths(self, release: str) -> tuple[str, ...]:
        """Return ``DIRECTORY/MODULE`` of each override in force, the strongest (that given last) first."""
        return tuple([f"{o.directory}/{o.module}" for o in reversed(self.overrides) if _matches(o.kernel, release)])

    def external_directories(self, release: str) -> tuple[str, ...]:
        """Return the directories outside the tree that count for this kernel, in the order given."""
        return tuple([d for e in self.externals if _matches(e.kernel, release) for d in e.directories])


def parse(text: str, file: str) -> tuple[DepmodSettings, tuple[Problem, ...]]:
    """Return what one file says, without defaults, and what in it could not be used. Never raises."""
    searches: list[str] = []
    overrides: list[Override] = []
    externals: list[External] = []
    excludes: list[str] = []
    problems: list[Problem] = []
    for line in logical_lines(text):
        keyword, *rest = words(line.text, BLANKS) or [""]
        if not keyword or line.text[0] == "#":
            continue
        origin = Origin(file, line.first)
        problem = _fault(keyword, rest, line, origin)
        if problem:
            problems.append(problem)
        elif keyword == "search":
            searches += rest
        elif keyword == "exclude":
            excludes += rest
        elif keyword == "override":
            overrides.append(Override(rest[0], rest[1], rest[2], origin))
        else:
            externals.append(External(rest[0], tuple(rest[1:]), origin))
    settings = DepmodSettings(tuple(searches), tuple(overrides), tuple(externals), tuple(excludes), tuple(problems))
    return settings, settings.problems


def assemble_depmod(files: Iterable[tuple[str, str]]) -> DepmodSettings:
    """Return the settings from (file name, text) in the order of reading, with kmod's defaults.

    >>> assemble_depmod([("a.conf", "exclude x"), ("b.conf", "")])
    DepmodSettings(searches=('updates', 'built-in'), overrides=(), externals=(),
        excludes=('build', 'source', 'x'), problems=())
    """
    every = [parse(text, file)[0] for file, text in files]
    return DepmodSettings(
        searches=tuple([s for one in every for s in one.searches]) or DEFAULT_SEARCHES,
        overrides=tuple([o for one in every for o in one.overrides]),
        externals=tuple([e for one in every for e in one.externals]),
        excludes=DEFAULT_EXCLUDES + tuple([e for one in every for e in one.excludes]),
        problems=tuple([p for one in every for p in one.problems]),
    )


def _fault(keyword: str, rest: list[str], line: Line, origin: Origin) -> Problem | None:
    """Return what is wrong with a line, or None."""

    def problem(message: str, hint: str, place: int = 0) -> Problem:
        return Problem(origin, message, line.text, _column(line.text, place), hint)

    if keyword in ("include", "make_map_files"):
        return problem(f"directive '{keyword}' does nothing", "remove the line")
    if keyword not in _SYNTAX:
        return problem(f"unknown directive {keyword!r}", hint_for(keyword, _SYNTAX))
    form, least = _SYNTAX[keyword]
    if len(rest) < least:
        return problem(f"'{keyword}' needs {least} words, and has {len(rest)}", f"the form is: {form}", len(rest) + 1)
    kernel = {"override": 1, "external": 0}.get(keyword)
    if kernel is not None and rest[kernel] != "*":
        try:
            found(rest[kernel], "")
        except FormatError as error:
            return problem(error.what, "'*' stands for every kernel; 6[.]1[.].* for all of 6.1", kernel + 1)
    return None


def _column(text: str, place: int) -> int:
    """Return the 1-based column of the word at this place in the line; of the end when there are fewer."""
    at = 0
    for _ in range(place):
        word, start = word_at(text, at)
        at = start + len(word)
    return word_at(text, at)[1] + 1


def _matches(pattern: str, release: str) -> bool:
    return pattern == "*" or found(pattern, release)
