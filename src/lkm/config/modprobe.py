"""The text of a modprobe.d file → directives and problems.

Reads as kmod does (libkmod-config.c, ``kmod_config_parse``). A bad line is left out and told of; the rest stands.
``#`` makes a comment only as a line's very first character. ``include`` and ``config`` were directives once and are
refused. Words past those that a directive takes are ignored, and told of unless they start with ``#``.

>>> facts, problems = parse("alias eth0 e1000-x\\noptoins e1000 debug=1\\n", "x.conf")
>>> facts[0].pattern, facts[0].module, str(facts[0].origin)
('eth0', 'e1000_x', 'x.conf:1')
>>> print(problems[0], "|", problems[0].hint)
x.conf:2: unknown directive 'optoins' | did you mean 'options'?
"""

from __future__ import annotations

from lkm.config.lines import BLANKS, SPACES, Line, logical_lines, word_at, words
from lkm.config.nouns import Alias, Blacklist, Command, Directive, Forbid, Options, Softdep, Unset, Weakdep
from lkm.errors import FormatError
from lkm.names import AliasPattern, ModuleName, fold_alias
from lkm.origin import Origin, Problem

#: Directive → the words it takes, for hints.
SYNTAX = {
    "alias": "alias WILDCARD MODULE",
    "blacklist": "blacklist MODULE",
    "forbid": "forbid MODULE [because TEXT]",
    "install": "install MODULE COMMAND",
    "options": "options MODULE [+=] NAME=VALUE...",
    "remove": "remove MODULE COMMAND",
    "softdep": "softdep MODULE pre: NAME... post: NAME...",
    "unset": "unset DIRECTIVE NAME",
    "weakdep": "weakdep MODULE NAME...",
}


def parse(text: str, file: str) -> tuple[tuple[Directive, ...], tuple[Problem, ...]]:
    """Return the directives of one file, in order, and what could not be used. Never raises."""
    facts: list[Directive] = []
    problems: list[Problem] = []
    ends: list[Line] = []
    for line in logical_lines(text):
        if line.text[0] == "#":
            continue
        keyword, column = word_at(line.text, 0)
        if keyword:
            reader = _Reader(line.text, column + len(keyword), Origin(file, line.first), problems)
            fact = reader.directive(keyword)
            if fact is not None:
                facts.append(fact)
                if line.text[-1] == "\r":
                    ends.append(line)
    if ends:
        message = "ends in a carriage return, which kmod takes for a part of the last word"
        more = f", as do {len(ends) - 1} more lines" if len(ends) > 1 else ""
        last, hint = ends[0], "the file has DOS line ends; remove the carriage returns"
        problems.append(Problem(Origin(file, last.first), message + more, last.text, len(last.text), hint))
    return tuple(facts), tuple(problems)


