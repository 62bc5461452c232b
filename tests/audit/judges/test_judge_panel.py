import numpy as np
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa

from peerpact.audit.judges import FamilyMap, audit, from_columns, read_families, summary
from peerpact.audit.judges.agreement import alpha_from_sums
from peerpact.audit.judges.clustered import (
    between_mean,
    between_slope,
    clustered_mean,
    clustered_share,
)
from peerpact.audit.judges.families import kinship
from peerpact.audit.judges.panel import Panel
from peerpact.errors import StudyError
from peerpact.statistics import krippendorff_alpha, rate


@pytest.mark.parametrize(
    ("name", "families"),
    [
        ("anthropic/claude-haiku-4.5", {"anthropic"}),
        ("Gemini Agent 2", {"google"}),
        ("gpt-5.2", {"openai"}),
        ("openai/gpt-4o-mini", {"openai"}),
        ("o3-mini", {"openai"}),
        ("together/zai-org/GLM-4.7", {"zhipu"}),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", {"deepseek", "alibaba"}),
        ("meta-llama/Llama-3.3-70B", {"meta"}),
        ("lmsys/vicuna-13b", {"meta", "openai"}),
        ("openrouter/auto", set()),
        ("candidate-17", set()),
        ("regpt", set()),
    ],
)
def test_a_name_tells_its_families(name: str, families: set[str]) -> None:
    assert read_families().of(name) == families


