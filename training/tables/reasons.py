"""What an engine says of a failure, in one line."""

import re
from typing import Final

LONGEST: Final = 300  # characters
# Advice of DuckDB, which is not for the user.
_ADVICE: Final = re.compile(r"\n(\nPlease try |Possible )")
# The line of a query that DuckDB points at.
_PLACE: Final = re.compile(r"\n\nLINE \d+: *(.*?)\n *\^+")


def reason_of(error: Exception) -> str:
    """Return what an engine says in one line, without its advice, which is not for the user."""
    said = _ADVICE.split(str(error))[0]
    if place := _PLACE.search(said):
        said = f"{said[: place.start()]}, near `{place[1].strip()}`"
    if "Caused by: " in said:  # Java's own cause is the last one, in a line
        said = said.rpartition("Caused by: ")[2].partition("\n")[0]
    lines = said.splitlines()
    reason = ", ".join(stripped for line in lines if (stripped := line.strip(" ,.")))
    return reason if len(reason) <= LONGEST else f"{reason[:LONGEST]}..."
