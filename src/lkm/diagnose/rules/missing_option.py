"""The module needs a symbol that an option of the kernel's build would bring.

Compilers and headers put calls into a module that only kernels with that option have: ``__fentry__`` for
CONFIG_FUNCTION_TRACER, ``__asan_*`` for CONFIG_KASAN, ``module_put`` for CONFIG_MODULE_UNLOAD; and a driver of a bus
needs the bus. The module was built for a kernel of another configuration. The kernel answers ENOENT and logs
``Unknown symbol NAME (err -2)``. Only symbols of which this is certain are known here; of others it is not guessed.

Remedy: build the module for this kernel; or a kernel with that option.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, LIKELY, Fact, Finding, Remedy
from lkm.diagnose.symbols import hidden, nobodys, without_option
from lkm.diagnose.words import build_of, some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "missing-option"
ERRNOS = ("ENOENT",)
_BUILD = Remedy("build it with the headers of this kernel, in its source", "make -C {build} M=$PWD modules")
_KERNEL = Remedy("take a kernel that was built with {option}")
REMEDIES = (_BUILD, _KERNEL)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each option whose symbols are lacking, and that the kernel's configuration has not set."""
    groups: dict[str, list[str]] = {}
    for symbol in nobodys(evidence):
        option = "" if hidden(evidence, symbol) else without_option(evidence, symbol)
        if option:
            groups.setdefault(option, []).append(symbol)
    kernel = evidence.kernel
    for option, symbols in sorted(groups.items()):
        known = bool(kernel and kernel.config)
        yield Finding(
            CODE,
            f"it needs {some(symbols)}, which a kernel has that was built with {option}",
            CERTAIN if known else LIKELY,
            "ENOENT",
            (
                Fact(some(symbols), "kernel log" if evidence.attempt.log else "symbol table"),
                Fact(f"{option} is not set", f"{kernel.origin}: configuration")
                if known and kernel
                else Fact("the kernel's configuration is not known", "evidence that is missing"),
            ),
            "a module must be built with the options of its kernel",
            "init/Kconfig, lib/Kconfig.debug and the Makefiles",
            (_BUILD.filled(build=build_of(evidence)), _KERNEL.filled(option=option)),
        )
