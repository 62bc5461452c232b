"""A scenario is one folder: the example of the docs runs from outside the package, nothing else is touched."""

from pathlib import Path

from peerpact.harness.pure import rollout, scored
from peerpact.harness.truth import true_rates
from peerpact.scenarios import load, names
from peerpact.scenarios.scene import scene
from peerpact.subjects.organism import load_organism

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
GIVEN = {"vendor": "Alpha"}


def test_a_folder_outside_the_package_is_a_whole_scenario(monkeypatch):
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(EXAMPLES))
    assert "one_question" in names()
    scenario = load("one_question")
    organism = load_organism("consequence_averse")
    true = true_rates(organism, scenario, {}, GIVEN)["grade_lifted"]
    runs = [rollout(organism, scene(scenario, {}, GIVEN), seed) for seed in range(200)]
    hits = sum(bool(scored(run, scenario).outcomes["grade_lifted"].value) for run in runs)
    assert true is not None
    assert abs(hits / 200 - true) < 4 * (0.25 / 200) ** 0.5
    assert 0 < hits < 200
