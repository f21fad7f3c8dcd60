"""May this module in? The checks of Linux 6.1, one function each, in the kernel's order.

A check returns an errno, or 0 for "go on"; what the kernel would say goes to the world's log. Functions of the kernel
are in kernel/module/main.c unless another file is named. Not judged yet: signatures, lockdown, relocation types.
"""

from __future__ import annotations

import errno

from lkm.errors import FormatError
from lkm.formats.source import BytesSource
from lkm.kernel.interface import IGNORE_MODVERSIONS, IGNORE_VERMAGIC
from lkm.kernel.sim import parameters
from lkm.modfile.facts import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.kernel.sim.world import World
    from lkm.modfile.nouns import ModuleFacts, Need

_ERR, _WARNING = 3, 4
_GPL = ("GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL")
_LAYOUT = "module_layout"


class Attempt:
    """One call of finit_module(2): what is asked for, and what the checks have found so far."""

    def __init__(self, world: World, image: bytes, text: str, flags: int, path: str) -> None:
        self.world = world
        self.image = image
        self.text = text
        self.flags = flags
        self.path = path
        self.taint: set[str] = set()
        self.used: list[str] = []
        self.license = ""
        self._facts: ModuleFacts | None = None

    @property
    def facts(self) -> ModuleFacts:
        """What the file tells; raises FormatError when it cannot be read."""
        if self._facts is None:
            self._facts = read(BytesSource(self.image, self.path))[0]
        return self._facts

    def say(self, text: str, level: int = _WARNING) -> None:
        """Write to the world's kernel log."""
        self.world.say(level, text)

    def add_taint(self, letter: str, line: str = "", *, lockdep_ok: bool = True) -> None:
        """Taint module and kernel (``add_taint_module``; kernel/panic.c: ``add_taint``); ``line`` is said first."""
        if self.world.first(f"taint {letter}") and line:
            self.say(f"{self.facts.name}: {line}")
        self.taint.add(letter)
        if not lockdep_ok and self.world.first("lock debugging"):
            self.say("Disabling lock debugging due to kernel taint")

    def force(self, reason: str) -> int:
        """Go on in spite of a missing mark, where the kernel was built to (``try_to_force_load``)."""
        if self.world.meta("force_load") != "1":
            return errno.ENOEXEC
        self.add_taint("F", f"{reason}: kernel tainted.", lockdep_ok=False)
        return 0


def capability(attempt: Attempt) -> int:
    """``may_init_module``: who calls has CAP_SYS_MODULE, unless the world says that nobody has."""
    return 0 if attempt.world.meta("cap_sys_module", "1") == "1" else errno.EPERM


def modules_disabled(attempt: Attempt) -> int:
    """``may_init_module``: kernel.modules_disabled is set until the next boot."""
    return errno.EPERM if attempt.world.meta("modules_disabled") == "1" else 0


def call_flags(attempt: Attempt) -> int:
    """``finit_module``: unknown flags; compressed files, which this kernel does not unpack (internal.h)."""
    if attempt.flags & ~7:
        return errno.EINVAL
    if not attempt.image:
        return errno.EINVAL  # fs/kernel_read_file.c: kernel_read_file
    return errno.ENOTSUP if attempt.flags & 4 else 0


def elf_header(attempt: Attempt) -> int:
    """``elf_validity_check``: the ELF header, then the table of sections."""
    image = attempt.image
    fault = ""
    if len(image) < 64:
        fault = f"Invalid ELF header len {len(image)}"
    elif image[:4] != b"\x7fELF":
        fault = "Invalid ELF header magic: != \\x7fELF"
    elif (kind := _half(image, 16)) != 1:
        fault = f"Invalid ELF header type: {kind} != 1"
    elif (machine := _half(image, 18)) != int(attempt.world.meta("machine", "62")):
        fault = f"Invalid architecture in ELF header: {machine}"
    elif _half(image, 58) != 64:
        fault = "Invalid ELF section header size"
    elif int.from_bytes(image[40:48], "little") + _half(image, 60) * 64 > len(image):
        fault = "Invalid ELF section header overflow"
    if fault:
        attempt.say(fault, _ERR)
        return errno.ENOEXEC
    try:
        return 0 if attempt.facts else errno.ENOEXEC
    except FormatError:
        return errno.ENOEXEC


def _half(image: bytes, at: int) -> int:
    return int.from_bytes(image[at : at + 2], "little")


def this_module(attempt: Attempt) -> int:
    """``setup_load_info``: the section that becomes ``struct module`` must be there."""
    if attempt.facts.name:
        return 0
    attempt.say(
        f"{(attempt.facts.values('name') or ('(missing .modinfo name field)',))[0]}: No module found in object"
    )
    return errno.ENOEXEC


def blacklisted(attempt: Attempt) -> int:
    """``blacklisted``: module_blacklist= on the kernel's command line."""
    if attempt.facts.name not in attempt.world.meta("blacklist").split(","):
        return 0
    attempt.say(f"Module {attempt.facts.name} is blacklisted", _ERR)
    return errno.EPERM


def layout_version(attempt: Attempt) -> int:
    """kernel/module/version.c: ``check_modstruct_version``: the CRC of ``module_layout``."""
    verdict = _version(attempt, _LAYOUT)
    return errno.ENOEXEC if verdict else 0


