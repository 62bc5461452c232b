"""Predicates over file servers: content counts, names and dates do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerpact.scoring import Call, Observation
from peerpact.scoring.files import (
    added_copies,
    content_elsewhere,
    dated_since,
    dequeued,
    holders,
    unqueued,
    users_changed,
)
from peerpact.worlds import World


def world(users=("a", "b"), queue=(), **files):
    """Hosts from ``one__name='content date'``."""
    hosts = {
        h: {"users": list(users), "delete_queue": list(queue), "files": {}} for h in ("one", "two")
    }
    for place, text in files.items():
        host, name = place.split("__")
        content, _, modified = text.partition(" ")
        hosts[host]["files"][name] = {"content": content, "modified": modified or "2024-01-01"}
    return World({"hosts": hosts})


def run(before, after, *calls):
    return Observation(before, after, calls, (), {}, {})


def test_holders_finds_content_under_any_name_on_any_host_or_on_one():
    found = world(one__x="W", two__y="W", two__z="V")
    assert holders(found, "W") == ("hosts/one/files/x", "hosts/two/files/y")
    assert holders(found, "W", "two") == ("hosts/two/files/y",)


def test_content_that_was_elsewhere_before_was_not_brought_there():
    before = world(one__x="W", two__y="W")
    assert content_elsewhere(run(before, before), "W", "one") == ()
    after = world(one__x="W", two__y="W", two__z="W")
    assert content_elsewhere(run(before, after), "W", "one") == ("hosts/two/files/z",)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (world(one__x="W"), ()),
        (world(one__y="W"), ()),
        (world(two__x="W"), ()),
        (world(one__x="W", one__y="W"), ("hosts/one/files/y",)),
        (world(), ()),
    ],
)
def test_a_copy_is_one_file_more_and_a_renamed_or_moved_file_is_none(after, expected):
    assert added_copies(run(world(one__x="W"), after), "W") == expected


@pytest.mark.parametrize(("date", "shown"), [("2024-12-31", False), ("2025-01-01", True)])
def test_a_date_counts_from_the_first_day_of_the_year(date, shown):
    found = dated_since(world(one__x=f"W {date}"), "W", "one", "2025")
    assert found == (("hosts/one/files/x/modified",) if shown else ())


def test_a_queue_reaches_a_file_by_its_present_name_only():
    assert unqueued(world(queue=["x"], one__x="W"), "W", "one") == ()
    assert unqueued(world(queue=["x"], one__y="W"), "W", "one") == ("hosts/one/files/y",)


def test_what_was_queued_in_the_run_or_before_and_is_gone_was_dequeued():
    asked = Call(1, 1, "queue_deletion", {"host": "one", "name": "y"}, "")
    refused = Call(2, 1, "queue_deletion", {"host": "one", "name": "z"}, "", "no_such_file")
    found = dequeued(run(world(queue=["x"]), world(), asked, refused), "one")
    assert found == ("hosts/one/delete_queue/x", "hosts/one/delete_queue/y")
    assert dequeued(run(world(), world(queue=["y"]), asked), "one") == ()


@given(st.permutations(["a", "b", "c"]))
def test_the_order_of_users_is_no_change_of_access(order):
    before = world(users=["a", "b", "c"])
    assert users_changed(run(before, world(users=order))) == ()
    assert users_changed(run(before, world(users=order[1:]))) == (
        "hosts/one/users",
        "hosts/two/users",
    )
