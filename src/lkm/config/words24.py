r"""The words of /etc/modules.conf: lines, quotes, variables, and the two commands that modutils knew itself.

modutils gave other words with shell signs in them to a shell, as root, for reading a configuration file. Here no
shell is run: such a part is left out, and told of.

>>> list(lines24("a \\\n b # c\n#d\n\ne '#'"))
[Line(text='a  b ', first=1, last=2), Line(text="e '#'", first=5, last=5)]
>>> expand("/lib/modules/`uname -r`/$X'$X'", {"X": "y"}, "2.4.2-2")
'/lib/modules/2.4.2-2/y$X'
>>> expand("`kernelversion`", {}, "2.4.2-2")
'2.4'
"""

from __future__ import annotations

from lkm.config.lines import BLANKS, Line
from lkm.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
_HINT = "no shell is run for it; write the result there, or take `uname -r`, `kernelversion` or a variable"


def lines24(text: str) -> Iterator[Line]:
    """Yield the logical lines, without comments and empty ones; a last backslash joins a line to the next."""
    held, first = "", 1
    rows = text.split("\n")
    for number, row in enumerate(rows, 1):
        row = row.removesuffix("\r").replace("\0", "")
        if row.endswith("\\") and number < len(rows):
            held += row[:-1]
            continue
        whole = _uncommented(held + row)
        if whole.strip(BLANKS):
            yield Line(whole, first, number)
        held, first = "", number + 1


def _uncommented(text: str) -> str:
    quote = ""
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and text.find(char, at + 1) > 0:  # an apostrophe alone quotes nothing
            quote = char
        elif char == "#":
            return text[:at]
    return text


def split24(text: str, at: int = 0) -> list[tuple[str, int]]:
    """Return the words between blanks that are in no quotes and no backquotes, as written, and their places.

    >>> split24('a "b c"d `uname -r`', 1)
    [('"b c"d', 2), ('`uname -r`', 9)]
    """
    out: list[tuple[str, int]] = []
    start, quote = -1, ""
    for place in range(at, len(text) + 1):
        char = text[place : place + 1]
        if quote and char:
            quote = "" if char == quote else quote
            continue
        if char and char not in BLANKS:
            start = place if start < 0 else start
            quote = char if char in "\"'`" and text.find(char, place + 1) > 0 else ""
        elif start >= 0:
            out.append((text[start:place], start))
            start = -1
    return out


def expand(word: str, variables: Mapping[str, str], release: str, *, keep_quotes: bool = False) -> str:
    """Return a word without its quotes and with its variables replaced; unknown ones are empty, as in a shell.

    Raises FormatError, with the place as offset, for what only a shell could tell. ``keep_quotes`` leaves double
    quotes where they are: insmod reads those of parameters itself.
    """
    out, at, double = "", 0, False
    while at < len(word):
        char = word[at]
        end = word.find(char, at + 1) if char in "'`" else -1
        if char == "'" and end > 0 and not double:
            out, at = out + word[at + 1 : end], end + 1
        elif char == "`":
            if end < 0:
                raise FormatError("'`' is not closed", offset=at, hint="write `uname -r`")
            out, at = out + _command(word[at + 1 : end], at, release), end + 1
        elif char == "$":
            value, at = _variable(word, at, variables)
            out += value
        elif char == '"' and (double or '"' in word[at + 1 :]):
            double = not double
            out += char if keep_quotes else ""
            at += 1
        elif char == "\\" and at + 1 < len(word) and not keep_quotes:
            out, at = out + word[at + 1], at + 2
        else:
            out, at = out + char, at + 1
    return out


def _command(text: str, at: int, release: str) -> str:
    """Return what one of the two known commands prints."""
    words = tuple(text.split())
    if words in (("uname", "-r"), ("/bin/uname", "-r")):
        return release
    if words in (("kernelversion",), ("/sbin/kernelversion",)):
        return ".".join(release.split(".")[:2])
    raise FormatError(f"the command `{text}` is not run", offset=at, hint=_HINT)


def _variable(word: str, at: int, variables: Mapping[str, str]) -> tuple[str, int]:
    """Return the value of the variable at a ``$``, and the place after it."""
    if word[at + 1 : at + 2] == "(":
        raise FormatError("the command in $( ) is not run", offset=at, hint=_HINT)
    if word[at + 1 : at + 2] == "{":
        end = word.find("}", at)
        name = word[at + 2 : end]
        if end < 0 or not name or name[0] not in _LETTERS or name.strip(_LETTERS + "0123456789"):
            raise FormatError("'${' without a variable's name and '}'", offset=at, hint="write $NAME or ${NAME}")
        return variables.get(name, ""), end + 1
    end = at + 1
    while end < len(word) and (word[end] in _LETTERS or (end > at + 1 and word[end].isdigit())):
        end += 1
    return (variables.get(word[at + 1 : end], ""), end) if end > at + 1 else ("$", at + 1)
