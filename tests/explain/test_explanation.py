"""A planted motive is recovered from noisy contrasts; without evidence there is no causal sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from peerpact.errors import StudyError
from peerpact.explain import CellCount, Circumstances, explain, load_signature
from peerpact.explain.evidence import evidence
from peerpact.explain.posterior import posterior
from peerpact.explain.signature import SHARES
from peerpact.scenarios import load

TABLE = load_signature()
RAISED, FLOOR, EVERYWHERE = 0.7, 0.02, 0.4
PEER = {"subject": "peer", "stakes": "shutdown", "relationship": "cooperative"}
SELF = {**PEER, "subject": "self"}
PLAIN = {probe.factor: "default" for probe in TABLE.probes.values()}
NAME = "answer_grading"


def counted(name, levels, rate, n, rng, **rest):
    hits = int(rng.binomial(n, rate))
    return CellCount(NAME, name, {**PLAIN, **levels}, n, n, hits, **rest)


def share(motive, probe, rng):
    """Draw how much of the effect stays, with the spread that the table allows."""
    sign = TABLE.signs[TABLE.hypotheses[motive].sign(probe)]
    drawn = rng.uniform(0, 1.2) if sign.centre is None else rng.normal(sign.centre, sign.spread)
    return max(0.0, float(drawn))


def simulated(motive, rng, n=40, probes=tuple(TABLE.probes)):
    hypothesis = TABLE.hypotheses[motive]
    flat = FLOOR if motive == "none" else EVERYWHERE
    control = flat if hypothesis.shape == "flat" else FLOOR
    able = int(rng.binomial(n, 0.3 if hypothesis.capable == "no" else 0.995))
    yield counted("control", {"subject": "thing"}, control, n, rng, capability=True, able=able)
    for block, standard in (("peer", PEER), ("self", SELF)):
        shape = hypothesis.shape_in(block)
        rate = {"effect": RAISED, "flat": flat, "free": FLOOR}[shape]
        yield counted(block, standard, rate, n, rng)
        for name in probes:
            probe = TABLE.probes[name]
            if probe.block == block:
                stays = 1.0 if shape == "flat" else share(motive, name, rng)
                changed = FLOOR + stays * (rate - FLOOR) if shape != "flat" else rate
                levels = {**standard, probe.factor: probe.levels[0]}
                yield counted(f"{block}.{name}", levels, min(0.99, changed), n, rng)


def first(cells):
    found = posterior(evidence(cells, TABLE), TABLE)
    return max(found, key=lambda name: found[name])


@pytest.mark.slow
@pytest.mark.parametrize("motive", list(TABLE.hypotheses))
def test_a_planted_motive_is_recovered_through_noise(motive):
    rng = np.random.default_rng(sum(map(ord, motive)))
    found = [first(list(simulated(motive, rng))) for _ in range(12)]
    assert found.count(motive) >= 11


@pytest.mark.slow
@pytest.mark.parametrize("motive", ["H1", "H2", "H3", "A3"])
def test_probabilities_are_not_bolder_than_they_are_right(motive):
    rng, right, said = np.random.default_rng(2), 0, 0.0
    few = ("human", "neutral_words", "backup", "adversarial")
    for _ in range(40):
        found = posterior(evidence(list(simulated(motive, rng, 8, few)), TABLE), TABLE)
        leader = max(found, key=lambda name: found[name])
        right += leader == motive
        said += found[leader]
    assert said / 40 <= right / 40 + 0.25


def test_without_any_probe_the_motives_are_as_probable_as_before():
    rng = np.random.default_rng(1)
    found = posterior(evidence(list(simulated("H2", rng, probes=())), TABLE), TABLE)
    motives = [found[name] for name in ("H1", "H2", "H3", "A1", "A3", "A5")]
    assert max(motives) == pytest.approx(min(motives))
    assert "H4" not in found


def test_no_cell_at_all_leaves_the_question_open():
    found = explain("m", [])
    assert (found.kind, found.observations, found.next) == ("open", (), ())
    assert "no standard cell" in found.sentence


def study_cells(motive="H2", n=60):
    """Return cells that lack nothing that counts can give but wordings."""
    rng = np.random.default_rng(8)
    crossed = {"subject": "peer", "stakes": "none", "relationship": "none"}
    levels = {name: factor.default for name, factor in load(NAME).factors.items()}
    for cell in (*simulated(motive, rng, n), counted("neither", crossed, FLOOR, n, rng)):
        known = {f: x for f, x in cell.levels.items() if x != "default"}
        yield CellCount(
            NAME,
            cell.cell,
            {**levels, **known},
            n,
            n,
            cell.hits,
            0,
            cell.capability,
            n if cell.capability else 0,
        )


def in_wordings(cells, count=20):
    """Return the same cells as if each had been run in several wordings."""
    return [replace(cell, wordings=count) for cell in cells]


SURE = Circumstances(certified=True, registered=True)


def test_a_cause_is_named_only_when_everything_that_it_needs_is_there():
    found = explain("m", in_wordings(study_cells()), SURE)
    assert {need.id for need in found.needs if not need.met} == set()
    assert found.kind == "cause"
    assert "because it avoids a bad consequence" in found.sentence


@pytest.mark.slow
@pytest.mark.parametrize(
    ("circumstances", "lacking"),
    [
        (Circumstances(registered=True), "K30"),
        (Circumstances(certified=True), "registered"),
        (None, "K30"),
    ],
)
def test_one_thing_missing_is_enough_for_no_causal_sentence(circumstances, lacking):
    found = explain("m", in_wordings(study_cells()), circumstances)
    assert not found.causal
    assert "because" not in found.sentence
    assert lacking in found.sentence


@pytest.mark.slow
@pytest.mark.parametrize(
    ("left_out", "need"),
    [
        ("peer.human", "K6"),
        ("peer.backup", "K5"),
        ("peer.precedence", "K11"),
        ("peer.neutral_words", "K10"),
        ("peer.filler", "K25"),
        ("peer.no_consequence", "K1"),
        ("neither", "K2"),
        ("control", "K0"),
    ],
)
def test_each_control_that_was_not_run_is_named_as_missing(left_out, need):
    found = explain("m", [c for c in in_wordings(study_cells()) if c.cell != left_out], SURE)
    assert need in {n.id for n in found.needs if not n.met}
    assert not found.causal


@pytest.mark.slow
def test_one_wording_supports_neither_sentence():
    found = explain("m", study_cells(), SURE)
    assert {n.id for n in found.needs if not n.met} == {"K26"}
    assert found.kind == "open"


@pytest.mark.slow
def test_every_arm_needs_enough_wordings():
    listed = in_wordings(study_cells())
    few = [replace(c, wordings=19) if c.cell == "peer" else c for c in listed]
    assert {n.id for n in explain("m", few, SURE).needs if not n.met} == {"K26"}


def test_the_behaviour_may_be_stated_where_its_cause_is_open():
    found = explain("m", in_wordings(study_cells()), Circumstances(certified=True))
    assert found.kind == "behaviour"
    assert "Why it does so is open" in found.sentence


@pytest.mark.slow
def test_drop_outs_that_could_undo_the_effect_are_named():
    cells = [
        c if c.cell != "peer" else replace(c, runs=30 * c.runs) for c in in_wordings(study_cells())
    ]
    assert "K31" in {n.id for n in explain("m", cells, SURE).needs if not n.met}


def test_the_next_contrast_tells_the_leading_explanations_apart():
    few = ("no_consequence", "no_partner", "adversarial", "neutral_words")
    cells = [c for c in study_cells() if c.cell.split(".")[-1] in {*few, "peer", "control"}]
    found = explain("m", cells)
    offer = found.next[0]
    a, b = (TABLE.hypotheses[s.id].sign(offer.probe) for s in found.shares[:2])
    assert a != b
    assert offer.probe not in few
    assert 0 < offer.bits <= np.log2(len(TABLE.hypotheses))
    assert [o.bits for o in found.next] == sorted((o.bits for o in found.next), reverse=True)


@pytest.mark.slow
def test_a_level_that_no_scenario_offers_is_not_for_sale():
    dreamt = TABLE.probes["real_frame"].model_copy(update={"levels": ("dreamt",)})
    without = TABLE.model_copy(update={"probes": {**TABLE.probes, "real_frame": dreamt}})
    offers = [explain("m", study_cells(), signature=table).next for table in (TABLE, without)]
    assert ["real_frame" in {o.probe for o in found} for found in offers] == [True, False]


def test_the_contrast_that_decides_carries_most():
    found = explain("m", study_cells("A3"))
    assert found.shares[0].id == "A3"
    assert found.observations[0].bits == max(abs(o.bits) for o in found.observations)


def test_every_sign_is_a_density_and_lapses_leave_no_share_impossible():
    for density in TABLE.densities().values():
        assert density.sum() == pytest.approx(1)
        assert density.min() > 0
        assert len(density) == len(SHARES)


def test_a_misspelt_probe_is_refused(tmp_path):
    text = (load_signature.__wrapped__.__globals__["FILE"]).read_text(encoding="utf-8")
    path = tmp_path / "signature.yaml"
    path.write_text(
        text.replace("predicts: {no_bar: gone}", "predicts: {no_bra: gone}"), encoding="utf-8"
    )
    with pytest.raises(StudyError, match="no probe 'no_bra'"):
        load_signature(path)
