"""Makes the pictures of the docs out of the screenshots that tests keep (tests/test_screenshots.py): ``make pictures``.

They are cut to what a reader looks at, and have so few colours that they are small.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
HEIGHTS = {"report": 1800, "browse": 900}
"""The pictures, and how many pixels of each, from above, are shown."""


def main() -> None:
    """Make them all."""
    for name, height in HEIGHTS.items():
        with Image.open(ROOT / "build/screenshots" / f"{name}.png") as picture:
            shown = picture.convert("RGB").crop((0, 0, picture.width, min(height, picture.height)))
        shown.quantize(128, dither=Image.Dither.NONE).save(ROOT / "docs" / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
