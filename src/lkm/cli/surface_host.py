"""The machine and the kernel that ``lkm surface`` is about: this one, or one whose files are looked at."""

from __future__ import annotations

import os

from lkm.autoload.surface import Host
from lkm.cli import kernelconfig
from lkm.cli.kernels import is_live, of_today, open_kernel
from lkm.cli.policyworld import policy_of, read_rules
from lkm.config.modulesload import of_cmdline, parse
from lkm.errors import LkmError
from lkm.kernel.linux import LinuxKernel
from lkm.plan.resolve import resolve
from lkm.record import Record
from lkm.system.configfiles import BOOT, conf_files
from lkm.system.files import read_bytes, read_text
from lkm.system.nodes import USUAL, open_nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.autoload.policy import Policy
    from lkm.kernel.interface import ShownKernel
    from lkm.plan.resolve import World


class Place(Record):
    """Which kernel, and where its files are. ``kernel`` is None for one that is only looked at."""

    root: str
    release: str
    cmdline: str
    config: dict[str, str]
    kernel: ShownKernel | None = None
    live: bool = False


def place_of(given: dict[str, str]) -> Place:
    """Return what the options mean. Raises LkmError for an image that is none, and for a kernel of 2.4."""
    of_today()
    kernel = open_kernel(LinuxKernel)
    root, release = given.get("dirname", ""), given.get("set-version", "")
    config: dict[str, str] = {}
    if "image" in given:
        from lkm.image.facts import read

        facts = read(read_bytes(given["image"]), given["image"])
        release = release or facts.release
        config = kernelconfig.parse(facts.config)
    if not root and release in ("", kernel.release()) and "image" not in given:
        live = is_live()
        config = kernelconfig.running() if live else {}
        return Place(kernel.root(), kernel.release(), kernel.cmdline(), config, kernel, live)
    release = release or kernel.release()
    return Place(root, release, "", config or kernelconfig.of_release(root, release))


def host_of(place: Place, world: World) -> Host:
    """Return what is known of the machine. Of one that is not this, its configuration tells."""
    host = Host(
        no_namespaces=_off(place.config, "CONFIG_USER_NS"),
        no_ldiscs=_off(place.config, "CONFIG_LDISC_AUTOLOAD"),
        nodes=USUAL,
    )
    wanted = _wanted(place, world)
    if place.kernel is None:
        return host._replace(wanted=wanted)
    try:
        modules = place.kernel.state().modules
    except LkmError:
        return host._replace(shut="this kernel has no modules", wanted=wanted)
    host = host._replace(
        loaded=frozenset([str(module.name) for module in modules]),
        used=frozenset([str(module.name) for module in modules if module.refcount > 0]),
    )
    if not place.live:
        return host._replace(wanted=wanted)
    from lkm.kernel import rights
    from lkm.kernel.modaliases import modaliases

    for alias in modaliases():
        for candidate in resolve(alias, world):
            wanted.setdefault(str(candidate.module), f"a device here is {alias}")
    return host._replace(
        shut=rights.nothing_loads(),
        no_namespaces=rights.no_namespaces(),
        no_ldiscs=rights.no_ldiscs(),
        nodes=open_nodes(),
        wanted=wanted,
    )


def policy_in(place: Place, world: World) -> Policy | None:
    """Return the policy that the kernel's helper goes by, None where there is none, or another helper is set."""
    if place.live:
        from lkm.kernel.helper import HelperSetting
        from lkm.system.helperfile import look

        try:
            if not look(HelperSetting().read()).ours:
                return None
        except LkmError:
            return None
    facts, _ = read_rules(root=place.root)
    return (
        policy_of(facts, lambda: world, f"{place.root.rstrip('/')}/boot/vmlinuz-{place.release}") if facts else None
    )


def _off(config: dict[str, str], name: str) -> str:
    """Return what is to be said of a kernel that was built without something; nothing where that is not known."""
    return f"this kernel was built without {name}" if config and config.get(name) != "y" else ""


def _wanted(place: Place, world: World) -> dict[str, str]:
    """Return the modules that the configuration wants loaded, or mounted, with the place that says so."""
    found: dict[str, str] = {}
    for path, text in conf_files(BOOT, place.root):
        _add(found, [(one.name, str(one.origin)) for one in parse(text, path)[0]], world)
    _add(found, [(one.name, str(one.origin)) for one in of_cmdline(place.cmdline)], world)
    for name in ("fstab", "modules"):
        path = f"{place.root.rstrip('/')}/etc/{name}"
        if os.path.isfile(path):
            _add(found, _lines(read_text(path), path, name), world)
    return found


def _lines(text: str, path: str, name: str) -> list[tuple[str, str]]:
    """Return (name or alias, place) of a line each: types of fstab(5), or modules of modules(5)."""
    rows = [(number, line.split()) for number, line in enumerate(text.split("\n"), 1)]
    rows = [(number, words) for number, words in rows if words and words[0][0] != "#"]
    if name == "modules":
        return [(words[0], f"{path}:{number}") for number, words in rows]
    types = [(kind, number) for number, words in rows if len(words) > 2 for kind in words[2].split(",")]
    return [(f"fs-{kind}", f"{path}:{number}") for kind, number in types]


def _add(found: dict[str, str], names: Iterable[tuple[str, str]], world: World) -> None:
    for name, origin in names:
        for candidate in resolve(name, world):
            found.setdefault(str(candidate.module), f"{origin} wants it")
