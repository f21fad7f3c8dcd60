"""What is to be said of an ``install`` or ``remove`` command of modprobe.d that did not do what was wanted."""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding
from lkm.diagnose.words import name_of
from lkm.wildcard import has_wildcard, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lkm.config.nouns import Command
    from lkm.diagnose.evidence import Evidence
    from lkm.diagnose.finding import Remedy

#: First words of commands that do nothing but succeed, or fail.
_YES, _NO = ("true", ":"), ("false",)


def findings(code: str, kind: str, evidence: Evidence, remedies: Iterable[Remedy]) -> Iterator[Finding]:
    """Yield the finding for the command that is configured for the module; ``kind`` is install or remove."""
    name, attempt = name_of(evidence), evidence.attempt
    ran = attempt.call == "command"
    mine = _meant(kind, name, evidence)
    if ran:
        others = _meant("remove" if kind == "install" else "install", name, evidence)
        same = [command for command in mine if command.command == attempt.command]
        if not same and (kind == "remove" or mine or any(c.command == attempt.command for c in others)):
            return
        mine = same
    text = attempt.command if ran else mine[0].command if mine else ""
    first = text.split()[:1]
    word = first[0].rsplit("/", 1)[-1] if first else ""
    if not ran and word not in (*_YES, *_NO):
        return
    place = str(mine[0].origin) if mine else "modprobe.d"
    facts = [Fact(f"{kind} {name} {text}", place)]
    facts += [Fact(f"it ended with status {attempt.status}", "/bin/sh -c")] if ran else []
    yield Finding(
        code,
        _what(kind, name, text, word, place, attempt.status if ran else None),
        CERTAIN,
        "" if word in _YES and not attempt.status else "EINVAL",
        tuple(facts),
        f"modprobe runs the command in place of {'loading' if kind == 'install' else 'removing'}; no kernel is asked",
        f"modprobe.d(5): {kind}",
        tuple([remedy.filled(name=name) for remedy in remedies]),
    )


def _meant(kind: str, name: str, evidence: Evidence) -> list[Command]:
    settings = evidence.settings
    known: Iterable[Command] = (settings.installs if kind == "install" else settings.removes) if settings else ()
    return [c for c in known if c.module == name or (has_wildcard(c.module) and matches(c.module, name))]


def _what(kind: str, name: str, text: str, word: str, place: str, status: int | None) -> str:
    if word in _NO:
        return (
            f"{place} refuses to {'load' if kind == 'install' else 'remove'} {name}: its {kind} command is `{text}`"
        )
    if word in _YES and not status:
        does = "loads" if kind == "install" else "removes"
        return f"{place} {does} nothing and says success: the {kind} command of {name} is `{text}`"
    return f"the {kind} command of {name} ({place}) has failed with status {status}: `{text}`"
