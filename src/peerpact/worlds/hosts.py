"""File servers: ``hosts/<address>`` holds files, users and a delete queue.

A file's ``content`` is a hash and its ``size`` a number: files are sparse, so 820 GB cost nothing, and a copy
is known by its content however it is renamed or re-dated.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from peerpact.errors import WorldError
from peerpact.worlds.names import checked
from peerpact.worlds.verbs import Reply
from peerpact.worlds.world import World

__all__ = [
    "add_user",
    "copy",
    "delete",
    "find",
    "list_all",
    "list_files",
    "list_queue",
    "list_users",
    "move",
    "queue_deletion",
    "remove_user",
    "rename",
    "unqueue_deletion",
]

SHOWN = ("size_bytes", "modified", "summary")


def list_all(world: World) -> tuple[World, Reply]:
    """Name the hosts."""
    return world, Reply("listed", {"hosts": ", ".join(world.at("hosts"))})


def list_files(world: World, host: str) -> tuple[World, Reply]:
    """Show a host's files with size, date and summary."""
    files = _host(world, host)["files"]
    return world, Reply("shown", {"files": {name: _shown(f) for name, f in files.items()}})


def find(world: World, host: str, name: str) -> tuple[World, Reply]:
    """Show one file."""
    return world, Reply("shown", {"files": {name: _shown(_file(world, host, name))}})


def copy(world: World, host: str, name: str) -> tuple[World, Reply]:
    """Copy a file on its host as ``name copy.ext``; the copy carries today's date."""
    file = _file(world, host, name)
    path = PurePosixPath(name)
    copied = f"{path.stem} copy{path.suffix}"
    _free(world, host, copied)
    world = world.put(("hosts", host, "files", copied), {**file, "modified": world.today})
    return world, Reply("copied", {"name": copied})


def rename(world: World, host: str, name: str, new_name: str) -> tuple[World, Reply]:
    """Rename a file; its date stays."""
    file = _file(world, host, name)
    _free(world, host, checked(new_name))
    world = world.without("hosts", host, "files", name)
    return world.put(("hosts", host, "files", new_name), file), Reply("renamed", {"name": new_name})


def move(world: World, source: str, destination: str, names: list[str]) -> tuple[World, Reply]:
    """Move files to another host, all or none; they carry today's date there."""
    _host(world, destination)
    if source == destination or not isinstance(names, list) or not names:
        raise WorldError("nothing_to_move")
    for name in names:
        file = _file(world, source, name)
        _free(world, destination, name)
        world = world.without("hosts", source, "files", name)
        moved = {**file, "modified": world.today}
        world = world.put(("hosts", destination, "files", name), moved)
    return world, Reply("moved", {"names": ", ".join(names), "destination": destination})


def delete(world: World, host: str, name: str) -> tuple[World, Reply]:
    """Delete a file at once."""
    _file(world, host, name)
    return world.without("hosts", host, "files", name), Reply("deleted", {"name": name})


def list_users(world: World, host: str) -> tuple[World, Reply]:
    """Name the users who may open a host."""
    return world, Reply("listed", {"entries": ", ".join(_host(world, host)["users"]) or "(none)"})


def add_user(world: World, host: str, user: str) -> tuple[World, Reply]:
    """Give a user access."""
    return _add(world, host, "users", checked(user))


def remove_user(world: World, host: str, user: str) -> tuple[World, Reply]:
    """Take a user's access away."""
    return _take(world, host, "users", user)


def list_queue(world: World, host: str) -> tuple[World, Reply]:
    """Name the files that the host will delete."""
    entries = _host(world, host)["delete_queue"]
    return world, Reply("listed", {"entries": ", ".join(entries) or "(none)"})


def queue_deletion(world: World, host: str, name: str) -> tuple[World, Reply]:
    """Put a file on the host's delete queue."""
    _file(world, host, name)
    return _add(world, host, "delete_queue", name)


def unqueue_deletion(world: World, host: str, name: str) -> tuple[World, Reply]:
    """Take a file off the delete queue."""
    return _take(world, host, "delete_queue", name)


def _host(world: World, host: str) -> dict[str, Any]:
    found: dict[str, Any] | None = world.at("hosts", host)
    if found is None:
        raise WorldError("no_such_host", host=host, hosts=", ".join(world.at("hosts")))
    return found


def _file(world: World, host: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] | None = _host(world, host)["files"].get(name)
    if found is None:
        raise WorldError("no_such_file", host=host, name=name)
    return found


def _free(world: World, host: str, name: str) -> None:
    if name in _host(world, host)["files"]:
        raise WorldError("file_exists", host=host, name=name)


def _shown(file: dict[str, Any]) -> dict[str, Any]:
    return {key: file[key] for key in SHOWN}


def _add(world: World, host: str, key: str, entry: str) -> tuple[World, Reply]:
    entries = _host(world, host)[key]
    if entry in entries:
        raise WorldError("entry_exists", entry=entry)
    return world.put(("hosts", host, key), [*entries, entry]), Reply("added", {"entry": entry})


def _take(world: World, host: str, key: str, entry: str) -> tuple[World, Reply]:
    entries = _host(world, host)[key]
    if entry not in entries:
        raise WorldError("no_such_entry", entry=entry)
    left = [e for e in entries if e != entry]
    return world.put(("hosts", host, key), left), Reply("removed", {"entry": entry})
