"""A subject: the model under test, the exact route to it, and what an answer of it is shaped by."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from peerpact.canonical import digest
from peerpact.design.study import Study
from peerpact.errors import StudyError, allowed
from peerpact.text import read_yaml

__all__ = [
    "Subject",
    "missing",
    "organism_names",
    "price",
    "resolve",
    "subject_names",
    "subject_of",
]

CATALOGUE = Path(__file__).parent / "catalogue"
ORGANISMS = "peerpact-organism"
SERVICE = "openai-api"


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One model under test."""

    name: str
    route: str
    """``provider/model`` as Inspect writes it."""
    vendor: str
    """The word that the scenario names the subject's agents with."""
    title: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Sampling and all else that shapes an answer; enters the identity of a run."""
    reasoning: tuple[str, ...] = ()
    """The settings that bound its reasoning; none where it does not reason, or nobody has said how."""

    def refuses(self, generation: Mapping[str, Any]) -> str:
        """Return why a cell that asks for these settings is none for the subject; empty where it takes them."""
        unknown = [name for name in generation if name not in self.reasoning]
        return f"{self.name} takes no {', '.join(unknown)}" if unknown else ""

    @property
    def provider(self) -> str:
        """The first part of the route."""
        return self.route.split("/", 1)[0]

    def capped(self, turns: int) -> Subject:
        """Return the same subject, broken off after so many turns."""
        return replace(self, settings={**self.settings, "turns": turns})

    @property
    def organism(self) -> bool:
        """Whether the subject is a scripted policy with a known rate."""
        return self.provider == ORGANISMS


@lru_cache(maxsize=1)
def _catalogue() -> Mapping[str, Any]:
    return read_yaml(CATALOGUE / "models.yaml")  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _prices() -> Mapping[str, Any]:
    return read_yaml(CATALOGUE / "prices.yaml")  # type: ignore[no-any-return]


def organism_names() -> list[str]:
    """Return the names of all organisms."""
    return sorted(path.stem for path in (CATALOGUE / "organisms").glob("*.yaml"))


def subject_names() -> list[str]:
    """Return every name that the catalogue resolves."""
    return [*_catalogue()["models"], *organism_names()]


def resolve(name: str, settings: Mapping[str, Any] | None = None) -> Subject:
    """Return the subject that a name or a ``provider/model`` route means.

    Args:
        name: A name of the catalogue, an organism, or any route that Inspect can reach.
        settings: Sampling to use.

    Raises:
        StudyError: The name is unknown.
    """
    given = dict(settings or {})
    entry = _catalogue()["models"].get(name)
    if entry is not None:
        settings = {**entry.get("settings", {}), **given}
        how = _reasoning(entry["route"])
        return Subject(name, entry["route"], entry["vendor"], entry["title"], settings, how)
    if name in organism_names():
        return _organism(name, given)
    provider, _, model = name.partition("/")
    if provider == ORGANISMS and model in organism_names():
        return _organism(model, given)
    _check_route(name, provider, model)
    return Subject(name, name, _vendor(model), name, given, _reasoning(name))


def _check_route(name: str, provider: str, model: str) -> None:
    providers = (*_catalogue()["providers"], SERVICE)
    if provider == ORGANISMS:
        hint = allowed(model, organism_names())
        raise StudyError("unknown organism", found=name, hint=hint)
    if provider == SERVICE and len([part for part in model.split("/") if part]) < 2:
        hint = f"write {SERVICE}/SERVICE/MODEL, with SERVICE_API_KEY and SERVICE_BASE_URL in the environment"
        raise StudyError("this route names no service or no model", found=name, hint=hint)
    if not model or provider not in providers:
        several = [one.strip() for one in name.split(",")]
        if len(several) > 1 and all(several):
            hint = f"give each by itself: {' '.join(f'--model {one}' for one in several)}"
            raise StudyError("this is not the name of one model", found=name, hint=hint)
        hint = f"{allowed(name, subject_names())}; or provider/model with one of: {', '.join(providers)}"
        raise StudyError("unknown model", found=name, hint=hint)


def subject_of(study: Study, name: str, settings: Mapping[str, Any] | None = None) -> Subject:
    """Return a subject as a study names it: by itself, or as one route to a model.

    Raises:
        StudyError: The name, the model or the route is unknown.
    """
    entry = next((e for e in study.subjects if e.name == name), None)
    try:
        if entry is None or not entry.model:
            return resolve(name, settings)
        model, route = resolve(entry.model, settings), resolve(entry.route).route
    except StudyError as e:
        where = study.at(f"subjects/{name}") if entry else e.where
        raise StudyError(e.what, where=where, found=e.found, hint=e.hint) from e
    title = f"{model.title} by {route}"
    return replace(model, name=name, route=route, title=title, reasoning=_reasoning(route))


def _reasoning(route: str) -> tuple[str, ...]:
    provider = _catalogue()["providers"].get(route.split("/", 1)[0], {})
    return tuple(provider.get("reasoning", ()))


def _organism(name: str, settings: dict[str, Any]) -> Subject:
    policy = digest(read_yaml(CATALOGUE / "organisms" / f"{name}.yaml"))
    default = _catalogue()["default_vendor"]
    return Subject(name, f"{ORGANISMS}/{name}", default, name, {**settings, "policy": policy})


def _vendor(model: str) -> str:
    folded = model.casefold()
    for rule in _catalogue()["vendors"]:
        if rule["contains"] in folded:
            return str(rule["vendor"])
    return str(_catalogue()["default_vendor"])


def missing(subject: Subject, environment: Mapping[str, str]) -> str:
    """Return what the route to a subject lacks, and what to do; empty where nothing is missing."""
    if subject.provider == SERVICE:
        return _missing_service(subject, environment)
    needs = _catalogue()["providers"][subject.provider]
    variables = needs["variables"]
    if variables and not any(environment.get(v) for v in variables):
        wanted = " or ".join(variables)
        return (
            f"{subject.name}: the environment variable {wanted} is not set; export it and try again"
        )
    package = needs.get("package")
    return _missing_package(subject, package, needs.get("install", package)) if package else ""


def _missing_package(subject: Subject, package: str, name: str) -> str:
    if _installed(package):
        return ""
    return f"{subject.name}: the Python package {name} is missing; pip install {name}"


def _missing_service(subject: Subject, environment: Mapping[str, str]) -> str:
    service = subject.route.split("/")[1].upper().replace("-", "_")
    for variable in (f"{service}_API_KEY", f"{service}_BASE_URL"):
        if not environment.get(variable):
            return f"{subject.name}: the environment variable {variable} is not set; export it and try again"
    return _missing_package(subject, "openai", "openai")


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def price(subject: Subject) -> tuple[float, float] | None:
    """Return the price of a subject in US dollars per million tokens (input, output); None is unknown."""
    prices = _prices()["prices"]
    found = prices.get(subject.route, prices.get(subject.provider))
    return None if found is None else (float(found[0]), float(found[1]))
