"""Pictures as they come: what they are, what they show, and what hostile ones can do, which is nothing."""

from __future__ import annotations

import itertools
import multiprocessing
import resource
from concurrent.futures import ProcessPoolExecutor

import pytest
from PIL import Image, PngImagePlugin

from crawler.pages.likeness import look_the_same
from crawler.pages.media import Media
from crawler.pages.pictures import look, perceptual_hash
from tests.pictures import bomb, drawn, encoded, hostile
from tests.waiting import HANG_SECONDS

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
        yield lambda function, *arguments: pool.submit(function, *arguments).result(HANG_SECONDS)


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
    assert all(found in REASONS for found in cut["WEBP"])  # browsers do not show them either
    kept = [found for form in ("JPEG", "PNG") for found in cut[form] if isinstance(found, Media)]
    assert len(kept) > 20
    assert all(found.is_truncated and found.phash for found in kept)
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
    assert verdicts["TIFF"] == "not a picture"
    assert verdicts["BMP"].media_type == "image/bmp"


def crc_of_text_broken(data: bytes) -> bytes:
    at = data.index(b"tEXt")
    return data[: at + 5] + bytes([data[at + 5] ^ 1]) + data[at + 6 :]


def riff_of(data: bytes, more: int) -> bytes:
    return data[:4] + (len(data) - 8 + more).to_bytes(4, "little") + data[8:]


def with_text(letters: int) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "x" * letters, zip=letters > 1_000)
    return encoded(drawn(3), "PNG", pnginfo=text)


PNG, JPEG, WEBP = (encoded(drawn(3), form) for form in ("PNG", "JPEG", "WEBP"))
END, BESIDE = "truncated: its end is missing", "a part beside the pixels is broken"
FLAWED = {
    "JPEG without its end mark": (JPEG[:-2], "truncated: 2 bytes short"),
    "JPEG with half of its end mark": (JPEG[:-1], "truncated: 1 byte short"),
    "JPEG with a line end for its end mark": (JPEG[:-2] + b"\r\n", "truncated: 2 bytes short"),
    "JPEG without its last 40 bytes": (JPEG[:-40], END),
    "half a JPEG": (JPEG[: len(JPEG) // 2], END),
    "CMYK JPEG without its end mark": (encoded(drawn(3).convert("CMYK"))[:-2], "truncated: 2 bytes short"),
    "progressive JPEG without its end mark": (encoded(drawn(3), progressive=True)[:-2], "truncated: 2 bytes short"),
    "PNG without its last byte": (PNG[:-1], "truncated: 1 byte short"),
    "PNG without its end": (PNG[:-12], "truncated: 12 bytes short"),
    "half a PNG": (PNG[: len(PNG) // 2], None),
    "PNG with a broken text": (crc_of_text_broken(with_text(10)), BESIDE),
    "PNG with a text of 2 MB": (with_text(2_000_000), BESIDE),
    "PNG of one colour without its end": (encoded(Image.new("RGB", (9, 9)), "PNG")[:-4], "truncated: 4 bytes short"),
    "WebP that tells 2 bytes more": (riff_of(WEBP, 2), "truncated: 2 bytes short"),
    "WebP that tells 9,000 bytes more": (riff_of(WEBP, 9_000), "truncated: 9000 bytes short"),
    "GIF without its trailer": (encoded(drawn(3), "GIF")[:-1], "truncated: 1 byte short"),
    "half a GIF": (encoded(drawn(3), "GIF")[:20_000], END),
    "BMP without its last rows": (encoded(drawn(3), "BMP")[:-3_000], END),
}
WHOLE = {
    "JPEG and line ends": JPEG + b"\r\n\r\n",
    "JPEG and a page": JPEG + b"<!-- cached -->",
    "PNG and more": PNG + bytes(40),
    "rotated by EXIF": encoded(
        drawn(3), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    ),
    "grey": encoded(drawn(3).convert("L")),
    "AVIF": encoded(drawn(3), "AVIF"),
    "ICO": encoded(drawn(3), "ICO"),
}
UNSEEN = {
    "head of a JPEG": JPEG[:640],
    "half an AVIF": encoded(drawn(3), "AVIF")[:3_000],
    "half a WebP": WEBP[: len(WEBP) // 2],
    "head of a PNG": PNG[:60],
}


@pytest.mark.parametrize("name", FLAWED)
def test_picture_that_browsers_show_is_kept_with_its_flaw(reader, name):
    data, flaw = FLAWED[name]
    media = reader(verdict, data)
    assert media.flaw == flaw or (flaw is None and media.is_truncated)
    assert media.phash or "one colour" in name


@pytest.mark.parametrize("name", WHOLE)
def test_picture_that_is_whole_has_no_flaw(reader, name):
    media = reader(verdict, WHOLE[name])
    assert (media.flaw, media.phash is None) == (None, False)


@pytest.mark.parametrize("name", UNSEEN)
def test_picture_of_which_browsers_show_nothing_is_refused(reader, name):
    assert reader(verdict, UNSEEN[name]) in {"truncated or broken", "not a picture"}


def test_outside_a_reader_nothing_is_decoded():
    assert look(encoded(drawn(1))).phash is None
    assert look(encoded(drawn(1))[:2000]).width == 400


def test_a_reader_has_its_memory_back_afterwards(reader):
    reader(verdict, bomb(5_000, 4_900))
    assert reader(resource.getrlimit, resource.RLIMIT_AS) == resource.getrlimit(resource.RLIMIT_AS)
    assert isinstance(reader(verdict, encoded(drawn(1))), Media)


def test_copies_look_the_same_and_other_pictures_do_not():
    pictures = [drawn(seed) for seed in range(20)]
    hashes = [perceptual_hash(picture) for picture in pictures]
    for picture, known in zip(pictures, hashes, strict=True):
        for copy in (
            picture.resize((100, 75)),
            picture.resize((570, 330)),
            picture.convert("L"),
            picture.quantize(256),
        ):
            assert look_the_same(perceptual_hash(copy), known)
    assert not any(look_the_same(one, other) for one, other in itertools.combinations(hashes, 2))


def test_copy_of_lower_quality_looks_the_same(reader):
    one, other = (reader(look, encoded(drawn(5), quality=quality)) for quality in (95, 25))
    assert look_the_same(one.phash, other.phash)
