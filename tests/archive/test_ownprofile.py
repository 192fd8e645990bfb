"""site.toml: the corpus keeps each site profile it is crawled with, and a changed byte of it is found."""

from __future__ import annotations

import pytest

from crawler.archive import Corpus
from crawler.archive.description import describe
from crawler.archive.ownprofile import earlier_path, own_profile
from crawler.archive.rebuilding import rebuild
from crawler.corpus.fixity.bags import make_bag
from crawler.corpus.fixity.manifest import seal
from crawler.corpus.fixity.verify import verify
from crawler.corpus.merge.merge import merge
from crawler.exceptions import CorpusDamaged
from tests.archive.corpora import make_corpus
from tests.factories import make_article

ONE, TWO = b'name = "replica"\n', b'name = "replica"\nlanguage = "en"\n'


def keep(root, *profiles):
    """Crawl the corpus at *root* with *profiles*, one after the other."""
    make_corpus(root, make_article(1))
    for content in profiles:
        corpus = Corpus(root, "replica")
        corpus.keep_profile(content)
        corpus.close()
    return root


def files(root):
    return {path.name: path.read_bytes() for path in root.glob("site*.toml")}


def test_the_latest_is_the_corpuss_own_and_the_earlier_ones_stay(tmp_path):
    root = keep(tmp_path / "corpus", ONE, ONE, TWO)
    assert (own_profile(root), files(root)) == (TWO, {"site.toml": TWO, earlier_path(root, ONE).name: ONE})
    keep(root, ONE)
    assert own_profile(root) == ONE
    assert set(files(root).values()) == {ONE, TWO}
    assert len(describe(root)["profiles"]) == 2
    assert verify(root).problems == []


@pytest.mark.parametrize("content", [b"", TWO.replace(b"en", b"fa"), None])
def test_missing_or_changed_profile_is_found_and_not_used(tmp_path, content):
    root = keep(tmp_path / "corpus", TWO)
    (root / "site.toml").unlink()
    if content is not None:
        (root / "site.toml").write_bytes(content)
    (problem,) = verify(root).problems
    assert problem.file == "site.toml"
    with pytest.raises(CorpusDamaged, match=r"site\.toml"):
        own_profile(root)
    keep(root, TWO)
    assert own_profile(root) == TWO
    assert verify(root).problems == []


def test_an_earlier_one_that_changed_is_found(tmp_path):
    root = keep(tmp_path / "corpus", ONE, TWO)
    earlier_path(root, ONE).write_bytes(b"x")
    assert [problem.file for problem in verify(root).problems] == [earlier_path(root, ONE).name]


def test_a_corpus_without_one_is_well(tmp_path):
    root = keep(tmp_path / "corpus")
    assert own_profile(root) is None
    assert verify(root).problems == []


def test_a_manifest_and_a_bag_have_them_all(tmp_path):
    root = keep(tmp_path / "corpus", ONE, TWO)
    seal(root)
    keep(root, ONE)
    assert verify(root).problems == []
    make_bag(root, tmp_path / "bag")
    assert files(tmp_path / "bag/data") == files(root)


def test_a_merge_brings_the_profile_and_the_depth(tmp_path):
    one, two = keep(tmp_path / "one", ONE), keep(tmp_path / "two", TWO)
    corpus = Corpus(two, "replica")
    corpus.depths.allow(4)
    corpus.close()
    merge(tmp_path / "new", [one, two])
    assert own_profile(tmp_path / "new") == ONE
    assert files(tmp_path / "new") == {"site.toml": ONE, earlier_path(tmp_path, TWO).name: TWO}
    assert describe(tmp_path / "new")["depth"] == 4
    assert verify(tmp_path / "new").problems == []


def test_a_merge_takes_no_profile_of_another_site_and_follows_no_link(tmp_path):
    other, link = keep(tmp_path / "other", b'name = "alalam"\n'), keep(tmp_path / "link")
    (link / "site.toml").symlink_to(other / "site.toml")
    merge(tmp_path / "new", [other, link])
    assert own_profile(tmp_path / "new") is None


def test_repair_names_a_profile_that_it_cannot_rebuild_until_the_right_one_is_given(tmp_path):
    root = keep(tmp_path / "corpus", TWO)
    (root / "site.toml").write_bytes(TWO[:-3])
    for _ in range(2):
        found = rebuild(root, "on request", mend=True)
        assert found.is_damage
        (message,) = found.profiles
        assert message.startswith("site.toml is not a site profile that this corpus was crawled with")
        assert message in found.messages()
    keep(root, TWO)
    assert not rebuild(root, "on request", mend=True).is_damage


def test_repair_takes_away_an_earlier_profile_that_changed_though_the_manifest_lists_it(tmp_path):
    root = keep(tmp_path / "corpus", ONE, TWO)
    seal(root)
    earlier = earlier_path(root, ONE)
    earlier.write_bytes(b"changed")
    found = rebuild(root, "on request", mend=True)
    assert found.is_damage
    assert found.profiles == [
        f"{earlier.name}: it is not the site profile that it is named after; it was moved to quarantine/"
    ]
    assert verify(root).problems == []
    assert not rebuild(root, "on request", mend=True).is_damage
