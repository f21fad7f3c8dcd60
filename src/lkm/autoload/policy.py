"""Who may have which module loaded: the rules of autoload.d, put to a request.

The first rule that fits decides, in the order of reading (files by their base names, then lines), and so does the
first ``default`` and the first ``mode``. A request is for an alias; rules about modules and signatures speak of what
the alias means. Of several modules a ``deny`` or ``audit`` fits when it fits any one that would be loaded, what they
need included; an ``allow`` only when it fits all that are meant, and by signature what they need too.

A program on the socket that is not root's is special: only a rule that names ``from user`` or a ``uid`` allows it
anything, never a default, a mode, or a rule that forgot about users. A rule with a ``uid`` fits nobody whose uid is
not known.

>>> from lkm.autoload.nouns import KERNEL, Request
>>> from lkm.config.autoload import parse
>>> policy = Policy(parse("deny alias net-pf-* because 'not here'", "x.conf")[0])
>>> print(*policy(Request("net-pf-21", KERNEL, 0.0))._values())
deny net-pf-21 is denied because 'not here' x.conf:1
"""

from __future__ import annotations

from lkm.autoload.nouns import ALLOW, AUDIT, DENY, USER, Request, Verdict
from lkm.config.autoload import Default, Fact, Mode, Rule
from lkm.errors import FormatError
from lkm.names import fold_alias
from lkm.record import Record
from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lkm.names import ModuleName


class Meaning(Record):
    """What an alias means: the modules themselves, and those that they need."""

    modules: tuple[ModuleName, ...] = ()
    needs: tuple[ModuleName, ...] = ()


def _nothing(_alias: str) -> Meaning:
    return Meaning()


def _unverified(_module: str) -> str:
    return "unverified"


class Policy:
    """The rules, in order. Call it with a request to get the verdict.

    ``meaning`` gives what an alias means, ``signature`` the state of a module's (one of config.autoload.SIGNATURES).
    They may be slow: they are asked only where a rule depends on it, once for a request.
    """

    def __init__(
        self,
        facts: Iterable[Fact] = (),
        meaning: Callable[[str], Meaning] = _nothing,
        signature: Callable[[str], str] = _unverified,
    ) -> None:
        facts = tuple(facts)
        self.rules = tuple([fact for fact in facts if isinstance(fact, Rule)])
        self.default = next((fact for fact in facts if isinstance(fact, Default)), None)
        self.mode = next((fact for fact in facts if isinstance(fact, Mode)), None)
        self._meaning = meaning
        self._signature = signature

    def __call__(self, request: Request) -> Verdict:
        """Return what is said to a request, with the line that says so. Deterministic; raises nothing itself."""
        case = _Case(request, self._meaning, self._signature)
        return self._by_mode(self._by_rules(request, case), case)

    def _by_rules(self, request: Request, case: _Case) -> Verdict:
        for rule in self.rules:
            if case.fits(rule):
                because = f" because {rule.because}" if rule.because else ""
                return Verdict(rule.word, f"{request.alias} is {_PAST[rule.word]}{because}", rule.origin)
        if case.is_stranger:
            return Verdict(DENY, f"no rule allows user {_number(request.uid)} to ask for it")
        if self.default:
            return Verdict(self.default.word, "no rule fits, so the default counts", self.default.origin)
        return Verdict(ALLOW, "no rule fits")

    def _by_mode(self, verdict: Verdict, case: _Case) -> Verdict:
        mode = self.mode
        if mode is None or mode.word == "enforce":
            return verdict
        place = f", {verdict.origin}" if verdict.origin else ""
        if mode.word == "audit":
            return Verdict(AUDIT, f"mode audit; else {verdict.word}: {verdict.reason}{place}", mode.origin)
        if verdict.word == ALLOW or case.is_stranger:
            return verdict
        return Verdict(ALLOW, f"mode permissive; else {verdict.word}: {verdict.reason}{place}", mode.origin)


_PAST = {ALLOW: "allowed", DENY: "denied", AUDIT: "only recorded"}


class _Case:
    """One request, and what was found out about it so far."""

    def __init__(self, request: Request, meaning: Callable[[str], Meaning], signature: Callable[[str], str]) -> None:
        self._request = request
        self._ask_meaning = meaning
        self._ask_signature = signature
        self._meaning: Meaning | None = None
        self._signatures: dict[str, str] = {}
        try:
            self._alias = fold_alias(request.alias)
        except FormatError:
            self._alias = fold_alias("")  # means nothing to modprobe, and fits "*" alone

    @property
    def is_stranger(self) -> bool:
        """Tell whether it is a program on the socket, and not root's."""
        return self._request.requester == USER and self._request.uid != 0

    def fits(self, rule: Rule) -> bool:
        """Tell whether every condition of the rule holds."""
        request = self._request
        if rule.requesters and request.requester not in rule.requesters:
            return False
        if rule.uids and not any(low <= request.uid <= high for low, high in rule.uids):
            return False
        if self.is_stranger and rule.word == ALLOW and not (rule.uids or USER in rule.requesters):
            return False
        if rule.aliases and not any(matches(pattern, self._alias) for pattern in rule.aliases):
            return False
        if not (rule.modules or rule.signatures):
            return True
        meaning = self._means()
        if rule.word != ALLOW:
            return any(self._named(rule, m) and self._signed(rule, m) for m in (*meaning.modules, *meaning.needs))
        if not meaning.modules:
            return False
        named = all(self._named(rule, module) for module in meaning.modules)
        return named and all(self._signed(rule, module) for module in (*meaning.modules, *meaning.needs))

    def _means(self) -> Meaning:
        if self._meaning is None:
            self._meaning = self._ask_meaning(self._request.alias)
        return self._meaning

    def _named(self, rule: Rule, module: str) -> bool:
        return not rule.modules or any(matches(pattern, module) for pattern in rule.modules)

    def _signed(self, rule: Rule, module: str) -> bool:
        if not rule.signatures:
            return True
        if module not in self._signatures:
            self._signatures[module] = self._ask_signature(module)
        return self._signatures[module] in rule.signatures


def _number(uid: int) -> str:
    return str(uid) if uid >= 0 else "(unknown)"
