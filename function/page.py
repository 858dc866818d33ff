"""The page for people: one file, under a policy that allows nothing but itself and the API."""

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

_INLINE = re.compile(rb"<(?P<tag>style|script)>(?P<text>.*?)</(?P=tag)>", re.DOTALL)


class Page(NamedTuple):
    """The bytes of the page, and the headers that go with them."""

    html: bytes
    headers: dict[str, str]


@functools.cache
def page() -> Page:
    """Return the page, read at the first call."""
    return render(Path(__file__).with_name("page.html").read_bytes())


def render(source: bytes) -> Page:
    """Return the page of this file, with its Content-Security-Policy.

    The policy allows this style and this script by their hashes. Browsers hash text with the line
    ends of Unix, so a file with those of Windows is served with them, too.
    """
    html = re.sub(rb"\r\n?", b"\n", source)
    inline = {found["tag"].decode(): found["text"] for found in _INLINE.finditer(html)}
    policy = {
        "default-src": "'none'",
        "base-uri": "'none'",
        "connect-src": "'self'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "img-src": "data:",  # the icon in the tab
        "script-src": _hash(inline["script"]),
        "style-src": _hash(inline["style"]),
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "no-referrer",
    }
    return Page(html, headers)


def _hash(text: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"
