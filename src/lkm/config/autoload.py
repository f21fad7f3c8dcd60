r"""The text of an autoload.d file → rules and problems: who may have which modules loaded.

A line is ``WORD [CONDITION VALUE[,VALUE...]]... [because TEXT]``. ``WORD`` is ``allow``, ``deny`` or ``audit``; every
condition must hold, and one of its values is enough. ``default WORD`` says what counts where no rule fits, ``mode
WORD`` how rules are taken (``MODES``). The first line that fits decides, in the order of reading. ``#`` starts a
comment at a line's start and after a blank; a backslash at a line's end joins two lines, as in modprobe.d. A bad line
is left out and told of; the rest stands.

>>> facts, problems = parse("deny from kernel alias net-pf-* because old\ndeny form user\n", "x.conf")
>>> facts[0].word, facts[0].requesters, facts[0].aliases, facts[0].because, str(facts[0].origin)
('deny', ('kernel',), ('net_pf_*',), 'old', 'x.conf:1')
>>> print(problems[0], "|", problems[0].hint)
x.conf:2: unknown condition 'form' | did you mean 'from'?
"""

from __future__ import annotations

from lkm.config.lines import BLANKS, Line, logical_lines, word_at
from lkm.errors import FormatError
from lkm.names import AliasPattern, ModuleName, fold_alias
from lkm.origin import Origin, Problem
from lkm.record import Record

#: What a rule can say, and who can ask. (``lkm.autoload.nouns`` has the same words; it is above this layer.)
WORDS = ("allow", "deny", "audit")
REQUESTERS = ("kernel", "uevent", "user", "boot")
#: How rules are taken: as they are; only recorded, while all is loaded; only recorded, while nothing is loaded.
MODES = ("enforce", "permissive", "audit")
#: What can be told of a module's signature: none; of a key that the kernel trusts; of another; it does not fit the
#: file; there is one, but nothing to verify it with.
SIGNATURES = ("unsigned", "known-key", "unknown-key", "bad", "unverified")
#: Condition → what its values are, for hints.
CONDITIONS = {
    "from": ", ".join(REQUESTERS),
    "alias": "wildcards for what is asked for, as net-pf-*",
    "module": "wildcards for the names of modules",
    "signature": ", ".join(SIGNATURES),
    "uid": "numbers and ranges, as 0,1000-1999",
}
_MAX_UID = 0xFFFFFFFF


class Rule(Record):
    """One line. Of each kind of condition one value must hold; an empty kind holds always.

    ``aliases`` and ``modules`` are folded; ``uids`` are first and last of ranges.
    """

    word: str
    origin: Origin
    requesters: tuple[str, ...] = ()
    aliases: tuple[AliasPattern, ...] = ()
    modules: tuple[ModuleName, ...] = ()
    signatures: tuple[str, ...] = ()
    uids: tuple[tuple[int, int], ...] = ()
    because: str = ""


class Default(Record):
    """``default WORD``: what counts where no rule fits."""

    word: str
    origin: Origin


class Mode(Record):
    """``mode WORD``, one of ``MODES``."""

    word: str
    origin: Origin


Fact = Rule | Default | Mode


def parse(text: str, file: str) -> tuple[tuple[Fact, ...], tuple[Problem, ...]]:
    """Return the rules, defaults and modes of one file, in order, and what could not be used. Never raises."""
    facts: list[Fact] = []
    problems: list[Problem] = []
    for line in logical_lines(text):
        origin = Origin(file, line.first)
        try:
            fact = _Reader(_without_comment(line), origin).fact()
        except FormatError as error:
            problems.append(Problem(origin, error.what, line.text, error.offset + 1, error.hint))
            continue
        if fact is not None:
            facts.append(fact)
    return tuple(facts), tuple(problems)


def _without_comment(line: Line) -> str:
    text = line.text.removesuffix("\r")
    at = text.find("#")
    while at > 0 and text[at - 1] not in BLANKS:
        at = text.find("#", at + 1)
    return text if at < 0 else text[:at]


