"""Collecting what explains a refusal: done only after one, so a tool that succeeds pays nothing for it."""

from __future__ import annotations

import os

from lkm.cli.kernels import may_change, open_kernel
from lkm.errors import FormatError, LkmError
from lkm.formats.machines import machine_name
from lkm.kernel.linux import LinuxKernel
from lkm.names import name_from_path
from lkm.report.refusal import NO_MODULE, Evidence, explain_load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.index.lookup import ModuleIndex
    from lkm.kernel.interface import Refused, ShownKernel


def explain(refused: Refused, path: str, *, verbose: bool = False) -> tuple[str, ...]:
    """Return lines that say why the kernel refused this module file and what to do; see report/refusal.py."""
    kernel = open_kernel(LinuxKernel)
    return explain_load(refused, _evidence(kernel, path), index_of(kernel), verbose=verbose)


def index_of(kernel: ShownKernel) -> ModuleIndex | None:
    """Return the indexes of the kernel's own modules, or None when it has no module directory."""
    from lkm.system.indexfiles import open_index
    from lkm.system.tree import find_modules_dir

    try:
        return open_index(find_modules_dir(kernel.root(), kernel.release()))
    except LkmError:
        return None


def _evidence(kernel: ShownKernel, path: str) -> Evidence:
    try:
        modules = kernel.state().modules
    except LkmError:
        modules = ()
    world = getattr(kernel, "world", None)  # a simulated kernel: not the machine that this runs on
    machine = os.uname().machine if world is None else machine_name(int(world.meta("machine", "62")))
    base = Evidence(
        path,
        name_from_path(path),
        loaded=tuple([module.name for module in modules]),
        coming=tuple([module.name for module in modules if module.state == "Loading"]),
        going=tuple([module.name for module in modules if module.state == "Unloading"]),
        kernel_release=kernel.release(),
        kernel_machine=machine,
        superuser=may_change(kernel),
        disabled=kernel.modules_disabled(),
    )
    return _with_file(base, path, kernel.cmdline())


def _with_file(evidence: Evidence, path: str, cmdline: str) -> Evidence:
    from lkm.formats.elf import Elf
    from lkm.modfile.scan import scan
    from lkm.system.files import open_source

    try:
        with open_source(path) as source:
            elf = Elf(source)
            machine = elf.machine
            if not elf.find(b".gnu.linkonce.this_module"):
                return evidence._replace(problem=NO_MODULE)
            facts = scan(source)
    except FormatError as error:
        return evidence._replace(problem=error.what)
    except LkmError:  # it is gone, or not for us to read; the outcome says so already
        return evidence
    from lkm.config.cmdline import kernels_blacklist

    modinfo = dict(record.decode("utf-8", "surrogateescape").partition("=")[::2] for record in facts.modinfo)
    name = modinfo.get("name", evidence.name)
    return evidence._replace(
        name=name,
        blacklist=kernels_blacklist(cmdline, name),
        vermagic=modinfo.get("vermagic", ""),
        license=modinfo.get("license", ""),
        needs=tuple([name.decode("utf-8", "surrogateescape") for name in facts.needs]),
        machine=machine_name(machine),
    )