class _Reader:
    """Reads one line, word by word; remembers where the word in hand stands."""

    def __init__(self, text: str, at: int, origin: Origin, problems: list[Problem]) -> None:
        self.text = text
        self.at = at
        self.origin = origin
        self.problems = problems

    def directive(self, keyword: str) -> Directive | None:
        """Return the fact that the line states, or None when it was a problem."""
        if keyword not in SYNTAX:
            self._unknown(keyword)
            return None
        try:
            return self._read(keyword)
        except FormatError as error:
            self._problem(error.what, error.offset + 1, error.hint or f"the form is: {SYNTAX[keyword]}")
            return None

    def _read(self, keyword: str) -> Directive:
        if keyword == "alias":
            pattern = self._name("the alias")
            target = self._module()
            self._no_more("one module")
            return Alias(pattern, target, self.origin)
        if keyword == "unset":
            kind = self._kind()
            fact = Unset(kind, ModuleName(self._name("the name")), self.origin)
            self._no_more("one name")
            return fact
        module = self._module()
        if keyword == "blacklist":
            self._no_more("one module")
            return Blacklist(module, self.origin)
        if keyword == "forbid":
            return Forbid(module, self._because(), self.origin)
        if keyword == "options":
            return self._options(module, self._rest("options").replace("\t", " "))
        if keyword == "softdep":
            pre, post = self._softdeps(self._rest("names"))
            return Softdep(module, pre, post, self.origin)
        if keyword == "weakdep":
            return Weakdep(module, tuple(words(self._rest("names"))), self.origin)
        return Command(keyword, module, self._rest("command"), self.origin)

    def _name(self, what: str) -> AliasPattern:
        """Return the next word, folded as an alias (kmod folds module names in the same way)."""
        word, start = word_at(self.text, self.at)
        if not word:
            raise FormatError(f"{what} is missing", offset=start)
        self.at = start + len(word)
        try:
            return fold_alias(word)
        except FormatError as error:
            hint = "write brackets in pairs: [ab] matches an a or a b"
            raise FormatError(error.what, offset=start + error.offset, hint=hint) from None

    def _module(self) -> ModuleName:
        return ModuleName(self._name("the module name"))

    def _no_more(self, least: str) -> None:
        """Tell of words that mean nothing to kmod either; a comment is at least well meant, and works."""
        word, start = word_at(self.text, self.at)
        if word and word[0] not in "#\r":
            rest = self.text[start:].rstrip(SPACES)
            self._problem(f"ignored, as this takes {least}: {_quoted(rest)}", start + 1, "write a line for each")

    def _options(self, module: ModuleName, text: str) -> Options:
        sign, _, rest = text.lstrip(" ").partition(" ")
        if sign != "+=":
            return Options(module, text, self.origin)
        if not rest.strip(" "):
            raise FormatError("no options after '+='", offset=len(self.text))
        return Options(module, rest, self.origin, extends=True)

    def _kind(self) -> str:
        """Return the next word, which must be a directive that can be unset."""
        word, start = word_at(self.text, self.at)
        if word in SYNTAX and word != "unset":
            self.at = start + len(word)
            return word
        if not word:
            raise FormatError("the directive is missing", offset=start)
        from lkm.config.nearest import hint_for

        hint = hint_for(word, [known for known in SYNTAX if known != "unset"])
        raise FormatError(f"{_quoted(word)} is no directive that can be unset", offset=start, hint=hint)

    def _rest(self, what: str) -> str:
        rest = self.text[self.at + 1 :]  # all but the one blank that ended the name
        if not rest:
            raise FormatError(f"no {what} after the module name", offset=len(self.text))
        return rest

    def _because(self) -> str:
        """Return the text after ``because``, or "" when the line ends before it."""
        word, start = word_at(self.text, self.at)
        if not word:
            return ""
        if word != "because":
            raise FormatError(f"{_quoted(word)} stands where 'because' would", offset=start)
        text = self.text[start + len(word) :].strip(BLANKS)
        if not text:
            raise FormatError("no text after 'because'", offset=len(self.text))
        return text

    def _softdeps(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Split the text after the module name into the names after ``pre:`` and those after ``post:``.

        kmod overlooks a first word that has exactly one space before it, so ``softdep a  pre: b`` (two blanks)
        asks for nothing.
        """
        pre: list[str] = []
        post: list[str] = []
        lost: list[str] = []
        names = lost
        overlooked = text[:1] in SPACES and text[1:2] not in SPACES
        for place, word in enumerate(words(text)):
            if word in ("pre:", "post:") and not (overlooked and place == 0):
                names = pre if word == "pre:" else post
            else:
                names.append(word)
        if lost:
            column = self.text.find(lost[0], self.at) + 1
            overlooked = lost[0] in ("pre:", "post:")
            hint = "leave one blank before it, not two" if overlooked else "write 'pre:' or 'post:' before the names"
            self._problem(f"ignored, as it does not follow 'pre:' or 'post:': {' '.join(lost)}", column, hint)
        return tuple(pre), tuple(post)

    def _unknown(self, keyword: str) -> None:
        column = len(self.text) - len(self.text.lstrip(BLANKS)) + 1
        if keyword in ("include", "config"):
            hint = "put the directives into a file of their own in the directory, or name it with -C"
            self._problem(f"directive '{keyword}' is no longer read", column, hint)
            return
        from lkm.config.nearest import hint_for

        self._problem(f"unknown directive {_quoted(keyword)}", column, hint_for(keyword, SYNTAX))

    def _problem(self, message: str, column: int, hint: str) -> None:
        self.problems.append(Problem(self.origin, message, self.text, column, hint))


def _quoted(word: str) -> str:
    return f"'{word}'" if word.isprintable() else ascii(word)
