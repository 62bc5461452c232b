"""The proof of a contrast: both sides rendered in full differ only where its one factor's levels say."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from peerpact.design.provenance import NOBODY
from peerpact.design.rendering import VISIBLE, Rendered, rendered
from peerpact.errors import StudyError
from peerpact.worlds.diff import Change, diff

if TYPE_CHECKING:
    from peerpact.design.contrasts import Pair

__all__ = ["Difference", "Proof", "prove_pair", "shown"]

TRACED = (*VISIBLE, "facts", "truth")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs between the sides of a contrast, and why it may."""

    change: Change
    factors: tuple[str, ...]
    """Factors whose levels touch this path or a fact that fills it."""
    through: tuple[str, ...]
    """Facts of the contrast's factor that fill the text; empty where a level puts it there itself."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A contrast that differs in its one factor only."""

    pair: Pair
    differences: tuple[Difference, ...]
    words: tuple[int, int]
    """Words on the two sides."""

    @property
    def excess(self) -> float:
        """How much longer one side is, as a share of the shorter."""
        return max(self.words) / min(self.words) - 1.0


def prove_pair(pair: Pair, given: Mapping[str, Any]) -> Proof:
    """Render both sides and prove that only the contrast's factor differs.

    Raises:
        StudyError: The sides differ in something else (the message shows the diff), or not at all.
    """
    source, to = rendered(pair.source, given), rendered(pair.to, given)
    factor = pair.contrast.factor
    if pair.subjects is not None:
        change = Change("subject/route", "changed", *pair.subjects)
        return Proof(pair, (Difference(change, (factor,), ()),), (source.words, to.words))
    found = (*_differences(source, to, factor), *_reordered(pair, source, to))
    _one_factor(pair, found)
    _nothing_hidden(pair, source, to, found)
    if not found:
        raise StudyError(
            "both sides reach the subject as the same text",
            where=f"contrasts/{pair.id}",
            hint=f"choose other levels of {factor!r}",
        )
    return Proof(pair, found, (source.words, to.words))


def shown(differences: Iterable[Difference]) -> str:
    """Return differences as lines: the path, whose it is, and the lines that went and came."""
    return "\n".join(line for d in differences for line in _lines(d))


def _differences(source: Rendered, to: Rendered, factor: str) -> Iterator[Difference]:
    before, after = source.traced.tree["facts"], to.traced.tree["facts"]
    for change in diff(source.visible, to.visible):
        facts = _facts(source, change.path) | _facts(to, change.path)
        differing = {f for f in facts if before.get(f) != after.get(f)}
        owners = _owners(source, to, change.path).union(
            *(_owners(source, to, f"facts/{fact}") for fact in differing)
        )
        through = sorted(f for f in differing if factor in _owners(source, to, f"facts/{f}"))
        yield Difference(change, tuple(sorted(owners)), tuple(through))


def _facts(side: Rendered, path: str) -> frozenset[str]:
    below = f"{path}/"
    found = [f for at, f in side.facts_by_path.items() if at == path or at.startswith(below)]
    return frozenset().union(*found)


def _owners(source: Rendered, to: Rendered, path: str) -> frozenset[str]:
    return source.owned_by(path) | to.owned_by(path)


def _one_factor(pair: Pair, found: tuple[Difference, ...]) -> None:
    factor = pair.contrast.factor
    others = [
        f for f, level in pair.source.levels.items() if level != pair.to.levels[f] and f != factor
    ]
    if others:
        raise StudyError(
            f"this contrast declares the factor {factor!r} but also differs in {', '.join(others)}:\n"
            f"{shown(found)}\n",
            where=f"contrasts/{pair.id}",
            hint="make the arms alike in these factors",
        )


def _nothing_hidden(
    pair: Pair, source: Rendered, to: Rendered, found: tuple[Difference, ...]
) -> None:
    """Compare the scenes before their templates are filled: what differs there was put there by a level."""
    factor = pair.contrast.factor
    hidden = [
        change
        for change in diff(_raw(source), _raw(to))
        if factor not in _owners(source, to, change.path)
    ]
    unexplained = [d for d in found if factor not in d.factors]
    if hidden or unexplained:
        rows = [Difference(c, tuple(sorted(_owners(source, to, c.path))), ()) for c in hidden]
        raise StudyError(
            f"the sides differ where no level of {factor!r} says so:\n{shown(rows or unexplained)}\n",
            where=f"contrasts/{pair.id}",
            hint=f"declare the change in the levels of {factor!r}, or make the sides alike",
        )


def _raw(side: Rendered) -> dict[str, Any]:
    return {part: side.traced.tree[part] for part in TRACED}


def _reordered(pair: Pair, source: Rendered, to: Rendered) -> Iterator[Difference]:
    """What both sides hold comes in one order, unless the factor's levels moved it."""
    factor = pair.contrast.factor
    for path, before, after in _orders(source.visible, to.visible, ""):
        owners = {key: _owners(source, to, f"{path}/{key}") for key in before}
        still = {key for key in before if factor not in owners[key]}
        kept = [k for k in before if k in still] == [k for k in after if k in still]
        factors = NOBODY.union(*owners.values()) if kept else NOBODY
        change = Change(f"{path} (order)", "changed", "\n".join(before), "\n".join(after))
        yield Difference(change, tuple(sorted(factors)), ())


def _orders(
    before: Mapping[str, Any], after: Mapping[str, Any], path: str
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield mappings whose common keys stand in another order."""
    if before is after:
        return
    old, new = [k for k in before if k in after], [k for k in after if k in before]
    if old != new:
        yield path, old, new
    for key in old:
        if isinstance(before[key], Mapping) and isinstance(after[key], Mapping):
            yield from _orders(before[key], after[key], f"{path}/{key}".lstrip("/"))


def _lines(difference: Difference) -> Iterator[str]:
    change = difference.change
    why = ", ".join(difference.factors) or "no factor"
    yield f"  {change.path}  [{why}]"
    before, after = _text(change.before), _text(change.after)
    for line in difflib.unified_diff(before, after, lineterm="", n=0):
        if line[:3] not in {"---", "+++"} and not line.startswith("@@"):
            yield f"    {line[0]} {line[1:]}"


def _text(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [line for key, child in value.items() for line in _text(child) or [str(key)]]
    return [] if value is None else str(value).splitlines()
