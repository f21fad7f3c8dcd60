"""Writes what is told in more than one place: reference and manual pages and completions from the option tables, and
the tutorial and the tour from transcripts that tests hold to what the tools really print.

``python -m scripts.reference``. shtab and argparse-manpage want argparse's parsers, so the tables are made into such;
the tools themselves start too quickly for argparse.
"""

from __future__ import annotations

import argparse
import importlib
import re
from pathlib import Path
from typing import Any

import shtab
from argparse_manpage.manpage import Manpage

from lkm.cli.completion import NAMES
from lkm.cli.main import TOOLS
from lkm.cli.options import Option
from lkm.cli.standard import KERNEL

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/reference"
SHARE = ROOT / "src/lkm/share"
#: Directories in which nothing else is.
WHOLE = (PAGES, SHARE / "completions", SHARE / "man/man8")
SHELLS = ("bash", "fish", "zsh")
#: Tool → what its operands are, for the shells: a kind of ``lkm completion --names``, "file", "directory" or words.
OPERANDS: dict[str, str | tuple[str, ...]] = {
    "check": "modules",
    "completion": SHELLS,
    "depmod": "file",
    "effects": "file",
    "explain": "modules",
    "graph": "modules",
    "helper": ("install", "remove", "status"),
    "info": "modules",
    "insmod": "file",
    "lab": ("run", "fetch"),
    "lint": "directory",
    "list": "loaded",
    "load": "modules",
    "modinfo": "modules",
    "modprobe": "modules",
    "resolve": "modules",
    "rmmod": "loaded",
    "show": "modules",
    "sim": ("new", "show", "log", "proc", "open", "close", "mount", "umount", "request", "fault", "tour"),
    "surface": "modules",
    "tools": "directory",
    "unload": "loaded",
}
#: The words that stand for an option's argument → what it is.
_PLACES = {
    "FILE": shtab.FILE,
    "IMAGE": shtab.FILE,
    "PATH": shtab.FILE,
    "DIR": shtab.DIRECTORY,
    "ROOT": shtab.DIRECTORY,
}
_MADE = "made by scripts/reference.py"


def table_of(tool: str) -> tuple[str, tuple[Option, ...], str]:
    """Return a tool's usage, its options, and what its help says after them."""
    module: Any = importlib.import_module(f"lkm.cli.{tool}")
    options = module.OPTIONS
    known = {option.key for option in options}
    if "kernel" not in known and tool not in ("tools", "completion", "lab"):
        options = (*options, KERNEL)
    return module.USAGE, options, getattr(module, "EPILOGUE", "").strip()


def parser_of(tool: str, into: Any = None) -> argparse.ArgumentParser:
    """Return argparse's parser with a tool's options; ``into`` are the subparsers of ``lkm`` that it goes into."""
    parser: argparse.ArgumentParser
    if into is None:
        parser = argparse.ArgumentParser(f"lkm {tool}", add_help=False)
    else:
        parser = into.add_parser(tool, help=TOOLS[tool], description=TOOLS[tool], add_help=False)
    for option in table_of(tool)[1]:
        names = [f"-{option.short}"] * bool(option.short) + [f"--{option.long}"] * bool(option.long)
        text = option.help.replace("%", "%%")
        if not option.argument:
            parser.add_argument(*names, action="store_true", help=text)
            continue
        action = parser.add_argument(*names, metavar=option.argument, help=text)
        if option.argument in _PLACES:
            action.complete = _PLACES[option.argument]  # type: ignore[attr-defined]
    operands = OPERANDS.get(tool)
    if operands and into is not None:
        choices = operands if isinstance(operands, tuple) else None
        action = parser.add_argument("operand", nargs="?" if choices else "*", choices=choices)
        if isinstance(operands, str):
            action.complete = _completer(operands)  # type: ignore[attr-defined]
    return parser


def _completer(kind: str) -> Any:
    """Return how the shells find operands. Names are asked for while one types: shtab.cmd's zsh asks at start-up."""
    places: dict[str, Any] = {"file": shtab.FILE, "directory": shtab.DIRECTORY}
    ask, function = f"lkm completion --names {kind} 2>/dev/null", f"_lkm_{kind}"
    shells = {
        "bash": f'{function}() {{ compgen -W "$({ask})" -- "$1"; }}',
        "zsh": f'{function}() {{ compadd -- ${{(f)"$({ask})"}} }}',
    }
    return places.get(kind) or {"bash": function, "zsh": function, "fish": f"({ask})", "preamble": shells}


def completions() -> dict[str, str]:
    """Return the completions by file name, one for each shell."""
    parser = argparse.ArgumentParser("lkm", add_help=False, description="Linux kernel modules")
    below = parser.add_subparsers()
    for tool in sorted(TOOLS):
        parser_of(tool, below)
    return {f"lkm.{shell}": shtab.complete(parser, shell) for shell in SHELLS}


