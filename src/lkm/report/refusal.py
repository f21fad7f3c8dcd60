"""Why a kernel refused to load a module, in words: kmod's, and then what they leave out.

kmod's insmod names the error number and no more: "Unknown symbol in module" for any of 19 symbols. The kernel's log,
the module file and the indexes know which, and who provides them. This says so, and what to do about it.
"""

from __future__ import annotations

import errno

from lkm.errors import LkmError
from lkm.kernel.interface import NO_MODULES, NO_MODULES_HINT
from lkm.record import Record
from lkm.report.symbols import missing_lines, missing_symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.index.lookup import ModuleIndex
    from lkm.kernel.interface import Refused

#: The problem of an ELF file without ``struct module`` (kernel/module/main.c: ``setup_load_info``).
NO_MODULE = (
    "an ELF file, but no kernel module: it has no section .gnu.linkonce.this_module; "
    "the kernel's build makes a module of an object file (obj-m, Documentation/kbuild/modules.rst)"
)
# tools/insmod.c: mod_strerror; all other numbers are called what strerror(3) calls them
_INSMOD = {
    errno.ENOEXEC: "Invalid module format",
    errno.ENOENT: "Unknown symbol in module",
    errno.ESRCH: "Module has wrong symbol version",
    errno.EINVAL: "Invalid parameters",
}
_SIGNATURE = (errno.EKEYREJECTED, errno.ENOKEY, errno.EKEYEXPIRED, errno.EKEYREVOKED, errno.EBADMSG, errno.ENOPKG)


class Evidence(Record):
    """What is known about a refused module and its kernel; what could not be read is empty.

    ``problem`` says why the file cannot be read as a module; ``machine`` is its ELF machine's name, ``needs`` its
    undefined symbols. ``loaded`` are the names in the kernel, ``kernel_release`` and ``kernel_machine`` are uname's,
    ``superuser`` tells whether the tool ran as root, ``disabled`` whether kernel.modules_disabled is set,
    ``blacklist`` is the word of the kernel's command line that keeps the module out.
    ``coming`` are modules whose init has not returned, ``going`` those whose exit has not.
    """

    path: str
    name: str
    problem: str = ""
    vermagic: str = ""
    machine: str = ""
    license: str = ""
    needs: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ()
    kernel_release: str = ""
    kernel_machine: str = ""
    superuser: bool = True
    disabled: bool = False
    coming: tuple[str, ...] = ()
    going: tuple[str, ...] = ()
    blacklist: str = ""


def insmod_text(number: int, strerror: Callable[[int], str]) -> str:
    """Return kmod insmod's words for an error number.

    >>> insmod_text(2, str), insmod_text(17, str)
    ('Unknown symbol in module', '17')
    """
    return _INSMOD.get(number) or strerror(number)


def printable(text: str) -> str:
    r"""Return a kernel's words with control characters escaped, as modules choose them and a terminal would obey.

    >>> printable("magic: != \x7fELF")
    'magic: != \\x7fELF'
    """
    return "".join([char if char.isprintable() else f"\\x{ord(char):02x}" for char in text])


def explain_load(
    refused: Refused, evidence: Evidence, index: ModuleIndex | None = None, *, verbose: bool = False
) -> tuple[str, ...]:
    """Return lines that say why, then what the kernel logged and was not told yet. ``verbose`` lists all symbols."""
    if refused.call in ("open", "read"):
        return _unreadable(refused, evidence)
    said = [record.text for record in refused.log]
    number = refused.errno
    lines: list[str] = []
    if evidence.problem == NO_MODULE:
        lines.append(NO_MODULE)
        lines += [NO_MODULES, NO_MODULES_HINT] if number == errno.ENOSYS else []
    elif number == errno.ENOENT:
        missing = missing_symbols(said)
        guessed = not missing
        if guessed:
            missing = _guess(evidence, index)
        if missing:
            lines += missing_lines(missing, evidence, index, guessed=guessed, verbose=verbose)
            said = [line for line in said if "Unknown symbol" not in line]
    elif number == errno.ENOEXEC:
        lines += _bad_format(evidence, said)
    elif number == errno.EINVAL or number == errno.ERANGE:
        lines += _bad_parameters(said, evidence)
    elif number == errno.EEXIST:
        lines.append(
            f"a module named {evidence.name} is in the kernel already; `lkm rmmod {evidence.name}` removes it"
        )
    elif number == errno.EBUSY and evidence.name in evidence.going:
        lines.append(f"{evidence.name} is being removed, and its exit function has not returned")
        lines.append("if it never does, only a reboot clears that")
    elif number == errno.EBUSY and evidence.name in evidence.coming:
        lines.append(f"{evidence.name} is being loaded already, and its init function has not returned")
        lines.append("if it never does, only a reboot clears that")
    elif number == errno.EPERM:
        lines += _forbidden(evidence, said)
    elif number == errno.ENOSYS:
        lines += [NO_MODULES, NO_MODULES_HINT]
    elif number in _SIGNATURE:
        lines.append("its signature does not fit the file, or this kernel does not trust the key that made it")
    lines = [line for line in lines if line] + [f"kernel: {printable(line)}" for line in said]
    if not lines:
        lines.append("the kernel logged nothing: mostly the module's own init function has answered so")
        if number == errno.ENODEV:
            lines.append("it found no device that it can drive")
    return tuple(lines)


