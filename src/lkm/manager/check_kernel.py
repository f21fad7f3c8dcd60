"""The kernel of ``lkm check``: all evidence of it, as a simulated kernel in which nothing is loaded yet."""

from __future__ import annotations

import os

from lkm.config.cmdline import kernels_policy
from lkm.diagnose import doubts
from lkm.errors import FormatError, LkmError, NotFound
from lkm.image.features import config_features
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.world import World
from lkm.manager.kernelside import of_kernel
from lkm.manager.newworld import make, policy
from lkm.modfile.nouns import Export
from lkm.record import Record
from lkm.system.files import read_bytes, read_text
from lkm.system.moduletree import IndexedTree
from lkm.system.tree import PARENTS, find_modules_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.diagnose.evidence import KernelSide

#: The machines whose modules the simulated kernel can link: x86-64, arm64, riscv64 and loongarch64.
MACHINES = (62, 183, 243, 258)
KALLSYMS = "/proc/kallsyms"
_MAPS = ("boot/System.map-{}",)
_SYMVERS = ("lib/modules/{}/build/Module.symvers", "usr/src/linux-headers-{}/Module.symvers")
_IMAGES = ("boot/vmlinuz-{}", "boot/vmlinux-{}", *(f"{parent}/{{}}/vmlinuz" for parent in PARENTS))


class Against(Record):
    """What modules are to be checked against, as far as it is said.

    ``root``: below it modules and configuration are; ``release``: that of the modules; ``image``: the kernel;
    ``symvers``, ``system_map``: files that tell exports; ``configs``: configuration instead of the root's; ``keys``:
    files with certificates that are trusted too; ``policy``: words as of ``lkm check --policy``; ``cmdline``: the
    kernel's command line.
    """

    root: str = ""
    release: str = ""
    image: str = ""
    symvers: str = ""
    system_map: str = ""
    configs: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    policy: str = ""
    cmdline: str = ""


class Known(Record):
    """``world`` is the file of the simulated kernel, ``tree`` the modules that go with it; ``lacking`` what of the
    kernel is not known (:mod:`lkm.diagnose.doubts`), ``certificates`` those that it trusts, in DER.
    """

    world: str
    tree: IndexedTree | None
    release: str
    lacking: frozenset[str]
    certificates: tuple[bytes, ...]
    side: KernelSide


def image_of(base: str, release: str) -> str:
    """Return the image of a release below a root, "" where there is none."""
    return _first(base, release, _IMAGES)


def known(against: Against, base: str, release: str, world: str, simulated: World | None = None) -> Known:
    """Put together what is known, and write the simulated kernel to the file ``world``.

    ``base`` is the root, ``release`` that of the modules ("": the image's). Without an image a ``simulated`` kernel
    is known itself, as it was before anything was loaded.
    Raises LkmError for evidence that was named and cannot be used.
    """
    image = against.image
    rules = {**kernels_policy(against.cmdline), **policy(against.policy)}
    lacking: set[str] = set()
    if image:
        words = {"image": image}
        try:
            meta, _, _ = make(world, {**words, "tree": base})
        except NotFound:  # the tree has no modules of the image's own release
            meta, _, _ = make(world, words)
        release = release or meta["release"]
        tree = _tree(base, release)
    elif simulated is not None:
        tree = _tree(base, release)
        _pristine(simulated, world)
    else:
        tree = _tree(base, release)
        lacking = {doubts.EXPORTS, doubts.CRCS, doubts.MARKS, doubts.NAMESPACES, doubts.CERTIFICATES}
        _without_image(world, release, base, tree, lacking)
    kernel = SimulatedKernel(world)
    origins = [image] if image else [f"simulated kernel {simulated.path}"] if simulated else []
    with kernel.world.change():
        origins += _offered(kernel.world, against, base, release, tree, lacking)
        for key, value in _policy_meta(rules).items():
            kernel.world.set_meta(key, value)
        keys = [der for path in against.keys for der in certificates(path)]
        kernel.world.db.executemany("INSERT INTO certificates VALUES(?)", [(der,) for der in keys])
    if kernel.world.meta("machine", "62") not in map(str, MACHINES):
        lacking.add(doubts.MACHINE)
    found = [der for (der,) in kernel.world.db.execute("SELECT der FROM certificates")]
    side = of_kernel(kernel)
    origin = " and ".join(origins) or (f"modules of {tree.origin()}" if tree else "nothing")
    side = side._replace(origin=origin, config=_config(image, base, release) or side.config)
    if doubts.EXPORTS in lacking:
        side = side._replace(exports=None)
    kernel.world.close()
    return Known(world, tree, release, frozenset(lacking), tuple(found), side)


def _tree(base: str, release: str) -> IndexedTree | None:
    try:
        return IndexedTree(find_modules_dir(base, release))
    except NotFound:
        return None


