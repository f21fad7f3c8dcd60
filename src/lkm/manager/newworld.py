"""Making a simulated kernel's world: from a kernel image, a module tree, or neither."""

from __future__ import annotations

import os

from lkm.errors import FormatError, MachineError, UsageError
from lkm.image.features import config_features
from lkm.kernel.sim.kernel24 import KERNEL_SYMBOLS, RELEASE
from lkm.kernel.sim.world import World
from lkm.modfile.nouns import Export
from lkm.system.files import read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.image.nouns import KernelFacts

_SWITCHES = ("sig_enforce", "modules_disabled", "force_load", "force_unload", "cap_sys_module")
#: What each kernel has before any module: (kind, name, number), as Resource of lkm.modfile.predict.
_OWN = (
    *(("char", "mem", 1), ("char", "/dev/vc/0", 4), ("char", "/dev/tty", 5), ("char", "misc", 10)),
    *(("filesystem", name, 1) for name in ("sysfs", "tmpfs", "bdev", "proc", "sockfs", "pipefs", "ramfs", "devpts")),
    *(("family", "UNIX", 1), ("family", "INET", 2), ("family", "NETLINK", 16), ("netdev", "lo", None)),
)
_OWN_24 = (
    *(("filesystem", name, 1) for name in ("rootfs", "bdev", "proc", "sockfs", "pipefs", "tmpfs")),
    *(("filesystem", "ext2", 0), ("block", "ide0", 3)),
    *(("interrupt", "timer", 0), ("interrupt", "keyboard", 1), ("interrupt", "cascade", 2)),
    *(row for row in _OWN if row[0] != "filesystem"),
)


def make(path: str, options: dict[str, str]) -> tuple[dict[str, str], int, str]:
    """Make the file; return what is known of the world, the number of exports, and where they are from.

    A world of 2.4 without a tree of its own gets the path of one, which is not made.
    ``options``: image, tree, release, dialect, policy, force. Raises UsageError, MachineError, FormatError, NotFound
    (for a tree without modules of that release).
    """
    meta = {"dialect": options.get("dialect", "current"), "cmdline": "", **policy(options.get("policy", ""))}
    if meta.get("sig_enforce") == "1" or meta.get("lockdown", "none") != "none":
        meta["sig"] = "1"  # a kernel that asks for signatures can read them
    if meta["dialect"] not in ("current", "2.4"):
        raise UsageError(f"unknown dialect '{meta['dialect']}'", hint="it is current or 2.4")
    old = meta["dialect"] == "2.4"
    if old and "image" in options:
        raise UsageError(
            "an image of Linux 2.4 cannot be read", hint="leave --image out; --release tells the release"
        )
    meta["tree"] = os.path.abspath(options["tree"]) if "tree" in options else ""
    image = _image(options["image"]) if "image" in options else None
    release = options.get("release") or (image.release if image else _release_of(meta["tree"], old))
    if image and release != image.release:
        raise UsageError(f"--release {release}, but the image's is {image.release}", hint="leave --release out")
    meta["release"] = release
    exports: tuple[Export, ...] = image.exports if image else ()
    meta["vermagic"] = image.vermagic if image else ""
    source = f"from {options['image']}" if image else "none known: no --image"
    if image is None and meta["tree"] and not old:
        exports, meta["vermagic"], meta["modversions"] = _assumed(meta["tree"], release)
        source = "those that its modules need, by whatever license: no --image"
    if old:
        exports, source = tuple([Export(name) for name in KERNEL_SYMBOLS]), "a small kernel's"
        if release == RELEASE and not meta["tree"]:
            meta["tree"] = f"{os.path.abspath(path)}.root"
    builtins, resources = _builtins(meta["tree"], release) if meta["tree"] and not old else ([], [])
    if image:
        meta = {"machine": str(image.machine), **_built(image, options["image"]), **meta}
        resources += [
            ("sysfs", name, None)
            for name in sorted({p.name.partition(".")[0] for p in image.parameters if "." in p.name and p.mode})
        ]
    world = _create(path, meta, exports, builtins, "force" in options)
    with world.change():
        world.db.executemany(
            "INSERT INTO certificates VALUES(?)", [(der,) for der in image.certificates] if image else ()
        )
        world.db.executemany("INSERT INTO resources VALUES(?,?,?,'',0)", _OWN_24 if old else _OWN)
        world.db.executemany("INSERT INTO resources VALUES(?,?,?,'',1)", resources)
    world.close()
    return meta, len(exports), source