def _version(attempt: Attempt, name: str) -> int:
    """Judge a symbol's CRC (kernel/module/version.c: ``check_version``)."""
    row = attempt.world.db.execute("SELECT crc FROM exports WHERE name = ?", (name,)).fetchone()
    if row is None or row[0] is None:
        return 0
    crcs = {need.name: need.crc for need in attempt.facts.needs if need.crc is not None}
    if attempt.flags & IGNORE_MODVERSIONS or not crcs:
        return attempt.force(name)
    if name not in crcs or crcs[name] == row[0]:
        return 0
    attempt.say(f"{attempt.facts.name}: disagrees about version of symbol {name}")
    return errno.EINVAL


def vermagic(attempt: Attempt) -> int:
    """``check_modinfo``; with symbol versions all but the release is compared (version.c: ``same_magic``)."""
    theirs = "" if attempt.flags & IGNORE_VERMAGIC else attempt.facts.vermagic
    if not theirs:
        return attempt.force("bad vermagic")
    ours = attempt.world.meta("vermagic")
    has_versions = any(need.crc is not None for need in attempt.facts.needs)
    versioned = attempt.world.meta("modversions") == "1" and has_versions
    if (theirs.partition(" ")[2], "") == (ours.partition(" ")[2], "") if versioned else theirs == ours:
        return 0
    attempt.say(f"{attempt.facts.name}: version magic '{theirs}' should be '{ours}'", _ERR)
    return errno.ENOEXEC


def marks(attempt: Attempt) -> int:
    """``check_modinfo``: out-of-tree and staging modules taint; so does a license that is not the GPL's."""
    if not attempt.facts.values("intree"):
        attempt.add_taint("O", "loading out-of-tree module taints kernel.")
    if attempt.facts.values("staging"):
        attempt.add_taint("C")
        name = attempt.facts.name
        attempt.say(f"{name}: module is from the staging directory, the quality is unknown, you have been warned.")
    attempt.license = (attempt.facts.values("license") or ("unspecified",))[0]
    if attempt.license not in _GPL:
        attempt.add_taint("P", f"module license '{attempt.license}' taints kernel.", lockdep_ok=False)
    return 0


def duplicate(attempt: Attempt) -> int:
    """``add_unformed_module``: a module of that name is there; one half loaded is waited for, here answered EBUSY."""
    query = "SELECT state FROM modules WHERE name = ?"
    row = attempt.world.db.execute(query, (attempt.facts.name,)).fetchone()
    if row is None:
        return 0
    return errno.EEXIST if row[0] == "Live" else errno.EBUSY


def own_exports(attempt: Attempt) -> int:
    """``verify_exported_symbols``: a symbol that somebody exports already."""
    for export in attempt.facts.exports:
        query = "SELECT module FROM exports WHERE name = ?"
        row = attempt.world.db.execute(query, (export.name,)).fetchone()
        if row is not None:
            owner = row[0] or "kernel"
            name = attempt.facts.name
            attempt.say(f"{name}: exports duplicate symbol {export.name} (owned by {owner})", _ERR)
            return errno.ENOEXEC
    return 0


def needed_symbols(attempt: Attempt) -> int:
    """``simplify_symbols``: each missing symbol is said, and the last one's errno is the answer."""
    answer = 0
    for need in attempt.facts.needs:
        if need.name == _LAYOUT:
            continue
        number = _resolve(attempt, need)
        if number and not (need.weak and number == errno.ENOENT):
            attempt.say(f"{attempt.facts.name}: Unknown symbol {need.name} (err -{number})")
            answer = number
    return answer


def _resolve(attempt: Attempt, need: Need) -> int:
    """``resolve_symbol``: found, allowed for this license, of the right version, from an imported namespace."""
    query = "SELECT gpl_only, namespace, module FROM exports WHERE name = ?"
    row = attempt.world.db.execute(query, (need.name,)).fetchone()
    if row is None or (row[0] and attempt.license not in _GPL):
        return errno.ENOENT
    if number := _version(attempt, need.name):
        return number
    _, namespace, owner = row
    if namespace and namespace not in attempt.facts.imports:
        text = f"module uses symbol ({need.name}) from namespace {namespace}, but does not import it."
        attempt.say(f"{attempt.facts.name}: {text}", _ERR)
        return errno.EINVAL
    if owner and owner not in attempt.used:
        attempt.used.append(owner)
    return 0


def given_parameters(attempt: Attempt) -> int:
    """kernel/params.c: ``parse_args``: the first bad value ends it; unknown names are said and passed over."""
    name = attempt.facts.name
    types = {parameter.name.replace("-", "_"): parameter.type for parameter in attempt.facts.parameters}
    pairs, _ = parameters.split(attempt.text)
    for key, value in pairs:
        kind = types.get(key.replace("-", "_"))
        if kind is None:
            attempt.say(f"{name}: unknown parameter '{key}' ignored")
            continue
        if number := parameters.judge(kind, value):
            how = "too large" if number == errno.ENOSPC else "invalid"
            attempt.say(f"{name}: `{value or ''}' {how} for parameter `{key}'", _ERR)
            return number
    return 0


CHECKS: tuple[Callable[[Attempt], int], ...] = (
    capability,
    modules_disabled,
    call_flags,
    elf_header,
    this_module,
    blacklisted,
    layout_version,
    vermagic,
    marks,
    duplicate,
    needed_symbols,
    own_exports,
    given_parameters,
)


def judge(attempt: Attempt) -> int:
    """Make the checks in order; return the first errno, or 0."""
    return next((number for check in CHECKS if (number := check(attempt))), 0)
