"""What a load or an unload changed, in words and as an object."""

from __future__ import annotations

from lkm.diagnose.effects import SERVES
from lkm.report.ids import brief, short
from lkm.report.refusal import printable
from lkm.state.snapshot import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lkm.diagnose.effects import Effects, ModuleEffects, Verdict
    from lkm.report.document import Object
    from lkm.state.devices import Device
    from lkm.state.snapshot import Change, Thing

_MANY = 4
_WIDTH = max(map(len, KINDS.values()))
_WARNING = 4  # include/linux/kern_levels.h
_SIGNS = {"+": "appeared", "-": "gone", "~": "changed"}
#: Letter of a taint → what it means (Documentation/admin-guide/tainted-kernels.rst).
TAINTS = {
    "P": "a proprietary module was loaded",
    "F": "a module was loaded by force",
    "S": "hardware out of specification",
    "R": "a module was removed by force",
    "M": "a machine check",
    "B": "a bad page",
    "U": "a program asked for it",
    "D": "an oops or a BUG",
    "A": "an ACPI table was overridden",
    "W": "a warning",
    "C": "a staging driver was loaded",
    "I": "a bug of the firmware",
    "O": "an out-of-tree module was loaded",
    "E": "an unsigned module was loaded",
    "L": "a soft lockup",
    "K": "a live patch",
    "X": "the distribution's own flag",
    "T": "structure layout was randomized",
    "N": "a test was run",
    "J": "a fwctl device was used to change firmware",
}


def effects_text(effects: Effects, *, brief: bool = False) -> str:
    """Return lines for people: each module with its verdict and changes, then what else changed and was said."""
    lines: list[str] = []
    for module in effects.modules:
        verdict, name = verdict_text(module), printable(module.module.name)
        if not brief:
            lines.append(f"{module.action} {name} ({module.module.size} bytes): {verdict}")
            lines += [f"  {line}" for line in map(change_line, module.changes)]
        elif verdict != "out" and not _only_helps(module):
            lines.append(f"  {name}: {verdict}")
        lines += [f"  {name}: {line}" for line in _taints(module) if brief]
        if not brief:
            lines += [f"    {line}" for line in _devices(module.verdict)]
    if effects.others:
        unknown = "changed, and it is not known by which of these:" if lines else "changed:"
        lines.append("  also changed:" if brief else unknown)
        lines += [f"{'  ' * (1 + brief)}{change_line(change)}" for change in effects.others]
    if not lines and not brief:
        lines.append("nothing changed: no module came or went, and all that is looked at is as it was")
    said = [record for record in effects.log if not brief or record.level <= _WARNING]
    if said and not brief:
        lines.append("the kernel said:")
    lines += [f"  {'kernel: ' if brief else ''}{printable(record.text)}" for record in said]
    if brief:
        return _joined(lines)
    if effects.size:
        way = "more" if effects.size > 0 else "less"
        lines.append(f"loaded modules take {abs(effects.size)} bytes {way} than before")
    return _joined(lines)


def _taints(module: ModuleEffects) -> list[str]:
    found = [change.name for change in module.changes if change.kind == "taint" and change.before is None]
    return [f"taints the kernel with {letter} ({TAINTS.get(letter, 'unknown')})" for letter in found]


def _only_helps(module: ModuleEffects) -> bool:
    """Tell whether all that there is to tell is that others need it."""
    return module.verdict.code == "library" or (module.verdict.code == "asked" and bool(module.users))


def left_lines(effects: Effects) -> tuple[str, ...]:
    """Return what is still changed after a load that failed and was undone.

    >>> from lkm.diagnose.effects import Effects
    >>> from lkm.state.snapshot import Change, Thing
    >>> left_lines(Effects())
    ('nothing of it is left in the kernel: all that is looked at is as it was',)
    >>> left_lines(Effects(others=(Change(None, Thing("taint", "P")),)))
    ('it has left behind:', '  + taint              P (a proprietary module was loaded)')
    """
    changes = [change for module in effects.modules for change in module.changes]
    lines = [f"  {module.action} {printable(module.module.name)}" for module in effects.modules]
    lines += [f"  {change_line(change)}" for change in (*changes, *effects.others)]
    if not lines:
        return ("nothing of it is left in the kernel: all that is looked at is as it was",)
    return ("it has left behind:", *lines)


def _joined(lines: Iterable[str]) -> str:
    return "".join([f"{line}\n" for line in lines])


def verdict_text(effects: ModuleEffects) -> str:
    """Return what has come of a load or removal in a sentence without the module's name."""
    verdict = effects.verdict
    if verdict.code == "drives":
        bound = [change.after for change in effects.changes if change.kind == "device" and change.after]
        text = _some("drives", [thing.name for thing in bound if thing.value])
        return text + (f"; {more}" if (more := _served(effects)) else "")
    if verdict.code == "serves":
        return _served(effects)
    if verdict.code == "library":
        offers = f" of {_count(effects.exports, 'symbol')}" if effects.exports else ""
        users = f", used by {printable(' '.join(effects.users))}" if effects.users else ""
        return f"a library{offers} for other modules{users}"
    if verdict.code == "fits":
        knows = _some("", [f"{device.bus}/{device.name}" for device in verdict.devices])
        return f"knows {knows} of this machine, and nothing more of it is to be seen"
    if verdict.code == "asked":
        return f"nothing of it is to be seen; the kernel asks for it when {_list(verdict.asked, 2)}"
    if verdict.code in ("no-device", "other-driver", "not-bound"):
        return f"drives nothing: {_why_nothing(verdict)}"
    return {
        "unseen": "in the kernel, and nothing of it is to be seen",
        "half": "its init has not ended",
        "left": "out, but something of its own is still there",
        "gone": _gone(effects),
    }[verdict.code]


