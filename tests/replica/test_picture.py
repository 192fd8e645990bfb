from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from crawler.replica.picture import ORIGINAL, SMALL, PictureMaker, video

MAKERS = pytest.mark.parametrize(("maker", "size"), [(ORIGINAL, (672, 504)), (SMALL, (855, 495))])
NAMES = [f"/2016/02/26/alalam_{635921016327147719 + n}_25f_4x3.jpg" for n in range(60)]


def thumbnail(data, side=8):
    with Image.open(BytesIO(data)) as image:
        return image.convert("L").resize((side, side)).tobytes()


@MAKERS
def test_pictures_are_real_jpegs(maker, size):
    for name in NAMES:
        with Image.open(BytesIO(maker.picture(name))) as image:
            image.load()  # raises where the coded data do not fill the picture
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", size)


@MAKERS
def test_pictures_follow_from_their_name(maker, size):
    assert size == (maker.width, maker.height)
    again = PictureMaker(maker.width, maker.height, maker.tile_blocks)
    assert [again.picture(name) for name in NAMES] == [maker.picture(name) for name in NAMES]


@MAKERS
def test_pictures_differ_in_bytes_and_to_the_eye(maker, size):
    assert size
    data = [maker.picture(name) for name in NAMES]
    assert len(set(data)) == len({thumbnail(one) for one in data}) == len(NAMES)


def test_both_sizes_show_the_same():
    for name in NAMES[:10]:
        pairs = zip(thumbnail(ORIGINAL.picture(name)), thumbnail(SMALL.picture(name)), strict=True)
        assert sum(abs(a - b) for a, b in pairs) / 64 < 12


def test_pictures_have_the_weight_of_real_ones():
    assert 15_000 < len(ORIGINAL.picture("a.jpg")) < 80_000


def test_videos_begin_as_mp4_files_do():
    data = video("/a.mp4")
    assert data[4:12] == b"ftypmp42"
    assert int.from_bytes(data[24:28], "big") == len(data) - 24
    assert data != video("/b.mp4")
