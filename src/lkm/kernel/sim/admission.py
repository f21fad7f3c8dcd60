"""May this module in? The checks of Linux 6.1, one function each, in the kernel's order.

A check returns an errno, or 0 for "go on"; what the kernel would say goes to the world's log. Functions of the kernel
are in kernel/module/main.c unless another file is named. docs/simulated-kernel.md has them in a table.
"""

from __future__ import annotations

import errno

from lkm.errors import FormatError
from lkm.formats.elf import Elf
from lkm.formats.source import BytesSource
from lkm.kernel.interface import COMPRESSED_FILE, IGNORE_MODVERSIONS, IGNORE_VERMAGIC
from lkm.kernel.sim import linking, parameters, signatures
from lkm.kernel.sim.objectfile import HEADER_SIZE, SHF_EXECINSTR, SHF_WRITE, ObjectFile, fault
from lkm.modfile.facts import read
from lkm.modfile.kernelparam import KernelParam, read_params
from lkm.modfile.nouns import GPL_COMPATIBLE
from lkm.modfile.versions import read_versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.kernel.sim.world import World
    from lkm.modfile.nouns import ModuleFacts

_ERR, _WARNING, _NOTICE = 3, 4, 5
_NAMELESS = "(missing .modinfo section or name field)"
#: Letters of a module's taints, in the order of their bits (kernel/panic.c: ``taint_flags``).
TAINTS = "PFCOEKXTN"


class Attempt:
    """One call of finit_module(2), or of init_module(2): what is asked for, and what the checks have found so far.

    ``unread``: the errno with which the file cannot be read, to be given when it is its turn.
    """

    def __init__(
        self,
        world: World,
        image: bytes,
        text: str,
        flags: int = 0,
        path: str = "",
        unread: int = 0,
        *,
        file: bool = True,
    ) -> None:
        self.world = world
        self.image = image
        self.text = text
        self.flags = flags
        self.path = path
        self.unread = unread
        self.from_file = file
        self.taint: set[str] = set()
        self.used: list[str] = []
        self.license = ""
        self.signed = True
        self.gpl_only = False
        self.file: ObjectFile
        self.facts: ModuleFacts
        self.name = self.info_name = ""
        self.versions = False
        self.crcs: dict[str, int] = {}
        self._params: tuple[KernelParam, ...] | None = None

    def open(self) -> int:
        """Read the file, whose headers are right: ENOEXEC for one that cannot be read, or names no module."""
        self.file = ObjectFile(self.image)
        source = BytesSource(b"\x7fELF\2\1\1" + self.image[7:], self.path)  # the kernel does not look at these bytes
        try:
            self.facts = read(source)[0]
            self.crcs = {name.decode("utf-8", "replace"): crc for name, crc in read_versions(Elf(source))[0].items()}
        except FormatError:
            return errno.ENOEXEC
        self.name = self.facts.name
        self.info_name = (self.values("name") or (self.name,))[0]
        self.versions = not self.flags & IGNORE_MODVERSIONS and self.file.find("__versions") > 0
        return 0

    def values(self, key: str) -> tuple[str, ...]:
        """Return the modinfo values of that key; none where .modinfo is not a section to be loaded."""
        return self.facts.values(key) if self.file.find(".modinfo") else ()

    def params(self) -> tuple[KernelParam, ...]:
        """Return the parameters; for a file without ``__param``, those that ``parmtype`` tells of."""
        if self._params is None:
            self._params = read_params(BytesSource(b"\x7fELF\2\1\1" + self.image[7:], self.path))
        if self._params is None:
            told = self.facts.parameters
            self._params = tuple([KernelParam(p.name, p.type or "", bare=p.type in _BARE) for p in told])
        return self._params

    def say(self, text: str, level: int = _WARNING) -> None:
        """Write to the world's kernel log."""
        self.world.say(level, text)

    def add_taint(self, letter: str, line: str = "", *, lockdep_ok: bool = True) -> None:
        """Taint module and kernel (``add_taint_module``; kernel/panic.c: ``add_taint``); ``line`` is said first."""
        if self.world.first(f"taint {letter}") and line:
            self.say(f"{self.name}: {line}")
        self.taint.add(letter)
        if not lockdep_ok:
            stop_lock_debugging(self.world)

    def force(self, reason: str) -> int:
        """Go on in spite of a missing mark, where the kernel was built to (``try_to_force_load``)."""
        if self.world.meta("force_load") != "1":
            return errno.ENOEXEC
        self.add_taint("F", f"{reason}: kernel tainted.", lockdep_ok=False)
        return 0


