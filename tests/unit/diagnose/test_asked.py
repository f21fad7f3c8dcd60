from __future__ import annotations

import pytest

from lkm.diagnose.asked import asked, wanted


@pytest.mark.parametrize(
    ("alias", "said"),
    [
        ("net-pf-5", "a socket of protocol family 5 is made"),
        ("net-pf-16-proto-6", "a socket of Netlink protocol 6 is made"),
        ("net-pf-16-proto-16-family-wireguard", "Netlink family wireguard is asked for"),
        ("ipt_conntrack", "an iptables rule uses conntrack"),
        ("devname:fuse", "/dev/fuse is opened"),
        ("pci:v*", ""),
        ("md4", ""),
        ("bfq-iosched", "I/O scheduler bfq is chosen"),
    ],
)
def test_aliases(alias: str, said: str) -> None:
    assert asked(alias) == said


def test_names_count_and_each_is_told_once() -> None:
    assert wanted("nls_utf8", ["nls_utf8"]) == ("character set utf8 is asked for",)
    assert wanted("dm_crypt", []) == ("a device of type crypt is mapped",)
    assert wanted("fat", ["x", "fs-fat", "crypto-md4"]) == ()
