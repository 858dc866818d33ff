"""Take the screenshot of the README: `python -m tests.function.page.screenshot`."""

import io
from pathlib import Path
from typing import Final

import numpy as np
from functions_framework.aio import create_asgi_app
from PIL import Image

from tests.function.page.browsing import Choice, serve, show
from tests.support.browser import open_browser
from tests.support.paths import ROOT

OUT: Final = ROOT / "artifacts" / "page.png"
VIEW: Final = Choice("Sky Airline", "N", 7, 5, 19)  # another flight where the model knows none


def take(out: Path) -> None:
    """Write the page as a browser of 1600 x 1000 pixels shows it, with a palette of colors."""
    app = create_asgi_app("predict", str(ROOT / "function" / "main.py"))
    with serve(app) as origin, open_browser() as browser:
        page = browser.new_page(viewport={"width": 1600, "height": 1000}, locale="en-US")
        show(page, origin + VIEW.fragment)
        image = Image.open(io.BytesIO(page.screenshot()))
    with_palette(image.convert("RGB")).save(out, optimize=True)


def with_palette(image: Image.Image) -> Image.Image:
    """Return the image in its 256 commonest colors, of which the page's own are all.

    Pillow's own choice of colors drops those of small areas, such as bars.
    """
    colors, counts = np.unique(np.asarray(image).reshape(-1, 3), axis=0, return_counts=True)
    palette = Image.new("P", (1, 1))
    palette.putpalette(colors[np.argsort(-counts)[:256]].ravel().tolist())
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


if __name__ == "__main__":
    take(OUT)
