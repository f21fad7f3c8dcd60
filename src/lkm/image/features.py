"""How a kernel was built, as far as its module code shows it: by the texts that are compiled in, or by its vermagic.

Debian's kernels have no configuration inside (IKCONFIG), and a text that only one setting compiles tells as much.
"""

from __future__ import annotations

import re

#: feature → what its code says (kernel/module/main.c, signing.c, strict_rwx.c; security/lockdown/lockdown.c).
_TEXTS = {
    "force_load": b"%s: %s: kernel tainted.\n",
    "sig": b"module verification failed: signature and/or",
    "strict_rwx": b"has invalid WRITE|EXEC flags",
    "livepatch": b"tainting kernel with TAINT_LIVEPATCH",
    "lockdown_lsm": b"Lockdown: %s: %s is restricted",
}
#: What CONFIG_DYNAMIC_DEBUG leaves out (include/linux/dynamic_debug.h).
_NO_DYNDBG = b"dyndbg param is supported only in"
#: arch/x86/kernel/module.c, whose lines begin with the name of its object file: another one in User-Mode Linux.
_RELOCATION = re.compile(rb"\0013(module|subarch): %s: Unknown rela relocation: ")
#: CONFIG_ → feature, for a configuration that lies beside the image.
CONFIG = {
    "MODULE_FORCE_LOAD": "force_load",
    "MODULE_FORCE_UNLOAD": "force_unload",
    "MODULE_SIG": "sig",
    "MODULE_SIG_FORCE": "sig_enforce",
    "STRICT_MODULE_RWX": "strict_rwx",
    "LIVEPATCH": "livepatch",
    "SECURITY_LOCKDOWN_LSM": "lockdown_lsm",
    "DYNAMIC_DEBUG_CORE": "dyndbg",
    "KALLSYMS_ALL": "kallsyms_all",
    "SMP": "smp",
    "MODVERSIONS": "modversions",
    "UML": "um",
}


def read_features(rodata: bytes, vermagic: str) -> tuple[str, ...]:
    r"""Return the features, sorted. ``smp`` and ``modversions`` are of the vermagic; ``livepatch`` needs all symbols.

    >>> read_features(b"\0013subarch: %s: Unknown rela relocation: %llu", "6.1 SMP mod_unload ")
    ('dyndbg', 'smp', 'um')
    """
    found = {feature for feature, text in _TEXTS.items() if text in rodata}
    found |= {"dyndbg"} if _NO_DYNDBG not in rodata else set()
    found |= {"kallsyms_all"} if "livepatch" in found else set()
    found |= {word.lower() for word in vermagic.split() if word in ("SMP", "modversions")}
    prefix = _RELOCATION.search(rodata)
    found |= {"um"} if prefix and prefix[1] == b"subarch" else set()
    return tuple(sorted(found))


def config_features(text: str) -> tuple[str, ...]:
    r"""Return the features that a configuration file (``config-RELEASE``) tells; none for a text that is none.

    >>> config_features("CONFIG_MODULE_FORCE_UNLOAD=y\n# CONFIG_LIVEPATCH is not set\n")
    ('force_unload',)
    """
    lines = frozenset(text.split("\n"))
    return tuple(sorted([name for key, name in CONFIG.items() if f"CONFIG_{key}=y" in lines]))
