"""What ``lkm info`` tells of a module besides its own words: signature, dependents, firmware, devices, reasons."""

from __future__ import annotations

import os

from lkm.cli.modinfo import records
from lkm.config.modulesload import Wanted, of_cmdline, parse
from lkm.errors import FormatError, LkmError
from lkm.formats.elf import Elf
from lkm.formats.machines import machine_name
from lkm.manager.kernelside import of_image, verified
from lkm.modfile.kernelparam import read_params
from lkm.modfile.signature import MAGIC, read_signature
from lkm.names import fold, fold_alias, name_from_path
from lkm.origin import Origin
from lkm.report.info import UNKNOWN, More, Reason, Signed
from lkm.state.devices import hardware_ids, matching
from lkm.system.configfiles import load_files
from lkm.system.files import open_source
from lkm.system.firmware import missing
from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.cli.info_why import Whys
    from lkm.cli.verbs import Verb
    from lkm.formats.source import Source
    from lkm.kernel.interface import ShownKernel
    from lkm.names import ModuleName
    from lkm.report.why import Why
    from lkm.state.devices import Device
    from lkm.state.nouns import LoadedModule


class Keys:
    """The keys that the image of a kernel trusts, read when they are first asked for. ``ours``: it is ``kernel``."""

    def __init__(self, kernel: ShownKernel, root: str, release: str, *, ours: bool) -> None:
        self._kernel = kernel
        self._root = root
        self._release = release
        self._ours = ours
        self._keys: tuple[str, tuple[bytes, ...]] | None = None

    def signature(self, source: Source) -> Signed | None:
        """Return the signature of a module file, and what comes of verifying it; None for an unsigned one."""
        try:
            found = read_signature(source)
        except FormatError as error:
            return Signed("malformed", error.what)
        if found is None:
            return None
        signer = found.signer or found.key_id.hex()
        if self._keys is None:
            self._keys = self._trusted()
        origin, certificates = self._keys
        if not origin:
            return Signed(UNKNOWN, signer, found.hash_algorithm)
        state = verified(source.read(0, source.size - len(MAGIC)), found, certificates)
        return Signed(state, signer, found.hash_algorithm, origin)

    def _trusted(self) -> tuple[str, tuple[bytes, ...]]:
        """Return the keys of the kernel's image, and where they are from, "" where there is none to read."""
        world = getattr(self._kernel, "world", None)
        if world is not None and self._ours:
            rows = world.db.execute("SELECT der FROM certificates").fetchall()
            return (f"the image of {world.path}" if rows else "", tuple([der for (der,) in rows]))
        path = f"{self._root.rstrip('/')}/boot/vmlinuz-{self._release}"
        if not os.access(path, os.R_OK):
            return "", ()
        try:
            return path, of_image(path)[1].certificates
        except LkmError:
            return "", ()


