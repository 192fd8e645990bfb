"""Which site profile a command uses, and what it reports about it."""

from __future__ import annotations

import pytest

from crawler.archive import Corpus
from crawler.archive.profilechoice import choose_profile
from crawler.exceptions import CorpusDamaged, ProfileError
from crawler.sites import profile_content

REPLICA = profile_content("replica")


@pytest.fixture
def root(tmp_path):
    """Return a corpus that was crawled with a profile with the name of a built-in one."""
    corpus = Corpus(tmp_path / "corpus", "replica")
    corpus.keep_profile(REPLICA + b'\n[extract]\ntitle = "h2"\nbody = "p"\n')
    corpus.close()
    return corpus.root


def test_own_profile_of_the_corpus_is_used_without_messages(root):
    chosen = choose_profile(root, None)
    assert (chosen.content, chosen.remark) == ((root / "site.toml").read_bytes(), None)
    assert chosen.profile.selectors == {"title": "h2", "body": "p"}


def test_given_profile_is_used_and_its_differences_are_reported(root):
    chosen = choose_profile(root, "replica")
    assert chosen.content == REPLICA
    assert chosen.remark is not None
    assert chosen.remark.endswith(" in extract")


def test_same_profile_given_again_causes_no_message(root):
    assert choose_profile(root, str(root / "site.toml")).remark is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('title = "h2"', 'title = "h1"'), "in extract.title"),
        (lambda text: text.replace('language = "en"\n', ""), "in language"),
        (lambda text: f"# more\n{text}", "in comments or order only"),
    ],
)
def test_changed_profile_is_reported_with_the_changed_keys(root, tmp_path, change, said):
    path = tmp_path / "mine.toml"
    path.write_text(change((root / "site.toml").read_text(encoding="utf-8")), encoding="utf-8")
    remark = choose_profile(root, str(path)).remark
    assert remark is not None
    assert remark.endswith(said)


def test_without_a_corpus_or_a_profile_of_its_own_the_default_is_taken(tmp_path):
    assert choose_profile(None, None).profile.name == "alalam"
    assert choose_profile(tmp_path, None).profile.name == "alalam"
    Corpus(tmp_path / "corpus", "replica").close()
    assert choose_profile(tmp_path / "corpus", None, default="replica").content == REPLICA


def test_edited_own_profile_is_used_only_when_it_is_given(root):
    edited = root / "site.toml"
    edited.write_bytes(REPLICA)
    with pytest.raises(CorpusDamaged, match="damaged or edited"):
        choose_profile(root, None)
    chosen = choose_profile(root, str(edited))
    assert chosen.content == REPLICA
    assert chosen.remark is not None


def test_unusable_profile_is_named(root):
    corpus = Corpus(root, "replica")
    corpus.keep_profile(b'name = "replica"\n')
    corpus.close()
    with pytest.raises(ProfileError, match=r"site\.toml: 'timezone' is missing"):
        choose_profile(root, None)
