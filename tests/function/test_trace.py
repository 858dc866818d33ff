"""The trace of a request is read by the rules of its header, or not at all.

The W3C's cases are those of its own test suite, https://github.com/w3c/trace-context.
"""

import pytest

from function.trace import NO_TRACE, Trace, read_trace

TRACE = "12345678901234567890123456789012"
SPAN = "1234567890123456"
SAMPLED = Trace(TRACE, SPAN, sampled=True)


def w3c(*values: str) -> Trace:
    return read_trace([(b"traceparent", value.encode("latin-1")) for value in values])


def google(*values: str) -> Trace:
    return read_trace([(b"x-cloud-trace-context", value.encode("latin-1")) for value in values])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"00-{TRACE}-{SPAN}-01", SAMPLED),
        (f"00-{TRACE}-{SPAN}-00", SAMPLED._replace(sampled=False)),
        (f"00-{TRACE}-{SPAN}-02", SAMPLED._replace(sampled=False)),
        (f"00-{TRACE}-{SPAN}-ff", SAMPLED),
        (f" 00-{TRACE}-{SPAN}-01", SAMPLED),
        (f"\t00-{TRACE}-{SPAN}-01", SAMPLED),
        (f"00-{TRACE}-{SPAN}-01 ", SAMPLED),
        (f"\t 00-{TRACE}-{SPAN}-01 \t", SAMPLED),
        (f"cc-{TRACE}-{SPAN}-01", SAMPLED),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", SAMPLED),
        (f"01-{TRACE}-{SPAN}-01-", SAMPLED),
    ],
)
def test_a_valid_traceparent_is_read(value: str, expected: Trace) -> None:
    assert w3c(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"00-{TRACE}-{SPAN}-01.",
        f"00-{TRACE}-{SPAN}-01-what-the-future-will-be-like",
        f"00-{TRACE}-{SPAN}-01-",
        f"cc-{TRACE}-{SPAN}-01.what-the-future-will-be-like",
        f"cc-{TRACE}-{SPAN}-012",
        f"ff-{TRACE}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01-more",
        f".0-{TRACE}-{SPAN}-01",
        f"0.-{TRACE}-{SPAN}-01",
        f"000-{TRACE}-{SPAN}-01",
        f"0000-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-.{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE[1:]}.-{SPAN}-01",
        f"00-{TRACE}3-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-.{SPAN[1:]}-01",
        f"00-{TRACE}-{SPAN[1:]}.-01",
        f"00-{TRACE}-{SPAN}7-01",
        f"00-{TRACE}-{SPAN[1:]}-01",
        f"00-{TRACE}-{SPAN}-.0",
        f"00-{TRACE}-{SPAN}-0.",
        f"00-{TRACE}-{SPAN}-001",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE[:-1]}A-{SPAN}-01",
        f"00-{TRACE}-{SPAN[:-1]}A-01",
        f"CC-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0A",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE}-{SPAN}-01\xa0",
        f"00_{TRACE}_{SPAN}_01",
        "junk",
    ],
)
def test_an_invalid_traceparent_is_none(value: str) -> None:
    assert w3c(value) == NO_TRACE


def test_two_traceparents_are_none() -> None:
    values = [f"00-{TRACE}-{SPAN}-01"] * 2
    assert w3c(*values) == NO_TRACE


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (TRACE, (TRACE, None, False)),
        (f"{TRACE}/", (TRACE, None, False)),
        (f"{TRACE}/0", (TRACE, None, False)),
        (f"{TRACE}/74", (TRACE, "000000000000004a", False)),
        (f"{TRACE}/74;o=1", (TRACE, "000000000000004a", True)),
        (f"{TRACE}/74;o=0", (TRACE, "000000000000004a", False)),
        (f"{TRACE}/74;o=", (TRACE, "000000000000004a", False)),
        (f"{TRACE};o=1", (TRACE, None, True)),
        (f"\t {TRACE}/74 \t", (TRACE, "000000000000004a", False)),
        (f"{TRACE}/9999999999999999999", (TRACE, "8ac7230489e7ffff", False)),
        (f"{TRACE}/10000000000000000000;o=1", (TRACE, "8ac7230489e80000", True)),
        (f"{TRACE}/18446744073709551615;o=1", (TRACE, "ffffffffffffffff", True)),
    ],
)
def test_a_valid_cloud_trace_is_read_with_its_span_in_hexadecimal(
    value: str, expected: tuple[str, str | None, bool]
) -> None:
    assert google(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"{TRACE}/18446744073709551616",
        f"{TRACE}/99999999999999999999;o=1",
        f"{TRACE}/184467440737095516150",
        f"{TRACE}/74;o=2",
        f"{TRACE}/74;o=1;x",
        f"{TRACE}/74;o=1 x",
        f"{TRACE}/74 junk",
        f"{TRACE}/4a",
        f"{TRACE}/-1",
        f"{TRACE}junk",
        TRACE[1:],
        f"{'0' * 32}/74;o=1",
        f"{TRACE}/74;o=1\n",
        f"{TRACE}/\xb2",  # a digit, but none of ASCII
    ],
)
def test_an_invalid_cloud_trace_is_none(value: str) -> None:
    assert google(value) == NO_TRACE


def test_the_w3cs_header_goes_first_where_it_is_valid() -> None:
    old = (b"x-cloud-trace-context", f"{TRACE[::-1]}/74".encode())
    good, bad = f"00-{TRACE}-{SPAN}-01".encode(), b"00-junk"
    assert read_trace([old, (b"traceparent", good)]) == SAMPLED
    assert read_trace([(b"traceparent", bad), old]).trace == TRACE[::-1]
    assert read_trace([(b"trace-parent", good), (b"host", b"x")]) == NO_TRACE
