"""Who may hold a thread, step by step."""

from __future__ import annotations

from collections import Counter

from steersman.registry.lanes import Lanes


def started(lanes: Lanes[str], host: str, count: int) -> list[str]:
    return [one for number in range(count) for one in lanes.enter(host, f"{host}{number}")]


def test_a_host_that_nobody_knows_gets_one() -> None:
    assert started(Lanes(8), "a", 5) == ["a0"]


def test_a_host_that_answered_gets_half_of_them() -> None:
    lanes: Lanes[str] = Lanes(8)
    started(lanes, "a", 10)
    assert lanes.leave("a", answered=True) == ["a1", "a2", "a3", "a4"]
    assert lanes.leave("a", answered=True) == ["a5"]


def test_one_that_failed_has_one_again() -> None:
    lanes: Lanes[str] = Lanes(8)
    started(lanes, "a", 10)
    lanes.leave("a", answered=True)
    assert lanes.leave("a", answered=False) == []
    assert lanes.leave("a", answered=False) == []
    assert lanes.leave("a", answered=False) == []
    assert lanes.leave("a", answered=False) == ["a5"]


def test_those_that_failed_share_a_few() -> None:
    lanes: Lanes[str] = Lanes(8)
    dead = [f"d{number}-" for number in range(6)]
    for host in dead:
        assert started(lanes, host, 3) == [f"{host}0"]
    going = [one for host in dead for one in lanes.leave(host, answered=False)]
    assert going == ["d0-1", "d1-1"]
    assert started(lanes, "new", 1) == ["new0"]
    assert lanes.leave("d0-", answered=False) != []


def test_all_threads_together_are_the_bound() -> None:
    lanes: Lanes[str] = Lanes(4)
    assert sum(len(started(lanes, f"h{number}", 1)) for number in range(9)) == 4
    assert lanes.leave("h0", answered=True) == ["h40"]


def test_hosts_that_nobody_knows_do_not_take_all() -> None:
    lanes: Lanes[str] = Lanes(8)
    lanes.enter("good", "good")
    lanes.leave("good", answered=True)
    assert sum(len(started(lanes, f"invented{number}.test", 1)) for number in range(50)) == 7
    assert started(lanes, "good", 3) == ["good0"]
    assert lanes.leave("good", answered=True) == ["good1"]


def test_hosts_take_turns() -> None:
    lanes: Lanes[str] = Lanes(2)
    for host in "ab":
        lanes.enter(host, host)
        lanes.leave(host, answered=True)
    started(lanes, "a", 50)
    started(lanes, "b", 50)
    order = [lanes.leave(host, answered=True) for host in "ababababab"]
    assert Counter(name[0] for going in order for name in going) == {"a": 5, "b": 5}


def test_one_thread_goes_round() -> None:
    lanes: Lanes[str] = Lanes(1)
    assert started(lanes, "a", 2) == ["a0"]
    assert started(lanes, "b", 1) == []
    assert lanes.leave("a", answered=False) == ["b0"]
    assert lanes.leave("b", answered=True) == ["a1"]


def test_who_gives_up_is_not_started() -> None:
    lanes: Lanes[str] = Lanes(8)
    started(lanes, "a", 3)
    lanes.give_up("a", "a1")
    assert lanes.leave("a", answered=False) == ["a2"]


def test_names_of_hosts_do_not_fill_the_memory() -> None:
    lanes: Lanes[str] = Lanes(8)
    for number in range(5000):
        lanes.enter(f"h{number}", "x")
        lanes.leave(f"h{number}", answered=False)
    assert len(lanes._hosts) <= 512
