"""A terminal as far as programs that fill the screen need one: what they write → what is to be seen."""

from __future__ import annotations

import codecs
import re

#: A control sequence (ECMA-48: CSI, OSC, DCS and the like), or another character.
_TOKEN = re.compile(
    r"\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_].*?(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^_`-~]|[^\x1b]", re.DOTALL
)


class Screen:
    """So many characters and lines; ``feed`` it with bytes in whatever pieces.

    >>> screen = Screen(10, 2)
    >>> screen.feed(b"one\\x1b[2;3H\\x1b[1mtw"), screen.feed(b"o\\x1b[0m\\x1b[1;1HO"), screen.lines()
    (None, None, ['One', '  two'])
    """

    def __init__(self, width: int, height: int) -> None:
        self._cells = [[" "] * width for _ in range(height)]
        self._width, self._height = width, height
        self._row = self._column = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes) -> None:
        """Take in what was written."""
        text = self._rest + self._decoder.decode(data)
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:  # a sequence that is cut
                break
            at = token.end()
            if token[2]:
                self._control(token[1], token[2])
            elif token[0][0] != "\x1b":
                self._write(token[0])
        self._rest = text[at:]

    def _control(self, parameters: str, final: str) -> None:
        numbers = [int(part) for part in parameters.split(";") if part.isdigit()]
        first = numbers[0] if numbers else 1
        if final == "H":
            self._row, self._column = first - 1, (numbers[1] if len(numbers) > 1 else 1) - 1
        elif final == "A":
            self._row -= first
        elif final == "B":
            self._row += first
        elif final == "C":
            self._column += first
        elif final == "G":
            self._column = first - 1
        elif final == "J":
            self._cells = [[" "] * self._width for _ in range(self._height)]
        elif final == "K":
            for column in range(self._column, self._width):
                self._cells[self._row][column] = " "

    def _write(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row += 1
        elif character.isprintable():
            if 0 <= self._row < self._height and 0 <= self._column < self._width:
                self._cells[self._row][self._column] = character
            self._column += 1

    def lines(self) -> list[str]:
        """Return what is to be seen, without blanks at the ends of lines."""
        return ["".join(line).rstrip() for line in self._cells]
