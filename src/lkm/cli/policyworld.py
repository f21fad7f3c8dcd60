"""The policy of this machine: the rules of autoload.d, with what the module tree and the kernel say of an alias."""

from __future__ import annotations

from lkm.autoload.policy import Meaning, Policy
from lkm.config.autoload import parse
from lkm.errors import LkmError, NotFound
from lkm.plan.resolve import resolve
from lkm.system.configfiles import POLICY, conf_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.config.autoload import Fact
    from lkm.origin import Problem
    from lkm.plan.resolve import World

LEAF = POLICY
#: diagnose.evidence.SIGNATURES → the words of the rules.
_STATES = {
    "unsigned": "unsigned",
    "good": "known-key",
    "unknown key": "unknown-key",
    "bad": "bad",
    "malformed": "bad",
}


def read_rules(
    paths: tuple[str, ...] = (), root: str = "", files: list[tuple[str, str]] | None = None
) -> tuple[tuple[Fact, ...], tuple[Problem, ...]]:
    """Return the facts of autoload.d in the order of reading, and what was wrong there.

    ``paths``, files or directories, are read instead of the usual ones; ``files``: path and text of those, where they
    have been read already.
    """
    problems: list[Problem] = []
    facts: list[Fact] = []
    for path, text in conf_files(LEAF, root, paths, problems) if files is None else files:
        found, wrong = parse(text, path)
        facts += found
        problems += wrong
    return tuple(facts), tuple(problems)


def policy_of(facts: tuple[Fact, ...], world: Callable[[], World], image: str = "") -> Policy:
    """Return the policy of rules. ``world`` is asked for when a rule depends on what an alias means.

    ``image`` is the kernel whose certificates tell known keys from others; without one signatures are ``unverified``.
    """
    return Policy(facts, lambda alias: meaning(alias, world()), Signatures(world, image).state)


def meaning(alias: str, world: World) -> Meaning:
    """Return what an alias means in a world, as modprobe takes it; what is blacklisted is not meant by an alias."""
    found = [c for c in resolve(alias, world) if not (c.alias and world.blacklisted(c.module))]
    needs = []
    for candidate in found:
        try:
            needs += [need.module for need in world.needs(candidate)]
        except NotFound:  # it will not load, which planning says better
            continue
    return Meaning(tuple([c.module for c in found]), tuple(needs))


class Signatures:
    """The states of modules' signatures. The image, which takes long to read, is read when the first is signed."""

    def __init__(self, world: Callable[[], World], image: str = "") -> None:
        self._world = world
        self._image = image
        self._certificates: tuple[bytes, ...] | None = None

    def state(self, module: str) -> str:
        """Return the state of a module's, one of config.autoload.SIGNATURES."""
        from lkm.modfile.signature import MAGIC
        from lkm.system.files import open_source

        world = self._world()
        entry = world.entry(module)
        if entry is None:
            return "unverified"
        path = world.place(entry.path)
        try:
            with open_source(path) as source:
                size = len(MAGIC)
                if source.size < size or source.read(source.size - size, size) != MAGIC:
                    return "unsigned"
            return self._verified(path)
        except LkmError:
            return "unverified"

    def _verified(self, path: str) -> str:
        from lkm.diagnose.examine import examine
        from lkm.image.facts import read
        from lkm.manager.kernelside import with_signature
        from lkm.system.files import read_bytes

        if self._certificates is None:
            self._certificates = read(read_bytes(self._image), self._image).certificates if self._image else ()
        if not self._certificates:
            return "unverified"
        raw = read_bytes(path)
        return _STATES[with_signature(examine(path, raw), raw, self._certificates).signature]
