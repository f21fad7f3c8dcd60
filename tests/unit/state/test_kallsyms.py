from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.state.kallsyms import parse_kallsyms
from lkm.state.nouns import Symbol


def test_kernel_and_module_symbols() -> None:
    symbols, problems = parse_kallsyms("0000000060000000 T _text\n00000000a137a010 t fat_sync\t[fat]\nnonsense\n")
    assert [(s.address, s.kind, s.name, s.module) for s in symbols] == [
        (0x60000000, "T", "_text", ""),
        (0xA137A010, "t", "fat_sync", "fat"),
    ]
    assert [p.origin.line for p in problems] == [3]


word = st.text(st.characters(blacklist_characters="\n\t", codec="utf-8"), min_size=1)


@given(st.integers(0, 2**64 - 1), st.sampled_from("TtDdBbRrAVWw"), word, st.one_of(st.just(""), word))
def test_what_the_kernel_writes_is_read_back(address: int, kind: str, name: str, module: str) -> None:
    line = f"{address:016x} {kind} {name}" + (f"\t[{module}]" if module else "")
    (symbol,), problems = parse_kallsyms(line + "\n")
    assert symbol._values() == (address, kind, name, module) and not problems and isinstance(symbol, Symbol)


@given(st.text())
def test_every_line_of_any_text_is_a_symbol_or_a_problem(text: str) -> None:
    symbols, problems = parse_kallsyms(text)
    assert len(symbols) + len(problems) == sum(1 for line in text.split("\n") if line)
