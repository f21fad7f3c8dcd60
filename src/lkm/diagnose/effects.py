"""What a load or an unload changed: whose change it is, and what a module is good for now, or why for nothing.

The kernel says of few things which module has them. Where it does not, a change belongs to the only module that came
or went meanwhile; of several, to that whose file lets expect it (:mod:`lkm.modfile.predict`), or whose name it bears.
"""

from __future__ import annotations

from lkm.diagnose.asked import wanted
from lkm.modfile.predict import of as predictions
from lkm.record import Record
from lkm.state.devices import UNBOUND, hardware_ids, matching, prefixes
from lkm.state.snapshot import Snapshot, Thing, diff

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from lkm.modfile.nouns import ModuleFacts
    from lkm.state.devices import Device
    from lkm.state.nouns import LoadedModule, LogRecord
    from lkm.state.snapshot import Change

#: What a verdict may be → what it means (docs/effects.md).
VERDICTS = {
    "drives": "a device is bound to a driver of it",
    "serves": "it has registered something that programs can use",
    "no-device": "it has drivers or knows hardware, and no device here has an id that it knows",
    "other-driver": "a device has an id that it knows, but another driver has that device",
    "not-bound": "a device has an id that it knows, and no driver has that device",
    "fits": "this machine has what it knows (a processor, say), no driver is bound by such ids, and no more is seen",
    "asked": "nothing of it is to be seen; what it is asked for tells what it is for",
    "library": "it has symbols for other modules, and nothing else to be seen",
    "unseen": "it is in the kernel, and nothing of it is to be seen",
    "gone": "it is out, and all that was seen of it",
    "left": "it is out, and something that was its own is still there",
    "half": "it is in the kernel, and its init has not ended",
}

#: Kinds of things that programs can use.
SERVES = (
    *("filesystem", "family", "protocol", "packet", "genl", "xt-match", "xt-target", "xt-table", "congestion"),
    *("rtnl-link", "netdev", "crypto", "char", "block", "misc", "node", "tty", "ldisc", "interrupt", "object"),
    *("raid", "bus"),
)

#: Start of an alias → kinds of the things that it names, and what comes before the name then.
_NAMED = (
    ("net-pf-16-proto-16-family-", ("genl",), ""),
    ("md-", ("raid",), ""),
    ("ipt_", ("xt-match", "xt-target"), "ip "),
    ("ip6t_", ("xt-match", "xt-target"), "ip6 "),
    ("arpt_", ("xt-target",), "arp "),
)

#: Kinds of things whose names begin with a number, by which they are foreseen.
NUMBERED = ("char", "block", "misc", "family")


class Verdict(Record):
    """What has come of it: ``code`` is one of VERDICTS. ``devices`` are those that it drives, or knows; ``ids`` the
    hardware ids that it knows; ``others`` this machine's devices that are on a bus of these ids; ``asked``: when the
    kernel asks for it, by its file.
    """

    code: str
    devices: tuple[Device, ...] = ()
    ids: tuple[str, ...] = ()
    others: tuple[Device, ...] = ()
    asked: tuple[str, ...] = ()


class ModuleEffects(Record):
    """What changed by one module. ``action`` is ``loaded`` or ``removed``; ``module`` as the kernel has or had it.

    ``exports`` are the symbols that it offers, None where its file is not known; ``users`` the modules that use it.
    """

    module: LoadedModule
    action: str
    verdict: Verdict
    changes: tuple[Change, ...] = ()
    exports: int | None = None
    users: tuple[str, ...] = ()


class Effects(Record):
    """All that changed between two snapshots: by module, and what belongs to none of them. ``log``: what the kernel
    said meanwhile. ``size`` is by how many bytes the loaded modules became more.
    """

    modules: tuple[ModuleEffects, ...] = ()
    others: tuple[Change, ...] = ()
    log: tuple[LogRecord, ...] = ()
    size: int = 0


def effects(
    before: Snapshot,
    after: Snapshot,
    facts: Callable[[str], ModuleFacts | None],
    devices: Callable[[], Sequence[Device]] = tuple,
    log: tuple[LogRecord, ...] = (),
    seen: Mapping[tuple[str, str], str] | None = None,
) -> Effects:
    """Return what changed. ``facts`` gives what a module's file tells, None where it is not known; ``devices`` this
    machine's devices: it is called only when a module has a device, or nothing to drive. ``seen``: kind and name of
    things that changed just when a module was loaded or removed, to that module.
    """
    old = {module.name: module for module in before.state.modules}
    new = {module.name: module for module in after.state.modules}
    came = [module for module in after.state.modules if module.name not in old]
    went = [module for module in before.state.modules if module.name not in new]
    changes = diff(before, after)
    # The newest is the first in the kernel's list; what was loaded first comes first here.
    moved = [*reversed(came), *went]
    known = {str(module.name): facts(module.name) for module in moved} if changes or moved else {}
    shares = attribute(changes, [str(module.name) for module in moved], known, seen or {})
    found = []
    for module in moved:
        own = shares.get(module.name, ())
        told = known[module.name]
        loaded = module.name in new
        verdict = _came(module, own, told, after, devices) if loaded else _went(module, after)
        exports = None if told is None else len(told.exports)
        found.append(
            ModuleEffects(module, "loaded" if loaded else "removed", verdict, own, exports, tuple(module.holders))
        )
    size = sum([module.size for module in new.values()]) - sum([module.size for module in old.values()])
    return Effects(tuple(found), shares.get("", ()), log, size)


