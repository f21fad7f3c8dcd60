"""The kernel as evidence: an image's facts, a simulated kernel's, or what the running one tells."""

from __future__ import annotations

import errno
import os

from lkm.config.cmdline import kernels_blacklist
from lkm.diagnose.evidence import BAD, GOOD, MALFORMED, UNKNOWN_KEY, UNSIGNED, UNSUPPORTED, KernelSide
from lkm.errors import FormatError, LkmError
from lkm.formats.compression import decompress
from lkm.kernel.interface import NO_MODULES
from lkm.manager.kernels import may_change
from lkm.modfile.nouns import Export

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.diagnose.evidence import ModuleFile
    from lkm.image.nouns import KernelFacts
    from lkm.kernel.interface import ShownKernel
    from lkm.kernel.sim.world import World
    from lkm.kernel.surroundings import Surroundings
    from lkm.modfile.nouns import Signature

#: The errno of kernel.sim.signatures.judge → what that means.
_STATES = {0: GOOD, errno.EKEYREJECTED: BAD, errno.ENOKEY: UNKNOWN_KEY, errno.ENOPKG: UNSUPPORTED}
_TRAILER = 12
#: ELF machine → uname's names, where those differ from the ELF's.
_MACHINES = {"x86_64": 62, "aarch64": 183, "riscv64": 243, "s390x": 22, "loongarch64": 258, "ppc64le": 21, "i686": 3}


def of_image(path: str) -> tuple[KernelSide, KernelFacts]:
    """Return a kernel image as a kernel that has just booted, with no modules in it. Raises LkmError."""
    from lkm.image.facts import read
    from lkm.system.files import read_bytes

    facts = read(read_bytes(path), path)
    return _with_image(KernelSide(path, loaded=()), facts, path), facts


def of_kernel(
    kernel: ShownKernel, facts: KernelFacts | None = None, image: str = "", look: Surroundings | None = None
) -> KernelSide:
    """Return the kernel that tools work on; ``facts`` are of its ``image``, ``look`` is what this machine tells."""
    modular = None
    try:
        loaded = kernel.state().modules
    except LkmError as error:
        loaded = None
        modular = False if error.what == NO_MODULES else None
    side = KernelSide(
        "this kernel",
        release=kernel.release(),
        loaded=loaded,
        modular=modular,
        modules_disabled=kernel.modules_disabled(),
        capable=may_change(kernel),
        blacklist=kernels_blacklist(kernel.cmdline()),
    )
    world = getattr(kernel, "world", None)
    if world is not None:
        return _with_world(side, world)
    side = side._replace(
        machine=_MACHINES.get(os.uname().machine, 0), bits=64 if os.uname().machine in _MACHINES else 0
    )
    if look:
        side = _with_look(side, look)
    return _with_image(side, facts, image) if facts else side


def _with_look(side: KernelSide, look: Surroundings) -> KernelSide:
    capable = look.capable()
    return side._replace(
        capable=side.capable if capable is None else capable,
        lockdown=look.lockdown(),
        sig_enforce=look.sig_enforce(),
        secure_boot=look.secure_boot(),
        free=look.free(),
    )


def with_signature(file: ModuleFile, raw: bytes, certificates: Iterable[bytes]) -> ModuleFile:
    """Return a file with what comes of verifying its signature; ``raw`` are its bytes, packed or not."""
    from lkm.formats.source import BytesSource
    from lkm.modfile.signature import MAGIC, read_signature

    # The kernel looks at the signature first: of a file that cannot be read as a module too.
    if file.facts is None and not raw.endswith(MAGIC):
        return file if file.packed else file._replace(signature=UNSIGNED)
    data = decompress(raw, file.packed, file.path)
    try:
        found = file.facts.signature if file.facts else read_signature(BytesSource(data, file.path))
    except FormatError:
        return file._replace(signature=MALFORMED)
    if found is None:
        return file._replace(signature=MALFORMED if data.endswith(MAGIC) else UNSIGNED)
    if found.id_type != "PKCS#7":
        return file._replace(signature=UNSUPPORTED)
    return file._replace(signature=verified(data[: -len(MAGIC)], found, certificates))


def verified(data: bytes, found: Signature, certificates: Iterable[bytes]) -> str:
    """Return what comes of verifying a signature: GOOD, BAD, UNKNOWN_KEY or MALFORMED; ``data``: the file without the
    magic at its end.
    """
    from lkm.kernel.sim.signatures import judge

    number = judge(data[: found.offset], data[found.offset : -_TRAILER], certificates, lambda _level, _text: None)
    return _STATES.get(number, MALFORMED)


def _with_image(side: KernelSide, facts: KernelFacts, origin: str) -> KernelSide:
    config = dict(line.split("=", 1) for line in facts.config.splitlines() if line.startswith("CONFIG_"))
    return side._replace(
        origin=origin,
        release=facts.release,
        machine=facts.machine,
        bits=facts.bits,
        vermagic=facts.vermagic,
        modversions="modversions" in facts.vermagic.split(),
        exports={export.name: export for export in facts.exports},
        config=config or None,
    )


def _with_world(side: KernelSide, world: World) -> KernelSide:
    rows = world.db.execute("SELECT name, gpl_only, namespace, crc FROM exports WHERE module = ''")
    return side._replace(
        origin=f"simulated kernel {world.path}",
        machine=int(world.meta("machine", "62")),
        bits=64,
        vermagic=world.meta("vermagic"),
        modversions=world.meta("modversions") == "1",
        exports={name: Export(name, bool(gpl_only), space, crc) for name, gpl_only, space, crc in rows},
        builtin=frozenset(name for (name,) in world.db.execute("SELECT name FROM builtins")),
        sig_enforce=world.meta("sig_enforce") == "1",
        lockdown=world.meta("lockdown", "none"),
        blacklist=tuple(filter(None, world.meta("blacklist").split(","))),
    )
