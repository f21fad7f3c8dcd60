"""Collecting the evidence for what failed: done only then, so a tool that succeeds pays nothing for it."""

from __future__ import annotations

import errno
import os
from functools import cached_property

from lkm.config.settings import about
from lkm.diagnose.evidence import LOADS, SYSTEM_CALLS, Attempt, Caller, Evidence, KernelSide, ModuleFile
from lkm.diagnose.examine import examine
from lkm.diagnose.loglines import unknown_symbols
from lkm.errors import LkmError
from lkm.kernel.surroundings import Surroundings
from lkm.manager.kernelside import of_image, of_kernel, with_signature
from lkm.modfile.nouns import Export
from lkm.names import name_from_path
from lkm.system.files import read_bytes
from lkm.system.firmware import missing
from lkm.system.indexfaults import index_faults
from lkm.system.installed import installed
from lkm.system.moduletree import IndexedTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from lkm.config.nouns import Settings
    from lkm.diagnose.finding import Fact
    from lkm.image.nouns import KernelFacts
    from lkm.index.lookup import ModuleIndex
    from lkm.kernel.interface import Refused, ShownKernel
    from lkm.state.devices import Device
    from lkm.state.users import Uses

_EXPORTED = "__ksymtab_"
#: The log says that CRCs differ; which they are, the kernel's image tells.
_VERSION = " disagrees about version of symbol "


class Scene:
    """A kernel and a module tree, for all failures of one call; what they share is looked at once, when it is needed.

    ``directory`` is as /lib/modules/RELEASE, and may be missing; ``index`` is that of several directories.
    With ``side``, the kernel is another one than that of the tools, and this machine tells nothing of it;
    ``certificates`` are those that it trusts, as far as they are known.
    """

    def __init__(
        self,
        kernel: ShownKernel,
        directory: str,
        *,
        index: ModuleIndex | None = None,
        settings: Settings | None = None,
        side: KernelSide | None = None,
        certificates: Iterable[bytes] | None = None,
    ) -> None:
        self._kernel = kernel
        self._directory = directory
        self._settings = settings
        self._side = side
        self._world = getattr(kernel, "world", None)
        self._look = None if side or self._world is not None else Surroundings()
        self._certificates = certificates
        self._facts: KernelFacts | None = None
        self._image: str | None = None
        self.tree = IndexedTree(directory, index) if os.path.isdir(directory) else None

    def refused(self, refused: Refused, parameters: str = "") -> Attempt:
        """Return a refusal as an attempt. One that the kernel was not asked for has no call of its own."""
        number = errno.errorcode.get(refused.errno, str(refused.errno))
        complete = self._look.hears() if self._look else self._world is not None
        log = tuple([record.text for record in refused.log])
        return Attempt(refused.call, number, log, parameters, complete and refused.call in SYSTEM_CALLS)

    def lookup(self, word: str, concerns: Collection[str] = ()) -> Evidence:
        """Return all that is known of a name that means nothing."""
        return self.evidence(Attempt("lookup", "ENOENT"), name=word, concerns=concerns)

    def evidence(
        self,
        attempt: Attempt,
        *,
        path: str = "",
        name: str = "",
        uses: Uses | None = None,
        concerns: Collection[str] = (),
    ) -> Evidence:
        """Return all that is known of an attempt with a module file, or with a module of that name.

        ``concerns`` are more names that the configuration may speak of, as the alias that was asked for; ``uses`` is
        who uses the module.
        """
        loads, elsewhere = attempt.call in LOADS, attempt.call == "lookup" or attempt.errno == "ENOEXEC"
        self._look_at_image(attempt)
        file = self._file(path) if path else None
        facts = file.facts if file else None
        name = (facts.name if facts else "") or name or name_from_path(path)
        side = self._kernel_side(attempt)
        look = self._look
        lacking: tuple[str, ...] = ()
        if facts and loads:
            lacking = missing(self._root(), side.release, facts.values("firmware"))
        return Evidence(
            file,
            side,
            self.tree,
            attempt,
            name,
            no_firmware=lacking,
            settings=about(self._settings, {name, *concerns}) if self._settings else None,
            uses=uses,
            devices=self._devices if look and loads else None,
            index_faults=self._faults(attempt, name) if attempt.errno == "ENOENT" else (),
            caller=self._caller,
            installed=installed(self._directory, name) if elsewhere else (),
            srcversion=look.srcversion(name) if look and attempt.errno == "EEXIST" else "",
        )

    def _root(self) -> str:
        return self._directory.partition("/lib/modules/")[0].removesuffix("/usr")

    def _file(self, path: str) -> ModuleFile:
        try:
            data = read_bytes(path)
        except LkmError as error:
            return ModuleFile(path, fault=error.what)
        file = examine(path, data)
        certificates = self._facts.certificates if self._facts else self._certificates
        if certificates is None and self._world is not None:
            certificates = [der for (der,) in self._world.db.execute("SELECT der FROM certificates")]
        return file if certificates is None else with_signature(file, data, certificates)

    def _look_at_image(self, attempt: Attempt) -> None:
        """Read the kernel's image, which takes a second: not where the kernel has said what it minds."""
        if self._look is None or self._image is not None or attempt.call not in LOADS:
            return
        said = attempt.errno and attempt.log and not any(_VERSION in line for line in attempt.log)
        if said and (attempt.errno != "ENOENT" or any(name.startswith(_EXPORTED) for name in self._symbols)):
            return
        self._image = f"{self._kernel.root().rstrip('/')}/boot/vmlinuz-{self._kernel.release()}"
        if os.access(self._image, os.R_OK):
            try:
                self._facts = of_image(self._image)[1]
            except LkmError:  # an image that nobody can read is as one that is not there
                self._facts = None

    def _kernel_side(self, attempt: Attempt) -> KernelSide:
        side = self._side or of_kernel(self._kernel, self._facts, self._image or "", self._look)
        if attempt.call == "lookup":  # perhaps in another kernel's tree
            side = side._replace(release=os.path.basename(self._directory))
        if side.builtin is None and self.tree:
            side = side._replace(builtin=self.tree.builtin())
        if self._look and attempt.call in LOADS and attempt.errno in ("", "ENOENT"):
            side = _with_symbols(side, self._symbols, attempt)
        return side

    @cached_property
    def _symbols(self) -> frozenset[str]:
        return self._look.symbols() if self._look else frozenset()

    @cached_property
    def _devices(self) -> tuple[Device, ...]:
        return tuple([device for device in self._kernel.devices() if device.modalias])

    @cached_property
    def _caller(self) -> Caller:
        look = self._look
        if look is None:
            return Caller()
        return Caller(os.geteuid(), look.seccomp(), look.user_namespace(), look.container())

    def _faults(self, attempt: Attempt, name: str) -> tuple[Fact, ...]:
        return index_faults(self._directory, name) if attempt.call == "lookup" else self._index_faults

    @cached_property
    def _index_faults(self) -> tuple[Fact, ...]:
        return index_faults(self._directory)


def _with_symbols(side: KernelSide, symbols: frozenset[str], attempt: Attempt) -> KernelSide:
    """Add what /proc/kallsyms lists. Where no image tells the exports, its names of them do.

    It does not tell which are for GPL modules only; but one that is there and was called unknown (ENOENT) is.
    """
    side = side._replace(symbols=symbols or None)
    names = [name.removeprefix(_EXPORTED) for name in symbols if name.startswith(_EXPORTED)]
    if side.exports is not None or not names:
        return side
    hidden = set(unknown_symbols(attempt.log))
    return side._replace(exports={name: Export(name, name in hidden) for name in sorted(names)})
