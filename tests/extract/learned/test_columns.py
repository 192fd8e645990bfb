"""The forest judges the columns that it learned with: their names stand in its file, and their numbers are fixed."""

from importlib.resources import files

import numpy as np
import pytest

from crawler.extract.learned.features import COLUMNS, GROUPS, measure
from crawler.extract.learned.forest import read_reader
from crawler.extract.learned.letters import CALL_RE, CALLS
from crawler.extract.page import read

MODEL = files("crawler.extract.learned") / "body.npz"
PAGE = "<html><body><h1>Rain</h1><p>It rained all day.</p><p>By Ann Lee</p></body></html>"


def blocks_of(page):
    pairs = read(page.encode(), "http://h/1", None, None, None).blocks
    return [block for block, _ in pairs], [text for _, text in pairs]


def test_each_group_measures_as_many_columns_as_it_names():
    rows = measure(*blocks_of(PAGE), "Rain", None).rows
    assert rows.shape == (3, len(COLUMNS))
    assert len(set(COLUMNS)) == len(COLUMNS) == sum(len(group.names) for group in GROUPS) == 170


def test_named_column_holds_what_its_name_says():
    rows = measure(*blocks_of(PAGE), "Rain", None).rows
    assert rows[:, COLUMNS.index("size")].tolist() == [4, 18, 10]
    assert rows[:, COLUMNS.index("ends_in_stop")].tolist() == [0, 1, 0]
    assert rows[:, COLUMNS.index("call")].tolist() == [0, 0, 1 + list(CALLS).index("byline")]
    assert rows[:, COLUMNS.index("index")].tolist() == [0, 1, 2]


@pytest.mark.parametrize("change", ["renamed", "swapped", "missing"])
def test_model_of_other_columns_is_refused(tmp_path, change):
    with MODEL.open("rb") as file, np.load(file) as arrays:
        kept = dict(arrays)
    names = kept.pop("columns").tobytes().decode().split("\n")
    if change == "renamed":
        names[3] += "_"
    elif change == "swapped":
        names[3], names[4] = names[4], names[3]
    if change != "missing":
        kept["columns"] = np.frombuffer("\n".join(names).encode(), np.uint8)
    np.savez(tmp_path / "other.npz", **kept)
    with pytest.raises(ImportError, match=r"other\.npz.* other columns"):
        read_reader(tmp_path / "other.npz")


def test_number_of_a_call_is_its_place_in_the_table():
    lines = {
        "read more": "read more here", "sign up": "subscribe now", "picture credit": "photo: a. lee",
        "byline": "by ann lee", "rights": "© 2020", "advertisement": "sponsored", "readers": "leave a reply",
    }  # fmt: skip
    numbers = {name: match.lastindex for name, line in lines.items() if (match := CALL_RE.match(line))}
    assert numbers == {name: number for number, name in enumerate(CALLS, 1)}
    assert CALL_RE.match("byways of the city") is None
