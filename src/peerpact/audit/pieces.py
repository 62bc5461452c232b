"""A search for literal pieces that runs on vector instructions."""

from __future__ import annotations

from collections.abc import Iterable

from ahocorasick_rs import BytesAhoCorasick, MatchKind

__all__ = ["quick_search"]

STARTS = 4
"""First bytes of several pieces below which the library hunts for these bytes, one by one, instead."""
NOWHERE = [bytes([number]) * 4 for number in range(0xFC, 0x100)]
"""Pieces that are in no UTF-8."""


def quick_search(pieces: Iterable[str]) -> BytesAhoCorasick:
    """Return a search over UTF-8 for the leftmost of some pieces: a few times ten, of four letters or more."""
    known = [piece.encode() for piece in pieces]
    missing = STARTS - len({piece[0] for piece in known}) if len(known) > 1 else 0
    return BytesAhoCorasick(known + NOWHERE[: max(0, missing)], matchkind=MatchKind.LeftmostFirst)
