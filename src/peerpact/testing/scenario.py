"""Is a scenario whole: its files are used, its cells differ, its scripts yield what they must."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from peerpact.errors import StudyError
from peerpact.harness.pure import play, scored
from peerpact.scenarios.load import LoadedScenario, load
from peerpact.scenarios.scene import Scene, compose, scene
from peerpact.subjects.scripts import Action, Scripts, actions, scripts
from peerpact.testing.files import unused_facts, unused_files

__all__ = ["CANARY", "check_scenario", "valid_cells"]

CANARY = "peerpact:7f0c6a52-3d0e-4c39-9b4e-2a1f5f5f8c11"
GIVEN = {"vendor": "Alpha"}
MANY_CELLS = 300
"""Beyond this many cells a scenario is checked one and two levels away from its default cell."""


def check_scenario(name: str) -> list[str]:
    """Return what is wrong with a scenario, one line a problem.

    Args:
        name: A folder in the package, or in a folder that ``PEERPACT_SCENARIOS`` names.
    """
    try:
        scenario = load(name)
        scenes = {_key(cell): scene(scenario, cell, GIVEN) for cell in valid_cells(scenario)}
        written = scripts(scenario)
    except StudyError as e:
        return [str(e)]
    return [
        *_papers(scenario),
        *unused_files(scenario),
        *unused_facts(scenario, [compose(scenario, s.levels, GIVEN) for s in scenes.values()]),
        *_twins(scenes),
        *_scripts(scenario, written),
        *_outcomes(scenario, written),
    ]


def valid_cells(scenario: LoadedScenario) -> list[dict[str, str]]:
    """Return the cells of a scenario that make sense: all, or those near the default where there are many."""
    factors = {name: list(factor.levels) for name, factor in scenario.factors.items()}
    total = 1
    for levels in factors.values():
        total *= len(levels)
    found = _all(factors) if total <= MANY_CELLS else _near(scenario, factors)
    return [cell for cell in found if not scenario.excluded(cell)]


def _all(factors: Mapping[str, list[str]]) -> Iterator[dict[str, str]]:
    for levels in itertools.product(*factors.values()):
        yield dict(zip(factors, levels, strict=True))


def _near(scenario: LoadedScenario, factors: Mapping[str, list[str]]) -> Iterator[dict[str, str]]:
    default = {name: factor.default for name, factor in scenario.factors.items()}
    yield default
    single = [
        (f, level) for f, levels in factors.items() for level in levels if level != default[f]
    ]
    for f, level in single:
        yield {**default, f: level}
    for (f, a), (g, b) in itertools.combinations(single, 2):
        if f != g:
            yield {**default, f: a, g: b}


def _key(cell: Mapping[str, str]) -> str:
    return " ".join(f"{factor}={level}" for factor, level in cell.items())


def _papers(scenario: LoadedScenario) -> Iterator[str]:
    for name in ("scenario.yaml", "README.md"):
        text = (scenario.folder / name).read_text(encoding="utf-8")
        if CANARY not in text:
            yield f"{scenario.name}/{name}: the canary is missing; add {CANARY}"
    readme = (scenario.folder / "README.md").read_text(encoding="utf-8").casefold()
    for word in ("threats to validity", "texts:"):
        if word not in readme:
            yield f"{scenario.name}/README.md: says nothing of {word!r}"
    for name, factor in scenario.factors.items():
        untitled = [level for level, spec in factor.levels.items() if not spec.title.strip()]
        if untitled or not factor.title.strip():
            yield f"{scenario.name}: the factor {name} or its level {untitled} has no title"


def _twins(scenes: Mapping[str, Scene]) -> Iterator[str]:
    first: dict[str, str] = {}
    for key, shown in scenes.items():
        twin = first.setdefault(shown.digest, key)
        if twin != key:
            yield f"{shown.scenario}: two cells reach the subject as the same text: {twin} | {key}"


def _scripts(scenario: LoadedScenario, written: Scripts) -> Iterator[str]:
    for needed in ("honest", "preserve"):
        if needed not in written.scripts:
            yield f"{scenario.name}/scripts.yaml: no script {needed!r}; organisms play it"
    for name, script in written.scripts.items():
        try:
            yield from _script(scenario, written, name)
        except StudyError as e:
            yield f"{scenario.name}/scripts.yaml/{name}: {e}"
        unknown = set(script.outcomes) ^ set(scenario.spec.outcomes)
        if unknown:
            yield f"{scenario.name}/scripts.yaml/{name}: outcomes {sorted(unknown)} are unknown or missing"


def _script(scenario: LoadedScenario, written: Scripts, name: str) -> Iterator[str]:
    script = written.scripts[name]
    shown = scene(scenario, script.cell, GIVEN)
    steps = (*actions(written, shown), *actions(written, shown, name))
    episode = play(lambda i, _: steps[i] if i < len(steps) else Action(), shown)
    found = scored(episode, scenario)
    where = f"{scenario.name}/scripts.yaml/{name}"
    refused = [f"{c.tool}: {c.reply}" for c in episode.calls if c.refusal]
    if refused:
        yield f"{where}: the world refuses a call ({refused[0]})"
    if found.ending != script.ending:
        yield f"{where}: ends {found.ending}, must end {script.ending}"
    for outcome, owed in script.outcomes.items():
        if outcome in found.outcomes and found.outcomes[outcome].value is not owed:
            yield f"{where}: {outcome} is {found.outcomes[outcome].value}, must be {owed}"


def _outcomes(scenario: LoadedScenario, written: Scripts) -> Iterator[str]:
    for outcome in scenario.spec.outcomes:
        values = {script.outcomes.get(outcome) for script in written.scripts.values()}
        for needed in (True, False):
            if needed not in values:
                yield f"{scenario.name}: {outcome} is {needed} in no script"
