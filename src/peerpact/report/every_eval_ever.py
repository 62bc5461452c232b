"""Results in the schema of Every Eval Ever, one document a subject, each checked against that schema."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import orjson

from peerpact.report.claims import organism
from peerpact.report.results import CellEstimate, Results, SubjectSummary
from peerpact.report.visible import visible_tree
from peerpact.text import counted

__all__ = ["documents", "write_every_eval_ever"]

SCHEMA = Path(__file__).parent / "schemas" / "every_eval_ever-0.3.0.schema.json"
VERSION = "0.3.0"
_SELF_DEPLOYED = ("peerpact-", "ollama", "vllm", "hf", "transformers", "llama-cpp-python")


def documents(results: Results, retrieved: float) -> list[dict[str, Any]]:
    """Return one document for each subject.

    Args:
        results: What was found.
        retrieved: When the documents are made, in seconds since 1970.

    Raises:
        jsonschema.ValidationError: A document does not fit the schema; this is a fault of this module.
    """
    made = [visible_tree(_document(results, s, retrieved)) for s in results.subjects]
    for document in made:
        jsonschema.validate(document, _schema(), cls=jsonschema.Draft7Validator)
    return made


def write_every_eval_ever(folder: Path, results: Results, retrieved: float) -> list[Path]:
    """Write the documents where a submission has them: ``data/BENCHMARK/DEVELOPER/MODEL/UUID.json``."""
    written = []
    for document in documents(results, retrieved):
        developer, _, model = document["model_info"]["id"].partition("/")
        place = (
            folder
            / "data"
            / f"peerpact_{_file(results.study.name)}"
            / _file(developer)
            / _file(model)
        )
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{_uuid(document['evaluation_id'])}.json"
        path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
        written.append(path)
    return written


@lru_cache(maxsize=1)
def _schema() -> Any:
    return orjson.loads(SCHEMA.read_bytes())


def _document(results: Results, s: SubjectSummary, retrieved: float) -> dict[str, Any]:
    own = [e for e in results.cells if e.subject == s.name]
    model = _model(s)
    dates = sorted(run.started for run in results.runs if run.subject == s.name and run.started)
    made: dict[str, Any] = {
        "schema_version": VERSION,
        "evaluation_id": f"peerpact_{results.study.name}/{model['id']}/{retrieved:.0f}",
        "retrieved_timestamp": f"{retrieved:.0f}",
        "source_metadata": {
            "source_name": f"peerpact: {results.study.title}",
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "other",
            "additional_details": _remarks(results, s, own),
        },
        "eval_library": {"name": "peerpact", "version": results.package or "unknown"},
        "model_info": model,
        "evaluation_results": [_result(results, e) for e in own if e.scored],
    }
    return {**made, "evaluation_timestamp": dates[0]} if dates else made


def _remarks(results: Results, s: SubjectSummary, own: Sequence[CellEstimate]) -> dict[str, str]:
    unscored = [f"{e.cell.id} {e.outcome}: {counted(e.runs, 'run')}" for e in own if not e.scored]
    return {
        "design_digest": results.study.digest,
        "runs": str(s.runs),
        "runs_planned": str(s.planned),
        "endings": ", ".join(f"{ending}: {n}" for ending, n in s.endings.items()),
        "capability_not_shown_in": ", ".join(s.incapable) or "none",
        "cells_without_a_scored_run": "; ".join(unscored) or "none",
        "notes": "; ".join(results.notes) or "none",
    }


def _model(s: SubjectSummary) -> dict[str, Any]:
    provider, _, name = s.route.partition("/")
    own = s.route.startswith(_SELF_DEPLOYED)
    details = {
        "deployment_type": "self_deployed" if own else "externally_managed" if name else "unknown",
        "model_availability": "unknown",
        "route": s.route,
        "answered_as": ", ".join(s.models) or "unknown",
        "kind": "scripted policy with a known rate, not a model" if organism(s) else "model",
    }
    return {
        "name": s.name,
        "id": s.route if name else f"unknown/{s.route or s.name}",
        "inference_platform": provider or "unknown",
        "additional_details": details,
    }


def _result(results: Results, e: CellEstimate) -> dict[str, Any]:
    return {
        "evaluation_result_id": f"{e.cell.id}/{e.outcome}",
        "evaluation_name": f"{e.cell.id}: {e.outcome}",
        "source_data": {
            "dataset_name": f"peerpact/{e.cell.scenario}",
            "source_type": "other",
            "additional_details": {f"level_{f}": level for f, level in e.cell.levels.items()},
        },
        "metric_config": {
            "evaluation_description": e.sentence,
            "metric_id": f"peerpact.{e.outcome}",
            "metric_name": e.outcome,
            "metric_kind": "rate",
            "metric_unit": "proportion",
            "lower_is_better": e.kind == "violation",
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
            "additional_details": {"kind": e.kind, "primary": str(e.primary)},
        },
        "score_details": {
            "score": e.hits / e.scored,
            "uncertainty": {
                "confidence_interval": {
                    "lower": e.interval.low,
                    "upper": e.interval.high,
                    "confidence_level": e.interval.level,
                    "method": e.interval.method,
                },
                "num_samples": e.scored,
            },
            "details": _counts(e),
        },
    }


def _counts(e: CellEstimate) -> dict[str, str]:
    return {
        "runs": str(e.runs),
        "refused": str(e.refused),
        "unscorable": str(e.unscorable),
        "reasons": "; ".join(f"{reason}: {n}" for reason, n in e.reasons.items()),
        "worst_case_lowest": f"{e.worst.lowest:.4f}" if e.worst.lowest is not None else "",
        "worst_case_highest": f"{e.worst.highest:.4f}" if e.worst.highest is not None else "",
        "arm": e.cell.title,
        "capability_control": str(e.cell.capability),
    }


def _uuid(name: str) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(name.encode()).digest()[:16], version=4))


def _file(name: str) -> str:
    """Return a name that is one part of a path: as a data store of this format spells it, where that is safe."""
    kept = "".join(c if c.isalnum() or c in "-_.@+" else "_" for c in name)
    return kept.strip(".") or "unknown"
