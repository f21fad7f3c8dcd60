"""Who uses a module, in words; and what ends that use, where that can be said."""

from __future__ import annotations

from lkm.diagnose.finding import SAFE
from lkm.diagnose.rules.in_use import told
from lkm.report.refusal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.state.users import User


def user_line(user: User) -> str:
    """Return the words for one user, as the finding ``in-use`` has them.

    >>> from lkm.state.users import User
    >>> user_line(User("device", "/dev/net/tun", "", 12, "vpn", 2))
    'process 12 (vpn) has /dev/net/tun open, 2 times'
    >>> user_line(User("swap", "/dev/zram0"))
    'swap is on /dev/zram0; `swapoff /dev/zram0` ends that'
    """
    line, _, remedy = told(user)
    if remedy and remedy.risk == SAFE and not user.pid:
        line += f"; `{remedy.command}` ends that"
    return printable(line)
