"""The directives of modprobe.d and of the kernel command line, and all of them together: the settings."""

from __future__ import annotations

from lkm.names import AliasPattern, ModuleName
from lkm.origin import Origin, Problem
from lkm.record import Record


class Alias(Record):
    """``alias WILDCARD MODULE``: a name matching the pattern means the module."""

    pattern: AliasPattern
    module: ModuleName
    origin: Origin


class Blacklist(Record):
    """``blacklist MODULE``: the module's own aliases are not followed."""

    module: ModuleName
    origin: Origin


class Options(Record):
    """``options MODULE TEXT`` (module or alias name), or ``module.param=value`` on the kernel command line.

    ``text`` is all after the one blank that follows the name, with tabs made blanks; it may start or end with blanks.
    ``extends``: it was ``options MODULE += TEXT``, and its values are put to the ends of those given before.
    """

    module: ModuleName
    text: str
    origin: Origin
    extends: bool = False


class Command(Record):
    """``install`` or ``remove`` (``kind``) ``MODULE COMMAND``: run by the shell instead of loading or removing."""

    kind: str
    module: ModuleName
    command: str
    origin: Origin


class Softdep(Record):
    """``softdep MODULE pre: a b post: c``: load these before and after it, if they are there.

    ``pre`` and ``post`` are module or alias names as written: kmod keeps them so and folds when it looks them up.
    """

    module: ModuleName
    pre: tuple[str, ...]
    post: tuple[str, ...]
    origin: Origin


class Weakdep(Record):
    """``weakdep MODULE a b``: the module may ask for these itself; only image builders need to know.

    ``modules`` are names as written, not folded.
    """

    module: ModuleName
    modules: tuple[str, ...]
    origin: Origin


class Forbid(Record):
    """``forbid NAME [because TEXT]``: never load the module (or all that a wildcard matches), whoever asks."""

    module: ModuleName
    because: str
    origin: Origin


class Unset(Record):
    """``unset KIND NAME``: directives of this kind and name that were read before do not count."""

    kind: str
    module: ModuleName
    origin: Origin


Directive = Alias | Blacklist | Options | Command | Softdep | Weakdep | Forbid | Unset


class Dropped(Record):
    """A directive that an ``unset`` took away; ``directive`` is None when it found nothing to take."""

    unset: Unset
    directive: Directive | None


class Settings(Record):
    """All directives in force, each kind in the order in which kmod keeps (and ``modprobe -c`` prints) them.

    ``dropped`` are those that are not, by an ``unset``.
    """

    aliases: tuple[Alias, ...] = ()
    blacklists: tuple[Blacklist, ...] = ()
    options: tuple[Options, ...] = ()
    installs: tuple[Command, ...] = ()
    removes: tuple[Command, ...] = ()
    softdeps: tuple[Softdep, ...] = ()
    weakdeps: tuple[Weakdep, ...] = ()
    forbids: tuple[Forbid, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    problems: tuple[Problem, ...] = ()
