"""Plans of Linux 2.4's modprobe: what /etc/modules.conf and modules.dep make of a name. Pure.

Rules of modutils 2.4 (modprobe.c, config.c, and their manual pages):

- ``probe`` and ``probeall`` of a name, then its ``alias``, then the files of that name, one after the other until one
  can be loaded;
- a module's stack is: what is ``below`` it, what it needs by modules.dep, its ``pre-install`` command, itself or its
  ``install`` command, ``post-install``, and what is ``above`` it, whose failure is no failure;
- the options of all names on the way count, those of the alias last, then the user's own;
- a removal goes the other way: ``above``, ``pre-remove``, itself, ``post-remove``, then what it needed and nobody
  uses.

Alternatives make a plan a tree: :class:`Choice` is a step with steps in it. :mod:`lkm.plan.progress24` follows it.
"""

from __future__ import annotations

from functools import partial

from lkm.config.nouns24 import NULL, OFF
from lkm.names import ModuleName
from lkm.origin import Origin, Problem
from lkm.plan.steps import Absent, Command, Insert, Loaded, NotLoaded, Plan, Reason, Remove, Step
from lkm.record import Record
from lkm.wildcard import has_wildcard, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lkm.config.nouns24 import Conf24, Directive24

    Steps = tuple[Step, ...]

COMMAND_LINE = Origin("command line")
#: Options of insmod that take a word.
_WITH_WORD = ("-o", "-P", "-O", "-e")
#: Names that are looked up for one request: those that all stand above each other could take for ever.
_MOST = 5000
_DEEPEST = 50  # names that lead to names; real chains have three


class Choice(Step):
    """Alternatives: with ``every`` all are followed and one must succeed, else they are tried until one does.

    What a failed one had loaded is taken out again. A choice of one alternative makes its failure no failure, when it
    is not ``required``; one of none succeeds.
    """

    alternatives: tuple[Steps, ...]
    every: bool = False


class Off(Step):
    """The configuration (``origin``) says ``alias NAME off``: nothing is loaded, which is a failure."""

    origin: Origin


class Insert24(Insert):
    """``flags`` are the options that insmod gets before the file; ``options`` the words after it."""

    flags: tuple[str, ...] = ()


class Tree24(Record):
    """What is known of the module files: ``files`` in the order of looking, what each needs, where that was read."""

    conf: Conf24
    files: tuple[str, ...]
    needs: Mapping[str, tuple[str, ...]]
    depfile: str = "modules.dep"

    def named(self, name: str, kind: str = "") -> tuple[str, ...]:
        """Return the files of a module's name; ``kind`` (-t): only those in a directory of it."""
        return tuple([path for path in self.files if stem(path) == name and self._is_of(path, kind)])

    def matching(self, pattern: str, kind: str = "") -> tuple[str, ...]:
        """Return the files of the names that a wildcard means."""
        return tuple([path for path in self.files if matches(pattern, stem(path)) and self._is_of(path, kind)])

    def _is_of(self, path: str, kind: str) -> bool:
        if not kind or f"/{kind}/" in f"/{path}":
            return True
        return any(each.tag == kind and path.startswith(f"{each.path.rstrip('/')}/") for each in self.conf.paths)


class Request24(Record):
    """How to load: ``options`` are the user's own words, for the target alone; ``flags`` insmod's for all.

    ``autoclean``: all get the flag, but for those with ``options -k``. ``kind`` is that of -t.
    """

    options: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    autoclean: bool = False
    kind: str = ""
    every: bool = False


def stem(path: str) -> str:
    """Return the name of the module in a file.

    >>> stem("/lib/modules/2.4.2/kernel/drivers/ide/ide-cd.o")
    'ide-cd'
    """
    return path.rsplit("/", 1)[-1].removesuffix(".o")


