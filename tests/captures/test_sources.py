"""What ``--source`` stands for."""

from __future__ import annotations

import pytest

from crawler.captures.sources import PUBLIC, ListSource, choose_sources
from crawler.exceptions import ConfigError


def test_public_archives_are_chosen_by_name_in_the_order_of_the_user():
    assert choose_sources(["commoncrawl", "wayback"], None) == PUBLIC[::-1]


def test_paths_are_local_sources_that_may_be_named(tmp_path):
    path = tmp_path / "a=b.cdx"
    path.write_text("")
    assert choose_sources([str(path), f"ukwa={path}"], None) == (
        ListSource("files", "warc", str(path)),
        ListSource("files", "ukwa", str(path)),
    )
    assert choose_sources([f"columnar:{tmp_path}"], None) == (ListSource("columnar", "commoncrawl", str(tmp_path)),)


def test_local_sources_may_share_a_name_and_indexes_may_not(tmp_path):
    assert len(choose_sources([str(tmp_path), f"columnar:{tmp_path}", "commoncrawl"], None)) == 3
    with pytest.raises(ConfigError, match="two sources are called wayback"):
        choose_sources(["wayback", "wayback=cdx:https://other.example/cdx"], None)
