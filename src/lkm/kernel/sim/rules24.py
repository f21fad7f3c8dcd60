"""What Linux 2.4 did with modules (kernel/module.c of 2.4.0), as functions from modules to modules.

A state is a tuple of modules, newest first, as in the kernel's list. A *use* (MOD_INC_USE_COUNT) sets VISITED and
USED_ONCE, its end (MOD_DEC_USE_COUNT) VISITED; a dependent that is loaded sets USED_ONCE on what it needs, but counts
no use. A sweep takes two passes over an idle module: the first only clears VISITED.
"""

from __future__ import annotations

import errno

from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

RUNNING, DELETED, AUTOCLEAN, VISITED, USED_ONCE, JUST_FREED, INITIALIZING = 1, 2, 4, 8, 16, 32, 64
#: /proc/modules was one page and no more (fs/proc/proc_misc.c: ``modules_read_proc``).
PAGE = 4096


class Module24(Record):
    """A module. ``holders`` are those that need it, newest first. ``can_unload`` is the answer of its own judge of
    unloading (0: it may go), or None when it has none.
    """

    name: str
    size: int = 0
    usecount: int = 0
    flags: int = 0
    holders: tuple[str, ...] = ()
    can_unload: int | None = None

    @property
    def in_use(self) -> bool:
        """Tell whether it must stay (``__MOD_IN_USE``)."""
        return bool(self.usecount if self.can_unload is None else self.can_unload)


State24 = tuple[Module24, ...]


def find(state: State24, name: str) -> Module24 | None:
    """Return the module of that name."""
    return next((module for module in state if module.name == name), None)


def put(state: State24, module: Module24) -> State24:
    """Return the state with the module of that name replaced."""
    return tuple([module if m.name == module.name else m for m in state])


def create(state: State24, name: str, size: int) -> tuple[State24, int]:
    """``sys_create_module``: room for a module, which is then (uninitialized). EINVAL, EEXIST."""
    if not name or size < 96:
        return state, errno.EINVAL
    if find(state, name):
        return state, errno.EEXIST
    return (Module24(name, size), *state), 0


def begin(
    state: State24, name: str, needs: tuple[str, ...], flags: int, can_unload: int | None = None
) -> tuple[State24, int]:
    """``sys_init_module`` up to the call of the module's init: (initializing), with a use count of 1.

    ENOENT when it was not created or a module that it needs is not there, EBUSY when it was begun before, EINVAL for
    flags other than AUTOCLEAN.
    """
    module = find(state, name)
    if module is None:
        return state, errno.ENOENT
    if flags & ~AUTOCLEAN:
        return state, errno.EINVAL
    if module.flags & (RUNNING | INITIALIZING | DELETED):
        return state, errno.EBUSY
    used_modules = [find(state, need) for need in needs]
    if any(used is None or used.flags & DELETED for used in used_modules):
        return state, errno.ENOENT
    for used in filter(None, used_modules):
        state = put(state, used._replace(holders=(name, *used.holders), flags=used.flags | USED_ONCE))
    started = module._replace(flags=flags | INITIALIZING, usecount=1, can_unload=can_unload)
    return put(state, started), 0


def finish(state: State24, name: str, answer: int) -> tuple[State24, int]:
    """``sys_init_module`` after the init: below 0 is its errno, above 0 means EBUSY.

    In both cases the module is then uninitialized. insmod removes it after that; until then what it needs is held.
    """
    module = find(state, name)
    assert module is not None
    flags = module.flags & ~INITIALIZING
    if answer:
        return put(state, module._replace(flags=flags, usecount=0)), -answer if answer < 0 else errno.EBUSY
    return put(state, module._replace(flags=flags | RUNNING, usecount=module.usecount - 1)), 0


def free(state: State24, name: str, tag: bool) -> State24:
    """``free_module``: take it out; with ``tag`` mark what nobody else holds any more as JUST_FREED."""
    left = []
    for module in state:
        if module.name == name:
            continue
        if name in module.holders:
            holders = tuple([holder for holder in module.holders if holder != name])
            just = JUST_FREED if tag and not holders else 0
            module = module._replace(holders=holders, flags=module.flags | just)
        left.append(module)
    return tuple(left)


def refusal(state: State24, name: str) -> int:
    """Return why ``sys_delete_module`` would not remove it: ENOENT, EBUSY; or 0."""
    module = find(state, name)
    if module is None:
        return errno.ENOENT
    return errno.EBUSY if module.holders or module.in_use or module.flags & DELETED else 0


