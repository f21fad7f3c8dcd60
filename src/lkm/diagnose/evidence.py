"""All that is known when a module did not, or may not, load; what is not known is None or empty."""

from __future__ import annotations

from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol

    from lkm.config.nouns import Settings
    from lkm.diagnose.finding import Fact
    from lkm.modfile.nouns import Export, ModuleFacts
    from lkm.state.devices import Device
    from lkm.state.nouns import LoadedModule
    from lkm.state.users import Uses
else:
    Protocol = object


UNSIGNED, GOOD, BAD, UNKNOWN_KEY, MALFORMED = "unsigned", "good", "bad", "unknown key", "malformed"
#: Of an algorithm, or a kind, that the kernel cannot verify.
UNSUPPORTED = "unsupported"
#: Calls that load a module; "" is the question whether it would load.
LOADS = ("", "finit_module", "init_module")
#: Calls that a kernel answers with an errno of its own.
SYSTEM_CALLS = ("finit_module", "init_module", "delete_module")
SIGNATURES = (UNSIGNED, GOOD, BAD, UNKNOWN_KEY, MALFORMED, UNSUPPORTED)


class ModuleFile(Record):
    """The file. ``size`` is that of the file (-1: unknown), ``packed`` how it is compressed; all else is of what is
    inside: ``head`` its first bytes, ``fault`` why it cannot be read as a module ("": it can), ``sections`` their
    names, ``elf_type``, ``machine`` and ``bits`` of the ELF header (0: none), and ``facts``, if it is a module.
    ``signature``: what came of verifying it, one of ``SIGNATURES`` ("": not tried).
    """

    path: str
    size: int = -1
    packed: str = ""
    head: bytes = b""
    fault: str = ""
    sections: tuple[str, ...] = ()
    elf_type: int = 0
    machine: int = 0
    bits: int = 0
    facts: ModuleFacts | None = None
    signature: str = ""


class Caller(Record):
    """Who asks: ``uid`` is -1 where it is unknown; whether they are capable of it is in ``KernelSide``.

    ``seccomp`` is the mode in /proc/self/status (0 none, 1 strict, 2 a filter), ``user_namespace`` whether it is in
    one below the first, ``container`` what says that it is in a container ("": nothing does).
    """

    uid: int = -1
    seccomp: int | None = None
    user_namespace: bool | None = None
    container: str = ""


class KernelSide(Record):
    """The kernel that it was to be loaded into; ``origin`` says which that is, and from where it is known.

    ``vermagic``: as modules must have it. ``modversions``: whether it compares CRCs. ``exports``: its own symbols, by
    name. ``loaded``: the modules in it. ``builtin``: the names of modules that are part of it. ``config``: its
    options, ``CONFIG_X`` to ``y``, ``m`` or a value. ``blacklist``: the names of module_blacklist= on its command
    line. ``lockdown``: none, integrity or confidentiality. ``capable``: whether the caller may load modules.
    ``modular``: whether it has loadable modules at all. ``secure_boot``: whether the firmware says that it is on.
    ``free``: bytes of memory that are free (MemAvailable). ``symbols``: the names of all its functions and variables,
    exported or not (/proc/kallsyms, System.map; None where those cannot be read).
    """

    origin: str
    release: str = ""
    machine: int = 0
    bits: int = 0
    vermagic: str = ""
    modversions: bool | None = None
    exports: Mapping[str, Export] | None = None
    loaded: tuple[LoadedModule, ...] | None = None
    builtin: frozenset[str] | None = None
    config: Mapping[str, str] | None = None
    blacklist: tuple[str, ...] = ()
    sig_enforce: bool | None = None
    lockdown: str = ""
    modules_disabled: bool | None = None
    capable: bool | None = None
    modular: bool | None = None
    secure_boot: bool | None = None
    free: int | None = None
    symbols: frozenset[str] | None = None


class Tree(Protocol):
    """The module tree that goes with the kernel."""

    def origin(self) -> str:
        """Return the directory."""

    def names(self) -> Iterable[str]:
        """Return the names of all modules."""

    def path(self, name: str) -> str:
        """Return a module's file, "" for a name that the tree has not."""

    def owners(self, symbol: str) -> tuple[str, ...]:
        """Return the modules that export a symbol, the one that is loaded for it first."""

    def facts(self, name: str) -> ModuleFacts | None:
        """Return what a module's file tells, None where it cannot be read."""


class Attempt(Record):
    """The call that failed: ``errno`` as a name (``ENOEXEC``; "" where nothing was tried), what the kernel logged
    meanwhile, and the text of the parameters. ``complete``: the log is all that it said.

    ``call`` is finit_module, init_module, delete_module (also where the tool saw by itself that it would be refused;
    ``errno`` is "" then), open or read (of the module file), ``command`` (an install or remove command, which is
    ``command`` and ended with ``status``), ``lookup`` (no module of that name was found), ``forbid`` or ``blacklist``
    (the configuration says no). ``flags`` are those of finit_module.
    """

    call: str = ""
    errno: str = ""
    log: tuple[str, ...] = ()
    parameters: str = ""
    complete: bool = False
    command: str = ""
    status: int = 0
    flags: int = 0


class Installed(Record):
    """Another kernel that is installed here: its release and its directory of modules.

    ``vermagic``: as its modules have it ("": not known; any module of that tree tells it). ``path``: its file of the
    module that this is about, "" where it has none.
    """

    release: str
    directory: str
    vermagic: str = ""
    path: str = ""


class Evidence(Record):
    """What the rules see. ``name`` is the module's; where there is no file it may be all that is known of it.
    ``refused`` are modules that it needs and that are refused themselves; ``no_firmware`` the firmware files that it
    asks for and that are nowhere. ``settings`` is the configuration of modprobe, ``uses`` who is found to use a
    module that was to be removed, ``devices`` those of this machine, ``index_faults`` what is wrong with the
    tree's indexes (a missing or stale file), ``caller`` who asked. ``installed`` are the other kernels whose modules
    are on this machine, ``srcversion`` that of the module that is in the kernel under this name
    (/sys/module/NAME/srcversion). ``shadows`` are other files of the tree with this module's name, ``cycle`` the
    modules that need each other in a circle, this one first, ``softdeps_absent`` the softdeps that no module is for
    (each with its line), ``rivals`` symbols that it exports, each with another module that does so too.
    """

    file: ModuleFile | None = None
    kernel: KernelSide | None = None
    tree: Tree | None = None
    attempt: Attempt = Attempt()
    name: str = ""
    refused: tuple[str, ...] = ()
    no_firmware: tuple[str, ...] = ()
    settings: Settings | None = None
    uses: Uses | None = None
    devices: tuple[Device, ...] | None = None
    index_faults: tuple[Fact, ...] = ()
    caller: Caller = Caller()
    installed: tuple[Installed, ...] = ()
    srcversion: str = ""
    shadows: tuple[str, ...] = ()
    cycle: tuple[str, ...] = ()
    softdeps_absent: tuple[Fact, ...] = ()
    rivals: tuple[tuple[str, str], ...] = ()


def find_export(evidence: Evidence, symbol: str) -> tuple[str, Export] | None:
    """Return who exports a symbol (the kernel, or a module of its tree) and the export; None: not known."""
    kernel, tree = evidence.kernel, evidence.tree
    if kernel and kernel.exports and symbol in kernel.exports:
        return kernel.origin, kernel.exports[symbol]
    for owner in tree.owners(symbol) if tree else ():
        facts = tree.facts(owner) if tree else None
        for export in facts.exports if facts else ():
            if export.name == symbol:
                return tree.path(owner) if tree else owner, export
    return None
