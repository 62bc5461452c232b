"""Which transcripts are looked at again: flagged ones and a random sample of the rest, in bounded memory."""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from peerpact.audit.detectors import detector
from peerpact.audit.findings import Finding
from peerpact.audit.importer import MALFORMED, Item
from peerpact.audit.run import FAILED, detect
from peerpact.audit.tally import Audit
from peerpact.audit.transcript import Transcript, Unread
from peerpact.canonical import digest

__all__ = ["Chosen", "choose"]

Place = tuple[str, str]


@dataclass(slots=True)
class _Drawn:
    """The transcripts with the smallest hashes so far: a random draw that no order of reading changes."""

    most: int
    kept: list[tuple[str, Transcript]] = field(default_factory=list)
    of: int = 0

    def offer(self, rank: str, transcript: Transcript) -> None:
        self.of += 1
        if len(self.kept) < self.most or (self.kept and rank < self.kept[-1][0]):
            insort(self.kept, (rank, transcript), key=lambda entry: entry[0])
            del self.kept[self.most :]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is put to the judge, out of how much."""

    flagged: tuple[tuple[Transcript, tuple[Finding, ...]], ...]
    sampled: tuple[Transcript, ...]
    flagged_of: int
    """Transcripts with a finding that one transcript can show."""
    sampled_of: int
    """Transcripts without any."""
    left_out: Mapping[str, int]
    """Findings that are not put to the judge, by reason."""
    seed: int


def choose(
    done: Audit, items: Iterable[Item], *, flagged: int = 200, sample: int = 0, seed: int = 0
) -> Chosen:
    """Draw flagged and other transcripts.

    Args:
        done: What the first stage found.
        items: The same transcripts, read again.
        flagged: At most so many transcripts with findings.
        sample: So many of those without.
        seed: Of the draw.
    """
    found, left_out = _by_place(done)
    positive, negative = _Drawn(flagged), _Drawn(sample)
    unsure = done.dropped or done.unread[FAILED]
    for item in items:
        if isinstance(item, Unread):
            continue
        place = (item.source, item.id)
        rank = digest([seed, *place])
        if place in found:
            positive.offer(rank, item)
        elif not unsure or _clear(item):
            negative.offer(rank, item)
    return Chosen(
        tuple((t, tuple(found[t.source, t.id])) for _, t in positive.kept),
        tuple(t for _, t in negative.kept),
        positive.of,
        negative.of,
        dict(left_out),
        seed,
    )


def _clear(item: Transcript) -> bool:
    try:
        return not detect(item)
    except MALFORMED:
        return False


def _by_place(done: Audit) -> tuple[Mapping[Place, list[Finding]], Counter[str]]:
    found: dict[Place, list[Finding]] = defaultdict(list)
    left_out: Counter[str] = Counter()
    for one in done.findings:
        if detector(one.detector).conclude is None:
            found[one.source, one.transcript].append(one)
        else:
            left_out["several_transcripts"] += 1
    if done.dropped:
        left_out["not_kept"] = done.dropped
    return found, left_out
