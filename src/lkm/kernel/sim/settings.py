"""What writing to the files of a kernel does that decide on modules: parameters in sysfs, and three switches.

kernel/params.c: ``param_attr_store``, ``param_set_bool_enable_only``; kernel/sysctl.c (modules_disabled);
security/lockdown/lockdown.c: ``lockdown_write``.
"""

from __future__ import annotations

import errno

from lkm.config.values import is_bool, is_true
from lkm.kernel.sim.parameters import give
from lkm.modfile.kernelparam import KernelParam

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.world import World

_NOTICE = 5
_LOCKDOWN = "/sys/kernel/security/lockdown"
_ENFORCE = "/sys/module/module/parameters/sig_enforce"
_DISABLED = "/proc/sys/kernel/modules_disabled"
_LEVELS = ("none", "integrity", "confidentiality")


def write(world: World, path: str, text: str) -> int:
    """Write to one of these files as root; return the errno, or 0. Other files are not there (ENOENT)."""
    if path == _DISABLED:
        if text.strip() != "1":  # from 0 to 1 only, until the next boot
            return errno.EINVAL
        world.set_meta("modules_disabled", "1")
        return 0
    if path == _ENFORCE and world.meta("sig") == "1":
        return _enforce(world, text)
    if path == _LOCKDOWN and world.meta("lockdown_lsm") == "1":
        return _lock_down(world, text.removesuffix("\n"))
    parts = path.split("/")
    if len(parts) == 6 and parts[:3] == ["", "sys", "module"] and parts[4] == "parameters":
        return _parameter(world, parts[3], parts[5], text)
    return errno.ENOENT


def _enforce(world: World, text: str) -> int:
    if not is_bool(text):
        return errno.EINVAL
    if is_true(text):
        world.set_meta("sig_enforce", "1")
        return 0
    return errno.EROFS if world.meta("sig_enforce") == "1" else 0


def _lock_down(world: World, level: str) -> int:
    if level not in _LEVELS:
        return errno.EINVAL
    if _LEVELS.index(world.meta("lockdown", "none")) >= _LEVELS.index(level):
        return errno.EPERM
    world.set_meta("lockdown", level)
    world.say(_NOTICE, "Kernel is locked down from securityfs; see man kernel_lockdown.7")
    return 0


def _parameter(world: World, module: str, name: str, text: str) -> int:
    query = "SELECT type, mode, flags, most, bare FROM sysfs WHERE module = ? AND name = ?"
    row = world.db.execute(query, (module, name)).fetchone()
    if row is None or not row[1]:
        return errno.ENOENT
    kind, mode, flags, limit, bare = row
    if not mode & 0o222:
        return errno.EACCES
    number, _ = give(world, KernelParam(name, kind, mode, flags, limit, bool(bare)), text)
    if not number:
        values = (module, name, text.removesuffix("\n"))
        world.db.execute("INSERT OR REPLACE INTO parameters VALUES(?, ?, ?)", values)
    return number
