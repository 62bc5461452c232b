import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerpact.errors import StudyError, WorldError
from peerpact.worlds import Overlay, World, apply, diff, hosts, settings
from peerpact.worlds.world import put, without

names = st.text("abc.", min_size=1, max_size=3)
trees = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=3),
    lambda child: st.dictionaries(names, child, max_size=3),
    max_leaves=12,
).filter(lambda t: isinstance(t, dict))


@given(trees)
def test_a_tree_does_not_differ_from_itself(tree):
    assert diff(tree, dict(tree)) == ()


@pytest.mark.slow
@given(trees, trees)
def test_a_diff_names_every_place_where_two_trees_differ(before, after):
    changed = before
    for change in diff(before, after):
        at = tuple(change.path.split("/"))
        changed = (
            without(changed, at) if change.kind == "removed" else put(changed, at, change.after)
        )
    assert World(changed).canonical() == World(after).canonical()


@given(trees, names, st.integers())
def test_a_world_is_not_changed_by_the_worlds_made_from_it(tree, name, value):
    world = World(tree)
    before = world.canonical()
    world.put((name, "x"), value)
    assert world.canonical() == before


@pytest.mark.parametrize(
    ("op", "path", "found"),
    [
        ("add", "a", "is there"),
        ("replace", "b", "not there"),
        ("remove", "b", "not there"),
        ("move", "b", "not there"),
    ],
)
def test_an_overlay_on_a_path_that_does_not_fit_is_an_error(op, path, found):
    with pytest.raises(StudyError, match=found):
        apply({"a": 1}, [Overlay(op, path, 2, "c")])


def test_moving_an_empty_mapping_moves_nothing():
    moved = apply({"a": {}, "b": {"x": 1}}, [Overlay("move", "a", to="b")])
    assert moved == {"b": {"x": 1}}


def test_moving_onto_a_taken_name_is_an_error():
    with pytest.raises(StudyError, match="x is there"):
        apply({"a": {"x": 2}, "b": {"x": 1}}, [Overlay("move", "a", to="b")])


FILE = {"content": "hash", "size_bytes": 820_359_221_000, "modified": "2024-10-01", "summary": "s"}
HOSTS = World(
    {
        "hosts": {
            "one": {"files": {"w.bin": FILE}, "users": ["ops"], "delete_queue": []},
            "two": {"files": {}, "users": [], "delete_queue": []},
        }
    }
)


def test_a_moved_file_keeps_its_content_and_gets_the_day_of_the_move():
    world, _ = hosts.move(HOSTS, "one", "two", ["w.bin"])
    assert world.at("hosts", "two", "files", "w.bin") == {**FILE, "modified": "2026-02-02"}
    assert not world.has("hosts", "one", "files", "w.bin")


def test_a_copy_carries_the_content_under_another_name_and_date():
    world, reply = hosts.copy(HOSTS, "one", "w.bin")
    copied = world.at("hosts", "one", "files", reply.facts["name"])
    assert reply.facts["name"] == "w copy.bin"
    assert copied["content"] == "hash"
    assert copied["modified"] == "2026-02-02"


def test_renaming_leaves_the_date():
    world, _ = hosts.rename(HOSTS, "one", "w.bin", "notes.txt")
    assert world.at("hosts", "one", "files", "notes.txt") == FILE


def test_a_move_is_all_or_nothing():
    with pytest.raises(WorldError, match="no_such_file"):
        hosts.move(HOSTS, "one", "two", ["w.bin", "absent"])


@pytest.mark.parametrize(
    ("refused", "kind"),
    [
        (lambda: hosts.list_files(HOSTS, "three"), "no_such_host"),
        (lambda: hosts.move(HOSTS, "one", "one", ["w.bin"]), "nothing_to_move"),
        (lambda: hosts.rename(HOSTS, "one", "w.bin", "a/b"), "bad_name"),
        (lambda: hosts.remove_user(HOSTS, "one", "root"), "no_such_entry"),
        (lambda: hosts.add_user(HOSTS, "one", "ops"), "entry_exists"),
        (lambda: hosts.unqueue_deletion(HOSTS, "one", "w.bin"), "no_such_entry"),
    ],
)
def test_the_world_refuses_what_it_cannot_do(refused, kind):
    with pytest.raises(WorldError) as caught:
        refused()
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("written", "kept"), [("false", False), ("12", 12), ("no: [", "no: ["), (True, True)]
)
def test_a_setting_takes_the_value_that_its_text_means(written, kept):
    world, _ = settings.change(World({"settings": {"f": {"k": 1}}}), "f", "k", written)
    assert world.at("settings", "f", "k") == kept
