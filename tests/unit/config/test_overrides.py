from __future__ import annotations

from lkm.config.modprobe import parse
from lkm.config.overrides import overrider, set_again


def test_the_first_command_and_the_last_value_count() -> None:
    facts, _ = parse("install a* x\ninstall ab y\nblacklist a\nblacklist a\nalias p m\nalias p n\nalias p m\n", "x")
    assert [overrider(fact, facts[:at]) for at, fact in enumerate(facts)] == [
        *(None, facts[0], None, facts[2], None, None, facts[4]),
    ]


def test_parameters_set_again() -> None:
    facts, _ = parse("options m a=1 b-c=2\noptions m b_c=3\noptions m += a=4\noptions n a=5\noptions m b-c=6", "x")
    first, *rest = facts
    assert [(key, by.origin.line) for key, by in set_again(first, rest)] == [("b_c", 5)]
    assert set_again(parse("blacklist a", "x")[0][0], facts) == []