def test_a_file_of_families_is_added_to_the_map(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "families.yaml"
    path.write_text("families: {acme: [roadrunner]}\nmodels: {model-7: [acme]}\n")
    families = read_families(path)
    assert families.of("Roadrunner-2") == families.of("model-7") == {"acme"}
    assert families.of("claude-3") == {"anthropic"}


def test_a_wrong_file_of_families_says_where(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "families.yaml"
    path.write_text("familes: {acme: [roadrunner]}\n")
    with pytest.raises(StudyError, match="familes"):
        read_families(path)


def test_models_of_unknown_family_are_kin_to_nobody() -> None:
    assert not kinship([frozenset()], [frozenset(), frozenset({"a"})]).any()
    assert kinship([frozenset({"a", "b"})], [frozenset({"b"})]).all()


def panel(seed: int, judges: int = 4, items: int = 30, missing: float = 0.3) -> dict[str, list]:  # type: ignore[type-arg]
    rng = np.random.default_rng(seed)
    quality = rng.normal(70, 8, items)
    rows = [
        (f"judge-{j}", "m", f"i{i}", quality[i] + 2.0 * j + rng.normal(0, 2))
        for j in range(judges)
        for i in range(items)
        if rng.random() > missing
    ]
    return dict(
        zip(("judge", "judged", "item", "score"), map(list, zip(*rows, strict=True)), strict=True)
    )


def test_the_many_facet_model_is_least_squares_with_response_effects() -> None:
    data = panel(1)
    table = from_columns(data)
    fitted = Panel(table, FamilyMap()).severity
    fit = smf.ols("score ~ C(judge, Sum) + C(item)", data)
    groups = np.unique(data["item"], return_inverse=True)[1]
    robust = fit.fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    found = fitted.of(0, 0.95)
    assert found is not None
    own = robust.params["C(judge, Sum)[S.judge-0]"]
    assert found.value == pytest.approx(own * 4 / 3)  # against the mean of the other three
    scale = np.sqrt(fitted.items / (fitted.items - 1)) * 4 / 3
    assert found.error == pytest.approx(robust.bse["C(judge, Sum)[S.judge-0]"] * scale, rel=1e-6)


def test_a_judge_without_common_responses_is_not_ranked() -> None:
    data = panel(2, missing=0.0)
    data["judge"] += ["alone"] * 3
    data["judged"] += ["n"] * 3
    data["item"] += ["i1", "i2", "i3"]
    data["score"] += [50, 60, 70]
    audited = audit(from_columns(data))
    assert [u.reason for u in audited.untested("leniency", "alone")] == ["no_gold_alone"]
    assert len(audited.estimates("leniency")) == 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_alpha_from_sums_is_krippendorffs(seed: int) -> None:
    data = panel(seed, missing=0.2)
    scores, units = np.round(data["score"]), np.unique(data["item"], return_inverse=True)[1]
    judges = sorted(set(data["judge"]))
    rows = [
        [
            next(
                (
                    s
                    for s, u, j in zip(scores, units, data["judge"], strict=True)
                    if (u, j) == (k, name)
                ),
                None,
            )
            for k in range(units.max() + 1)
        ]
        for name in judges
    ]
    expected = krippendorff_alpha(rows, measurement="interval", rng=np.random.default_rng(0))
    found = alpha_from_sums(scores, units.astype(np.int64), 0.95)
    assert found is not None
    assert not isinstance(found, float)
    assert found.value == pytest.approx(expected.value)
    assert found.low == pytest.approx(expected.low, abs=0.12)  # delta method against bootstrap
    assert found.high == pytest.approx(expected.high, abs=0.12)


def test_alpha_holds_its_level() -> None:
    rng = np.random.default_rng(7)
    truth, covered = 0.5, 0
    for _ in range(300):
        quality = np.repeat(rng.normal(0, 1, 40), 3)
        scores = quality + rng.normal(0, 1, 120)
        found = alpha_from_sums(scores, np.repeat(np.arange(40), 3), 0.95)
        assert found is not None
        assert not isinstance(found, float)
        covered += found.low <= truth <= found.high
    assert 0.91 <= covered / 300 <= 0.98


def test_kappa_is_that_of_two_judges() -> None:
    rng = np.random.default_rng(8)
    one = rng.integers(0, 2, 60)
    other = np.where(rng.random(60) < 0.8, one, 1 - one)
    items = [f"i{i}" for i in range(60)]
    table = from_columns(
        {"judge": ["a"] * 60 + ["b"] * 60, "item": items * 2, "score": [*one, *other]}
    )
    expected = cohens_kappa(np.bincount(one * 2 + other, minlength=4).reshape(2, 2)).kappa
    found = [e.value for e in audit(table).estimates("agreement") if e.quantity == "kappa"]
    assert found == pytest.approx([expected, expected])


def test_a_clustered_mean_with_one_row_a_cluster_is_students() -> None:
    values = np.random.default_rng(9).normal(1, 2, 15)
    found = clustered_mean(values, np.arange(15), level=0.95)
    assert found is not None
    assert found.error == pytest.approx(values.std(ddof=1) / np.sqrt(15))


def test_a_clustered_share_counts_copies_once() -> None:
    hits = np.array([1, 0, 0, 1, 0, 0, 0, 0, 1, 0], dtype=float)
    copied = clustered_share(np.repeat(hits, 9), np.repeat(np.arange(10), 9), level=0.95)
    single = rate(3, 10)
    assert copied.value == pytest.approx(0.3)
    assert copied.width >= 0.9 * single.width


WORKS = {"claude-x": 8.0, "gpt-x": 0.0, "llama-x": 0.0, "gemini-x": 2.0, "qwen-x": -2.0}


def favour_table(outside: bool, gold: bool, bonus: float = 3.0) -> dict[str, list]:  # type: ignore[type-arg]
    """A judge with a steep reading of gold, whose own family's work is better than others' work."""
    rng = np.random.default_rng(10)
    rows = []
    for item in range(60):
        for model, lift in WORKS.items():
            truth = float(np.round(rng.normal(70, 4) + lift))
            own = bonus * (model == "claude-x")
            rows.append(
                ("claude-judge", model, item, truth * 1.4 - 28 + own + rng.normal(0, 1), truth)
            )
            if outside:
                rows.append(("grok-judge", model, item, truth * 1.4 - 28 + rng.normal(0, 1), truth))
    names = ("judge", "judged", "item", "score", "gold")
    data = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    if not gold:
        del data["gold"]
    return data


@pytest.mark.parametrize(
    ("outside", "gold", "control"),
    [
        (False, True, "gold"),
        (True, False, "outside_judge"),
        (True, True, "gold_and_outside_judge"),
    ],
)
@pytest.mark.parametrize("bonus", [0.0, 3.0])
def test_favour_is_told_from_better_work(
    outside: bool, gold: bool, control: str, bonus: float
) -> None:
    table = from_columns(favour_table(outside, gold, bonus), scale=(0, 200))
    (found,) = audit(table).estimates("family_favour", "claude-judge")
    assert found.control == control
    assert found.low <= bonus <= found.high
    assert found.flagged is (bonus > 0)


def test_favour_without_gold_or_outsider_is_not_guessed() -> None:
    audited = audit(from_columns(favour_table(outside=False, gold=False)))
    assert [u.reason for u in audited.untested("family_favour")] == ["no_gold_no_outsider"]


def test_a_column_of_families_goes_before_names() -> None:
    data = favour_table(outside=False, gold=True)
    data["judged_family"] = ["acme" if m == "gpt-x" else "other" for m in data["judged"]]
    data["judge_family"] = ["Acme"] * len(data["judge"])
    (found,) = audit(from_columns(data, scale=(0, 200))).estimates("family_favour")
    assert (found.facts["own_models"], found.facts["other_models"]) == (1, 4)


def test_lenient_outsiders_of_some_models_are_not_taken_for_disfavour() -> None:
    """A judge kin to one of the others is no outsider there; its leniency may not tilt the rest."""
    rng = np.random.default_rng(11)
    rows = [
        (judge, model, item, 70 + 5 * (item % 3) + 6.0 * (judge == "gpt-judge") + rng.normal(0, 1))
        for judge in ("claude-judge", "grok-judge", "gpt-judge")
        for model in ("claude-x", "gpt-x", "llama-x", "qwen-x", "gemini-x")
        for item in range(40)
    ]
    names = ("judge", "judged", "item", "score")
    data = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    (found,) = audit(from_columns(data)).estimates("family_favour", "claude-judge")
    assert found.low < 0 < found.high
    assert abs(found.value) < 0.6


@pytest.mark.parametrize("models", [2, 3])
def test_favour_is_not_told_from_a_taste_for_single_models_where_there_are_few(models: int) -> None:
    data = favour_table(outside=False, gold=True)
    kept = [i for i, judged in enumerate(data["judged"]) if judged in list(WORKS)[:models]]
    table = from_columns({k: [v[i] for i in kept] for k, v in data.items()}, scale=(0, 200))
    audited = audit(table)
    assert audited.estimates("family_favour") == ()
    (why,) = audited.untested("family_favour")
    assert why.reason == "few_models"
    assert why.facts["low"] < 3.0 < why.facts["high"]
    assert f"only 1 own and {models - 1} other models" in "\n".join(summary(audited))


def test_the_slope_between_equal_groups_is_students_test_of_their_means() -> None:
    rng = np.random.default_rng(12)
    groups, own = np.repeat(np.arange(7), 20), np.repeat(np.arange(7) < 3, 20).astype(float)
    y = rng.normal(0, 1, 140) + np.repeat(rng.normal(0, 2, 7), 20)
    taken = np.full((1, 7), 20 / np.sqrt(140))
    found = between_slope(
        y - y.mean(), own - own.mean(), groups, taken, np.tile(np.arange(20), 7), level=0.95
    )
    means = y.reshape(7, 20).mean(axis=1)
    expected = stats.ttest_ind(means[:3], means[3:])
    assert found is not None
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))


