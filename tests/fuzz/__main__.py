"""Let atheris look for bodies that break an invariant, led by the branches that they reach."""

import os
import sys
import tempfile
from pathlib import Path

import atheris

from tests.support.paths import ROOT

with atheris.instrument_imports(include=["function"]):
    from function.encoder import Encoder
    from function.model import Model
    from tests.fuzz.invariants import assert_answerable

CORPUS = Path(__file__).with_name("corpus")
WORDS = (
    "flights",
    "OPERA",
    "TIPOVUELO",
    "MES",
    "Fecha-I",
    "HOY",
    "0.05",
    "2017-03-14 19:30:00",
    "2017-03-14T19:30",
    "Aerolineas Argentinas",
    "\\xef\\xbb\\xbf",
    "\\\\ud83d",
)

categories = Model(ROOT / "function" / "model.onnx").metadata.categories
encoder = Encoder(categories)


def one_input(body: bytes) -> None:
    """Check one body."""
    assert_answerable(body, encoder, categories)


def main() -> None:
    """Fuzz for `SECONDS`; what is found beyond the kept corpus stays in .build."""
    found = ROOT / ".build" / "fuzz-corpus"
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".dict", delete=False) as words:
        words.writelines(f'"{word}"\n' for word in WORDS)
    options = [
        *[f"-max_total_time={os.environ.get('SECONDS', '600')}", f"-dict={words.name}"],
        *["-timeout=5", "-rss_limit_mb=1024", "-max_len=4096", "-print_final_stats=1"],
        f"-artifact_prefix={ROOT / '.build'}/",
    ]
    atheris.Setup([sys.argv[0], *options, str(found), str(CORPUS)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