def mark_deleted(state: State24, name: str) -> State24:
    """Begin a removal: (deleted), until its cleanup has returned."""
    module = find(state, name)
    assert module is not None
    return put(state, module._replace(flags=module.flags | DELETED))


def delete(state: State24, name: str) -> tuple[State24, int]:
    """``sys_delete_module(NAME)``: ENOENT, EBUSY when it is held or in use."""
    number = refusal(state, name)
    return (state, number) if number else (free(state, name, tag=False), 0)


def is_candidate(module: Module24) -> bool:
    """Tell whether a sweep looks at it at all: idle, used at least once, and autoclean."""
    wanted = AUTOCLEAN | RUNNING | USED_ONCE
    return not module.holders and module.flags & wanted == wanted and not module.flags & DELETED and not module.in_use


def idle(state: State24) -> tuple[str, ...]:
    """Return what ``modprobe -r`` without names removes itself: candidates of a sweep that were not used lately."""
    return tuple([module.name for module in state if is_candidate(module) and not module.flags & VISITED])


def sweep(state: State24, uses: Mapping[str, tuple[str, ...]] | None = None) -> tuple[State24, tuple[str, ...]]:
    """``sys_delete_module(NULL)``: return what is left, and the names of what went, in order.

    After a pass that freed anything the scan starts anew, and meets modules whose VISITED it cleared a moment ago.
    ``uses``: name → modules that it uses, once each, until its cleanup.
    """
    freed: list[str] = []
    changed = True
    while changed:
        changed = False
        for name in [module.name for module in state]:
            module = find(state, name)
            if module is None or not is_candidate(module):
                continue
            if module.flags & VISITED and not module.flags & JUST_FREED:
                state = put(state, module._replace(flags=module.flags & ~VISITED))
            else:
                for used in (uses or {}).get(name, ()):
                    state = release(state, used)
                state = free(state, name, tag=True)
                freed.append(name)
                changed = True
    return tuple([m._replace(flags=m.flags & ~JUST_FREED) for m in state]), tuple(freed)


def use(state: State24, name: str) -> State24:
    """MOD_INC_USE_COUNT."""
    module = find(state, name)
    assert module is not None
    return put(state, module._replace(usecount=module.usecount + 1, flags=module.flags | VISITED | USED_ONCE))


def release(state: State24, name: str) -> State24:
    """MOD_DEC_USE_COUNT."""
    module = find(state, name)
    assert module is not None
    return put(state, module._replace(usecount=module.usecount - 1, flags=module.flags | VISITED))


def line(module: Module24) -> str:
    r"""Return a line of /proc/modules (kernel/module.c: ``get_module_list``).

    >>> line(Module24("fat", 30400, 0, RUNNING | USED_ONCE, ("msdos",)))
    'fat                    30400   0 [msdos]\n'
    """
    text = f"{module.name:<20}{module.size:8d}"
    if module.flags & RUNNING:
        text += f"{module.usecount if module.can_unload is None else -1:4d}"
    if module.flags & DELETED:
        text += " (deleted)"
    elif module.flags & RUNNING:
        text += " (autoclean)" if module.flags & AUTOCLEAN else ""
        text += "" if module.flags & USED_ONCE else " (unused)"
    else:
        text += " (initializing)" if module.flags & INITIALIZING else " (uninitialized)"
    return text + (f" [{' '.join(module.holders)}]" if module.holders else "") + "\n"


def proc_modules(state: State24) -> str:
    """Return /proc/modules; a line that would end beyond the page is left out, and so are those after it."""
    text = ""
    for module in state:
        more = line(module)
        if len(text) + len(more) > PAGE:
            break
        text += more
    return text


def ksyms_line(address: int, name: str, module: str, bits: int = 32) -> str:
    r"""Return a line of /proc/ksyms (kernel/module.c: ``s_show``); ``module`` is empty for the kernel proper.

    >>> ksyms_line(0xC8830060, "fat_put_super", "fat"), ksyms_line(0xC0112FA0, "printk", "")
    ('c8830060 fat_put_super\t[fat]\n', 'c0112fa0 printk\n')
    """
    return f"{address:0{bits // 4}x} {name}" + (f"\t[{module}]" if module else "") + "\n"
