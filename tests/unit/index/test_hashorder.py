"""The order of kmod's hash tables: the lanes of big integers compute the same as one number after the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.index.hashorder import hash_order

MASK = 0xFFFFFFFF


def super_fast_hash(key: bytes) -> int:
    """Paul Hsieh's hash, one key at a time and as plain as it can be."""
    words = [int.from_bytes(key[i : i + 2], "little") for i in range(0, len(key) & ~3, 2)]
    h = len(key)
    for low, high in zip(words[::2], words[1::2], strict=True):
        h = (h + low) & MASK
        h = ((h << 16) ^ (high << 11) ^ h) & MASK
        h = (h + (h >> 11)) & MASK
    rest = key[len(key) & ~3 :]
    if len(rest) == 3:
        h = (h + int.from_bytes(rest[:2], "little")) & MASK
        h = (h ^ (h << 16) ^ (rest[2] << 18)) & MASK
        h = (h + (h >> 11)) & MASK
    elif len(rest) == 2:
        h = (h + int.from_bytes(rest, "little")) & MASK
        h = (h ^ (h << 11)) & MASK
        h = (h + (h >> 17)) & MASK
    elif len(rest) == 1:
        h = (h + rest[0]) & MASK
        h = (h ^ (h << 10)) & MASK
        h = (h + (h >> 1)) & MASK
    for left, right in ((3, 5), (4, 17), (25, 6)):
        h = (h ^ (h << left)) & MASK
        h = (h + (h >> right)) & MASK
    return h


@given(st.sets(st.binary(max_size=20), max_size=40), st.sampled_from([2, 512, 2048, 65536]))
def test_keys_are_in_the_order_of_their_buckets_then_of_their_bytes(keys: set[bytes], buckets: int) -> None:
    want = sorted(keys, key=lambda key: (super_fast_hash(key) % buckets, key))
    assert hash_order(keys, buckets) == want
