"""Sick modules and the kernel they don't fit, as evidence for the rules."""

from __future__ import annotations

from typing import Any

from lkm.config.nouns import Settings
from lkm.config.settings import assemble
from lkm.diagnose.evidence import Attempt, Evidence, KernelSide
from lkm.diagnose.examine import examine
from lkm.formats.source import BytesSource
from lkm.modfile.facts import read
from lkm.modfile.nouns import Export, ModuleFacts
from lkm.names import ModuleName
from lkm.state.nouns import LoadedModule
from tests.support.elfwriter import build_module

VERMAGIC = "6.1.0-9-amd64 SMP preempt mod_unload modversions "
HEALTHY = (("license", "GPL"), ("vermagic", VERMAGIC), ("name", "mod"))
KERNEL = KernelSide(
    "this kernel",
    "6.1.0-9-amd64",
    62,
    64,
    VERMAGIC,
    modversions=True,
    exports={"_printk": Export("_printk", crc=1), "secret": Export("secret", True, crc=2)},
    loaded=(),
)


class FakeTree:
    """A tree of modules, each with what it exports."""

    def __init__(self, **exports: tuple[str, ...]) -> None:
        self._exports = exports

    def origin(self) -> str:
        return "/lib/modules/R"

    def names(self) -> tuple[str, ...]:
        return tuple(self._exports)

    def path(self, name: str) -> str:
        return f"/lib/modules/R/{name}.ko" if name in self._exports else ""

    def owners(self, symbol: str) -> tuple[str, ...]:
        return tuple(name for name, exports in self._exports.items() if symbol in exports)

    def facts(self, name: str) -> ModuleFacts | None:
        if name not in self._exports:
            return None
        return read(BytesSource(build_module(name, exports=self._exports[name]), name))[0]


def loaded(*names: str) -> KernelSide:
    """Return the kernel with these modules in it."""
    return KERNEL._replace(loaded=tuple(LoadedModule(ModuleName(name), 1, 0) for name in names))


def case(
    data: bytes,
    *,
    kernel: KernelSide | None = KERNEL,
    tree: FakeTree | None = None,
    errno: str = "",
    log: tuple[str, ...] = (),
    parameters: str = "",
) -> Evidence:
    """Return the evidence for a file of these bytes."""
    attempt = Attempt("finit_module" if errno else "", errno, log, parameters)
    return Evidence(examine("mod.ko", data), kernel, tree, attempt, "mod")


def unload(name: str, kernel: KernelSide | None = KERNEL, errno: str = "", **more: Any) -> Evidence:
    """Return the evidence for a module that was to be removed."""
    return Evidence(None, kernel, attempt=Attempt("delete_module", errno, complete=True), name=name, **more)


def holding(*modules: LoadedModule) -> KernelSide:
    """Return the kernel with these modules in it, as they are."""
    return KERNEL._replace(loaded=modules)


def settings(text: str) -> Settings:
    """Return the settings of a file x.conf with this text."""
    return assemble([("x.conf", text)], "")