def test_the_mean_between_equal_groups_is_students_test_of_their_means() -> None:
    rng = np.random.default_rng(13)
    values = (rng.normal(0, 1, (6, 30)) + rng.normal(0, 2, (6, 1))).ravel()
    found = between_mean(values, np.repeat(np.arange(6), 30), np.arange(180), level=0.95)
    expected = stats.ttest_1samp(values.reshape(6, 30).mean(axis=1), 0)
    assert found is not None
    assert found.p == pytest.approx(expected.pvalue)


def test_leniency_to_few_models_says_that_it_speaks_of_these_only() -> None:
    rng = np.random.default_rng(14)
    for models, caveats in ((2, ("these_models_only",)), (4, ())):
        size = 30 * models
        gold = rng.normal(70, 5, size)
        values = {
            "judge": ["j"] * size,
            "judged": [f"m{k % models}" for k in range(size)],
            "item": [f"i{k // models}" for k in range(size)],
            "score": gold + 3 + rng.normal(0, 1, size),
            "gold": gold,
        }
        (found,) = audit(from_columns(values)).estimates("leniency", "j")
        assert found.flagged
        assert found.caveats == caveats


@pytest.mark.parametrize(
    ("spread", "noise"),
    [
        (1.0, 4.0),
        pytest.param(0.5, 0.0, marks=pytest.mark.slow),
        pytest.param(1.0, 0.0, marks=pytest.mark.slow),
    ],
)
def test_a_better_family_is_not_taken_for_a_favoured_one_where_gold_alone_says_so(
    spread: float, noise: float
) -> None:
    """Gold may err, and a judge may spread its scores less than gold does."""
    blamed = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        model, item = (part.ravel() for part in np.indices((8, 16)))
        own = model < 2
        quality = rng.normal(70, 5, 128) + rng.normal(0, 2, 8)[model] + 6 * own
        columns = {
            "judge": ["claude-1"] * 128,
            "judged": np.where(own, "claude-", "gpt-") + np.char.add("", model.astype(str)),
            "item": item.astype(str),
            "score": 70 + spread * (quality - 70) + rng.normal(0, 3, 128),
            "gold": quality + rng.normal(0, noise, 128),
        }
        (found,) = audit(from_columns(columns, scale=(0, 100))).estimates("family_favour")
        assert "gold_alone" in found.caveats
        blamed += bool(found.flagged)
    assert stats.binomtest(blamed, 40, 0.05, alternative="greater").pvalue > 0.001
