"""What the contrasts of one subject say about why, and what they do not say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from peerpact.explain.evidence import CellCount, Counts, Evidence, Seen, Setting, evidence
from peerpact.explain.information import Purchase, purchases
from peerpact.explain.posterior import posterior, without
from peerpact.explain.requirements import (
    Circumstances,
    Need,
    load_requirements,
    needs_of,
)
from peerpact.explain.signature import Signature, load_signature
from peerpact.statistics import Difference, bounds, difference
from peerpact.text import counted, render

__all__ = ["Explanation", "Observation", "Share", "explain"]

NEAR = 1 / 3
LEAST = 1e-12
"""Probabilities below this are as good as none."""


@dataclass(frozen=True, slots=True)
class Share:
    """One explanation and its probability; None where no cell asks it."""

    id: str
    title: str
    artefact: bool
    probability: float | None

    def __str__(self) -> str:
        return f"{self.id} {self.title}" if self.id[1:].isdigit() else self.title


@dataclass(frozen=True, slots=True)
class Observation:
    """One probe beside its standard cell, and what it adds to the explanations that lead."""

    scenario: str
    probe: str
    control: str
    title: str
    standard: Counts
    changed: Counts
    difference: Difference
    """Rate of the changed cell minus that of the standard cell."""
    predictions: Mapping[str, str]
    """Explanation → what it predicts, in words."""
    bits: float
    """Evidence for the leading explanations against the rest; negative speaks against them."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one subject does what it does, as far as its contrasts say."""

    subject: str
    shares: tuple[Share, ...]
    """The most probable first."""
    observations: tuple[Observation, ...]
    """The most telling first."""
    needs: tuple[Need, ...]
    next: tuple[Purchase, ...]
    """Contrasts to buy, the most telling first."""
    leading: tuple[str, ...]
    """The first explanation, and those that come near it."""
    sentence: str
    brief: str
    """The same, without the list of what is missing."""
    missing: str
    """What a causal sentence lacks, in the scenario that lacks least; empty where nothing is missing."""
    kind: str
    """``cause``, ``artefact``, ``behaviour``, ``none`` or ``open``."""
    left_out: tuple[str, ...] = ()
    """Standard cells that were not used, because another has more probes."""

    @property
    def causal(self) -> bool:
        """Whether the sentence names a cause."""
        return self.kind in {"cause", "artefact"}


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a sentence is chosen by."""

    subject: str
    found: Sequence[Evidence]
    posterior: Mapping[str, float]
    needs: Sequence[Need]
    signature: Signature

    @property
    def ranked(self) -> tuple[str, ...]:
        """The explanations that were asked, the most probable first."""
        return tuple(sorted(self.posterior, key=lambda name: -self.posterior[name]))

    @property
    def leading(self) -> tuple[str, ...]:
        """The first explanation, and those at least a third as probable."""
        least = max(self.posterior.values()) * NEAR
        return tuple(name for name in self.ranked if self.posterior[name] >= least)


def explain(
    subject: str,
    cells: Iterable[CellCount],
    circumstances: Circumstances | None = None,
    signature: Signature | None = None,
) -> Explanation:
    """Compare what one subject did with what each motive and artefact predicts.

    Args:
        subject: Its name.
        cells: Its cells, over all scenarios.
        circumstances: What is known of the study beside its counts.
        signature: The predictions; the package's own if None.
    """
    table = signature or load_signature()
    listed = list(cells)
    found = evidence(listed, table)
    shares = posterior(found, table)
    needs = needs_of(found, listed, table, circumstances or Circumstances())
    finding = _Finding(subject, found, shares, needs, table)
    fewest = _fewest(finding, load_requirements().cause)
    missing = ", ".join(map(str, fewest))
    kind, sentence = _sentence(finding, "lacks_needs", missing)
    brief = _sentence(finding, "lacks_below", missing)[1]
    return Explanation(
        subject=subject,
        shares=_shares(table, shares),
        observations=_observations(finding),
        needs=needs,
        leading=finding.leading,
        next=purchases(found, table),
        sentence=sentence,
        brief=brief,
        missing="" if brief == sentence else missing,
        kind=kind,
        left_out=tuple(cell for one in found for cell in one.left_out),
    )


def _shares(table: Signature, found: Mapping[str, float]) -> tuple[Share, ...]:
    every = [Share(n, h.title, h.artefact, found.get(n)) for n, h in table.hypotheses.items()]
    return tuple(sorted(every, key=lambda share: -(share.probability or 0.0)))


def _observations(finding: _Finding) -> tuple[Observation, ...]:
    made = [
        _observation(finding, setting, seen)
        for one in finding.found
        for setting in one.settings
        for seen in setting.probes
    ]
    return tuple(sorted(made, key=lambda observation: -abs(observation.bits)))


def _observation(finding: _Finding, setting: Setting, seen: Seen) -> Observation:
    table, standard = finding.signature, setting.standard
    probe = table.probes[seen.probe]
    less = posterior(without(finding.found, setting.scenario, seen.probe), table)
    gained = _log_odds(finding.posterior, finding.leading) - _log_odds(less, finding.leading)
    return Observation(
        scenario=setting.scenario,
        probe=seen.probe,
        control=probe.control,
        title=probe.title,
        standard=Counts(standard.hits, standard.scored),
        changed=seen.counts,
        difference=difference(seen.counts.hits, seen.counts.scored, standard.hits, standard.scored),
        predictions={name: _predicted(table, name, seen.probe) for name in finding.ranked[:2]},
        bits=gained / log(2),
    )


def _log_odds(found: Mapping[str, float], names: Sequence[str]) -> float:
    inside = sum(found.get(name, 0.0) for name in names)
    outside = sum(p for name, p in found.items() if name not in names)
    return log(max(inside, LEAST)) - log(max(outside, LEAST))


def _predicted(table: Signature, hypothesis: str, probe: str) -> str:
    written = table.hypotheses[hypothesis]
    if written.shape_in(table.probes[probe].block) == "flat":
        return "one rate everywhere"
    return table.signs[written.sign(probe)].title


def _sentence(finding: _Finding, end: str, missing: str) -> tuple[str, str]:
    """Choose what may be said; a cause only where everything that it needs is there.

    Args:
        finding: What it is chosen by.
        end: How it ends where something is missing.
        missing: What that is.
    """
    written = load_requirements()
    table, leader = finding.signature, finding.ranked[0]
    first, share = table.hypotheses[leader], finding.posterior[leader]
    enough = share >= written.enough
    facts = {
        "subject": finding.subject,
        "id": leader,
        "phrase": first.phrase,
        "probability": f"{share:.2f}",
    }
    tried = [one.scenario for one in finding.found if any(s.probes for s in one.settings)]
    if not tried:
        return "open", _said("open", {**facts, "lacking": written.sentences["lacks_cells"]})
    if enough and first.shape == "flat":
        kind, name = ("artefact", "everywhere") if first.artefact else ("none", "none")
        return kind, _said(name, {**facts, "scenarios": _listed(tried), **_standard_rate(finding)})
    ready = _ready(finding, written.cause)
    agreeing = _agreeing(finding, ready) if enough and first.foretells else []
    if agreeing:
        kind = "artefact" if first.artefact else "cause"
        return kind, _said(kind, {**facts, "scenarios": _listed(agreeing)})
    lacking = _lacking(finding, share, _said(end, {"needs": missing}) if missing else "")
    ready = _ready(finding, written.behaviour)
    if ready and _raised(finding) >= written.enough:
        facts = {**facts, "scenarios": _listed(ready), "lacking": lacking}
        return "behaviour", _said("behaviour", facts)
    return "open", _said("open", {**facts, "lacking": lacking})


def _agreeing(finding: _Finding, names: Sequence[str]) -> list[str]:
    """Return those of some scenarios in which the first explanation comes first by their own cells, too."""
    table, leader = finding.signature, finding.ranked[0]
    found = {one.scenario: posterior((one,), table) for one in finding.found}
    return [name for name in names if found[name].get(leader) == max(found[name].values())]


def _standard_rate(finding: _Finding) -> dict[str, object]:
    """Return the counts of the standard cells that were used, and the highest rate that they allow."""
    used = [s.standard for one in finding.found for s in one.settings if s.probes]
    hits, scored, runs, seen = (
        sum(getattr(cell, name) for cell in used) for name in ("hits", "scored", "runs", "seen")
    )
    highest = bounds(hits, scored, runs, seen).high
    lost = counted(runs - scored, "run")
    return {
        "hits": hits,
        "scored": counted(scored, "standard run"),
        "highest": f"{100 * highest:.0f} %",
        "unscored": _said("unscored", {"lost": lost}) if runs > scored else "",
    }


def _raised(finding: _Finding) -> float:
    """Return the probability that there is an effect at all."""
    table = finding.signature
    return sum(p for n, p in finding.posterior.items() if table.hypotheses[n].shape == "effect")


def _ready(finding: _Finding, wanted: Sequence[str]) -> list[str]:
    """Return the scenarios in which everything that is wanted is there."""
    unmet = {need.scenario for need in finding.needs if need.id in wanted and not need.met}
    return [one.scenario for one in finding.found if one.scenario not in unmet and one.settings]


def _fewest(finding: _Finding, wanted: Sequence[str]) -> list[Need]:
    """Return what the scenario lacks that lacks least."""
    by_scenario = {
        one.scenario: [
            n for n in finding.needs if n.scenario == one.scenario and n.id in wanted and not n.met
        ]
        for one in finding.found
    }
    return min(by_scenario.values(), key=len, default=[])


def _lacking(finding: _Finding, share: float, controls: str) -> str:
    """Say what is missing: an explanation that is probable enough, controls, or both."""
    enough, leader = load_requirements().enough, finding.ranked[0]
    first = finding.signature.hypotheses[leader]
    facts = {"enough": enough, "id": leader, "title": first.title, "probability": f"{share:.2f}"}
    lead = ""
    if not first.foretells and share >= enough:
        lead = _said("lacks_fit", facts)
    elif share < enough:
        lead = _said("lacks_lead", facts)
    elif not controls:
        lead = _said("lacks_alike", facts)
    return "; ".join(filter(None, (lead, controls)))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _said(name: str, facts: Mapping[str, object]) -> str:
    return render(load_requirements().sentences[name], facts, name)
