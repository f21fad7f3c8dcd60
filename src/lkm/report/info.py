"""What ``lkm info`` tells of a module, for people and as an object."""

from __future__ import annotations

from lkm.diagnose.asked import asked
from lkm.diagnose.evidence import BAD, GOOD, MALFORMED, UNKNOWN_KEY, UNSUPPORTED
from lkm.record import Record
from lkm.report.config import directive_line
from lkm.report.document import loaded, place, users
from lkm.report.effects import device_object
from lkm.report.ids import short
from lkm.report.parameters import known, parameter_lines, parameter_object
from lkm.report.refusal import printable
from lkm.report.users import user_line
from lkm.report.why import why_object, why_rows
from lkm.state.devices import UNBOUND, hardware_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.config.nouns import Blacklist, Command, Directive, Forbid, Options, Softdep, Weakdep
    from lkm.modfile.kernelparam import KernelParam
    from lkm.names import ModuleName
    from lkm.origin import Origin
    from lkm.report.document import Object
    from lkm.report.parameters import Known
    from lkm.report.why import Why
    from lkm.state.devices import Device
    from lkm.state.nouns import LoadedModule
    from lkm.state.users import Uses

_WIDTH = 13
#: Records of .modinfo that have lines of their own, or say nothing to people.
_SHOWN = ("description", "license", "version", "author")
_MANY = 6


#: A signature that nobody has verified, as the kernel's keys are not known.
UNKNOWN = "not verified"
_SIGNATURES = {
    GOOD: "by {signer}, verified by the keys of {origin}",
    BAD: "by {signer}, and WRONG: the file was changed after it was signed (keys of {origin})",
    UNKNOWN_KEY: "by {signer}, with a key that is not among those of {origin}",
    MALFORMED: "malformed: {signer}",
    UNSUPPORTED: "by {signer}, in a form that a kernel with the keys of {origin} does not take",
    UNKNOWN: "by {signer}; not verified, as there is no kernel image to take keys from",
}


class Signed(Record):
    """The signature of a file: ``state`` is one of lkm.diagnose.evidence.SIGNATURES or UNKNOWN, ``signer`` who signed
    (or what is wrong), ``digest`` by which hash, ``origin`` where the keys come from by which it was verified.
    """

    state: str
    signer: str
    digest: str = ""
    origin: str = ""


class Reason(Record):
    """Why a module is loaded, or would be. ``kind``: ``holder`` (``what`` uses it), ``device`` (of this machine, that
    it fits), ``softdep`` (``what`` wants it too), ``boot`` (it is loaded then, as ``what``), ``alias`` (of the
    configuration) or ``asked`` (its own alias).
    """

    kind: str
    what: str
    origin: Origin | None = None


class More(Record):
    """What is known besides the module's own words. ``size``: of its file in bytes; ``table``: the parameters as the
    kernel sees them; ``signature`` is None for an unsigned file; ``dependents`` need it, be it through others;
    ``firmware_missing`` are the firmware files that are nowhere (None: there is no directory of such); ``devices``
    those of this machine that it fits. ``machine``: what the file is for, as ``uname -m`` calls it; ``other``: the
    release of the kernel that it is asked about, where the file is for another one; ``why`` is of a loaded module.
    """

    size: int | None = None
    table: tuple[KernelParam, ...] = ()
    signature: Signed | None = None
    dependents: tuple[str, ...] = ()
    machine: str = ""
    firmware_missing: tuple[str, ...] | None = None
    devices: tuple[Device, ...] = ()
    reasons: tuple[Reason, ...] = ()
    other: str = ""
    why: Why | None = None