class Details:
    """What all modules of one call share, each looked up once: keys, devices, who needs whom.

    ``ours``: they are for the kernel that runs.
    """

    def __init__(self, verb: Verb, *, ours: bool) -> None:
        self._verb = verb
        self._ours = ours
        self._release = verb.world.directory.rpartition("/")[2]
        self._firmware = os.path.isdir(f"{verb.root.rstrip('/')}/lib/firmware")
        self._keys = Keys(verb.kernel, verb.root, self._release, ours=ours)
        self._devices: tuple[Device, ...] | None = None
        self._dependents: dict[str, list[str]] | None = None
        self._wanted: tuple[Wanted, ...] | None = None
        self._whys: Whys | None = None

    def read(self, path: str) -> tuple[tuple[tuple[str, str], ...], More]:
        """Return the records of a module file, and more of it. Raises LkmError."""
        with open_source(path) as source:
            info = records(source)
            try:
                table = read_params(source, defaults=True)
            except FormatError:
                table = None
            machine = machine_name(Elf(source).machine)
            return info, More(os.stat(path).st_size, table or (), self._keys.signature(source), machine=machine)

    def add(
        self,
        more: More | None,
        name: ModuleName,
        info: tuple[tuple[str, str], ...],
        module: LoadedModule | None,
        *,
        asked: bool = True,
    ) -> More:
        """Return what is known besides the file. ``asked``: it can be loaded, and so there may be reasons to."""
        firmware = [value for key, value in info if key == "firmware"]
        aliases = [value for key, value in info if key == "alias"]
        release = next((value.split(" ")[0] for key, value in info if key == "vermagic"), self._release)
        return (more or More())._replace(
            dependents=self._needed_by(name),
            firmware_missing=self._missing(firmware),
            devices=matching(aliases, self._machine()) if aliases else (),
            reasons=self._reasons(name, aliases, module) if asked else (),
            other=self._release if release != self._release else "",
            why=self._why(name) if module is not None else None,
        )

    def _why(self, name: str) -> Why:
        if self._whys is None:
            from lkm.cli.info_why import Whys

            self._whys = Whys(self._verb.kernel)
        return self._whys.of(name)

    def _missing(self, names: list[str]) -> tuple[str, ...] | None:
        """Return which firmware files are nowhere; the kernel's own parameter may name one more place."""
        if not self._firmware:
            return None
        own = dict(self._verb.kernel.parameters("firmware_class")).get("path", "") if names and self._ours else ""
        return missing(self._verb.root, self._release, names, (own,) if own.startswith("/") else ())

    def _machine(self) -> tuple[Device, ...]:
        if self._devices is None:
            self._devices = self._verb.kernel.devices() if self._ours else ()
        return self._devices

    def _needed_by(self, name: str) -> tuple[str, ...]:
        """Return the modules of the tree that need this one, in the order of their names."""
        if self._dependents is None:
            self._dependents = {}
            try:
                for entry in self._verb.index.all_modules():
                    for path in entry.depends:
                        self._dependents.setdefault(str(name_from_path(path)), []).append(str(entry.name))
            except LkmError as error:
                self._verb.world.note(error)
        return tuple(self._dependents.get(name, ()))

    def _at_boot(self) -> tuple[Wanted, ...]:
        """Return what modules-load.d (unless -C stands for all files) and the kernel command line want at boot."""
        if self._wanted is None:
            given = self._verb.given
            found = [] if "config" in given else load_files(self._verb.root)
            line = self._verb.kernel.cmdline() if self._ours and "no-cmdline" not in given else ""
            self._wanted = (*[wanted for path, text in found for wanted in parse(text, path)[0]], *of_cmdline(line))
        return self._wanted

    def _reasons(self, name: str, aliases: list[str], module: LoadedModule | None) -> tuple[Reason, ...]:
        settings = self._verb.world.settings
        ids = hardware_ids(aliases)
        found = [Reason("holder", str(holder)) for holder in (module.holders if module else ())]
        found += [Reason("device", f"{d.bus}/{d.name}", Origin(d.path)) for d in matching(aliases, self._machine())]
        for softdep in settings.softdeps:
            if not {name, *aliases}.isdisjoint([*softdep.pre, *softdep.post, *map(fold, softdep.pre + softdep.post)]):
                found.append(Reason("softdep", str(softdep.module), softdep.origin))
        patterns = [name, *_folded(aliases), *[a.pattern for a in settings.aliases if a.module == name]]
        for wanted in self._at_boot():
            if any(matches(pattern, wanted.module) for pattern in patterns):
                found.append(Reason("boot", wanted.name, wanted.origin))
        found += [Reason("alias", a.pattern, a.origin) for a in settings.aliases if a.module == name]
        # Algorithms and file systems have a second alias, without a prefix, for old kernels.
        old = {alias.partition("-")[2] for alias in aliases if alias.startswith(("crypto-", "fs-"))}
        found += [Reason("asked", alias) for alias in aliases if alias not in old and alias not in ids]
        return tuple(found)


def _folded(aliases: list[str]) -> Iterator[str]:
    """Yield the aliases as they are matched; one that is malformed matches nothing."""
    for alias in aliases:
        try:
            yield fold_alias(alias)
        except FormatError:
            continue
