"""What a body costs grows with its length, no faster."""

import time
from collections.abc import Callable
from typing import Final

import pytest

from function.encoder import Encoder
from function.errors import InputError
from function.flights import decode
from function.model import Model
from tests.support.paths import ROOT

KIB: Final = 1024
ENCODER: Final = Encoder(Model(ROOT / "function" / "model.onnx").metadata.categories)


def misspelt(size: int) -> bytes:
    flight = b'{"OPERA":"%s","TIPOVUELO":"N","MES":1}'
    return b'{"flights":[%s]}' % (flight % (b"Sky Airlin" * (size // 10)))


BODIES: Final[dict[str, Callable[[int], bytes]]] = {
    "digits": lambda size: b'{"flights":%s}' % (b"9" * size),
    "blanks": lambda size: b" " * size,
    "brackets": lambda size: b'{"x":' + b"[" * size,
    "quotes": lambda size: b'{"x":"' + rb"\"" * (size // 2),
    "surrogates": lambda size: b'{"x":"' + rb"\ud83d\ude00" * (size // 12),
    "keys": lambda size: b'{"x":{%s' % (b'"a":0,' * (size // 6)),
    "a name that is nearly known": misspelt,
    "flights that are no objects": lambda size: b'{"flights":[%s' % (b"0," * (size // 2)),
    "flights that lack a field": lambda size: b'{"flights":[%s' % (b'{"MES":1},' * (size // 10)),
}


def cost(body: bytes) -> float:
    """Return the least seconds of the processor that a body took, of five tries."""
    times = []
    for _ in range(5):
        start = time.process_time()
        with pytest.raises(InputError):
            ENCODER.cells(decode(body))
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_eight_times_as_long_costs_far_less_than_its_square(
    body: Callable[[int], bytes],
) -> None:
    short, long = cost(body(512 * KIB)), cost(body(4096 * KIB))
    # Linear is 8 times, quadratic 64; what is too fast to be measured is no danger.
    assert long < max(32 * short, 0.02)
