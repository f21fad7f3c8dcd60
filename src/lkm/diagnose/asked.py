"""When a module is asked for, by its aliases and its name: by these requests the kernel shows what it is for.

Much that a module registers the kernel lists nowhere: kinds of links, extensions of nftables, disciplines of queues.
But it asks for the module by a name of its own (``request_module`` in the kernel's source) when a program wants one.

>>> wanted("veth", ["rtnl-link-veth", "pci:v*"]), wanted("sch_fq", [])
(('`ip link add type veth` is called',), ('queueing discipline fq is set',))
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: Start of an alias → when the kernel (or a program) asks for it.
_ALIASES = (
    ("fs-", "a file system of type {} is mounted"),
    ("net-pf-16-proto-16-family-", "Netlink family {} is asked for"),
    ("net-pf-16-proto-", "a socket of Netlink protocol {} is made"),
    ("net-pf-", "a socket of protocol family {} is made"),
    ("crypto-", "algorithm {} is asked for"),
    ("char-major-", "a character device {} is opened"),
    ("block-major-", "a block device {} is opened"),
    ("rtnl-link-", "`ip link add type {}` is called"),
    ("rtnl-lwt-", "a route with encapsulation {} is made"),
    ("netdev-", "network interface {} is named"),
    ("tty-ldisc-", "line discipline {} is set"),
    ("devname:", "/dev/{} is opened"),
    ("binfmt-", "a program of format {} is run"),
    ("nls_", "character set {} is asked for"),
    ("tcp_", "TCP congestion control {} is chosen"),
    ("tcp-ulp-", "TCP layer {} is put on a socket"),
    ("ipt_", "an iptables rule uses {}"),
    ("ip6t_", "an ip6tables rule uses {}"),
    ("arpt_", "an arptables rule uses {}"),
    ("ebt_", "an ebtables rule uses {}"),
    ("xt_", "a packet filter rule uses {}"),
    ("nft-expr-", "an nftables rule uses {}"),
    ("nft-chain-", "an nftables chain {} is made"),
    ("nft-obj-", "an nftables object {} is made"),
    ("ip_set_", "a set of type {} is made"),
    ("nfct-helper-", "connections of {} are followed"),
    ("nfnetlink-subsys-", "part {} of nfnetlink is asked for"),
    ("xfrm-type-", "an IPsec transformation {} is set up"),
    ("md-level-", "an array of level {} is run"),
    ("md-personality-", "an array of personality {} is run"),
    ("ematch-kind-", "a filter with match kind {} is set"),
)
#: Starts of aliases for what the kernel lists when it is there: where none is to be seen, there is none.
_LISTED = ("fs-", "crypto-", "tty-ldisc-", "tcp_", "md-level-", "md-personality-")
#: Start of a module's own name → when the kernel asks for it (net/sched/*_api.c, fs/nls/nls_base.c, net/netfilter/
#: x_tables.c, drivers/md/dm-table.c).
_NAMES = (
    ("sch_", "queueing discipline {} is set"),
    ("cls_", "a traffic filter {} is set"),
    ("act_", "a traffic action {} is set"),
    ("nls_", "character set {} is asked for"),
    ("tcp_", "TCP congestion control {} is chosen"),
    ("dm_", "a device of type {} is mapped"),
    ("iptable_", "table {} of iptables is used"),
    ("ip6table_", "table {} of ip6tables is used"),
    ("arptable_", "table {} of arptables is used"),
    ("ebtable_", "table {} of ebtables is used"),
)


def asked(alias: str) -> str:
    """Return when this alias is asked for, "" where that is not known.

    >>> asked("fs-msdos"), asked("net-pf-2-proto-132-type-1"), asked("x")
    ('a file system of type msdos is mounted', 'a socket of protocol family 2, protocol 132, type 1 is made', '')
    """
    text = _first(_ALIASES, alias)
    if alias.startswith("net-pf-"):
        return text.replace("-proto-", ", protocol ").replace("-type-", ", type ")
    if alias.endswith("-iosched"):
        return f"I/O scheduler {alias.removesuffix('-iosched')} is chosen"
    return text


def wanted(name: str, aliases: Iterable[str]) -> tuple[str, ...]:
    """Return when a module of this name, with these aliases, is asked for, where that is for what no list shows."""
    found = [*[asked(alias) for alias in aliases if not alias.startswith(_LISTED)], _first(_NAMES, name)]
    return tuple(dict.fromkeys([text for text in found if text]))


def _first(table: Iterable[tuple[str, str]], name: str) -> str:
    return next((words.format(name[len(start) :]) for start, words in table if name.startswith(start)), "")
