"""Every difference between kmod's modprobe and ours that shows in what a world of configuration means.

The list of docs/modprobe.md, which a test holds equal to this one. An entry recognises its difference exactly: with
``put_back`` ours does as kmod does, and an entry explains an answer when the two are then the same byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from lkm.cli import modprobe as tool
from lkm.cli.modprobe_run import Session
from lkm.config import modprobe
from lkm.config.lines import SPACES, Line, logical_lines
from lkm.config.lines import words as split
from lkm.config.nouns import Directive, Options, Softdep
from lkm.names import ModuleName
from lkm.origin import Origin
from lkm.plan import load
from lkm.plan.resolve import World
from lkm.report import config
from lkm.system import configfiles
from tests.support.kmod import kmod_version

Patch = pytest.MonkeyPatch
#: What a shell tells of a segmentation fault, and of a call that was killed when it did not end.
CRASHED = (139, 137)
_REMOVES = re.compile("--remove|-[a-z]*r")


class Mended(NamedTuple):
    """One difference. ``put_back`` gives ours kmod's way; ``shows`` tells it from kmod's answer, where it has none.

    ``until`` is the kmod that does as we do, 0 for none so far.
    """

    name: str
    text: str
    put_back: Callable[[Patch], None] | None = None
    shows: Callable[[list[str], tuple[int, str]], bool] | None = None
    until: int = 0


def _first_softdep(patch: Patch) -> None:
    every = World.softdeps
    patch.setattr(World, "softdeps", lambda self, module: every(self, module)[:1])


def _softdeps_as_kept(patch: Patch) -> None:
    """Print of each side all words from its first name to its last, as they lie in memory one after the other."""
    asked: dict[Origin, list[tuple[str, str]]] = {}
    parse, words = modprobe._Reader._softdeps, config._words

    def parsed(self: modprobe._Reader, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        pre, post = parse(self, text)
        kinds, kind = [], ""
        overlooked = text[:1] in SPACES and text[1:2] not in SPACES  # the first word, after two blanks
        for word in split(text)[overlooked:]:
            kind = word if word in ("pre:", "post:") else kind
            if kind and word != kind:
                kinds.append((kind, word))
        asked[self.origin] = kinds
        return pre, post

    def side(kinds: list[tuple[str, str]], kind: str) -> str:
        places = [at for at, each in enumerate(kinds) if each[0] == kind]
        return " ".join([kind, *[word for _, word in kinds[places[0] : places[-1] + 1]]])

    def kmods(fact: Directive) -> str:
        if not isinstance(fact, Softdep) or not (fact.pre and fact.post):
            return words(fact)
        return f"{fact.module} {side(asked[fact.origin], 'pre:')}{side(asked[fact.origin], 'post:')}"

    patch.setattr(modprobe._Reader, "_softdeps", parsed)
    patch.setattr(config, "_words", kmods)


def _without(*directives: str) -> Callable[[Patch], None]:
    def put_back(patch: Patch) -> None:
        left = {name: form for name, form in modprobe.SYNTAX.items() if name not in directives}
        patch.setattr(modprobe, "SYNTAX", left)

    return put_back


def _plain_options(patch: Patch) -> None:
    patch.setattr(modprobe._Reader, "_options", lambda self, module, text: Options(module, text, self.origin))


def _byte_at_the_end(patch: Patch) -> None:
    def lines(text: str) -> Iterator[Line]:
        ends = (len(text) - len(text.rstrip("\\"))) % 2
        return logical_lines(text + "\udcff" * ends)

    patch.setattr(modprobe, "logical_lines", lines)


def _kmods_split(text: str) -> list[str]:
    """Split at every single space, and after every closing quote (kmod: ``prepend_options_from_env``)."""
    words: list[str] = []
    word, quote = "", ""
    for char in text:
        if quote:
            if char == quote:
                words.append(word)
                word = quote = ""
            else:
                word += char
        elif char == " ":
            words.append(word)
            word = ""
        elif char in "\"'":
            quote = char
        else:
            word += char
    return [*words, word] if word else words


_EVERY = (
    Mended(
        "dash",
        "`modprobe.blacklist=snd-hda` on the kernel command line means `snd_hda`; kmod's never matches",
        lambda patch: patch.setattr("lkm.config.cmdline.fold", ModuleName),
    ),
    Mended(
        "install-softdep",
        "`install` of a module with softdeps is run, with the softdeps around it; kmod forgets the command",
        lambda patch: patch.setattr(load._Walk, "softdeps_hide_commands", True),
    ),
    Mended(
        "every-softdep",
        "all `softdep` lines of a module count, also beside those of `modules.softdep`; of kmod's the first",
        _first_softdep,
    ),
    Mended(
        "alias-status",
        "an alias of several modules ends with status 1 when any of them failed; kmod's status is the last one's",
        lambda patch: patch.setattr(Session, "combined", lambda self, states: states[-1]),
    ),
    Mended(
        "softdep-circle",
        "softdeps that name each other in a circle end `modprobe -r` too, where kmod crashes, or goes on for ever",
        shows=lambda words, theirs: theirs[0] in CRASHED and any(map(_REMOVES.match, words)),
    ),
    Mended(
        "softdep-line",
        "`-c` prints a softdep so that it can be read again; kmod's has no blank before `post:`, and repeats names "
        "where `pre:` and `post:` take turns",
        _softdeps_as_kept,
    ),
    Mended(
        "environment",
        "`MODPROBE_OPTIONS` may have tabs and more blanks than one between options; kmod makes names of them",
        lambda patch: patch.setattr(tool, "split_words", _kmods_split),
    ),
    Mended("forbid", "`forbid` is a directive; to kmod it is a bad line", _without("forbid")),
    Mended("unset", "`unset` is a directive; to kmod it is a bad line", _without("unset")),
    Mended("extend", "`options NAME += P=V` extends a list; kmod hands the kernel a parameter `+=`", _plain_options),
    Mended(
        "weakdep", "`weakdep` is a directive, as in kmod 33; to older ones a bad line", _without("weakdep"), until=33
    ),
    Mended(
        "alias-files",
        "of a directory only files `*.conf` are read, as in kmod 33; older ones read `*.alias` too",
        lambda patch: patch.setattr(configfiles, "SUFFIXES", (".conf", ".alias")),
        until=33,
    ),
    Mended(
        "last-backslash",
        "a backslash as the last byte of a file is nothing, as in kmod 34; older ones make it the byte 0xff",
        _byte_at_the_end,
        until=34,
    ),
    Mended(
        "usr-lib",
        "`/usr/lib/modprobe.d` is read (before `/lib/modprobe.d`), as in kmod 34; Debian's 30 knows `/lib` alone",
        lambda patch: patch.setattr(
            configfiles, "DIRECTORIES", tuple([d for d in configfiles.DIRECTORIES if d != "/usr/lib"])
        ),
        until=34,
    ),
)
ALL = _EVERY
#: Those that tell ours from the kmod of this machine.
MENDED = tuple(m for m in _EVERY if not m.until or kmod_version() < m.until)
