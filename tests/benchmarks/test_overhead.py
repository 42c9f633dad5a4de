from types import SimpleNamespace

from benchmarks.overhead.clock import Clock, Timed
from benchmarks.overhead.measure import measure


def test_what_is_called_inside_counts_to_the_outer_part_alone() -> None:
    room = SimpleNamespace(inner=lambda: sum(range(1000)))
    room.outer = lambda: [room.inner()]
    clock = Clock()
    with clock.on((Timed(room, "inner", "inner"), Timed(room, "outer", "outer"))):
        room.outer()
        assert set(clock.wall) == {"outer"}
        room.inner()
    assert set(clock.wall) == set(clock.cpu) == {"outer", "inner"}


def test_a_function_counts_by_its_arguments_and_is_itself_again_afterwards() -> None:
    def double(number: int) -> int:
        return 2 * number

    room, clock = SimpleNamespace(double=double), Clock()
    odd = Timed(room, "double", "odd", lambda number: number % 2 == 1)
    with clock.on((odd, Timed(room, "double", "large", lambda number: number > 10))):
        assert [room.double(number) for number in (2, 4)] == [4, 8]
        assert not clock.wall
        room.double(3)
        room.double(12)
    assert set(clock.wall) == {"odd", "large"}
    assert room.double is double


def test_a_tiny_run_is_taken_apart() -> None:
    results = measure(files=1, repeats=1)
    assert results.calls == 6
    assert results.cpu > 0
    assert all(part.wall > 0 for part in results.parts)
