"""Where the project keeps its files."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
ARTIFACTS: Final = ROOT / "artifacts"
SCL_2017: Final = ROOT / "data" / "scl_2017.csv"
