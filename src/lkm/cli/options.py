"""One table of options per tool: it drives the parser and the help text. Same rules as glibc's getopt_long(3).

>>> TABLE = (Option("b", "basedir", "DIR", "a foreign root"), Option("v", "verbose", "", "say more"))
>>> parse(TABLE, ["x", "-vb/r", "--verb", "y", "--", "-v"])
([('verbose', ''), ('basedir', '/r'), ('verbose', '')], ['x', 'y', '-v'])
>>> parse(TABLE, ["-q"])
Traceback (most recent call last):
lkm.errors.UsageError: invalid option -- 'q'
"""

from __future__ import annotations

import os

from lkm.errors import UsageError
from lkm.record import Record


class Option(Record):
    """One option: letter and long name (either may be empty), the name of its argument if it takes one, its help.

    ``same`` is the key of the option that this is another name of. ``whole``: no shorter name means it, as there it
    would be in the way of one that kmod has.
    """

    short: str
    long: str
    argument: str = ""
    help: str = ""
    same: str = ""
    whole: bool = False

    @property
    def key(self) -> str:
        """Return what the option is called in the result: the long name, or the letter where there is none."""
        return self.same or self.long or self.short


def parse(
    table: tuple[Option, ...], argv: list[str], final: tuple[str, ...] = ()
) -> tuple[list[tuple[str, str]], list[str]]:
    """Split arguments (without argv[0]) into options, as (key, value) in order, and operands.

    Options may stand after operands, unless POSIXLY_CORRECT is in the environment; ``--`` ends them; long names may
    be cut short while unambiguous. What follows an option whose key is in ``final`` is not looked at, however wrong.
    Raises UsageError with glibc's words.
    """
    options: list[tuple[str, str]] = []
    operands: list[str] = []
    rest = list(reversed(argv))
    while rest:
        word = rest.pop()
        if word == "--":
            operands += reversed(rest)
            break
        if word.startswith("--"):
            options.append(_long(table, word, rest))
        elif word.startswith("-") and word != "-":
            _letters(table, word[1:], rest, options, final)
        else:
            operands.append(word)
            if "POSIXLY_CORRECT" in os.environ:
                operands += reversed(rest)
                break
        if options and options[-1][0] in final:
            break
    return options, operands


def _long(table: tuple[Option, ...], word: str, rest: list[str]) -> tuple[str, str]:
    name, equals, value = word[2:].partition("=")
    found = [o for o in table if o.long and o.long == name] or [
        o for o in table if o.long and o.long.startswith(name) and not o.whole
    ]
    if not found:
        raise UsageError(f"unrecognized option '{word}'")
    if len({(o.key, o.argument) for o in found}) > 1:  # names of one option are not at odds
        raise UsageError(f"option '{word}' is ambiguous; possibilities:" + "".join(f" '--{o.long}'" for o in found))
    option = found[0]
    if not option.argument:
        if equals:
            raise UsageError(f"option '--{option.long}' doesn't allow an argument")
        return option.key, ""
    if not equals:
        if not rest:
            raise UsageError(f"option '--{option.long}' requires an argument")
        value = rest.pop()
    return option.key, value


def _letters(
    table: tuple[Option, ...], letters: str, rest: list[str], options: list[tuple[str, str]], final: tuple[str, ...]
) -> None:
    while letters and not (options and options[-1][0] in final):
        letter, letters = letters[0], letters[1:]
        option = next((o for o in table if o.short == letter), None)
        if option is None:
            raise UsageError(f"invalid option -- '{letter}'")
        if not option.argument:
            options.append((option.key, ""))
        elif letters or rest:
            options.append((option.key, letters or rest.pop()))
            letters = ""
        else:
            raise UsageError(f"option requires an argument -- '{letter}'")


def help_text(usage: str, table: tuple[Option, ...], epilogue: str = "") -> str:
    """Return a help page: the usage lines, then one line an option."""
    rows = []
    for option in table:
        long = f"--{option.long}" if option.long else ""
        if long and option.argument:
            long += f"={option.argument}"
        letter = f"-{option.short}" if option.short else "  "
        if option.short and option.argument and not long:
            letter += f" {option.argument}"
        rows.append((f"{letter}{', ' if option.short and long else '  ' if long else ''}{long}", option.help))
    width = min(max((len(left) for left, _ in rows), default=0), 34)
    lines = [f"usage: {usage}", "", "options:"]
    lines += [f"  {left:<{width}}  {text}" for left, text in rows]
    if epilogue:
        lines += ["", epilogue.strip()]
    return "\n".join(lines) + "\n"
