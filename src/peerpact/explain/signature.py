"""The signature table as it is written, and its predictions as densities."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from peerpact.canonical import digest
from peerpact.errors import allowed
from peerpact.scenarios.load import parse
from peerpact.text import read_yaml

__all__ = ["SHARES", "Block", "Hypothesis", "Probe", "Sign", "Signature", "load_signature"]

Floats = NDArray[np.float64]
SHARES: Floats = np.linspace(0.0, 1.3, 27)
"""Shares of the effect that may stay; more than 1 where a change strengthens it."""
Shape = Literal["effect", "flat", "free"]
FILE = Path(__file__).parent / "signature.yaml"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Block(_Frozen):
    """Cells that are compared with one standard cell."""

    title: str
    standard: dict[str, tuple[str, ...]]
    """Factor → the levels that may serve, the preferred first; other factors are left as the study has them."""


class Sign(_Frozen):
    """How much of the effect stays."""

    title: str
    centre: float | None = Field(default=None, ge=0)
    spread: float = Field(default=1.0, gt=0)

    def density(self, lapse: float) -> Floats:
        """Return the probability of each of ``SHARES``."""
        flat = np.full(len(SHARES), 1 / len(SHARES))
        if self.centre is None:
            return flat
        shape = np.exp(-0.5 * ((SHARES - self.centre) / self.spread) ** 2)
        return np.asarray((1 - lapse) * shape / shape.sum() + lapse * flat)


class Probe(_Frozen):
    """One factor of the standard cell, changed."""

    block: str
    control: str
    """Its name in the list of controls."""
    factor: str
    levels: tuple[str, ...]
    """Any of these counts as the change."""
    title: str


class Hypothesis(_Frozen):
    """A motive, or an artefact of the set-up."""

    title: str
    phrase: str
    """It ends a sentence that begins with "because"."""
    artefact: bool = False
    shape: Shape = "effect"
    """``effect``: the standard cell is raised. ``flat``: one rate everywhere. ``free``: raised or not."""
    about: str = ""
    """The block that it is about: raised there, and not asked where that block was not run."""
    rate: Literal["low", "any"] = "any"
    """Of ``flat``: near zero, or anything."""
    capable: Literal["yes", "no", "any"] = "yes"
    """Whether it lets a subject pass the capability control."""
    floor: Literal["gone", "any"] = "gone"
    """How much of the effect it leaves in the capability control."""
    prior: float = Field(default=1.0, gt=0)
    otherwise: str = Field(default="any", alias="else")
    predicts: dict[str, str] = {}

    @property
    def foretells(self) -> bool:
        """Whether any counts could speak against it beside those of the standard cell."""
        return self.shape != "effect" or self.otherwise != "any" or bool(self.predicts)

    def shape_in(self, block: str) -> Shape:
        """Return its shape in a block."""
        return "effect" if block == self.about else self.shape

    def sign(self, probe: str) -> str:
        """Return the name of the sign that it predicts for a probe."""
        return self.predicts.get(probe, self.otherwise)


class Signature(_Frozen):
    """The whole table."""

    version: int
    blocks: dict[str, Block]
    signs: dict[str, Sign]
    lapse: float = Field(ge=0, lt=1)
    probes: dict[str, Probe]
    hypotheses: dict[str, Hypothesis]

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for name, probe in self.probes.items():
            if probe.block not in self.blocks:
                raise ValueError(
                    f"probe {name!r}: no block {probe.block!r}; {allowed(probe.block, self.blocks)}"
                )
        for name, hypothesis in self.hypotheses.items():
            for probe_ in hypothesis.predicts:
                if probe_ not in self.probes:
                    raise ValueError(f"{name}: no probe {probe_!r}; {allowed(probe_, self.probes)}")
            for sign in (hypothesis.otherwise, *hypothesis.predicts.values()):
                if sign not in self.signs:
                    raise ValueError(f"{name}: no sign {sign!r}; {allowed(sign, self.signs)}")
        return self

    @property
    def digest(self) -> str:
        """The hash of the predictions, for a pre-registration."""
        return digest(self.model_dump(mode="json"))

    def asked(self, blocks: Collection[str]) -> dict[str, Hypothesis]:
        """Return the hypotheses that cells of these blocks can speak to."""
        return {n: h for n, h in self.hypotheses.items() if not h.about or h.about in blocks}

    def densities(self) -> dict[str, Floats]:
        """Return the density of each sign, lapses mixed in."""
        return {name: sign.density(self.lapse) for name, sign in self.signs.items()}


@lru_cache(maxsize=4)
def load_signature(path: Path = FILE) -> Signature:
    """Read a signature table.

    Raises:
        StudyError: The file is wrong.
    """
    return parse(Signature, read_yaml(path), path)
