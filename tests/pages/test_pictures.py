"""Pictures as they come: what they are, what they show, and what hostile ones can do, which is nothing."""

from __future__ import annotations

import itertools
import multiprocessing
import resource
from concurrent.futures import ProcessPoolExecutor

import pytest

from crawler.pages.likeness import are_alike
from crawler.pages.media import Media
from crawler.pages.pictures import look, perceptual_hash
from tests.pictures import bomb, drawn, encoded, hostile

REASONS = {
    "truncated or broken",
    "not a picture",
    "a page",
    "SVG",
    "empty",
    "too many pixels",
    "a format that is not kept",
}


def verdict(data: bytes) -> Media | str:
    try:
        return look(data)
    except ValueError as error:
        return str(error)


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@pytest.fixture(scope="module")
def reader():
    """A process like those of the readers: what is decoded is decoded there, under limits."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield lambda function, *arguments: pool.submit(function, *arguments).result(60)


def test_no_hostile_picture_does_harm(reader):
    before = reader(memory)
    verdicts = {name: reader(verdict, data) for name, data in hostile()}
    assert len(verdicts) > 300
    assert {found for found in verdicts.values() if isinstance(found, str)} <= REASONS
    assert reader(memory) - before < 150  # MiB

    assert verdicts["HTML"] == "a page"
    assert verdicts["SVG"] == "SVG"
    assert verdicts["13000 x 13000 pixels"] == "too many pixels"
    assert verdicts["9900 x 9900 pixels"].phash is None  # kept, not decoded
    cut = {
        form: [v for name, v in verdicts.items() if name.startswith(f"{form} cut at")]
        for form in ("JPEG", "PNG", "WEBP")
    }
    assert all(found in REASONS for found in cut["JPEG"] + cut["PNG"][:-2] + cut["WEBP"])
    for whole in (
        "animated GIF",
        "animated WebP",
        "animated PNG",
        "of two pictures",
        "CMYK",
        "PHP in a comment",
        "JPEG and a page",
    ):
        assert verdicts[whole].phash, whole
    assert verdicts["PHP in a comment"].extension == verdicts["of two pictures"].extension == "jpg"
    assert verdicts["of one colour"].phash is None
    assert verdicts["TIFF"] == verdicts["BMP"] == "not a picture"


def test_outside_a_reader_nothing_is_decoded():
    assert look(encoded(drawn(1))).phash is None
    assert look(encoded(drawn(1))[:2000]).width == 400


def test_a_reader_has_its_memory_back_afterwards(reader):
    reader(verdict, bomb(5_000, 4_900))
    assert reader(resource.getrlimit, resource.RLIMIT_AS) == resource.getrlimit(resource.RLIMIT_AS)
    assert isinstance(reader(verdict, encoded(drawn(1))), Media)


def test_copies_are_alike_and_others_are_not():
    pictures = [drawn(seed) for seed in range(40)]
    hashes = [perceptual_hash(picture) for picture in pictures]
    for picture, known in zip(pictures, hashes, strict=True):
        for copy in (
            picture.resize((100, 75)),
            picture.resize((570, 330)),
            picture.convert("L"),
            picture.quantize(256),
        ):
            assert are_alike(perceptual_hash(copy), known)
    assert not any(are_alike(one, other) for one, other in itertools.combinations(hashes, 2))


def test_a_copy_of_lower_quality_is_alike(reader):
    one, other = (reader(look, encoded(drawn(5), quality=quality)) for quality in (95, 25))
    assert are_alike(one.phash, other.phash)