def plan_load24(
    name: str, request: Request24, tree: Tree24, loaded: frozenset[str], *, literal: bool = False
) -> Plan:
    """Return the plan that loads what a name means; a wildcard means files, unless ``literal``."""
    planner = _Loader(tree, request, loaded)
    asked = Reason("asked", name, COMMAND_LINE)
    if has_wildcard(name) and not literal:
        found = tree.matching(name, request.kind)
        if not found:
            return Plan((Absent(ModuleName(name), asked, True, True),))
        leaves = planner.each([partial(planner.leaf, path, (stem(path),), asked, True) for path in found])
        return Plan((Choice(ModuleName(name), asked, True, True, leaves, request.every),), planner.problems)
    steps = planner.name(name, (), asked, True)
    return Plan(steps, planner.problems)


class _Loader:
    """Works out the steps for names.

    ``_open`` are the names that are being worked out, ``_working`` the files whose needs are: circles end there.
    ``_planned`` are the files that have their steps already, as far as these are followed whenever the next ones are.
    """

    def __init__(self, tree: Tree24, request: Request24, loaded: frozenset[str]) -> None:
        self._tree = tree
        self._conf = tree.conf
        self._request = request
        self._loaded = loaded
        self._open: list[str] = []
        self._working: list[str] = []
        self._planned: set[str] = set()
        self._left = _MOST
        self.problems: tuple[Problem, ...] = ()

    def each(self, makers: Sequence[Callable[[], Steps]]) -> tuple[Steps, ...]:
        """Return alternatives, of which none counts on what another one does."""
        before = self._planned
        found = []
        for maker in makers:
            self._planned = set(before)
            found.append(maker())
        self._planned = before
        return tuple(found)

    def name(self, name: str, chain: tuple[str, ...], reason: Reason, target: bool) -> Steps:
        """Return the steps for a name; ``chain`` are the names that led to it."""
        module = ModuleName(name)
        self._left -= 1
        if self._left < 0:
            message = f"names lead to each other more than {_MOST} times; the rest is left out"
            self.problems = (Problem(Origin((*self._conf.read, "")[0]), message),)
            return (Absent(module, reason, True, target),)
        if name in self._open or len(self._open) > _DEEPEST:
            return (Absent(module, reason, True, target),) if name in chain else ()
        self._open.append(name)
        try:
            return self._name(name, module, (*chain, name), reason, target)
        finally:
            self._open.pop()

    def _name(self, name: str, module: ModuleName, chain: tuple[str, ...], reason: Reason, target: bool) -> Steps:
        for kind in ("probe", "probeall"):
            words = self._conf.words(kind, name)
            if words:
                makers = [partial(self.name, word, chain, Reason("probe", name, at), target) for word, at in words]
                return (Choice(module, reason, True, target, self.each(makers), kind == "probeall"),)
        alias = self._conf.last("alias", name)
        if alias is not None:
            (to,) = alias.words
            reason = reason._replace(origin=alias.origin) if reason.kind == "asked" else reason
            if to == OFF:
                return (Off(module, reason, True, target, alias.origin),)
            if to == NULL:
                return (*self._beside("below", name, True), *self._beside("above", name, False))
            return self.name(to, chain, reason, target)
        kind = self._request.kind if target else ""
        files = (name,) if name in self._tree.files else self._tree.named(stem(name), kind)
        commands = [self._command("install", chain)] if not files else []
        if command := next(filter(None, commands), None):
            return (self._run(command, module, reason, target),)
        if not files:
            return (Absent(module, reason, True, target),)
        if len(files) == 1:
            return self.leaf(files[0], chain, reason, target)
        leaves = self.each([partial(self.leaf, path, chain, reason, target) for path in files])
        return (Choice(module, reason, True, target, leaves),)

    def leaf(self, path: str, chain: tuple[str, ...], reason: Reason, target: bool) -> Steps:
        """Return the steps for a file, with all that stands around it."""
        own = stem(path)
        chain = chain if own in chain else (*chain, own)
        words = [word for each in reversed(chain) for word, _ in self._conf.words("options", each)]
        flags, options = _split(words)
        module = ModuleName(flags[flags.index("-o") + 1] if "-o" in flags[:-1] else own)
        if module in self._loaded:
            return (Loaded(module, reason, True, target),)
        steps: list[Step] = [step for each in chain for step in self._beside("below", each, True)]
        self._working.append(path)
        steps += self._needs(path)
        self._working.pop()
        pre, instead, post = [self._command(kind, chain) for kind in ("pre-install", "install", "post-install")]
        steps += [self._run(pre, module, reason, target)] if pre else []
        given = " ".join([*options, *(self._request.options if target else ())])
        if instead:
            steps.append(self._run(instead, module, reason, target, given))
        else:
            keeps = any(each.keeps for name in chain for each in self._conf.of("options", name))
            autoclean = ("-k",) if self._request.autoclean and not keeps else ()
            flags = (*self._conf.insmod_options, *self._request.flags, *autoclean, *flags)
            steps.append(Insert24(module, reason, True, target, path, given, flags))
        self._planned.add(path)
        steps += [self._run(post, module, reason, target)] if post else []
        steps += [step for each in chain for step in self._beside("above", each, False)]
        return tuple(steps)

    def _needs(self, path: str) -> list[Step]:
        """Return the steps for what a file needs, by modules.dep, but for what is planned before it."""
        steps: list[Step] = []
        for need in reversed(self._tree.needs.get(path, ())):
            if need in self._planned or need in self._working or len(self._working) > 4 * _DEEPEST:
                continue
            reason = Reason("dependency", stem(path), Origin(self._tree.depfile))
            if need not in self._tree.files:
                steps.append(Absent(ModuleName(stem(need)), reason, True, False))
                continue
            steps += self.leaf(need, (stem(need),), reason, False)
        return steps

    def _beside(self, kind: str, name: str, required: bool) -> list[Step]:
        """Return the steps for what is ``above`` or ``below``."""
        steps: list[Step] = []
        # What stands beside a module may need what is being worked out only now: that then comes first.
        outer, self._working = self._working, []
        for word, origin in self._conf.words(kind, name):
            reason = Reason(kind, name, origin)
            maker = partial(self.name, word, (), reason, False)
            if required:
                steps += maker()
            elif (found := self.each([maker])) != ((),):
                steps.append(Choice(ModuleName(word), reason, False, False, found))
        self._working = outer
        return steps

    def _command(self, kind: str, chain: Sequence[str]) -> Directive24 | None:
        return next(filter(None, [self._conf.last(kind, name) for name in reversed(chain)]), None)

    def _run(self, each: Directive24, module: ModuleName, reason: Reason, target: bool, options: str = "") -> Command:
        return Command(module, reason, True, target, each.kind, each.words[0], options, each.origin)


