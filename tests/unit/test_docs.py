"""Commands that the documentation shows are real: the tool is there, and has these options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts.reference import table_of

from lkm.cli.lab import RUN, command_at
from lkm.cli.main import TOOLS
from lkm.cli.options import parse

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
#: Pages that are made from the tools themselves, and one that tells what other programs do.
MADE = ("docs/reference/", "docs/diseases/", "docs/tour.md", "docs/tutorial.md")
_BETWEEN = "|&;<>()\n"


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each lkm command in a page's blocks of shell, without what follows a pipe or the like."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.S):
        lexer = shlex.shlex(
            re.sub(r"(?m)(^| )#.*$", "", block.replace("\\\n", " ")), posix=True, punctuation_chars=_BETWEEN
        )
        lexer.whitespace = " \t"
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, "\n"]:
            if not set(word) <= set(_BETWEEN):
                words.append(word)
                continue
            if words[:1] == ["sudo"]:
                words.pop(0)
            if words[:1] == ["lkm"]:
                yield words[1:]
            words = []


def check(words: list[str]) -> None:
    tool, rest = words[0], words[1:]
    assert tool in TOOLS, words
    if tool == "lab":
        if rest[0] == "run":
            rest = rest[1 : command_at(RUN, rest[1:]) + 1]
            parse(RUN, rest)
        return
    if tool == "effects" and "--" in rest:
        rest = rest[: rest.index("--")]
    parse(table_of(tool)[1], rest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_real(page: Path) -> None:
    if str(page.relative_to(ROOT)).startswith(MADE):
        return
    for words in commands(page.read_text()):
        check(words)


def test_commands_are_found_and_wrong_ones_noticed() -> None:
    text = "```sh\nsudo lkm load vfat   # do it\ndmesg | lkm explain --log -\nls\nlkm lab run -- lkm x --y\n```\n"
    found = list(commands(text))
    assert found == [["load", "vfat"], ["explain", "--log", "-"], ["lab", "run", "--", "lkm", "x", "--y"]]
    for words in found:
        check(words)
    for wrong in (["nosuch"], ["load", "--nosuch"]):
        with pytest.raises(Exception):  # noqa: B017
            check(wrong)
