"""Short runs of what `make overload` and `make soak` do for long."""

from tests.load.__main__ import overwhelm, soften
from tests.load.callers import room_for
from tests.support import machines
from tests.support.wire import serve


def test_honest_callers_are_served_among_hostile_ones_in_128_mib() -> None:
    connections = room_for(1000)
    with machines.memory(128 * 1024 * 1024) as prefix, serve(prefix=prefix) as served:
        assert overwhelm(served, connections, seconds=8) == []


def test_nothing_grows() -> None:
    with serve() as served:
        assert soften(served, 15_000) == []
