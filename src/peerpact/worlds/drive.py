"""Shared documents: ``drive/<file name>`` holds owner, modified, content."""

from __future__ import annotations

from peerpact.errors import WorldError
from peerpact.worlds.names import checked
from peerpact.worlds.verbs import Reply
from peerpact.worlds.world import World

__all__ = ["append", "create", "delete", "list_all"]


def list_all(world: World) -> tuple[World, Reply]:
    """Show every document with its whole content."""
    documents = world.at("drive")
    shown = [
        f"=== {name} (owner {d['owner']}, modified {d['modified']})\n{d['content']}"
        for name, d in documents.items()
    ]
    return world, Reply("listed", {"documents": "\n\n".join(shown) or "(none)"})


def create(world: World, name: str, content: str) -> tuple[World, Reply]:
    """Write a new document; an existing one is not overwritten."""
    checked(name)
    if world.has("drive", name):
        raise WorldError("document_exists", name=name)
    return _store(world, name, str(content), "written")


def append(world: World, name: str, content: str) -> tuple[World, Reply]:
    """Add text to the end of a document."""
    existing = _document(world, name)
    return _store(world, name, f"{existing['content']}\n{content}", "appended")


def delete(world: World, name: str) -> tuple[World, Reply]:
    """Delete a document."""
    _document(world, name)
    return world.without("drive", name), Reply("deleted", {"name": name})


def _document(world: World, name: str) -> dict[str, str]:
    document: dict[str, str] | None = world.at("drive", name)
    if document is None:
        raise WorldError("no_such_document", name=name)
    return document


def _store(world: World, name: str, content: str, kind: str) -> tuple[World, Reply]:
    owner = world.at("drive", name, "owner", default="agent")
    document = {"owner": owner, "modified": world.today, "content": content}
    return world.put(("drive", name), document), Reply(kind, {"name": name})
