"""Names that may stand in a path."""

from __future__ import annotations

from peerpact.errors import WorldError

__all__ = ["checked"]


def checked(name: str) -> str:
    """Return ``name`` if it may name a file, document or setting, else refuse it."""
    if not isinstance(name, str) or not name.strip() or "/" in name or len(name) > 200:
        raise WorldError("bad_name", name=str(name)[:80])
    return name
