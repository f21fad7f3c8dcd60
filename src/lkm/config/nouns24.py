"""The configuration of modutils 2.4, /etc/modules.conf: its directives, and all of them together."""

from __future__ import annotations

from lkm.origin import Origin, Problem
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

#: Where what was compiled into modutils comes from.
BUILT_IN = Origin("modutils' defaults")
#: Names of aliases that mean no module: ``off`` refuses it, ``null`` loads nothing and is no error.
OFF, NULL = "off", "null"
#: Directive ``NAMEfile`` → the file that depmod writes, and its name in /lib/modules/RELEASE.
FILES = {
    "depfile": "modules.dep",
    "generic_stringfile": "modules.generic_string",
    "pcimapfile": "modules.pcimap",
    "isapnpmapfile": "modules.isapnpmap",
    "usbmapfile": "modules.usbmap",
    "parportmapfile": "modules.parportmap",
    "ieee1394mapfile": "modules.ieee1394map",
    "pnpbiosmapfile": "modules.pnpbiosmap",
}
#: What depmod passes over at the top of a path.
PRUNE = (*FILES.values(), "System.map", ".config", "build", "vmlinux", "vmlinuz", "bzImage", "zImage")
_TOP = ("/lib/modules/`uname -r`", "/lib/modules/`kernelversion`", "/lib/modules/default", "/lib/modules")
_TYPES = (
    *("kernel", "fs", "net", "scsi", "block", "cdrom", "ipv4", "ipv6", "sound", "fc4", "video", "misc"),
    *("pcmcia", "atm", "usb", "ide", "ieee1394", "mtd"),
)
#: The paths where modules are looked for, by tag, as configured: the old layouts of /lib/modules too.
PATHS = (
    ("boot", "/lib/modules/boot"),
    *[("toplevel", path) for path in _TOP[:3]],
    *[(tag, f"{_TOP[3]}/{tag}") for tag in _TYPES],
)
#: The aliases that were compiled in, as far as they are remembered.
ALIASES = (
    *(("binfmt-204", "binfmt_aout"), ("binfmt-267", "binfmt_aout"), ("binfmt-0107", "binfmt_aout")),
    *(("block-major-1", "rd"), ("block-major-2", "floppy"), ("block-major-3", "ide-probe-mod")),
    *(("block-major-7", "loop"), ("block-major-8", "sd_mod"), ("block-major-9", "md"), ("block-major-11", "sr_mod")),
    *(("block-major-22", "ide-probe-mod"), ("block-major-43", "nbd")),
    *(("char-major-4", "serial"), ("char-major-5", "serial"), ("char-major-6", "lp"), ("char-major-9", "st")),
    *(("char-major-10", "misc"), ("char-major-10-1", "psaux"), ("char-major-10-130", "wdt")),
    *(("char-major-10-135", "rtc"), ("char-major-10-200", "tun"), ("char-major-14", "soundcore")),
    *(("char-major-21", "sg"), ("char-major-108", "ppp_generic")),
    *(("dos", "msdos"), ("iso9660", "isofs"), ("loop0", "loop"), ("md-personality-3", "raid0")),
    *(("net-pf-1", "unix"), ("net-pf-2", "ipv4"), ("net-pf-3", "ax25"), ("net-pf-4", "ipx")),
    *(("net-pf-5", "appletalk"), ("net-pf-6", "netrom"), ("net-pf-10", "ipv6"), ("net-pf-11", "rose")),
    *(("net-pf-15", "af_key"), ("net-pf-16", "netlink_dev"), ("net-pf-17", "af_packet"), ("net-pf-19", "af_ec")),
    *(("net-pf-23", "irda"), ("netalias-2", "ip_alias"), ("parport_lowlevel", "parport_pc"), ("plip0", "plip")),
    *(("plip1", "plip"), ("ppp0", "ppp"), ("ppp1", "ppp"), ("ppp-compress-21", "bsd_comp")),
    *(("ppp-compress-24", "ppp_deflate"), ("ppp-compress-26", "ppp_deflate"), ("slip0", "slip"), ("tunl0", "ipip")),
    *(("tty-ldisc-1", "slip"), ("tty-ldisc-3", "ppp_async"), ("tty-ldisc-11", "irtty"), ("usbdevfs", "usbcore")),
)


class Context(Record):
    """What expressions ask of: the kernel's release, the environment, and whether the kernel itself has called."""

    release: str
    environment: tuple[tuple[str, str], ...] = ()
    by_kernel: bool = False


class Files(Protocol):
    """The files that are read and asked for."""

    def read(self, path: str) -> str | None:
        """Return the text of a file, or None where it cannot be read."""

    def exists(self, path: str) -> bool:
        """Tell whether there is anything of that name (``if -f``)."""

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Return the files that a wildcard means, sorted."""


class Directive24(Record):
    """A line about a name. ``kind`` is its keyword.

    ``words``: of ``alias`` what it means; of ``options``, ``above``, ``below``, ``probe``, ``probeall`` the list; of
    commands (``install``, ``pre-remove`` ...) one, the command line for the shell. ``added``: it began with ``add``,
    and what was said before counts too. ``keeps``: of ``options -k``: never autoclean.
    """

    kind: str
    name: str
    words: tuple[str, ...]
    origin: Origin
    added: bool = False
    keeps: bool = False


class Path24(Record):
    """A directory where modules are looked for, and its tag (``misc`` where none was given)."""

    tag: str
    path: str
    origin: Origin


class Conf24(Record):
    """The configuration. ``directives`` in the order of reading, of which the methods choose those that count.

    ``files``: the value of ``depfile=`` and its like, by keyword; ``persistdir`` too. ``define``: variables for
    commands. ``read``: the files that were read.
    """

    directives: tuple[Directive24, ...] = ()
    paths: tuple[Path24, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    prune: tuple[str, ...] = ()
    insmod_options: tuple[str, ...] = ()
    defines: tuple[tuple[str, str], ...] = ()
    read: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def of(self, kind: str, name: str) -> tuple[Directive24, ...]:
        """Return the lines of a list that count: from the last one without ``add`` on."""
        found: list[Directive24] = []
        for each in self.directives:
            if each.kind == kind and each.name == name:
                found = [*found, each] if each.added else [each]
        return tuple(found)

    def last(self, kind: str, name: str) -> Directive24 | None:
        """Return the line that counts of a kind of which one does: ``alias``, and the commands."""
        return next((each for each in reversed(self.directives) if (each.kind, each.name) == (kind, name)), None)

    def words(self, kind: str, name: str) -> tuple[tuple[str, Origin], ...]:
        """Return all words of a list, each with its place."""
        return tuple([(word, each.origin) for each in self.of(kind, name) for word in each.words])

    def file(self, keyword: str) -> str:
        """Return the value of ``depfile=`` or its like."""
        return dict(self.files)[keyword]
