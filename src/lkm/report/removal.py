"""Why a module cannot be removed, in words: kmod rmmod's first, then what they leave out."""

from __future__ import annotations

import errno

from lkm.kernel.interface import NO_MODULES_HINT
from lkm.report.lsmod import in_order
from lkm.report.refusal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.interface import Refused
    from lkm.state.nouns import LoadedModule
    from lkm.state.users import Uses


def obstacle(
    name: str,
    module: LoadedModule | None,
    listed: tuple[str, ...] = (),
    *,
    builtin: bool = False,
    uses: Uses | None = None,
) -> tuple[str, ...]:
    """Return what stands in the way of removal before the kernel is asked: kmod's sentence, then the cure; or ().

    ``listed`` gives the order of the holders, see :func:`lkm.report.lsmod.in_order`. ``builtin``: the index says so.
    ``uses`` are the users of the module and of its holders that were found.

    >>> from lkm.names import ModuleName
    >>> from lkm.state.nouns import LoadedModule
    >>> obstacle("fat", LoadedModule(ModuleName("fat"), 60806, 1, (ModuleName("msdos"),)))[0]
    'Module fat is in use by: msdos'
    """
    if module is None:
        if builtin:
            return (f"Module {name} is builtin.", "it is part of the kernel itself and stays")
        return (f"Module {name} is not currently loaded",)
    if module.holders:
        holders = in_order(module.holders, listed)
        return (f"Module {name} is in use by: {' '.join(holders)}", *in_use(module, holders, uses))
    if module.refcount > 0 and module.state == "Loading":
        why = "it is being loaded, and its init function has not returned; if it never does, only a reboot removes it"
        return (f"Module {name} is in use", why)
    if module.refcount > 0:
        return (f"Module {name} is in use", *in_use(module, (), uses))
    if module.refcount < 0 and module.state == "Live":
        return ("Module unloading is not supported", "this kernel was built without CONFIG_MODULE_UNLOAD")
    return ()


def in_use(module: LoadedModule, holders: tuple[str, ...], uses: Uses | None = None) -> tuple[str, ...]:
    """Return lines about the users that are no modules, of a module and of its holders; then the cure for holders."""
    from lkm.report.users import MOST, user_line, user_lines

    others = module.refcount - len(holders)
    lines = list(user_lines(module.name, others, uses)) if others > 0 else []
    of_holders = [
        (name, user) for name, users in (uses.pairs if uses else ()) for user in users if name != module.name
    ]
    lines += [f"{name}: {user_line(user)}" for name, user in of_holders[:MOST]]
    if holders:
        names = " ".join(holders)
        this = names if len(holders) == 1 else "those"
        start = "cure, when that has ended" if of_holders else "cure"
        lines.append(
            f"{start}: `lkm modprobe -r {names}` removes {this}, and {module.name} with it if nothing else uses it"
        )
    return tuple(lines)


def explain_unload(
    refused: Refused,
    module: LoadedModule | None,
    *,
    superuser: bool = True,
    uses: Uses | None = None,
) -> tuple[str, ...]:
    """Return lines that say why delete_module(2) was refused. ``module``: as it is after the attempt, if known."""
    lines: list[str] = []
    number = refused.errno
    if number == errno.ENOSYS:
        lines += ["this kernel cannot unload modules (CONFIG_MODULE_UNLOAD)", NO_MODULES_HINT]
    elif number == errno.EPERM:
        if not superuser:
            lines.append("only root may remove modules")
        else:
            lines.append("not in this state of the machine: sysctl kernel.modules_disabled, or too few capabilities")
    elif module is None:
        if number == errno.ENOENT:
            lines.append("it is not loaded")
    elif number == errno.EBUSY and module.permanent:
        lines.append("it has no exit function, so the kernel keeps it until the next boot ([permanent])")
    elif number == errno.EBUSY and module.state != "Live":
        lines.append(f"it is {module.state.lower()} just now")
    elif module.holders:
        lines += [f"it is in use by: {' '.join(module.holders)}", *in_use(module, module.holders, uses)]
    elif module.refcount > 0:
        lines += ["it is in use", *in_use(module, (), uses)]
    lines += [f"kernel: {printable(record.text)}" for record in refused.log]
    return tuple(lines)
