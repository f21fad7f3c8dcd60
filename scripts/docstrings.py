"""For the documentation site: docstrings as Markdown, with their examples (``>>>``) as blocks of code."""

from __future__ import annotations

import re

import griffe

#: Links of Sphinx; only the name is shown.
_ROLE = re.compile(r":(?:class|meth|mod|func|data):`~?\.?([^`]+)`")


def fenced(text: str) -> str:
    """Return a docstring with a fence around each example, and names instead of Sphinx's links."""
    lines: list[str] = []
    inside = False
    for line in _ROLE.sub(r"`\1`", text).splitlines():
        if not inside and line.startswith(">>> "):
            lines.append("```pycon")
            inside = True
        elif inside and not line.strip():
            lines.append("```")
            inside = False
        lines.append(line)
    return "\n".join([*lines, "```"] if inside else lines)


class Fences(griffe.Extension):
    """Puts fences around the examples of all docstrings."""

    def on_instance(self, *, obj: griffe.Object, **_: object) -> None:
        """Change the docstring of a function, class or module."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