def _why_nothing(verdict: Verdict) -> str:
    names = [f"{device.bus}/{device.name}" for device in verdict.devices]
    if verdict.code == "other-driver":
        return f"{_some('', names)} has an id that it knows, but driver {verdict.devices[0].driver} has it"
    if verdict.code == "not-bound":
        return f"{_some('', names)} has an id that it knows, and no driver; the kernel's messages may say why"
    text = "no device with an id that it knows"
    if verdict.ids:
        text += f" ({_list(_once([brief(each) for each in verdict.ids]))})"
    if verdict.others:
        others = [brief(each.modalias) if each.modalias else f"{each.bus}/{each.name}" for each in verdict.others]
        return f"{text}; this machine has {_list(_once(others))}"
    return f"{text}; this machine has no device of that kind"


def _devices(verdict: Verdict) -> list[str]:
    """Return a line for each device that it drives: what device that is."""
    if verdict.code != "drives":
        return []
    return [f"{_named(device)}" for device in verdict.devices]


def _named(device: Device) -> str:
    modalias = short(device.modalias) if device.modalias else "it has no modalias"
    return f"{printable(f'{device.bus}/{device.name}')}: {modalias}, driver {printable(device.driver)}"


def _served(effects: ModuleEffects) -> str:
    groups: dict[str, list[str]] = {}
    for change in effects.changes:
        if change.kind in SERVES and change.after is not None and change.before is None:
            groups.setdefault(change.kind, []).append(_brief_name(change.thing))
    if len(groups) > 1:
        groups.pop("object", None)  # those that only stand for the others
    return _some("serves", [_group(kind, _once(names)) for kind, names in groups.items()], 9) if groups else ""


def _gone(effects: ModuleEffects) -> str:
    groups: dict[str, list[str]] = {}
    for change in effects.changes:
        if change.kind in SERVES and change.after is None:
            groups.setdefault(change.kind, []).append(_brief_name(change.thing))
    parts = [_group(kind, _once(names)) for kind, names in groups.items()]
    return f"out, and with it {_list(parts, 9)}" if parts else "out"


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _group(kind: str, names: Sequence[str]) -> str:
    word = KINDS[kind]
    if len(names) > 1:
        word = f"{word[:-1]}ies" if word.endswith("y") else word + ("es" if word.endswith(("s", "ch")) else "s")
    return f"{word} {_list(names)}"


def _brief_name(thing: Thing) -> str:
    return printable(thing.value.partition(" ")[0] if thing.kind == "crypto" else thing.name)


def _some(verb: str, names: Sequence[str], most: int = _MANY) -> str:
    return f"{verb} {_list(names, most)}".lstrip()


def _list(names: Sequence[str], most: int = _MANY) -> str:
    r"""Return names in a row, so many of them.

    >>> _list(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    shown = ", ".join([printable(name) for name in names[:most]])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _count(number: int | None, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def change_line(change: Change) -> str:
    """Return a line for a change.

    >>> from lkm.state.snapshot import Change, Thing
    >>> change_line(Change(None, Thing("node", "/dev/fuse", "char 10:229")))
    '+ device node        /dev/fuse (char 10:229)'
    >>> change_line(Change(Thing("device", "pci/0"), Thing("device", "pci/0", "e100", "e100")))
    '~ device             pci/0: driver none -> e100'
    """
    thing = change.thing
    text = printable(thing.name)
    if change.before is not None and change.after is not None:
        old, new = change.before.value or "none", change.after.value or "none"
        what = "driver " if thing.kind == "device" else ""
        text += f": {what}{printable(old)} -> {printable(new)}"
    elif thing.kind == "device":
        text += f", driver {printable(thing.value)}" if thing.value else ", no driver"
    elif thing.kind == "parameter":
        text += f" = {printable(thing.value)}"
    elif thing.kind == "taint":
        text += f" ({TAINTS.get(thing.name, 'unknown')})"
    elif thing.value:
        text += f" ({printable(thing.value)})"
    return f"{change.sign} {KINDS[thing.kind]:<{_WIDTH}} {text}"


def effects_object(effects: Effects) -> Object:
    """Return the same as an object."""
    return {
        "modules": [_module(one) for one in effects.modules],
        "others": [_change(change) for change in effects.others],
        "log": [record.text for record in effects.log],
        "size": effects.size,
    }


def _module(one: ModuleEffects) -> Object:
    verdict = one.verdict
    return {
        "module": one.module.name,
        "action": one.action,
        "size": one.module.size,
        "taint": one.module.taint,
        "verdict": {
            "code": verdict.code,
            "text": verdict_text(one),
            "ids": list(verdict.ids),
            "devices": [device_object(device) for device in verdict.devices],
            "others": [device_object(device) for device in verdict.others],
            "asked": list(verdict.asked),
        },
        "exports": one.exports,
        "users": list(one.users),
        "changes": [_change(change) for change in one.changes],
    }


def device_object(device: Device) -> Object:
    """Return a device of this machine."""
    return {
        "bus": device.bus,
        "name": device.name,
        "modalias": device.modalias or None,
        "driver": device.driver or None,
        "module": device.module or None,
    }


def _change(change: Change) -> Object:
    return {
        "change": _SIGNS[change.sign],
        "kind": change.kind,
        "name": change.name,
        "owner": change.thing.owner or None,
        "before": change.before.value if change.before else None,
        "after": change.after.value if change.after else None,
    }