def attribute(
    changes: Sequence[Change],
    modules: Sequence[str],
    facts: Mapping[str, ModuleFacts | None],
    seen: Mapping[tuple[str, str], str],
) -> dict[str, tuple[Change, ...]]:
    """Return the changes by the module that they belong to, "" for those of none of these modules."""
    expected = {name: _expected(told) for name, told in facts.items()}
    shares: dict[str, list[Change]] = {}
    for change in changes:
        owners = [thing.owner for thing in (change.after, change.before) if thing and thing.owner]
        if owners:
            # A driver may be registered by another module for it (usb-serial's are): then its name tells.
            owner = next((name for name in owners if name in modules), "") or _by_name(change.thing, modules)
        elif seen.get((change.kind, change.name)) in modules:
            owner = seen[change.kind, change.name]
        elif len(modules) == 1:
            owner = modules[0]
        else:
            owner = _by_file(change.thing, modules, expected) or _by_name(change.thing, modules)
        shares.setdefault(owner, []).append(change)
    return {owner: tuple(found) for owner, found in shares.items()}


def _expected(facts: ModuleFacts | None) -> set[tuple[str, str]]:
    """Return kind and name, or kind and number, of what a module's file lets expect."""
    if facts is None:
        return set()
    found = {(p.kind, str(p.number) if p.kind in NUMBERED else p.name) for p in predictions(facts)}
    for alias in facts.values("alias"):
        for start, kinds, lead in _NAMED:
            if alias.startswith(start):
                found |= {(kind, lead + alias[len(start) :]) for kind in kinds}
    return found


def _by_file(thing: Thing, modules: Sequence[str], expected: Mapping[str, set[tuple[str, str]]]) -> str:
    key = thing.name.partition(" ")[0] if thing.kind in NUMBERED else thing.name
    found = [name for name in modules if (thing.kind, key) in expected.get(name, ())]
    return found[0] if len(found) == 1 else ""


def _by_name(thing: Thing, modules: Sequence[str]) -> str:
    """Return the module with the longest name that a word of the thing's name begins with, in capitals or not."""
    told = f"{thing.name} {thing.value}" if thing.kind == "device" else thing.name  # a device goes with its driver
    words = told.lower().replace("/", " ").replace("-", "_").split()
    found = [name for name in modules if any(word.startswith(name.lower()) for word in words)]
    return max(found, key=len, default="")


def _came(
    module: LoadedModule,
    own: tuple[Change, ...],
    facts: ModuleFacts | None,
    after: Snapshot,
    devices: Callable[[], Sequence[Device]],
) -> Verdict:
    if module.state != "Live":
        return Verdict("half")
    has = [change.after for change in own if change.after is not None]
    drivers = {thing.name for thing in has if thing.kind == "driver"}
    bound = [
        thing for thing in has if thing.kind == "device" and thing.value and _driven(thing, module.name, drivers)
    ]
    if bound:
        names = {thing.name for thing in bound}
        return Verdict("drives", tuple([device for device in devices() if f"{device.bus}/{device.name}" in names]))
    if any(thing.kind in SERVES for thing in has):
        return Verdict("serves")
    ids = hardware_ids(facts.values("alias")) if facts else ()
    buses = {name.partition("/")[0] for name in drivers}
    helps = bool(module.holders or (facts and facts.exports))  # a bus has drivers of its own, for hubs and the like
    if ids or (buses and not helps):
        return _without_device(ids, buses, devices())
    asked = wanted(module.name, facts.values("alias")) if facts else ()
    if asked:
        return Verdict("asked", asked=asked)
    return Verdict("library" if helps else "unseen")


def _driven(device: Thing, module: str, drivers: Collection[str]) -> bool:
    """Tell whether a device has a driver of the module; some drivers do not say whose they are."""
    name = f"{device.name.partition('/')[0]}/{device.value}"
    return bool(device.value) and (device.owner == module or (not device.owner and name in drivers))


def _without_device(ids: tuple[str, ...], buses: set[str], devices: Sequence[Device]) -> Verdict:
    every = matching(ids, devices)
    known = tuple([device for device in every if device.bus not in UNBOUND])
    if every and not known:
        return Verdict("fits", every, ids)
    if known:
        free = tuple([device for device in known if not device.driver])
        return Verdict("not-bound", free, ids) if free else Verdict("other-driver", known, ids)
    kinds = prefixes(ids)
    others = [d for d in devices if d.bus in buses or d.modalias.partition(":")[0] in kinds]
    return Verdict("no-device", (), ids, tuple(others))


def _went(module: LoadedModule, after: Snapshot) -> Verdict:
    left = any(thing.owner == module.name and thing.kind != "device" for thing in after.things)
    return Verdict("left" if left else "gone")
