"""Who uses a module, in words; and what ends that use, where that can be said."""

from __future__ import annotations

from lkm.report.refusal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.state.users import User

_ENDS = {"mount": "umount", "swap": "swapoff", "loop": "losetup -d"}
_WORDS = {
    "device": "{who} has {what} open",
    "mapping": "{who} has {what} mapped",
    "socket": "{who} has a socket of protocol {what} open",
    "mount": "a file system ({more}) is mounted on {what}{who}",
    "swap": "swap is on {what}",
    "loop": "{what} is attached to {more}",
    "interface": "network interface {what} ({more}) stands on it",
    "algorithm": "algorithm {what} of the kernel's crypto is in use",
    "count": "`lkm sim {what}` was called",
}


def user_line(user: User) -> str:
    """Return the words for one user.

    >>> from lkm.state.users import User
    >>> user_line(User("device", "/dev/net/tun", "", 12, "vpn", 2))
    'process 12 (vpn) has /dev/net/tun open, 2 times'
    """
    who = f"process {user.pid} ({user.comm})" if user.pid else ""
    if user.kind == "socket" and not who:
        who = "the kernel itself, or a process that cannot be seen,"
    if who and user.kind == "mount":
        who = f", as {who} sees it"
    line = _WORDS[user.kind].format(who=who, what=user.what, more=user.more)
    if user.kind in _ENDS and not user.pid and user.what != "/":
        line += f"; `{_ENDS[user.kind]} {_quoted(user.what)}` ends that"
    return printable(line + (f", {user.count} times" if user.count > 1 else ""))


def _quoted(path: str) -> str:
    plain = path.replace("/", "").replace("-", "").replace("_", "").replace(".", "").isalnum()
    return path if plain else "'" + path.replace("'", "'\\''") + "'"
