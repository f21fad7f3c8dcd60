"""Which symbols a module lacks, and who could have them: shared by the rules about symbols."""

from __future__ import annotations

from lkm.diagnose.evidence import find_export
from lkm.diagnose.loglines import between, unknown_symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.diagnose.evidence import Evidence

#: kernel/module/main.c: ``inherit_taint``.
_CLOSED = ("module using GPL-only symbols uses symbols ", " from proprietary module ")
#: Symbols that the compiler, or a header, puts into a module where an option of the kernel's build says so → the
#: option. A name that ends with ``*`` stands for all that begin so. (arch/x86/lib/retpoline.S, kernel/trace/ftrace.c,
#: kernel/panic.c, mm/kasan, lib/ubsan.c, kernel/kcov.c, kernel/kcsan, kernel/gcov, kernel/locking/lockdep.c,
#: include/linux/module.h; of a bus the function that each of its drivers calls, and the option in its Makefile.)
_OPTIONS = {
    "__fentry__": "CONFIG_FUNCTION_TRACER",
    "mcount": "CONFIG_FUNCTION_TRACER",
    "__stack_chk_fail": "CONFIG_STACKPROTECTOR",
    "__x86_indirect_thunk_*": "CONFIG_RETPOLINE",
    "__x86_return_thunk": "CONFIG_RETHUNK",
    "__asan_*": "CONFIG_KASAN",
    "__ubsan_handle_*": "CONFIG_UBSAN",
    "__sanitizer_cov_*": "CONFIG_KCOV",
    "__tsan_*": "CONFIG_KCSAN",
    "__msan_*": "CONFIG_KMSAN",
    "__gcov_*": "CONFIG_GCOV_KERNEL",
    "lock_acquire": "CONFIG_LOCKDEP",
    "lock_release": "CONFIG_LOCKDEP",
    "lockdep_*": "CONFIG_LOCKDEP",
    "module_put": "CONFIG_MODULE_UNLOAD",
    "try_module_get": "CONFIG_MODULE_UNLOAD",
    "klp_enable_patch": "CONFIG_LIVEPATCH",
    "debugfs_create_*": "CONFIG_DEBUG_FS",
    "proc_create*": "CONFIG_PROC_FS",
    "__pci_register_driver": "CONFIG_PCI",
    "usb_register_driver": "CONFIG_USB",
    "i2c_register_driver": "CONFIG_I2C",
    "__spi_register_driver": "CONFIG_SPI",
    "acpi_bus_register_driver": "CONFIG_ACPI",
    "input_register_device": "CONFIG_INPUT",
}


def loaded_names(evidence: Evidence) -> set[str]:
    """Return the names of the modules in the kernel, as far as they are known."""
    loaded = evidence.kernel.loaded if evidence.kernel else None
    return {str(module.name) for module in loaded or ()}


def lacking(evidence: Evidence) -> list[str] | None:
    """Return the symbols that the kernel said, or would say, are unknown; None where that cannot be told."""
    said = unknown_symbols(evidence.attempt.log)
    if said or evidence.attempt.complete:
        return said or None
    kernel, file = evidence.kernel, evidence.file
    if kernel is None or kernel.exports is None or kernel.loaded is None or file is None or file.facts is None:
        return None
    loaded = loaded_names(evidence)
    needs = [need.name for need in file.facts.needs if not need.weak and need.name not in kernel.exports]
    tree = evidence.tree
    return [name for name in needs if name != "module_layout" and not (tree and loaded & set(tree.owners(name)))]


def kept_back(evidence: Evidence) -> list[tuple[str, str]]:
    """Return (symbol, owner) of those that a proprietary module exports, which GPL modules do not get."""
    name, log = evidence.name, evidence.attempt.log
    said = between(log, f"{name}: {_CLOSED[0]}", "")
    found = [
        (symbol, owner.rstrip(".")) for symbol, mark, owner in (rest.partition(_CLOSED[1]) for rest in said) if mark
    ]
    kernel, facts = evidence.kernel, evidence.file.facts if evidence.file else None
    if (
        found
        or evidence.attempt.complete
        or kernel is None
        or facts is None
        or not kernel.loaded
        or not evidence.tree
    ):
        return found
    closed = {str(module.name) for module in kernel.loaded if "P" in module.taint}
    if not closed or not facts.gpl_compatible:
        return []
    exports = [(need.name, find_export(evidence, need.name)) for need in facts.needs]
    if not any(export and export[1].gpl_only for _, export in exports):
        return []
    owners = [(symbol, set(evidence.tree.owners(symbol)) & closed) for symbol, _ in exports]
    return [(symbol, min(names)) for symbol, names in owners if names]


def nobodys(evidence: Evidence) -> list[str]:
    """Return the lacking symbols that no module of the tree has, and no rule but this last one explains."""
    tree, facts = evidence.tree, evidence.file.facts if evidence.file else None
    back = {symbol for symbol, _ in kept_back(evidence)}
    found = []
    for symbol in lacking(evidence) or ():
        export = find_export(evidence, symbol)
        gpl = export is not None and export[1].gpl_only and facts is not None and not facts.gpl_compatible
        if not gpl and symbol not in back and not (tree and tree.owners(symbol)):
            found.append(symbol)
    return found


def option_of(symbol: str) -> str:
    """Return the option of the kernel's build that brings a symbol, "" where it is not known.

    >>> option_of("__asan_load8"), option_of("fat_attach")
    ('CONFIG_KASAN', '')
    """
    for name, option in _OPTIONS.items():
        if symbol == name or (name.endswith("*") and symbol.startswith(name[:-1])):
            return option
    return ""


def hidden(evidence: Evidence, symbol: str) -> bool:
    """Tell whether the kernel has a symbol without exporting it; False where its symbols are not known."""
    return evidence.kernel is not None and symbol in (evidence.kernel.symbols or ())


def without_option(evidence: Evidence, symbol: str) -> str:
    """Return the option that this kernel lacks for a symbol; "" where it has it, or none is known."""
    option = option_of(symbol)
    config = evidence.kernel.config if evidence.kernel else None
    return "" if not option or (config and config.get(option, "n") != "n") else option