def policy(text: str) -> dict[str, str]:
    """Read the words of --policy. Raises UsageError.

    >>> policy("module_blacklist=floppy,pcspkr,modules_disabled,lockdown=integrity")
    {'blacklist': 'floppy,pcspkr', 'modules_disabled': '1', 'lockdown': 'integrity'}
    """
    found: dict[str, str] = {}
    for word in text.split(",") if text else ():
        key, equals, value = word.partition("=")
        if key in _SWITCHES and (not equals or value in ("0", "1")):
            found[key] = value or "1"
        elif key == "lockdown" and value in ("none", "integrity", "confidentiality"):
            found[key] = value
        elif key == "module_blacklist" and value:
            found["blacklist"] = value.replace("-", "_")
        elif "blacklist" in found and next(reversed(found)) == "blacklist" and word and not equals:
            found["blacklist"] += f",{word.replace('-', '_')}"
        else:
            words = ", ".join((*_SWITCHES, "lockdown=none|integrity|confidentiality", "module_blacklist=A,B"))
            raise UsageError(f"unknown policy '{word}'", hint=f"there are {words}")
    return found


def _image(path: str) -> KernelFacts:
    from lkm.image.facts import read

    try:
        return read(read_bytes(path), path)
    except FormatError as error:
        raise FormatError(error.what, path, error.offset, "it is no kernel image that lkm reads") from None


def _built(image: KernelFacts, path: str) -> dict[str, str]:
    """Return how the kernel was built: as config-RELEASE beside the image tells, or the image itself."""
    config = os.path.join(os.path.dirname(path), f"config-{image.release}")
    text = read_bytes(config).decode("utf-8", "replace") if os.path.isfile(config) else image.config
    told = config_features(text)
    return dict.fromkeys(told or image.features, "1")


def _release_of(tree: str, old: bool) -> str:
    """Return the one release that a tree has. Raises UsageError where that is not one."""
    from lkm.system.tree import PARENTS

    found: list[str] = []
    for parent in PARENTS if tree else ():
        place = os.path.join(tree, parent)
        found += sorted(os.listdir(place)) if os.path.isdir(place) and not found else []
    if len(found) == 1:
        return found[0]
    if old and not found:
        return RELEASE
    which = f"{tree} has modules of {len(found)} releases" if tree else "neither --image nor --tree"
    raise UsageError(f"which release? {which}", hint=f"say --release {found[0] if found else 'R'}")


def _builtins(tree: str, release: str) -> tuple[list[str], list[tuple[str, str, int | None]]]:
    """Return the names of the built-in modules, and what they are expected to have registered."""
    from lkm.modfile.predict import predict
    from lkm.names import name_from_path
    from lkm.system.indexfiles import open_index
    from lkm.system.tree import find_modules_dir

    directory = find_modules_dir(tree, release)
    listed = os.path.join(directory, "modules.builtin")
    if not os.path.isfile(listed):
        return [], []
    names = [str(name_from_path(line)) for line in read_bytes(listed).decode().split()]
    index = open_index(directory)
    own = {(kind, name) for kind, name, _ in _OWN} | {(kind, str(number)) for kind, _, number in _OWN}
    expected = [p for name in names for p in predict(index.builtin_modinfo(name), None, name)]
    rows = [(p.kind, p.name, p.number) for p in expected]
    return names, [row for row in rows if (row[0], row[1]) not in own and (row[0], str(row[2])) not in own]


def _assumed(tree: str, release: str) -> tuple[tuple[Export, ...], str, str]:
    """Return exports, vermagic and modversions of a kernel that suits the tree's modules, for want of its image."""
    from lkm.modfile.scan import scan
    from lkm.system.files import open_source
    from lkm.system.tree import find_modules_dir, list_modules

    needs: dict[bytes, int | None] = {}
    own: set[bytes] = set()
    magic = ""
    for path in sorted(list_modules(find_modules_dir(tree, release))):
        with open_source(path) as source:
            facts = scan(source, crcs=True)
        own.update(facts.exports)
        for name in facts.needs:
            needs[name] = facts.need_crcs.get(name)
        if not magic:
            magic = next((r[9:].decode() for r in facts.modinfo if r.startswith(b"vermagic=")), "")
    kernel = sorted(needs.keys() - own)
    exports = tuple([Export(name.decode("utf-8", "surrogateescape"), crc=needs[name]) for name in kernel])
    return exports, magic, "1" if any(export.crc is not None for export in exports) else ""


def _create(path: str, meta: dict[str, str], exports: tuple[Export, ...], builtins: list[str], force: bool) -> World:
    if not os.path.lexists(path):
        return World.create(path, meta, exports, builtins)
    if not force:
        raise MachineError("exists already", path, 17, "choose another name, or replace it with --force")
    World(path).close()  # whatever is no simulated kernel is not replaced
    fresh = f"{path}.{os.getpid()}.made"
    World.create(fresh, meta, exports, builtins).close()
    os.replace(fresh, path)
    return World(path)
