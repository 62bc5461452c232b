"""SARIF 2.1.0, the form in which code hosts take findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from peerpact import __version__
from peerpact.audit.findings import plain

__all__ = ["LEVELS", "document", "rule", "uri"]

LEVELS = {"high": "error", "medium": "warning", "low": "note"}
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

Values = Mapping[str, Any]


def rule(id: str, title: str, advice: str, severity: str) -> dict[str, Any]:
    """Return a rule: one kind of finding."""
    return {
        "id": id,
        "name": "".join(word.title() for word in id.rsplit("/", 1)[-1].split("_")),
        "shortDescription": {"text": title},
        "help": {"text": advice},
        "defaultConfiguration": {"level": LEVELS[severity]},
    }


def document(
    rules: Sequence[Values], results: Sequence[Values], warnings: Sequence[str], properties: Values
) -> str:
    """Return a document with one run.

    Args:
        rules: The kinds of findings.
        results: The findings.
        warnings: What could not be read or tested.
        properties: What else there is to say of the run.
    """
    told = [{"level": "warning", "message": {"text": warning}} for warning in warnings]
    driver = {"name": "peerpact", "semanticVersion": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": told}],
        "results": results,
        "properties": properties,
    }
    written = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(written, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


def uri(path: str) -> str:
    """Return a file's name as SARIF takes it."""
    return quote(plain(path, 1000).replace("\\", "/"), safe="/:")
