"""The text of /etc/modules.conf (modutils 2.4) and of what it includes → the configuration. Never raises.

A bad line is left out and told of; the rest stands. Where two lines are at odds, the later one counts, except for
lists that begin with ``add``. The first ``path`` drops the paths that were compiled in, unless ``keep`` stands before
it. What an ``if`` leaves out is not looked at, but for the ``if``, ``else`` and ``endif`` in it.

>>> text = "alias eth0 ne\\nif -k\\nalias eth0 off\\nendif\\nalais x y"
>>> conf = read_conf("/m", text_files({"/m": text}), Context("2.4.2"))
>>> conf.last("alias", "eth0").words, conf.last("alias", "net-pf-17").words
(('ne',), ('af_packet',))
>>> print(conf.problems[0], "|", conf.problems[0].hint)
/m:5: unknown directive 'alais' | did you mean 'alias'?
"""

from __future__ import annotations

from lkm.config.lines import Line
from lkm.config.nouns24 import (
    ALIASES,
    BUILT_IN,
    FILES,
    PATHS,
    PRUNE,
    Conf24,
    Context,
    Directive24,
    Path24,
)
from lkm.config.words24 import expand, lines24, split24
from lkm.errors import FormatError
from lkm.origin import Origin, Problem
from lkm.wildcard import has_wildcard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lkm.config.nouns24 import Files

    Word = tuple[str, int]