def manual(tool: str) -> str:
    """Return a tool's manual page."""
    usage, _, epilogue = table_of(tool)
    synopsis, _, story = usage.partition("\n\n")
    page = Manpage(
        parser_of(tool),
        {"project_name": "lkm", "manual_section": 8, "date": " ", "manual_title": "System administration"},
    )
    page.prog, page.description = f"lkm-{tool}", TOOLS[tool]
    lines = [_roff(line.strip()) for line in synopsis.splitlines()]
    page.add_section("synopsis", "=", "\n.br\n".join(lines))
    page.add_section("description", "=", _roff("\n\n".join(filter(None, (story, epilogue)))))
    return f'.\\" {_MADE}\n{page}'


def _roff(text: str) -> str:
    """Return text as a manual page has it: paragraphs apart, backslashes and hyphens as they are typed."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("\n\n", "\n.PP\n").replace("\n'", "\n\\&'")


def page_of(tool: str) -> str:
    """Return a tool's page of the reference, in Markdown."""
    usage, options, epilogue = table_of(tool)
    synopsis, _, story = usage.partition("\n\n")
    lines = [f"<!-- {_MADE} -->", f"# lkm {tool}", "", f"{TOOLS[tool].capitalize()}.", "", "```text"]
    lines += [*[line.removeprefix("       ") for line in synopsis.splitlines()], "```", ""]
    for text in filter(None, (story, epilogue)):
        lines += [text, ""]
    lines += ["| option | |", "|---|---|"]
    for option in options:
        names = [f"-{option.short}"] * bool(option.short) + [f"--{option.long}"] * bool(option.long)
        joined = ", ".join(names)
        if option.argument:
            joined += f"{'=' if option.long else ' '}{option.argument}"
        text = option.help.replace("|", "\\|")
        lines.append(f"| `{joined.replace('|', chr(92) + '|')}` | {text} |")
    return "\n".join(lines) + "\n"


def tutorial() -> str:
    """Return the tutorial: the transcript of the demo that the README shows, a heading for each of its steps."""
    transcript = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert transcript
    opening, *steps = re.split(r"^\d+\. ", transcript[1], flags=re.M)
    lines = [f"<!-- {_MADE} -->", "# The life of a module", ""]
    lines += [
        "Two commands, on Debian 12 or later with `make` and `git`: `make setup`, then `make demo`. What follows is",
        "what the second one prints. It boots a real kernel that runs as an ordinary process, so nothing here can",
        "break the machine; `.venv/bin/lkm lab run -- bash` gives you the same kernel to try things by hand.",
        "",
        f"```text\n{opening.strip()}\n```",
        "",
    ]
    for number, step in enumerate(steps, 1):
        title, _, rest = step.partition("\n")
        commands, _, after = rest.rstrip().partition("\n\nAll ")
        lines += [f"## {number}. {title}", "", "```text", commands, "```", ""]
        if after:
            lines += [f"All {after}", ""]
    return "\n".join(lines).rstrip() + "\n"


def tour() -> str:
    """Return the tour of the Module HOWTO's chapter 5: the transcripts of `lkm sim tour`."""
    lines = [f"<!-- {_MADE} -->", "# The HOWTO's examples on a simulated Linux 2.4", ""]
    lines += ["This is what `lkm sim tour` prints, section by section, in two seconds and without root.", ""]
    for path in sorted((ROOT / "tests/golden/tour").iterdir()):
        title, _, rest = path.read_text().partition("\n")
        lines += [f"## {title}", "", "```text", rest.partition("\n")[2].strip("\n"), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def files() -> dict[Path, str]:
    """Return all that is made, by path."""
    index = ["<!-- " + _MADE + " -->", "# The tools", "", "| tool | does |", "|---|---|"]
    index += [f"| [{tool}]({tool}.md) | {TOOLS[tool]} |" for tool in sorted(TOOLS)]
    made = {PAGES / "README.md": "\n".join(index) + "\n"}
    for tool in sorted(TOOLS):
        made[PAGES / f"{tool}.md"] = page_of(tool)
        made[SHARE / f"man/man8/lkm-{tool}.8"] = manual(tool)
    made |= {PAGES.parent / "tutorial.md": tutorial(), PAGES.parent / "tour.md": tour()}
    made |= {SHARE / "completions" / name: text for name, text in completions().items()}
    return made


def main() -> None:
    """Write the files, and remove those of tools that are gone."""
    made = files()
    for directory in {path.parent for path in made}:
        directory.mkdir(parents=True, exist_ok=True)
    for directory in WHOLE:
        for path in set(directory.iterdir()) - set(made):
            path.unlink()
    for path, text in made.items():
        path.write_text(text)


if __name__ == "__main__":
    main()

assert set(NAMES) >= {kind for kind in OPERANDS.values() if isinstance(kind, str)} - {"file", "directory"}
