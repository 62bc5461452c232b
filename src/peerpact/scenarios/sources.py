"""The files of a scenario: texts, data, tools, graded work; read when first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from peerpact.errors import StudyError, allowed
from peerpact.scenarios.language import Language, translations
from peerpact.scenarios.parsing import parse
from peerpact.scenarios.spec import OverlaySpec
from peerpact.scoring.rubrics import truth
from peerpact.text import read_text, read_yaml, variables
from peerpact.worlds.overlay import Overlay, Translations

__all__ = ["Plain", "Sources"]


class Plain(dict[str, Any]):
    """A mapping without a variable in it, which a scene takes as it is."""

    @classmethod
    def where_it_can(cls, value: Any) -> Any:
        """Return a value with the mappings in it plain that can be."""
        if isinstance(value, Mapping):
            inner = {key: cls.where_it_can(child) for key, child in value.items()}
            return cls(inner) if all(map(_filled, [*inner, *inner.values()])) else inner
        return [cls.where_it_can(child) for child in value] if isinstance(value, list) else value


def _filled(value: Any) -> bool:
    """Whether nothing in a value waits for a fact."""
    if isinstance(value, list):
        return all(map(_filled, value))
    if isinstance(value, Mapping):
        return isinstance(value, Plain)
    return not isinstance(value, str) or "{" not in value


THROUGH = ("facts/", "truth/", "tools/")


@dataclass(frozen=True)
class Sources:
    """Reads files relative to a scenario's folder, or to all scenarios where a name begins with ``shared/``."""

    folder: Path
    package: Path

    def path(self, name: str) -> Path:
        """Return the path of a file that the scenario names."""
        return (self.package if name.startswith("shared/") else self.folder) / name

    def overlays(self, specs: Iterable[OverlaySpec], where: str) -> tuple[Overlay, ...]:
        """Resolve overlays: every file is read, every value stands in place."""
        return tuple(
            Overlay(
                s.op,
                s.path,
                Plain.where_it_can(self._value(s, f"{where}[{i}]")),
                s.to,
                f"{where}[{i}]",
            )
            for i, s in enumerate(specs)
        )

    def spoken(self, specs: Iterable[OverlaySpec]) -> Iterator[Path]:
        """Yield the text files that overlays place where a subject reads them as they are, not through a fact."""
        for spec in specs:
            if not spec.path.startswith(THROUGH):
                yield from map(self.path, _named(spec.text, spec.value))

    def tools(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the named tools with their texts, in the order named.

        Raises:
            StudyError: A tool is in none of the tool files.
        """
        common = read_yaml(self.package / "shared/refusals.yaml")
        known = self.known_tools()
        for name in names:
            if name not in known:
                hint = allowed(name, known)
                raise StudyError("unknown tool", where=str(self.folder), found=name, hint=hint)
        return {
            name: Plain.where_it_can(
                {**known[name], "refusals": {**common, **known[name].get("refusals", {})}}
            )
            for name in names
        }

    def known_tools(self) -> dict[str, Any]:
        """Return all tools that there are, with their texts: the shared ones and the scenario's own."""
        shared = sorted((self.package / "shared/tools").glob("*.yaml"))
        files = [path for path in (*shared, self.folder / "tools.yaml") if path.is_file()]
        return {name: text for path in files for name, text in _yaml(path).items()}

    def _value(self, spec: OverlaySpec, where: str) -> Any:
        if spec.text is not None:
            return _text(self.path(spec.text))
        if spec.data is not None:
            path = self.path(spec.data)
            return self._language(path) if spec.op == "translate" else _yaml(path)
        return self._resolve(spec.value, where)

    def _language(self, path: Path) -> Translations:
        return translations(parse(Language, _yaml(path), path), path, self.path)

    def _resolve(self, value: Any, where: str) -> Any:
        if isinstance(value, Mapping):
            if len(value) == 1:
                source, name = next(iter(value.items()))
                if source == "tool":
                    return self.tools([name])[name]
                if source in _READERS:
                    return _READERS[source](self.path(name))
            return {key: self._resolve(child, where) for key, child in value.items()}
        if isinstance(value, str):
            variables(value, where)
        return value


def _named(text: str | None, value: Any) -> Iterator[str]:
    """Yield the names of text files in an overlay's value."""
    if text is not None:
        yield text
    if isinstance(value, Mapping):
        for key, child in value.items():
            alone = key == "text" and len(value) == 1 and isinstance(child, str)
            yield from _named(child if alone else None, child)


@cache
def _text(path: Path) -> str:
    text = read_text(path)
    variables(text, str(path))
    return text


@cache
def _yaml(path: Path) -> Any:
    return read_yaml(path)


def _sheet(path: Path) -> dict[str, Any]:
    work = _yaml(path)
    columns = work["columns"]
    rows = [[n, *(item[c] for c in columns)] for n, item in enumerate(work["items"], start=1)]
    return {"columns": ["item", *columns], "rows": rows}


def _truth(path: Path) -> dict[str, Any]:
    return truth(_yaml(path))


_READERS: Mapping[str, Callable[[Path], Any]] = {
    "text": _text,
    "data": _yaml,
    "sheet": _sheet,
    "truth": _truth,
}