class About(Record):
    """All that is known of one module. ``word`` is what was asked for, ``alias`` and ``origin`` how it led here.

    ``loaded`` is the module in the kernel, or None; ``state`` is that of /sys (``live``, ``builtin``, ...),
    ``unknown`` for another kernel's module; ``info`` are the file's records, ``values`` the parameters' values in the
    kernel; ``rules`` are the blacklist and the forbid that apply, ``commands`` install and remove, None where
    there is none. ``problem``: why the file was not read. ``more``: see there.
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
    more: More = More()

    @property
    def configuration(self) -> list[Directive]:
        """Return every directive that applies."""
        found = [each for each in (*self.rules, *self.commands) if each is not None]
        return [*found, *self.options, *self.softdeps, *self.weakdeps]


def why_text(about: About) -> str:
    """Return of the page for people what tells why the module is loaded, or would be, and what keeps it."""
    lines = [str(about.name), *_state_lines(about), *_why_lines(about, full=True)]
    lines += _several("because", [_reason(reason) for reason in about.more.reasons if reason.kind != "holder"])
    return "".join([f"{line}\n" for line in lines])


def _why_lines(about: About, *, full: bool) -> list[str]:
    if about.loaded is None or about.more.why is None:
        return []
    return [_line(key, text) for key, text in why_rows(about.loaded, about.more.why, full=full)]


def about_text(about: About) -> str:
    """Return the page for people."""
    more = about.more
    lines = [str(about.name)]
    if about.alias:
        lines.append(_line("meant by", f"{about.word} ({about.origin})"))
    for key in _SHOWN:
        lines += [_line(key, value) for name, value in about.info if name == key]
    size = "" if more.size is None else f", {more.size} bytes"
    lines.append(_line("file", f"{about.path}{size}" if about.path else _no_file(about)))
    lines += [_line("built for", words) for words in _built_for(about)]
    if more.size is not None:
        signed = more.signature
        lines.append(_line("signature", _SIGNATURES[signed.state].format(**signed._asdict()) if signed else "none"))
    if about.problem:
        lines.append(_line("problem", about.problem))
    lines += [*_state_lines(about), *_why_lines(about, full=False)]
    lines += _several("because", [_reason(reason) for reason in more.reasons])
    if about.needs:
        lines.append(_line("needs", " ".join(about.needs)))
    if more.dependents:
        lines.append(_line("needed by", _row(more.dependents)))
    firmware = [value for key, value in about.info if key == "firmware"]
    gone = more.firmware_missing
    there = {each: "" if gone is None else " (missing)" if each in gone else " (there)" for each in firmware}
    rest = sum(each in (gone or ()) for each in firmware[_MANY:])
    marked = [each + mark for each, mark in there.items()]
    lines += _several("firmware", marked, f" ({rest} missing)" if rest else "")
    lines += _hardware_lines(about)
    lines += [_line("configured", f"{directive_line(each)} ({each.origin})") for each in about.configuration]
    lines += parameter_lines(_known(about))
    return "".join([f"{line}\n" for line in lines])


def _no_file(about: About) -> str:
    return "(part of the kernel)" if about.builtin else "(none is known)"


def _built_for(about: About) -> list[str]:
    """Return the kernel and machine that the file is for, and whether that is another one."""
    magic = next((value for key, value in about.info if key == "vermagic"), "")
    if not magic or about.builtin:
        return []
    machine = f" on {about.more.machine}" if about.more.machine else ""
    other = f", which is another kernel than {about.more.other}" if about.more.other else ""
    return [printable(f"{magic.split(' ')[0]}{machine}{other}")]


def _several(key: str, values: list[str], rest: str = "") -> list[str]:
    lines = [_line(key, value) for value in values[:_MANY]]
    return [*lines, _line("", f"and {len(values) - _MANY} more{rest}")] if len(values) > _MANY else lines


def _row(names: tuple[str, ...]) -> str:
    rest = len(names) - 2 * _MANY
    return " ".join(names[: 2 * _MANY]) + (f" and {rest} more" if rest > 0 else "")


def _reason(reason: Reason) -> str:
    """Return words for a reason.

    >>> _reason(Reason("asked", "fs-msdos"))
    'the kernel asks for it when a file system of type msdos is mounted'
    """
    if reason.kind == "holder":
        return f"{reason.what} uses it"
    if reason.kind == "device":
        return f"device {reason.what} has an id that it knows"
    if reason.kind == "softdep":
        return f"{reason.what} wants it, too ({reason.origin})"
    if reason.kind == "boot":
        return f"it is loaded at boot, as {printable(reason.what)} ({reason.origin})"
    if reason.kind == "alias":
        return f"the configuration calls it {reason.what}, too ({reason.origin})"
    if words := asked(reason.what):
        return f"the kernel asks for it when {printable(words)}"
    return f"it is asked for as {printable(reason.what)}"


def _hardware_lines(about: About) -> list[str]:
    ids = hardware_ids([value for key, value in about.info if key == "alias"])
    lines = _several("knows", [printable(each) for each in ids])
    for device in about.more.devices:
        driver = "" if device.bus in UNBOUND else f", driver {device.driver}" if device.driver else ", no driver"
        lines.append(_line("fits", f"{device.bus}/{device.name} ({short(device.modalias)}){driver}"))
    if ids and not about.more.devices and about.state != "unknown":
        lines.append(_line("fits", "no device of this machine"))
    return lines


def _line(key: str, value: str) -> str:
    return f"  {key:<{_WIDTH}} {value}".rstrip()


def _state_lines(about: About) -> list[str]:
    module = about.loaded
    if module is None and (about.state == "unknown" or about.more.other) and not about.builtin:
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


def _known(about: About) -> list[Known]:
    return known(about.info, about.more.table, about.values, about.options)


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
        "parameters": [parameter_object(each) for each in _known(about)],
        "needs": list(about.needs),
        "configuration": [directive(each) for each in about.configuration],
        "problem": about.problem or None,
        **_more(about.more),
    }


def signature_object(signed: Signed) -> Object:
    """Return a signature as an object."""
    return {key: value or None for key, value in signed._asdict().items()}


def _more(more: More) -> Object:
    return {
        "size": more.size,
        "machine": more.machine or None,
        "signature": signature_object(more.signature) if more.signature else None,
        "dependents": list(more.dependents),
        "firmware_missing": None if more.firmware_missing is None else list(more.firmware_missing),
        "devices": [device_object(device) for device in more.devices],
        "reasons": [
            {
                "kind": reason.kind,
                "what": reason.what,
                "text": _reason(reason),
                "origin": place(reason.origin) if reason.origin else None,
            }
            for reason in more.reasons
        ],
        **why_object(more.why),
    }


def directive(fact: Directive) -> Object:
    """Return a line of the configuration with its place."""
    line = directive_line(fact)
    return {"directive": line.partition(" ")[0], "line": line, "origin": place(fact.origin)}