_BARE = ("bool", "bint", "bool_enable_only")


def stop_lock_debugging(world: World) -> None:
    """Say so, once (kernel/panic.c: ``add_taint`` with LOCKDEP_NOW_UNRELIABLE)."""
    if world.first("lock debugging"):
        world.say(_WARNING, "Disabling lock debugging due to kernel taint")


def capability(attempt: Attempt) -> int:
    """``may_init_module``: who calls has CAP_SYS_MODULE, unless the world says that nobody has."""
    return 0 if attempt.world.meta("cap_sys_module", "1") == "1" else errno.EPERM


def modules_disabled(attempt: Attempt) -> int:
    """``may_init_module``: kernel.modules_disabled is set until the next boot."""
    return errno.EPERM if attempt.world.meta("modules_disabled") == "1" else 0


def call_flags(attempt: Attempt) -> int:
    """``finit_module``: flags that it does not know."""
    return errno.EINVAL if attempt.flags & ~7 else 0


def file_read(attempt: Attempt) -> int:
    """fs/kernel_read_file.c: ``kernel_read_file``; of memory, ``copy_module_from_user``, too short for a header."""
    if attempt.unread:
        return attempt.unread
    return errno.ENOEXEC if not attempt.from_file and len(attempt.image) < HEADER_SIZE else 0


def compressed(attempt: Attempt) -> int:
    """kernel/module/internal.h: ``module_decompress`` of a kernel without CONFIG_MODULE_DECOMPRESS."""
    return errno.ENOTSUP if attempt.flags & COMPRESSED_FILE else 0


def signature(attempt: Attempt) -> int:
    """kernel/module/signing.c: ``module_sig_check``: before anything else is believed, and cut off then."""
    if attempt.world.meta("sig") != "1":
        return 0
    mangled = bool(attempt.flags & (IGNORE_MODVERSIONS | IGNORE_VERMAGIC))
    number, attempt.image, attempt.signed = signatures.check(attempt.world, attempt.image, mangled)
    return number


def elf_header(attempt: Attempt) -> int:
    """``elf_validity_check``: the ELF header, then the table of sections."""
    said = fault(attempt.image, int(attempt.world.meta("machine", "62")))
    if said:
        attempt.say(said, _ERR)
        return errno.ENOEXEC
    return attempt.open()


def this_module(attempt: Attempt) -> int:
    """``setup_load_info``: symbols, and the section that becomes ``struct module``."""
    name = (attempt.values("name") or (_NAMELESS,))[0]
    if not attempt.file.symbol_table():
        attempt.say(f"{name}: module has no symbols (stripped?)")
        return errno.ENOEXEC
    if not attempt.file.find(".gnu.linkonce.this_module"):
        attempt.say(f"{name}: No module found in object")
        return errno.ENOEXEC
    return 0


def blacklisted(attempt: Attempt) -> int:
    """``blacklisted``: module_blacklist= on the kernel's command line."""
    if attempt.info_name not in attempt.world.meta("blacklist").split(","):
        return 0
    attempt.say(f"Module {attempt.info_name} is blacklisted", _ERR)
    return errno.EPERM


def vermagic(attempt: Attempt) -> int:
    """``check_modinfo``; with symbol versions all but the release is compared (version.c: ``same_magic``)."""
    theirs = () if attempt.flags & IGNORE_VERMAGIC else attempt.values("vermagic")
    if not theirs:
        return attempt.force("bad vermagic")
    ours = attempt.world.meta("vermagic")
    start = len(ours.partition(" ")[0]) if attempt.world.meta("modversions") == "1" and attempt.versions else 0
    other = len(theirs[0].partition(" ")[0]) if start else 0
    if theirs[0][other:] == ours[start:]:
        return 0
    attempt.say(f"{attempt.info_name}: version magic '{theirs[0]}' should be '{ours}'", _ERR)
    return errno.ENOEXEC