def certificates(path: str) -> list[bytes]:
    """Return the X.509 certificates of a file, in DER: one in DER, or any number in PEM. Raises LkmError."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    data = read_bytes(path)
    try:
        found = (
            x509.load_pem_x509_certificates(data)
            if b"-----BEGIN " in data
            else [x509.load_der_x509_certificate(data)]
        )
    except ValueError as error:
        hint = "give the X.509 certificate, in DER or PEM; a private key alone does not do"
        raise FormatError(f"no certificate: {error}", path, hint=hint) from None
    return [certificate.public_bytes(Encoding.DER) for certificate in found]


def _policy_meta(rules: dict[str, str]) -> dict[str, str]:
    if rules.get("sig_enforce") == "1" or rules.get("lockdown", "none") != "none":
        return {**rules, "sig": "1"}  # a kernel that asks for signatures can read them
    return rules


def _pristine(simulated: World, path: str) -> None:
    """Copy a simulated kernel without what was loaded into it."""
    rows = simulated.db.execute("SELECT name, gpl_only, namespace, crc FROM exports WHERE module = ''")
    exports = [Export(name, bool(gpl_only), space, crc) for name, gpl_only, space, crc in rows]
    builtins = [name for (name,) in simulated.db.execute("SELECT name FROM builtins")]
    trusted = [der for (der,) in simulated.db.execute("SELECT der FROM certificates")]
    meta = dict(simulated.db.execute("SELECT key, value FROM meta"))
    copy = World.create(path, meta, exports, builtins, trusted)
    with copy.change():
        own = simulated.db.execute("SELECT * FROM resources WHERE module = ''").fetchall()
        copy.db.executemany("INSERT INTO resources VALUES(?,?,?,?,?)", own)
    copy.close()


def _without_image(world: str, release: str, base: str, tree: IndexedTree | None, lacking: set[str]) -> None:
    """Make a kernel that suits the modules of the tree: their machine and vermagic; it has no exports yet."""
    magic, machine = "", ""
    for name in tree.names() if tree else ():
        facts = tree.facts(name) if tree else None
        if facts and facts.vermagic and "intree" in dict(facts.modinfo):
            magic, machine = facts.vermagic, str(facts.machine)
            break
    if not magic:
        lacking.add(doubts.VERMAGIC)
    meta = {"release": release, "tree": base, "vermagic": magic, **({"machine": machine} if machine else {})}
    config = f"{base}/boot/config-{release}"
    features = config_features(read_text(config)) if os.path.isfile(config) else ("sig",)
    if "sig" not in features:
        lacking.discard(doubts.CERTIFICATES)
    meta |= dict.fromkeys([*features, *({"modversions"} & set(magic.split()))], "1")
    builtins = sorted(tree.builtin()) if tree else ()
    World.create(world, meta, (), builtins).close()


def _offered(
    world: World, against: Against, base: str, release: str, tree: IndexedTree | None, lacking: set[str]
) -> list[str]:
    """Add the exports that Module.symvers, System.map or kallsyms tell; return where from."""
    symvers, table = against.symvers, against.system_map
    origins = []
    if doubts.EXPORTS in lacking and not symvers and not table:
        symvers = _first(base, release, _SYMVERS)
        table = "" if symvers else _first(base, release, _MAPS)
        if not symvers and not table and not base and release == os.uname().release:
            table = KALLSYMS
    if symvers:
        _add(world, _of_symvers(symvers, tree, lacking))
        origins.append(symvers)
    if table and (exports := _of_map(table, lacking, named=bool(against.system_map))):
        _add(world, exports)
        origins.append(table)
    return origins


def _of_symvers(path: str, tree: IndexedTree | None, lacking: set[str]) -> list[Export]:
    """Return the kernel's exports, where they are in it, and those of modules that the tree has not."""
    from lkm.image.symvers import KERNEL, read

    found, problems = read(read_text(path), path)
    if KERNEL not in found and (problems or not found):
        what = problems[0] if problems else "it is empty"
        raise FormatError(
            f"no Module.symvers: {what}", path, hint="it is made by the build of a kernel or of modules"
        )
    if KERNEL in found:  # not in that of a module's build
        lacking -= {doubts.EXPORTS, doubts.CRCS, doubts.MARKS, doubts.NAMESPACES}
    others = [owner for owner in found if owner != KERNEL and not (tree and tree.path(owner))]
    return [export for owner in (KERNEL, *others) for export in found.get(owner, ())]


def _of_map(path: str, lacking: set[str], *, named: bool) -> tuple[Export, ...]:
    """Return what a map tells; nothing for one that nobody has named and that tells nothing."""
    from lkm.image.symbolmap import read

    try:
        found = read(read_text(path), path)
    except LkmError:
        if named:
            raise
        return ()
    lacking -= {doubts.EXPORTS}
    if found.marked:
        lacking -= {doubts.MARKS}
    if all(export.crc is not None for export in found.exports):
        lacking -= {doubts.CRCS}
    return found.exports


def _add(world: World, exports: Iterable[Export]) -> None:
    rows = [(e.name, e.crc, int(e.gpl_only), e.namespace) for e in exports]
    query = "INSERT OR IGNORE INTO exports(name, crc, gpl_only, namespace) VALUES(?,?,?,?)"
    world.db.executemany(query, rows)


def _config(image: str, base: str, release: str) -> dict[str, str]:
    """Return the configuration that lies beside the image, or in the root's boot; CONFIG_X to its value."""
    places = [f"{os.path.dirname(image)}/config-{release}"] if image else []
    for path in (*places, f"{base}/boot/config-{release}"):
        if os.path.isfile(path):
            lines = read_text(path).splitlines()
            return dict(line.split("=", 1) for line in lines if line.startswith("CONFIG_") and "=" in line)
    return {}


def _first(base: str, release: str, places: Iterable[str]) -> str:
    """Return the first of the places below a root that is a file, "" for none."""
    paths = [f"{base}/{place.format(release)}" for place in places]
    return next((path for path in paths if os.path.isfile(path)), "")
