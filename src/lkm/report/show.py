"""What ``lkm show`` tells of a module, for people and as an object."""

from __future__ import annotations

from lkm.modfile.modinfo import parameters
from lkm.record import Record
from lkm.report.config import directive_line
from lkm.report.document import loaded, place, users
from lkm.report.users import user_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.config.nouns import Blacklist, Command, Directive, Forbid, Options, Softdep, Weakdep
    from lkm.names import ModuleName
    from lkm.origin import Origin
    from lkm.report.document import Object
    from lkm.state.nouns import LoadedModule
    from lkm.state.users import Uses

_WIDTH = 13
#: Records of .modinfo that have lines of their own, or say nothing to people.
_SHOWN = ("description", "license", "version", "author")
_MANY = 6


class About(Record):
    """All that is known of one module. ``word`` is what was asked for, ``alias`` and ``origin`` how it led here.

    ``loaded`` is the module in the kernel, or None; ``state`` is that of /sys (``live``, ``builtin``, ...),
    ``unknown`` for another kernel's module; ``info`` are the file's records, ``values`` the parameters' values in the
    kernel; ``rules`` are the blacklist and the forbid that apply, ``commands`` install and remove, None where
    there is none. ``problem``: why the file was not read.
    """

    word: str
    name: ModuleName
    alias: str
    origin: Origin
    path: str
    builtin: bool
    loaded: LoadedModule | None
    state: str
    uses: Uses | None
    info: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]
    options: tuple[Options, ...]
    rules: tuple[Blacklist | None, Forbid | None]
    commands: tuple[Command | None, Command | None]
    softdeps: tuple[Softdep, ...]
    weakdeps: tuple[Weakdep, ...]
    problem: str = ""

    @property
    def configuration(self) -> list[Directive]:
        """Return every directive that applies."""
        found = [each for each in (*self.rules, *self.commands) if each is not None]
        return [*found, *self.options, *self.softdeps, *self.weakdeps]


def about_text(about: About) -> str:
    """Return the page for people."""
    lines = [str(about.name)]
    if about.alias:
        lines.append(_line("meant by", f"{about.word} ({about.origin})"))
    for key in _SHOWN:
        lines += [_line(key, value) for name, value in about.info if name == key]
    lines.append(_line("file", about.path or ("(part of the kernel)" if about.builtin else "(none is known)")))
    if about.problem:
        lines.append(_line("problem", about.problem))
    lines += _state_lines(about)
    if about.needs:
        lines.append(_line("needs", " ".join(about.needs)))
    firmware = [value for key, value in about.info if key == "firmware"]
    lines += [_line("firmware", each) for each in firmware[:_MANY]]
    if len(firmware) > _MANY:
        lines.append(_line("", f"and {len(firmware) - _MANY} more"))
    lines += [_line("configured", f"{directive_line(each)} ({each.origin})") for each in about.configuration]
    lines += _parameter_lines(about)
    return "".join([f"{line}\n" for line in lines])


def _line(key: str, value: str) -> str:
    return f"  {key:<{_WIDTH}} {value}".rstrip()


def _state_lines(about: About) -> list[str]:
    module = about.loaded
    if module is None and about.state == "unknown" and not about.builtin:
        return [_line("state", "unknown, as it is another kernel's module")]
    if module is None:
        return [_line("state", "part of the kernel" if about.builtin or about.state == "builtin" else "not loaded")]
    count = "users are not counted" if module.refcount < 0 else f"use count {module.refcount}"
    taint = f", taint {module.taint}" if module.taint else ""
    kept = ", stays until the next boot" if module.permanent else ""
    lines = [_line("state", f"{module.state.lower()}, {module.size} bytes, {count}{taint}{kept}")]
    if module.holders:
        lines.append(_line("used by", " ".join(module.holders)))
    found = about.uses.of(about.name) if about.uses else ()
    lines += [_line("used by", user_line(user)) for user in found]
    if about.uses and not about.uses.complete:
        lines.append(_line("", "(some processes could not be looked at: root may look at all)"))
    return lines


def _known(about: About) -> list[tuple[str, str, str, str | None]]:
    """Return name, type, description and value (None: not known) of each parameter, by name."""
    values = dict(about.values)
    found = {
        p.name: (p.name, p.type or "", p.description or "", values.get(p.name)) for p in parameters(about.info)[0]
    }
    for name, value in about.values:
        found.setdefault(name, (name, "", "", value))
    return [found[name] for name in sorted(found)]


def _parameter_lines(about: About) -> list[str]:
    known = _known(about)
    width = max([len(name) for name, *_ in known], default=0)
    lines = [_line("parameters", "")] if known else []
    for name, kind, text, value in known:
        now = "" if value is None else f" = {value}"
        lines.append(f"    {name:<{width}}{now}  {text}{f' ({kind})' if kind else ''}".rstrip())
    return lines


def about_object(about: About) -> Object:
    """Return the same as an object."""
    fields: dict[str, list[str]] = {}
    for key, value in about.info:
        if key not in ("parm", "parmtype"):
            fields.setdefault(key, []).append(value)
    return {
        "request": about.word,
        "module": about.name,
        "alias": about.alias or None,
        "origin": place(about.origin),
        "path": about.path or None,
        "builtin": about.builtin or about.state == "builtin",
        "loaded": loaded(about.loaded) if about.loaded else None,
        "users": users(about.uses),
        "fields": fields,
        "parameters": [
            {"name": name, "type": kind or None, "description": text or None, "value": value}
            for name, kind, text, value in _known(about)
        ],
        "needs": list(about.needs),
        "configuration": [directive(each) for each in about.configuration],
        "problem": about.problem or None,
    }


def directive(fact: Directive) -> Object:
    """Return a line of the configuration with its place."""
    line = directive_line(fact)
    return {"directive": line.partition(" ")[0], "line": line, "origin": place(fact.origin)}
