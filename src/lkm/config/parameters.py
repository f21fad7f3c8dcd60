r"""The parameters in the texts of ``options``: split as the kernel does (lib/cmdline.c, ``next_arg``), and extended.

>>> from lkm.config.modprobe import parse
>>> facts, _ = parse('options m list=1,2 x=0\noptions m += list=3 name="a b"\noptions m += name=c', "x.conf")
>>> combined(facts)
'list=1,2,3 x=0 name="a b,c"'
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.config.nouns import Options


def combined(options: Iterable[Options]) -> str:
    """Return the text for the kernel of options in order, where those that extend add to values given before.

    ``P=V`` that extends puts a comma and V to the end of the last value of P so far. A P that has none, or a word
    without ``=``, is added as by plain options.
    """
    whole: list[str] = []
    for each in options:
        for word in parameters(each.text):
            at = _last(whole, word) if each.extends else -1
            if at < 0:
                whole.append(word)
            else:
                whole[at] = _joined(whole[at], word)
    return " ".join(whole)


def parameters(text: str) -> list[str]:
    r"""Return the words between blanks that are not in double quotes, as written.

    >>> parameters(' a=1  b="x y" "c=z w" d')
    ['a=1', 'b="x y"', '"c=z w"', 'd']
    """
    words: list[str] = []
    word, quoted = "", False
    for char in text:
        if char == '"':
            quoted = not quoted
        if char == " " and not quoted:
            if word:
                words.append(word)
            word = ""
        else:
            word += char
    return [*words, word] if word else words


def parameter(word: str) -> tuple[str, str]:
    """Return the name, with ``_`` for ``-`` (kernel: ``parameq``), and the value without quotes.

    >>> parameter('a-b="x y"'), parameter('"c=z w"'), parameter("d")
    (('a_b', 'x y'), ('c', 'z w'), ('d', ''))
    """
    head, _, value = word.partition("=")
    if head[:1] == '"':
        head, value = head[1:], value.removesuffix('"')
    elif value[:1] == '"':
        value = value[1:].removesuffix('"')
    return head.replace("-", "_"), value


def joined(words: list[str]) -> str:
    """Return a module's parameters as one text; a value with blanks gets quotes (``options_from_array``).

    >>> joined(["a=1", "b=x y", "c='x y'", "d e"])
    'a=1 b="x y" c=\\'x y\\' d e'
    >>> joined(["", "a", "", "b"])
    'a  b'
    """
    whole = ""
    for word in words:
        key, equals, value = word.partition("=")
        quotes = '"' if " " in value and value[0] not in "\"'" else ""
        whole += f"{' ' if whole else ''}{key}{equals}{quotes}{value}{quotes}"
    return whole


def _last(words: list[str], word: str) -> int:
    """Return the place of the last word that gives the same parameter a value, or -1."""
    key = parameter(word)[0]
    places = [at for at, each in enumerate(words) if "=" in each and parameter(each)[0] == key]
    return places[-1] if places and "=" in word else -1


def _joined(word: str, other: str) -> str:
    name, value = parameter(word)
    added = parameter(other)[1]
    value = f"{value},{added}" if value and added else value or added
    quote = '"' if " " in value else ""
    return f"{name}={quote}{value}{quote}"
