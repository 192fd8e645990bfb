"""JPEG pictures made on the fly: deterministic, different for every path, and nearly free.

Encoding a picture of this size takes about 2 ms. To never be the bottleneck of a crawl, a picture is instead put
together from tiles that were encoded beforehand. JPEG allows it: after a restart marker (ISO/IEC 10918-1, F.1.1.5.2)
the coder starts again, so with a marker after every tile's width of blocks, the data between two markers does
not depend on what stands before it, and can be moved anywhere in a picture with the same tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import shake_128
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

from crawler.replica.draw import Draw

Colours = tuple[tuple[int, int, int], ...]

_BLOCK = 16  # pixels: side of a coded unit (MCU) with 4:2:0 chroma
_TILE_ROWS = 5  # rows of blocks in a tile
_QUALITY = 75
_GRAIN = 0.06
_TILES = 24  # per band; two bands of the picture (sky, ground)
_START_OF_SCAN = b"\xff\xda"
_END = b"\xff\xd9"
_MARKERS = tuple(bytes((0xFF, 0xD0 + n)) for n in range(8))
_SKY: Colours = ((236, 222, 190), (150, 190, 225), (96, 140, 190), (200, 205, 215), (245, 180, 120), (60, 80, 130))
_GROUND: Colours = ((70, 110, 70), (120, 100, 70), (40, 90, 120), (150, 140, 120), (90, 90, 95), (170, 150, 90))


@dataclass(frozen=True)
class PictureMaker:
    """Makes pictures of one size, in pixels. ``tile_blocks`` is the width of a tile, in units of 16 pixels.

    A whole number of tiles must just cover the width. Makers with as many tiles across show the same picture
    under the same name.

    >>> Image.open(BytesIO(ORIGINAL.picture("/a.jpg"))).size
    (672, 504)
    """

    width: int
    height: int
    tile_blocks: int

    def picture(self, name: str) -> bytes:
        """Return the JPEG that belongs to *name*."""
        columns = -(-self.width // (_BLOCK * self.tile_blocks))
        rows = -(-self.height // _BLOCK)
        draw = Draw("picture", name)
        strips: list[bytes] = []
        for row in range(rows):
            if row % _TILE_ROWS == 0:
                band = self._bands[2 * row >= rows]
                tiles = [draw.choice(band) for _ in range(columns)]
            strips += [tile[row % _TILE_ROWS] for tile in tiles]
        pieces = [self._head]
        for n, strip in enumerate(strips):
            pieces += (strip, _MARKERS[n % 8])
        pieces[-1] = _END
        return b"".join(pieces)

    @cached_property
    def _head(self) -> bytes:
        """Everything before the coded blocks, for a picture of this size."""
        head, _ = _coded(Image.new("RGB", (self.width, self.height)), self.tile_blocks)
        return head

    @cached_property
    def _bands(self) -> tuple[list[list[bytes]], list[list[bytes]]]:
        """The tiles of the upper and of the lower half, each a list of coded rows of blocks."""
        return self._tiles("sky", _SKY), self._tiles("ground", _GROUND)

    def _tiles(self, band: str, colours: Colours) -> list[list[bytes]]:
        size = (self.tile_blocks * _BLOCK, _TILE_ROWS * _BLOCK)
        return [_coded(_tile(size, colours, Draw("tile", band, n)), self.tile_blocks)[1] for n in range(_TILES)]


ORIGINAL = PictureMaker(width=672, height=504, tile_blocks=7)
SMALL = PictureMaker(width=855, height=495, tile_blocks=9)


def video(name: str) -> bytes:
    """Return the beginning of an MP4 file that belongs to *name*: its type box and 16 KB of media data."""
    draw = Draw("video", name)
    media = bytes(draw.below(256) for _ in range(256)) * 64
    return b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + (8 + len(media)).to_bytes(4, "big") + b"mdat" + media


def _tile(size: tuple[int, int], colours: Colours, draw: Draw) -> Image.Image:
    """Paint a tile: a ground of one colour, a few blurred shapes of others, and grain."""
    width, height = size
    image = Image.new("RGB", size, draw.choice(colours))
    pen = ImageDraw.Draw(image)
    for _ in range(4):
        left, top, right, bottom = (draw.below(100) / 100 for _ in range(4))
        box = (left * width, top * height, (left + 0.1 + right / 2) * width, (top + 0.1 + bottom / 2) * height)
        (pen.ellipse if draw.chance(0.5) else pen.rectangle)(box, fill=draw.choice(colours))
    image = image.filter(ImageFilter.GaussianBlur(2))
    grain = Image.frombytes("L", size, shake_128(image.tobytes()).digest(width * height))
    return Image.blend(image, Image.merge("RGB", (grain, grain, grain)), _GRAIN)


def _coded(image: Image.Image, tile_blocks: int) -> tuple[bytes, list[bytes]]:
    """Encode *image* with a restart marker after every *tile_blocks* blocks; return its head and the pieces between."""
    file = BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, subsampling="4:2:0", restart_marker_blocks=tile_blocks)
    data = file.getvalue()
    scan = data.index(_START_OF_SCAN)
    start = scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")
    blocks = data[start:].removesuffix(_END)
    for marker in _MARKERS[1:]:
        blocks = blocks.replace(marker, _MARKERS[0])
    return data[:start], blocks.split(_MARKERS[0])