class _Reader:
    """Reads one line, word by word."""

    def __init__(self, text: str, origin: Origin) -> None:
        self._text = text
        self._at = 0
        self._start = 0
        self._origin = origin

    def fact(self) -> Fact | None:
        """Return what the line states, None for an empty one; raises FormatError with the place of the fault."""
        word = self._next()
        if not word:
            return None
        if word in WORDS:
            return self._rule(word)
        if word not in ("default", "mode"):
            known = (*WORDS, "default", "mode")
            raise self._fault(f"unknown directive {_quoted(word)}", _hint(word, known))
        choices = WORDS if word == "default" else MODES
        value = self._next()
        if value not in choices:
            what = f"unknown word {_quoted(value)}" if value else f"the word after '{word}' is missing"
            raise self._fault(what, f"the form is: {word} {'|'.join(choices)}")
        if more := self._next():
            raise self._fault(f"nothing stands after '{word} {value}', but here is {_quoted(more)}", "")
        return Default(value, self._origin) if word == "default" else Mode(value, self._origin)

    def _rule(self, word: str) -> Rule:
        values: dict[str, tuple[object, ...]] = {}
        because = ""
        while key := self._next():
            if key == "because":
                because = self._text[self._at :].strip(BLANKS)
                if not because:
                    raise FormatError("no text after 'because'", offset=len(self._text))
                break
            if key not in CONDITIONS:
                raise self._fault(f"unknown condition {_quoted(key)}", _hint(key, (*CONDITIONS, "because")))
            if key in values:
                raise self._fault(f"a second '{key}'", "write its values with commas between, or two lines")
            values[key] = tuple(self._values(key))
        return Rule(
            word,
            self._origin,
            values.get("from", ()),  # type: ignore[arg-type]
            values.get("alias", ()),  # type: ignore[arg-type]
            values.get("module", ()),  # type: ignore[arg-type]
            values.get("signature", ()),  # type: ignore[arg-type]
            values.get("uid", ()),  # type: ignore[arg-type]
            because,
        )

    def _values(self, key: str) -> list[object]:
        """Return the values of a condition, which is the next word split at its commas."""
        word = self._next()
        if not word or word in CONDITIONS or word == "because":
            raise self._fault(f"no value after '{key}'", f"values are: {CONDITIONS[key]}")
        found: list[object] = []
        offset = self._start
        for part in _split(word):
            found.append(self._value(key, part, offset))
            offset += len(part) + 1
        return found

    def _value(self, key: str, part: str, offset: int) -> object:
        if not part:
            raise FormatError("an empty value", offset=offset, hint="write no comma at the start or end")
        if key in ("alias", "module"):
            try:
                return fold_alias(part)
            except FormatError as error:
                raise FormatError(error.what, offset=offset + error.offset, hint="write brackets in pairs") from None
        if key == "uid":
            return _uids(part, offset)
        known = REQUESTERS if key == "from" else SIGNATURES
        if part not in known:
            raise FormatError(f"unknown value {_quoted(part)} of '{key}'", offset=offset, hint=_hint(part, known))
        return part

    def _next(self) -> str:
        word, self._start = word_at(self._text, self._at)
        self._at = self._start + len(word)
        return word

    def _fault(self, what: str, hint: str) -> FormatError:
        return FormatError(what, offset=self._start, hint=hint)


def _split(word: str) -> list[str]:
    """Split at commas that are not between brackets.

    >>> _split("a,b[1,2]c,d")
    ['a', 'b[1,2]c', 'd']
    """
    parts = [""]
    inside = False
    for char in word:
        inside = char == "[" or (inside and char != "]")
        if char == "," and not inside:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _uids(part: str, offset: int) -> tuple[int, int]:
    first, dash, last = part.partition("-")
    numbers = [first, last] if dash else [first, first]
    if not all(n.isascii() and n.isdigit() and len(n) <= 10 and int(n) <= _MAX_UID for n in numbers):
        hint = "values are numbers and ranges, as 0,1000-1999; `id -u NAME` tells a user's"
        raise FormatError(f"{_quoted(part)} is no user's number", offset=offset, hint=hint)
    low, high = map(int, numbers)
    if low > high:
        raise FormatError(f"the range {_quoted(part)} is empty", offset=offset, hint=f"write {high}-{low}")
    return low, high


def _hint(word: str, known: tuple[str, ...]) -> str:
    from lkm.config.nearest import nearest

    near = nearest(word, known)
    return f"did you mean '{near}'?" if near else "known are: " + ", ".join(known)


def _quoted(word: str) -> str:
    return f"'{word}'" if word.isprintable() else ascii(word)
