"""How well perceptual hashes tell copies of a picture from other pictures, ours beside those of ImageHash.

    python benchmarks/pictures.py [--pictures 150]

Printed are, for each kind of copy, the share within the distance that counts as alike and the greatest distance; the
least distance of two different pictures, of drawn ones and of those of the replica; and the CPU time a picture. Then
the time of grouping many hashes. ImageHash is left out where it is not installed (its SciPy and PyWavelets are 120 MB,
which is why it is no dependency).
"""

from __future__ import annotations

import argparse
import io
import itertools
import random
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import process_time

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from crawler.pages.likeness import NEAR, groups
from crawler.pages.pictures import perceptual_hash
from crawler.replica.picture import ORIGINAL
from tests.pictures import drawn, encoded

Hash = Callable[[Image.Image], int]
COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "3/4 of the size": lambda picture: _saved(picture.resize((600, 450)), 85),
    "1/4 of the size": lambda picture: _saved(picture.resize((200, 150)), 80),
    "100 x 75": lambda picture: _saved(picture.resize((100, 75)), 70),
    "855 x 495": lambda picture: _saved(picture.resize((855, 495)), 85),
    "JPEG quality 60": lambda picture: _saved(picture, 60),
    "JPEG quality 25": lambda picture: _saved(picture, 25),
    "grey": lambda picture: picture.convert("L"),
    "1% cut off each side": lambda picture: _saved(_cropped(picture, 0.01), 85),
    "2% cut off each side": lambda picture: _saved(_cropped(picture, 0.02), 85),
    "5% cut off each side": lambda picture: _saved(_cropped(picture, 0.05), 85),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=150)
    count = parser.parse_args().pictures
    pictures = [_saved(drawn(seed, (800, 600)), 90) for seed in range(count)]
    replica = [Image.open(io.BytesIO(ORIGINAL.picture(f"/2016/{number}.jpg"))) for number in range(count)]
    for name, hashed in _hashes().items():
        start = process_time()
        known = [hashed(picture) for picture in pictures]
        cost = 1000 * (process_time() - start) / count
        apart = [min(_distances(known)), min(_distances([hashed(picture) for picture in replica]))]
        print(f"{name}: {cost:.2f} ms; others differ by at least {apart[0]} (drawn), {apart[1]} (replica) bits")
        for kind, copy in COPIES.items():
            bits = [(hashed(copy(picture)) ^ mine).bit_count() for picture, mine in zip(pictures, known, strict=True)]
            find_similar = sum(distance <= NEAR for distance in bits) / count
            print(f"    {kind:22} {find_similar:6.1%} within {NEAR} bits, at most {max(bits)}")
    for number in (10_000, 100_000, 1_000_000):
        chance = random.Random(number)
        many = [f"{chance.getrandbits(64):016x}" for _ in range(number)]
        start = process_time()
        groups(many)
        print(f"grouping {number:,} hashes: {process_time() - start:.2f} s")


def _hashes() -> dict[str, Hash]:
    hashes: dict[str, Hash] = {"ours": lambda picture: int(perceptual_hash(picture) or "0", 16)}
    try:
        imagehash = import_module("imagehash")
    except ImportError:
        print("ImageHash is not installed")
        return hashes
    for name in ("phash", "dhash", "average_hash"):
        kind = getattr(imagehash, name)
        hashes[f"imagehash.{name}"] = lambda picture, kind=kind: int(str(kind(picture)), 16)
    return hashes


def _distances(hashes: list[int]) -> list[int]:
    return [(one ^ other).bit_count() for one, other in itertools.combinations(hashes, 2)]


def _saved(picture: Image.Image, quality: int) -> Image.Image:
    saved = Image.open(io.BytesIO(encoded(picture.convert("RGB"), quality=quality)))
    saved.load()
    return saved


def _cropped(picture: Image.Image, share: float) -> Image.Image:
    width, height = picture.size
    return picture.crop((int(width * share), int(height * share), int(width * (1 - share)), int(height * (1 - share))))


if __name__ == "__main__":
    main()