def _split(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split configured options into insmod's own and the module's parameters.

    >>> _split(["-o", "ne2", "io=0x300", "-k", "-onine"])
    (('-o', 'ne2', '-k', '-o', 'nine'), ('io=0x300',))
    """
    flags: list[str] = []
    options: list[str] = []
    for word in words:
        if flags and flags[-1] in _WITH_WORD and not word.startswith("-"):
            flags.append(word)
        elif word[:2] in _WITH_WORD and len(word) > 2:
            flags += [word[:2], word[2:]]
        else:
            (flags if word.startswith("-") else options).append(word)
    return tuple(flags), tuple(options)


def plan_remove24(name: str, tree: Tree24, loaded: Mapping[str, tuple[str, ...]]) -> Plan:
    """Return the plan that removes what a name means; ``loaded`` tells who holds each module."""
    asked = Reason("asked", name, COMMAND_LINE)
    planner = _Remover(tree, loaded)
    steps = planner.name(name, asked, True, 0)
    return Plan(tuple(steps or [NotLoaded(ModuleName(name), asked, True, True)]))


def plan_autoclean24(names: Sequence[str], tree: Tree24) -> Plan:
    """Return the plan that removes idle modules, each with its commands; a failure of one leaves the others."""
    planner = _Remover(tree, dict.fromkeys(names, ()))
    reason = "not used since the last time"
    found = [
        planner.alone(name, (name,), Reason("autoclean", reason, Origin("modprobe -r")), False) for name in names
    ]
    return Plan(tuple([Choice(steps[0].module, steps[0].reason, False, False, (tuple(steps),)) for steps in found]))


class _Remover:
    """Works out the steps of removals."""

    def __init__(self, tree: Tree24, loaded: Mapping[str, tuple[str, ...]]) -> None:
        self._tree = tree
        self._conf = tree.conf
        self._loaded = loaded
        self._done: set[str] = set()
        self._seen: set[str] = set()

    def name(self, name: str, reason: Reason, target: bool, depth: int, chain: tuple[str, ...] = ()) -> list[Step]:
        """Return the steps for a name: nothing where nothing that it means is loaded."""
        chain = (*chain, name)
        if depth > _DEEPEST or name in self._seen:
            return []
        self._seen.add(name)
        for kind in ("probe", "probeall"):
            words = self._conf.words(kind, name)
            if words:
                found = [self.name(w, Reason("probe", name, at), target, depth + 1, chain) for w, at in words]
                return [step for one in found for step in one]
        alias = self._conf.last("alias", name)
        if alias is not None and name not in self._loaded:
            if alias.words[0] == NULL:
                return [*self._beside("above", name, depth), *self._beside("below", name, depth)]
            return self.name(alias.words[0], reason, target, depth + 1, chain) if alias.words[0] != OFF else []
        module = stem(name) if name not in self._loaded else name
        if module not in self._loaded or module in self._done:
            return []
        self._done.add(module)
        steps = [step for each in chain for step in self._beside("above", each, depth)]
        steps += self.alone(module, chain, reason, target)
        for low in self._lower(module):
            if low not in self._done:
                why = Reason("unneeded", module, Origin(self._tree.depfile))
                under = self.name(low, why, False, depth + 1)
                steps += [Choice(ModuleName(low), why, False, False, (tuple(under),))] if under else []
        steps += [step for each in chain for step in self._beside("below", each, depth)]
        return steps

    def _lower(self, module: str) -> list[str]:
        """Return what a loaded module needs, the uppermost first: as the kernel says, in modules.dep's order."""
        held = [name for name, holders in self._loaded.items() if module in holders]
        files = self._tree.named(module)
        order = [stem(path) for path in (self._tree.needs.get(files[0], ()) if files else ())]
        known = [name for name in order if name in self._loaded]
        return [*known, *[name for name in held if name not in known]]

    def _beside(self, kind: str, name: str, depth: int) -> list[Step]:
        steps: list[Step] = []
        for word, origin in reversed(self._conf.words(kind, name)):
            reason = Reason(kind, name, origin)
            found = self.name(word, reason, False, depth + 1)
            steps += [Choice(ModuleName(word), reason, False, False, (tuple(found),))] if found else []
        return steps

    def alone(self, module: str, chain: Sequence[str], reason: Reason, target: bool) -> list[Step]:
        """Return the steps for one module: its commands and its removal."""
        names = tuple(dict.fromkeys((module, *reversed(chain))))
        pre, instead, post = [
            next(filter(None, [self._conf.last(kind, name) for name in names]), None)
            for kind in ("pre-remove", "remove", "post-remove")
        ]
        base = (ModuleName(module), reason, True, target)
        steps: list[Step] = [Command(*base, pre.kind, pre.words[0], "", pre.origin)] if pre else []
        if instead:
            steps.append(Command(*base, instead.kind, instead.words[0], "", instead.origin))
        else:
            users = len(self._loaded.get(module, ()))
            steps.append(Remove(*base, "always" if target else "unused", users))
        return [*steps, Command(*base, post.kind, post.words[0], "", post.origin)] if post else steps
