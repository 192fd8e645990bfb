"""Pictures whose files are lost: found from the lines, requested again, and replaced by the new file."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import replace

import pytest

from crawler.archive import Added, Corpus, Unchanged
from crawler.archive.rebuilding import rebuild
from crawler.corpus.fixity.verify import verify
from crawler.items import Image
from tests.archive.test_repair import content
from tests.factories import make_article

JPEG, OTHER = b"\xff\xd8\xff one picture", b"\xff\xd8\xff another picture"


def stored(corpus, data=JPEG, pic="/a.jpg"):
    path, sha256 = corpus.store_picture(data, "jpg")
    return Image(pic=pic, url=f"http://h{pic}", status="stored", path=path, sha256=sha256, bytes=len(data))


def bring(root, number, data=JPEG, **changes):
    """Add the article *number* with a picture of the bytes *data* to the corpus; return the outcome."""
    with closing(Corpus(root, "replica")) as corpus, corpus.group():
        return corpus.add(make_article(number, images=(stored(corpus, data),), **changes))


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "corpus"
    bring(root, 1)
    with closing(Corpus(root, "replica")) as corpus, corpus.group():
        corpus.add(make_article(2, images=(stored(corpus, OTHER, "/b.jpg"),)))
    assert verify(root).problems == []
    return root


def picture(root, data=JPEG):
    sha256 = hashlib.sha256(data).hexdigest()
    return root / "images" / sha256[:2] / f"{sha256}.jpg"


def pending(root):
    with closing(Corpus(root, "replica")) as corpus:
        return [one.key for one in corpus.frontier.known(-1, 10) if one.state == "pending"]


@pytest.mark.parametrize("damage", [None, JPEG[:5], JPEG.replace(b"one", b"two"), b""])
def test_repair_has_what_shows_it_requested_again(root, damage):
    """The damaged file is kept in quarantine/."""
    picture(root).unlink() if damage is None else picture(root).write_bytes(damage)
    path = picture(root).relative_to(root).as_posix()
    report = rebuild(root, "on request")
    assert report.lost_pictures == ((path,), ("replica/1",))
    assert report.damaged_pictures == ([] if damage is None else [path])
    kept = [file.read_bytes() for file in root.glob("quarantine/*.damaged")]
    assert kept == ([] if damage is None else [damage])
    assert not picture(root).exists()
    assert pending(root) == ["replica/1"]


def test_a_catalogue_that_was_lost_too_knows_it_again(root):
    picture(root).unlink()
    (root / "catalogue.sqlite").unlink()
    assert pending(root) == ["replica/1"]


def test_the_same_bytes_again_add_no_line(root):
    picture(root).unlink()
    rebuild(root, "on request")
    before = content(root)[2]
    assert isinstance(bring(root, 1), Unchanged)
    assert verify(root).problems == []
    assert content(root)[2] == before


def test_other_bytes_make_a_new_version_and_nothing_is_missed(root):
    """The earlier version names the lost picture; the later one has the picture that the site has now."""
    picture(root).unlink()
    rebuild(root, "on request")
    with closing(Corpus(root, "replica")) as corpus, corpus.group():
        outcome = corpus.add(make_article(1, images=(stored(corpus, JPEG + b"!"),)))
        again = corpus.add(make_article(1, images=(stored(corpus, JPEG + b"!"),)))
    assert (outcome, again) == (Added(2), Unchanged(2))
    assert verify(root).problems == []
    before = content(root)
    assert rebuild(root, "on request").lost_pictures.paths == ()
    assert content(root) == before
    assert verify(root).problems == []


def test_picture_missing_on_the_site_stays_a_problem(root):
    picture(root).unlink()
    with closing(Corpus(root, "replica")) as corpus, corpus.group():
        missing = Image(pic="/a.jpg", url="http://h/a.jpg", status="missing")
        assert corpus.add(make_article(1, images=(missing,))) == Unchanged(1)
        assert corpus.catalogue.picture("/a.jpg").status == "stored"
    assert len(verify(root).problems) == 2


def test_a_damaged_file_is_replaced_when_the_same_bytes_come(root):
    for damaged in (JPEG[:3], JPEG.replace(b"one", b"two")):
        picture(root).write_bytes(damaged)
        bring(root, 3, text=f"Another text {damaged!r}.")
        assert picture(root).read_bytes() == JPEG


def test_a_picture_that_came_with_other_bytes_before_it_was_lost_adds_nothing(root):
    """Another corpus may have lost it, but the one held is intact."""
    with closing(Corpus(root, "replica")) as corpus, corpus.group():
        image = stored(corpus, JPEG + b"!")
        assert corpus.add(make_article(1, images=(replace(image, pic="/a.jpg"),))) == Unchanged(1)
