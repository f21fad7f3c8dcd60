"""Something uses the module that was to be removed.

A module has a use count: other modules that use its symbols, open device files, mounted file systems, sockets,
network interfaces, swap, loop devices. While it is not 0 the kernel answers EAGAIN to delete_module(2), and logs
nothing. The kernel knows the number only, not who: that is found in /proc and /sys, as far as it can be seen there.

Remedy: end the uses. `lkm modprobe -r` removes modules together with those that use them.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, RISKY, Fact, Finding, Remedy
from lkm.diagnose.words import count, name_of, some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence
    from lkm.state.nouns import LoadedModule
    from lkm.state.users import User

CODE = "in-use"
ERRNOS = ("EAGAIN", "EBUSY")
CALLS = ("delete_module",)
#: So many users are named.
_MOST = 10
_KILL = Remedy("end the process", "kill {pid}", RISKY)
_UNMOUNT = Remedy("unmount it", "umount {what}")
_THERE = Remedy("unmount it where that process sees it", "nsenter -t {pid} -m umount {what}")
_SWAPOFF = Remedy("stop swapping to it", "swapoff {what}")
_DETACH = Remedy("detach it", "losetup -d {what}")
_DELETE = Remedy("delete the interface", "ip link del {what}", RISKY)
_HOLDERS = Remedy("remove {names} first, and {name} with that", "lkm modprobe -r {names}")
REMEDIES = (_UNMOUNT, _THERE, _SWAPOFF, _DETACH, _KILL, _DELETE, _HOLDERS)
#: kind of a user → words; where that is seen; what ends it.
_KINDS = {
    "device": ("{who} has {what} open", "/proc/{pid}/fd", _KILL),
    "mapping": ("{who} has {what} mapped", "/proc/{pid}/maps", _KILL),
    "socket": ("{who} has a socket of protocol {what} open", "/proc/net/protocols", _KILL),
    "mount": ("a file system ({more}) is mounted on {what}", "/proc/self/mountinfo", _UNMOUNT),
    "swap": ("swap is on {what}", "/proc/swaps", _SWAPOFF),
    "loop": ("{what} is attached to {more}", "/sys/block", _DETACH),
    "interface": ("network interface {what} ({more}) stands on it", "/sys/class/net", _DELETE),
    "algorithm": ("algorithm {what} of the kernel's crypto is in use", "/proc/crypto", None),
    "count": ("`lkm sim {what}` was called", "the simulated kernel", None),
}


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a module whose use count is not 0, or that the kernel says is in use."""
    name = name_of(evidence)
    loaded = evidence.kernel.loaded if evidence.kernel else None
    module = next((module for module in loaded or () if module.name == name), None)
    if module is None or module.state != "Live" or module.refcount < 0:
        if evidence.attempt.errno == "EAGAIN" and module is None:
            yield _finding(f"{name} is in use", (Fact("delete_module: EAGAIN", "system call"),), ())
        return
    if not module.holders and module.refcount == 0:
        return
    others = module.refcount - len(module.holders)
    by = [f"module{'s' if len(module.holders) > 1 else ''} {some(module.holders, _MOST)}"] if module.holders else []
    by += [count(others, "user") + " that is no module"] if others == 1 else []
    by += [count(others, "user") + " that are no modules"] if others > 1 else []
    facts, remedies = _users(evidence, module)
    yield _finding(f"{name} is in use by {' and '.join(by)}", facts, remedies)


def _finding(what: str, facts: tuple[Fact, ...], remedies: tuple[Remedy, ...]) -> Finding:
    because = "code that is still used must not vanish"
    return Finding(CODE, what, CERTAIN, "EAGAIN", facts, because, "kernel/module/main.c: try_stop_module", remedies)


def _users(evidence: Evidence, module: LoadedModule) -> tuple[tuple[Fact, ...], tuple[Remedy, ...]]:
    """Return who uses the module and its holders, and what ends that: uses first, as they keep the holders too."""
    facts = [Fact(f"{module.name} {module.refcount} {','.join(module.holders) or '-'}", "/proc/modules")]
    remedies = []
    if evidence.uses is not None:
        pairs = [(name, user) for name, users in evidence.uses.pairs for user in users]
        pairs.sort(key=lambda pair: pair[0] != module.name)
        for name, user in pairs[:_MOST]:
            words, fact, remedy = told(user)
            facts.append(fact._replace(text=words if name == module.name else f"{name}: {words}"))
            remedies += [remedy] if remedy and remedy not in remedies else []
        if len(pairs) > _MOST:
            facts.append(Fact(f"and {count(len(pairs) - _MOST, 'use')} more", "/proc, /sys"))
        if module.refcount > len(module.holders) and not evidence.uses.of(module.name):
            where = "mount, open device or socket, network interface, swap and algorithm"
            facts.append(Fact(f"every {where} that can be seen is not one of its users", "/proc, /sys"))
        if not evidence.uses.complete:
            facts.append(Fact("some processes could not be looked at: root may look at all", "/proc"))
    if module.holders:
        remedies.append(_HOLDERS.filled(names=module.holders, name=module.name))
    return tuple(facts), tuple(remedies)


def told(user: User) -> tuple[str, Fact, Remedy | None]:
    """Return a user in words, the fact (without its text), and what ends the use."""
    words, origin, remedy = _KINDS[user.kind]
    who = f"process {user.pid} ({user.comm})" if user.pid else ""
    if user.kind == "socket" and not who:
        who = "the kernel itself, or a process that cannot be seen,"
    known = {"who": who, "what": user.what, "more": user.more, "pid": str(user.pid)}
    line = words.format(**known)
    if user.kind == "mount" and who:  # in a mount namespace that is not ours
        line += f", as {who} sees it"
        origin, remedy = "/proc/{pid}/mountinfo", _THERE
    if (user.kind == "mount" and user.what == "/") or (remedy is _KILL and not user.pid):
        remedy = None
    line += f", {user.count} times" if user.count > 1 else ""
    return (
        line,
        Fact("", origin.format(**known)),
        remedy.filled(what=user.what, pid=str(user.pid)) if remedy else None,
    )
