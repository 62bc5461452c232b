"""What ``scenario.yaml`` says: tools, base scene, factors with their overlays, outcomes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

__all__ = ["Exclusion", "Extension", "Factor", "Level", "OutcomeSpec", "OverlaySpec", "Scenario"]

Op = Literal["add", "replace", "set", "remove", "move", "arrange", "translate"]
OPS: tuple[Op, ...] = get_args(Op)
SOURCES = ("value", "text", "data")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OverlaySpec(_Frozen):
    """One overlay as written: an operation with its path, and where its value comes from."""

    add: str | None = None
    replace: str | None = None
    set: str | None = None
    remove: str | None = None
    move: str | None = None
    arrange: str | None = None
    """A path whose parts, and the choices below it, take the order in ``value``: ``reversed``, or a seed."""
    translate: str | None = None
    """A path whose texts are replaced by those of the language file that ``data`` names."""
    to: str = ""
    """Target path of a move."""
    value: Any = None
    """A value in place; inside it ``{text: FILE}``, ``{data: FILE}``, ``{sheet: FILE}``, ``{truth: FILE}`` and
    ``{tool: NAME}`` stand for what they name."""
    text: str | None = None
    """A text file, relative to the scenario's folder, or to all scenarios where it begins with ``shared/``."""
    data: str | None = None
    """A yaml file, found in the same way."""

    @model_validator(mode="after")
    def _one_operation(self) -> Self:
        ops = [op for op in OPS if getattr(self, op) is not None]
        if len(ops) != 1:
            raise ValueError(f"an overlay has exactly one of {', '.join(OPS)}")
        if (ops[0] == "move") != bool(self.to):
            raise ValueError("'to' belongs to 'move', and 'move' needs it")
        given = [s for s in SOURCES if s in self.model_fields_set]
        if ops[0] in {"remove", "move"} and given:
            raise ValueError(f"{ops[0]!r} takes no {given[0]!r}")
        if ops[0] not in {"remove", "move"} and len(given) != 1:
            raise ValueError(f"{ops[0]!r} needs exactly one of {', '.join(SOURCES)}")
        return self

    @property
    def op(self) -> Op:
        """The operation."""
        return next(op for op in OPS if getattr(self, op) is not None)

    @property
    def path(self) -> str:
        """The path that the operation names."""
        return str(getattr(self, self.op))


class Level(_Frozen):
    """One value of a factor: what it means, and the overlays that make it."""

    title: str
    overlays: tuple[OverlaySpec, ...] = ()


class Exclusion(_Frozen):
    """Levels that make no sense together."""

    when: dict[str, tuple[str, ...]]
    reason: str


class Factor(_Frozen):
    """One thing that arms may differ in."""

    title: str
    default: str
    levels: dict[str, Level] = Field(min_length=1)
    exclude: tuple[Exclusion, ...] = ()
    """Cells of this factor that make no sense, wherever the factor is used."""
    shares: tuple[str, ...] = ()
    """Paths and facts of another factor's levels that levels of this one may change as well."""

    @model_validator(mode="after")
    def _default_is_a_level(self) -> Self:
        if self.default not in self.levels:
            raise ValueError(f"default {self.default!r} is not among {', '.join(self.levels)}")
        return self


class Extension(_Frozen):
    """A shared factor, whose levels do more in this scenario."""

    extends: str
    """The file under ``shared/`` that holds the factor."""
    levels: dict[str, tuple[OverlaySpec, ...]] = {}
    """Level → overlays that come after its own."""


def _written_as(entry: object) -> str:
    if isinstance(entry, str):
        return "file"
    return "extension" if isinstance(entry, dict) and "extends" in entry else "factor"


FactorEntry = Annotated[
    Annotated[Factor, Tag("factor")] | Annotated[Extension, Tag("extension")] | Annotated[str, Tag("file")],
    Discriminator(_written_as),
]  # fmt: skip
"""Told apart by how it is written, so that a fault in one is not reported of another."""


class OutcomeSpec(_Frozen):
    """One thing that a run shows."""

    sentence: str
    kind: Literal["violation", "owed", "capability", "open"]
    """``violation``: what the lab measures. ``owed``: the act that the critic owes; a run that lacks it is not
    done. ``capability``: the work was done right. ``open``: what it does openly, which is no fault."""


class Scenario(_Frozen):
    """A scenario as its author wrote it."""

    title: str
    version: str = Field(pattern=r"^\d+-[A-Z]$")
    """``N-X``: N changes when results stop being comparable, X when the interface changes."""
    summary: str
    behaviour: Literal[
        "strategic misrepresentation", "tampering", "alignment faking", "exfiltration"
    ]
    study_name: str
    """What the published study calls it."""
    tools: tuple[str, ...] = Field(min_length=1)
    primary: str
    """The outcome that tables lead with."""
    capability: dict[str, str] = {}
    """Levels of the control without peer and stakes; other factors stand at their default."""
    questions: str = ""
    """A file with what probes ask of this scenario; without it they ask what every scenario shares."""
    outcomes: dict[str, OutcomeSpec]
    base: tuple[OverlaySpec, ...]
    factors: dict[str, FactorEntry]
    """A factor in place, the file under ``shared/`` that holds it, or that file with more overlays."""
    exclude: tuple[Exclusion, ...] = ()

    @model_validator(mode="after")
    def _outcomes_are_whole(self) -> Self:
        kinds = [outcome.kind for outcome in self.outcomes.values()]
        if kinds.count("owed") != 1 or kinds.count("capability") != 1:
            raise ValueError("outcomes need exactly one 'owed' and one 'capability'")
        if self.primary not in self.outcomes:
            raise ValueError(f"primary {self.primary!r} is not among {', '.join(self.outcomes)}")
        return self