#: How deep ``if`` and ``include`` may stand in each other.
DEEPEST = 20
#: How many files are read in all: a few that include each other could make millions of them.
MOST_FILES = 1000
_LISTS = ("above", "below", "options", "probe", "probeall")
_COMMANDS = ("install", "remove", "pre-install", "post-install", "pre-remove", "post-remove")
_VALUES = (*FILES, "path", "insmod_opt", "persistdir")
#: Keyword → its form, for hints.
SYNTAX = {
    "add": "add above|below|options|probe|probeall|prune ...",
    "alias": "alias NAME MODULE|off|null",
    "above": "above MODULE NAME...",
    "below": "below MODULE NAME...",
    "options": "options [-k] MODULE NAME=VALUE...",
    "probe": "probe NAME MODULE...",
    "probeall": "probeall NAME MODULE...",
    "prune": "prune FILE...",
    **{keyword: f"{keyword} MODULE COMMAND" for keyword in _COMMANDS},
    "define": "define VARIABLE WORD",
    "if": "if [!] WORD | A OP B | -n A OP B | -f FILE | -k",
    "elseif": "elseif EXPRESSION",
    "else": "else",
    "endif": "endif",
    "include": "include FILE",
    "keep": "keep",
    "path": "path[TAG]=DIRECTORY",
    **{keyword: f"{keyword}=FILE" for keyword in FILES},
    "insmod_opt": "insmod_opt=OPTIONS",
    "persistdir": "persistdir=DIRECTORY",
}
_ORDERS: dict[str, Callable[[int], bool]] = {
    "==": lambda sign: sign == 0,
    "=": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def read_conf(path: str, files: Files, context: Context) -> Conf24:
    """Read a configuration file and what it includes. Where there is no such file the defaults count."""
    reading = _Reading(files, context)
    text = files.read(path)
    if text is not None:
        reading.file(path, text)
    return reading.result()


class text_files:  # noqa: N801  (used as a function)
    """Files that are texts in memory, for tests and examples."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def read(self, path: str) -> str | None:
        """Return a text."""
        return self.texts.get(path)

    def exists(self, path: str) -> bool:
        """Tell whether there is such a text."""
        return path in self.texts

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Return the names that match."""
        from lkm.wildcard import matches

        return tuple(sorted([path for path in self.texts if matches(pattern, path)]))


class _Branch:
    """An ``if`` that is open: whether its lines count, whether a branch had its turn, and whether ``else`` came."""

    def __init__(self, outer: bool, origin: Origin, line: str) -> None:
        self.outer = outer
        self.counts = False
        self.settled = not outer
        self.ended = False
        self.origin = origin
        self.line = line

    def turn(self, holds: bool) -> None:
        """Begin a branch."""
        self.counts = holds and not self.settled
        self.settled = self.settled or holds


class _Reading:
    """One reading. What is found is put together in the order of the lines."""

    def __init__(self, files: Files, context: Context) -> None:
        self._files = files
        self._context = context
        self._variables = dict(context.environment)
        self._directives = [Directive24("alias", name, (to,), BUILT_IN) for name, to in ALIASES]
        self._paths: list[Path24] = []
        self._kept = False
        self._values: dict[str, str] = {}
        self._prune = list(PRUNE)
        self._insmod: tuple[str, ...] = ()
        self._defines: dict[str, str] = {}
        self._read: list[str] = []
        self._problems: list[Problem] = []
        self._origin = BUILT_IN
        self._line = ""

    def result(self) -> Conf24:
        """Return all that was read."""
        release = self._context.release
        own = [Path24(tag, expand(path, {}, release), BUILT_IN) for tag, path in PATHS]
        paths = [*own, *self._paths] if self._kept or not self._paths else self._paths
        places = {keyword: f"/lib/modules/{release}/{name}" for keyword, name in FILES.items()}
        values = {**places, "persistdir": "/var/lib/modules/persist", **self._values}
        return Conf24(
            tuple(self._directives),
            tuple(paths),
            tuple(values.items()),
            tuple(self._prune),
            self._insmod,
            tuple(self._defines.items()),
            tuple(self._read),
            tuple(self._problems),
        )

    def file(self, path: str, text: str, depth: int = 0) -> None:
        """Read one file."""
        self._read.append(path)
        branches: list[_Branch] = []
        for line in lines24(text):
            self._origin, self._line = Origin(path, line.first), line.text
            try:
                self._take(line, branches, depth)
            except FormatError as error:
                keyword = split24(self._line)[0][0].partition("=")[0].partition("[")[0]
                form = f"the form is: {SYNTAX[keyword]}" if keyword in SYNTAX else ""
                self._problem(error.what, max(error.offset, 0), error.hint or form)
        for branch in branches:
            self._origin, self._line = branch.origin, branch.line
            self._problem("'if' without 'endif' up to the end of the file", 0, "write endif after its last line")

    def _problem(self, message: str, offset: int, hint: str) -> None:
        self._problems.append(Problem(self._origin, message, self._line, offset + 1, hint))

    def _take(self, line: Line, branches: list[_Branch], depth: int) -> None:
        words = split24(line.text)
        keyword, at = words[0]
        counts = branches[-1].counts if branches else True
        if keyword == "if":
            branches.append(_Branch(counts, self._origin, line.text))
            if len(branches) > DEEPEST:
                branches[-1].settled = True
                raise FormatError(f"more than {DEEPEST} 'if' stand in each other", offset=at)
            branches[-1].turn(counts and self._holds(words[1:]))
        elif keyword in ("elseif", "else", "endif"):
            self._branch(keyword, at, words, branches)
        elif counts:
            self._directive(words, depth)

    def _branch(self, keyword: str, at: int, words: list[Word], branches: list[_Branch]) -> None:
        if not branches:
            raise FormatError(f"'{keyword}' without 'if'", offset=at)
        branch = branches[-1]
        if keyword == "endif":
            branches.pop()
        elif branch.ended:
            raise FormatError(f"'{keyword}' after 'else'", offset=at, hint="else is the last branch of an if")
        elif keyword == "else":
            branch.ended = True
            branch.turn(True)
        else:
            branch.counts = False  # also when the expression makes no sense
            branch.turn(not branch.settled and self._holds(words[1:]))

    def _holds(self, words: list[Word]) -> bool:
        """Tell whether an expression is true. Raises FormatError."""
        if not words:
            raise FormatError("the expression is missing", offset=len(self._line))
        first, at = words[0]
        if first == "!":
            return not self._holds(words[1:])
        if first.startswith("!") and first != "!=":
            return not self._holds([(first[1:], at + 1), *words[1:]])
        if first == "-k" and len(words) == 1:
            return self._context.by_kernel
        if first == "-f" and len(words) == 2:
            return self._files.exists(self._word(words[1]))
        numeric = first == "-n"
        rest = words[1:] if numeric else words
        if len(rest) == 3:
            return self._compare(rest, numeric)
        if len(words) == 1:
            return self._word(words[0]) not in ("", "0", "false")
        raise FormatError("this is no expression", offset=at)

    def _compare(self, words: list[Word], numeric: bool) -> bool:
        left, (sign, at), right = words
        order = _ORDERS.get(sign)
        if order is None:
            raise FormatError(f"'{sign}' compares nothing", offset=at, hint=f"there are {' '.join(_ORDERS)}")
        if numeric:
            a, b = self._number(left), self._number(right)
            return order((a > b) - (a < b))
        one, other = self._word(left), self._word(right)
        return order((one > other) - (one < other))

    def _number(self, word: Word) -> int:
        text = self._word(word)
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            raise FormatError(f"'{text}' is no number", offset=word[1], hint="leave -n out to compare texts")
        return int(text)

    def _word(self, word: Word, *, keep_quotes: bool = False) -> str:
        try:
            return expand(word[0], self._variables, self._context.release, keep_quotes=keep_quotes)
        except FormatError as error:
            raise FormatError(error.what, offset=word[1] + error.offset, hint=error.hint) from None

    def _directive(self, words: list[Word], depth: int) -> None:
        keyword, at = words[0]
        added = keyword == "add" and len(words) > 1
        if added:
            words = words[1:]
            keyword, at = words[0]
            if keyword not in (*_LISTS, "prune"):
                raise FormatError(f"nothing can be added to '{keyword}'", offset=at, hint=SYNTAX["add"])
        key = keyword.partition("=")[0].partition("[")[0]
        if key in _VALUES and "=" in keyword:
            self._assign(key, words)
        elif keyword in _LISTS:
            self._list(keyword, words, added)
        elif keyword in _COMMANDS:
            self._command(keyword, words)
        elif keyword == "alias":
            self._alias(words)
        elif keyword == "prune":
            found = [self._word(word) for word in self._some(words, 1, "file name")]
            self._prune = [*self._prune, *found] if added else found
        elif keyword == "define":
            self._define(words)
        elif keyword == "include":
            self._include(words, depth)
        elif keyword == "keep":
            if self._paths:
                raise FormatError("'keep' after a 'path' keeps nothing", offset=at, hint="write it before all paths")
            self._kept = True
        elif keyword in SYNTAX:
            raise FormatError("no '=' and value after it" if key in _VALUES else "the words are missing", offset=at)
        else:
            from lkm.config.nearest import hint_for

            raise FormatError(f"unknown directive '{keyword}'", offset=at, hint=hint_for(keyword, SYNTAX))

    def _some(self, words: list[Word], count: int, what: str) -> list[Word]:
        """Return the words after the keyword; raises FormatError where there are too few."""
        if len(words) <= count:
            raise FormatError(f"the {what} is missing", offset=len(self._line.rstrip()))
        return words[1:]

    def _list(self, keyword: str, words: list[Word], added: bool) -> None:
        rest = self._some(words, 1, "name")
        keeps = keyword == "options" and rest[0][0] == "-k"
        rest = rest[1:] if keeps else rest
        if not rest or (len(rest) < 2 and not keeps):
            what = "name" if not rest else "option" if keyword == "options" else "module"
            raise FormatError(f"the {what} is missing", offset=len(self._line.rstrip()))
        name, *found = [self._word(word, keep_quotes=keyword == "options") for word in rest]
        self._directives.append(Directive24(keyword, name, tuple(found), self._origin, added, keeps))

    def _command(self, keyword: str, words: list[Word]) -> None:
        rest = self._some(words, 2, "command" if len(words) > 1 else "module")
        text = self._line[rest[1][1] :].rstrip()  # for the shell, as it is
        self._directives.append(Directive24(keyword, self._word(rest[0]), (text,), self._origin))

    def _alias(self, words: list[Word]) -> None:
        rest = self._some(words, 2, "module" if len(words) > 1 else "alias")
        name, module = self._word(rest[0]), self._word(rest[1])
        self._directives.append(Directive24("alias", name, (module,), self._origin))
        if len(rest) > 2:
            hint = "an alias means one module; take probe or probeall for several"
            self._problem(f"ignored: {self._line[rest[2][1] :].rstrip()}", rest[2][1], hint)

    def _define(self, words: list[Word]) -> None:
        rest = self._some(words, 1, "variable")
        name = rest[0][0]
        if not name.isidentifier() or not name.isascii():
            raise FormatError(f"'{name}' is no variable's name", offset=rest[0][1])
        value = " ".join([self._word(word) for word in rest[1:]])
        self._variables[name] = self._defines[name] = value

    def _assign(self, key: str, words: list[Word]) -> None:
        """Read ``path[TAG]=VALUE`` and its like."""
        written, at = words[0]
        head, _, first = written.partition("=")
        tag = head[len(key) :]
        if tag and (key != "path" or tag[:1] != "[" or tag[-1:] != "]" or len(tag) < 3):
            raise FormatError(f"'{head}' is no name for a value", offset=at)
        start = at + len(head) + 1
        found = [self._word(word) for word in ([(first, start)] if first else []) + words[1:]]
        if key == "insmod_opt":
            self._insmod = tuple(found)
            return
        if key == "persistdir" and not found:
            self._values[key] = ""
            return
        if len(found) != 1 or not found[0].startswith("/"):
            hint = "write a path from the root on, and nothing else"
            raise FormatError(f"{key} is no full path", offset=start, hint=hint)
        if key == "path":
            self._paths.append(Path24(tag[1:-1] or "misc", found[0], self._origin))
        else:
            self._values[key] = found[0]

    def _include(self, words: list[Word], depth: int) -> None:
        word = self._some(words, 1, "file name")[0]
        path = self._word(word)
        if depth >= DEEPEST:
            raise FormatError(f"more than {DEEPEST} files include each other", offset=word[1])
        wild = has_wildcard(path)
        found = self._files.glob(path) if wild else (path,)
        here = self._origin, self._line
        for each in found:
            if len(self._read) >= MOST_FILES:
                raise FormatError(f"more than {MOST_FILES} files are included", offset=word[1])
            text = self._files.read(each)
            if text is not None:
                self.file(each, text, depth + 1)
                self._origin, self._line = here
        if not wild and self._files.read(path) is None:
            raise FormatError(f"{path} cannot be read", offset=word[1], hint="check that it is there")