def marks(attempt: Attempt) -> int:
    """``check_modinfo``: what taints: out-of-tree, staging, livepatch, a license that is not the GPL's, test."""
    name = attempt.name
    if not attempt.values("intree"):
        attempt.add_taint("O", "loading out-of-tree module taints kernel.")
    if attempt.values("staging"):
        attempt.add_taint("C")
        attempt.say(f"{name}: module is from the staging directory, the quality is unknown, you have been warned.")
    if attempt.values("livepatch"):
        if attempt.world.meta("livepatch") != "1":
            attempt.say(f"{name}: module is marked as livepatch module, but livepatch support is disabled", _ERR)
            return errno.ENOEXEC
        attempt.add_taint("K")
        if attempt.world.first("livepatch"):
            attempt.say(f"{name}: tainting kernel with TAINT_LIVEPATCH", _NOTICE)
    attempt.license = (attempt.values("license") or ("unspecified",))[0]
    if attempt.license not in GPL_COMPATIBLE:
        attempt.add_taint("P", f"module license '{attempt.license}' taints kernel.", lockdep_ok=False)
    if attempt.values("test"):
        attempt.add_taint("N", "loading test module taints kernel.")
    return 0


def writable_code(attempt: Attempt) -> int:
    """kernel/module/strict_rwx.c: ``module_enforce_rwx_sections``."""
    both = SHF_WRITE | SHF_EXECINSTR
    for index, section in enumerate(attempt.file.sections if attempt.world.meta("strict_rwx") == "1" else ()):
        if section.flags & both == both:
            words = f"section {section.name} (index {index}) has invalid WRITE|EXEC flags"
            attempt.say(f"{attempt.name}: {words}", _ERR)
            return errno.ENOEXEC
    return 0


def duplicate(attempt: Attempt) -> int:
    """``add_unformed_module``: a module of that name is there; one half loaded is waited for, here answered EBUSY."""
    query = "SELECT state FROM modules WHERE name = ?"
    row = attempt.world.db.execute(query, (attempt.name,)).fetchone()
    if row is None:
        return 0
    return errno.EEXIST if row[0] == "Live" else errno.EBUSY


def unsigned(attempt: Attempt) -> int:
    """``load_module``: without a signature that counts, where CONFIG_MODULE_SIG looks for one."""
    if attempt.world.meta("sig") == "1" and not attempt.signed:
        if attempt.world.first("unsigned"):
            words = "signature and/or required key missing - tainting kernel"
            attempt.say(f"{attempt.name}: module verification failed: {words}", _NOTICE)
        attempt.add_taint("E")
    return 0


def given_parameters(attempt: Attempt) -> int:
    """kernel/params.c: ``parse_args``: all are read, and each bad one is said; the last one's errno is the answer."""
    name, answer = attempt.name, 0
    known: dict[str, KernelParam] = {}
    for parameter in attempt.params():
        known.setdefault(parameter.name.replace("-", "_"), parameter)
    pairs, rest = parameters.split(attempt.text)
    for key, value in pairs:
        found = known.get(key.replace("-", "_"))
        if found is None:
            _unknown(attempt, key)
            continue
        number, shown = parameters.give(attempt.world, found, value)
        if number:
            how = "too large" if number == errno.ENOSPC else "invalid"
            attempt.say(f"{name}: `{shown}' {how} for parameter `{key}'", _ERR)
            answer = number
    if rest is not None and not answer:
        attempt.say(f"{name}: parameters '{rest}' after `--' ignored")
    return answer


def _unknown(attempt: Attempt, key: str) -> None:
    """``unknown_module_param_cb``: two names mean something for each module."""
    if key == "async_probe" or (key == "dyndbg" and attempt.world.meta("dyndbg") == "1"):
        return
    if "dyndbg" in key and attempt.world.meta("dyndbg") != "1":
        attempt.say("dyndbg param is supported only in CONFIG_DYNAMIC_DEBUG builds")
        return
    attempt.say(f"{attempt.name}: unknown parameter '{key}' ignored")


def sysfs(attempt: Attempt) -> int:
    """kernel/module/sysfs.c: ``mod_sysfs_init``: a built-in module of that name has its place in /sys/module."""
    query = "SELECT 1 FROM resources WHERE kind = 'sysfs' AND name = ?"
    if attempt.world.db.execute(query, (attempt.name,)).fetchone() is None:
        return 0
    attempt.say(f"{attempt.name}: module is already loaded", _ERR)
    return errno.EINVAL


CHECKS: tuple[Callable[[Attempt], int], ...] = (
    capability,
    modules_disabled,
    call_flags,
    file_read,
    compressed,
    signature,
    elf_header,
    this_module,
    blacklisted,
    linking.layout_version,
    vermagic,
    marks,
    writable_code,
    duplicate,
    unsigned,
    linking.export_versions,
    linking.needed_symbols,
    linking.relocations,
    linking.own_exports,
    given_parameters,
    sysfs,
)


def judge(attempt: Attempt) -> int:
    """Make the checks in order; return the first errno, or 0."""
    return next((number for check in CHECKS if (number := check(attempt))), 0)