def _unreadable(refused: Refused, evidence: Evidence) -> tuple[str, ...]:
    if evidence.problem:
        return (evidence.problem,)
    if refused.errno == errno.ENOENT and "/" not in evidence.path and ".ko" not in evidence.path:
        return (f"insmod wants the path of a file; `lkm modprobe {evidence.path}` finds a module by its name",)
    return ()


def _guess(evidence: Evidence, index: ModuleIndex | None) -> list[str]:
    """Return what may be missing where the log cannot be read: symbols of modules that are not loaded."""
    if index is None:
        return []
    missing = []
    try:
        for symbol in evidence.needs:
            owners = index.symbol_owners(f"symbol:{symbol}")
            if owners and not any(owner in evidence.loaded for owner in owners):
                missing.append(symbol)
    except LkmError:
        return []
    return missing


def _bad_format(evidence: Evidence, said: list[str]) -> list[str]:
    if evidence.problem:
        return [evidence.problem]
    if evidence.machine and evidence.kernel_machine and not _same_machine(evidence.machine, evidence.kernel_machine):
        return [f"it is made for {evidence.machine}; this kernel runs on {evidence.kernel_machine}"]
    wanted = next((line.partition("' should be '")[2] for line in said if "' should be '" in line), "")
    if wanted:
        theirs, ours = evidence.vermagic.split(), wanted.rstrip("'").split()
        lines = []
        if theirs[:1] != ours[:1]:
            lines.append(f"it was built for kernel {''.join(theirs[:1])}; this one is {''.join(ours[:1])}")
        surplus = [flag for flag in theirs[1:] if flag not in ours]
        lacking = [flag for flag in ours[1:] if flag not in theirs]
        if surplus:
            lines.append(f"it was built with {' '.join(surplus)}; this kernel was not")
        if lacking:
            lines.append(f"this kernel was built with {' '.join(lacking)}; the module was not")
        lines.append("build it with the headers of this kernel, or take the module that came with it")
        return lines
    if any("disagrees about version of symbol" in line for line in said):
        return ["it was built against another build of this kernel: the symbols' CRCs differ"]
    return []


def _same_machine(module: str, kernel: str) -> bool:
    """Tell whether a module's ELF machine suits uname's, as far as names tell."""
    return module == kernel or (module == "i386" and kernel[:1] == "i" and kernel.endswith("86"))


def _bad_parameters(said: list[str], evidence: Evidence) -> list[str]:
    lines = []
    for line in said:
        left, found, right = line.partition("' invalid for parameter `")
        if found:
            value, parameter = left.partition("`")[2], right.rstrip("'")
            lines.append(f"parameter {parameter} does not take the value '{value}'")
            lines.append(f"`lkm modinfo -p {evidence.path}` lists its parameters with their types")
    disagreeing = [line.rpartition(" ")[2] for line in said if "disagrees about version of symbol" in line]
    if disagreeing:
        lines.append(f"it was built against another version of {', '.join(disagreeing)}: the CRCs differ")
    return lines or [evidence.problem]  # an empty file


def _forbidden(evidence: Evidence, said: list[str]) -> list[str]:
    if evidence.blacklist or any(line.endswith("is blacklisted") for line in said):
        word = printable(evidence.blacklist) or "module_blacklist="
        return [f"{word} on the kernel's command line forbids it, until it is booted without"]
    if any(line.startswith("Lockdown:") for line in said):
        return ["the kernel is locked down: only modules with a trusted signature are let in"]
    if not evidence.superuser:
        return ["only root may load modules"]
    if evidence.disabled:
        return ["loading is switched off until the next boot (sysctl kernel.modules_disabled = 1)"]
    return []
