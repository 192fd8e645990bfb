"""What is concluded from evidence beside templates: samples, dates of ids, time zones, pictures."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.draft.bottomk import BottomK
from crawler.draft.document import name_of
from crawler.draft.moments import day_of, few_points, growth, rising
from crawler.draft.pictures import PictureTally
from crawler.draft.tally import GROUP_URLS, MAX_GROUPS, VALUE_SAMPLE, take_tally
from crawler.draft.zones import OffsetFact, guess_zone, offset_of_date, offset_of_picture
from tests.draft.lists import capture

PIC = "/2016/02/26/alalam_635921016327147719_25f_4x3.jpg"
OTHER_PIC = "/2017/03/27/alalam_636261923551849123_25f_4x3.jpg"


@given(st.sets(st.text(max_size=20), max_size=200), st.randoms())
def test_sample_does_not_depend_on_the_order_of_values(values, draw):
    samples = []
    for _ in range(2):
        order = list(values)
        draw.shuffle(order)
        sample = BottomK[None](20)
        for value in order:
            sample.put(value, None)
        samples.append(sample)
    smallest = [{value for value, _ in list(sample.items())[:15]} for sample in samples]
    assert smallest[0] == smallest[1]
    assert samples[0].count == len(values) or not samples[0].is_whole


def test_count_of_a_full_sample_is_about_right_and_its_size_bounded():
    sample = BottomK[None](512)
    for value in range(100_000):
        sample.put(str(value), None)
    assert 80_000 < sample.count < 120_000
    assert len(list(sample.items())) <= 1_024


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("20140512093000", date(2014, 5, 12)),
        ("201405", date(2014, 5, 1)),
        ("13930222", date(2014, 5, 12)),
        ("2014", date(2014, 1, 1)),
        ("20141340", None),
        ("x", None),
    ],
)
def test_moment_is_a_day(moment, day):
    assert day_of(moment) == (day and day.toordinal())


def test_growth_needs_a_number_of_values_and_tells_both_directions():
    assert growth([(1, 1), (2, 2)]) is None
    assert growth([(n, 5) for n in range(20)]) is None
    assert growth([(n, n) for n in range(20)]) == pytest.approx(1)
    assert growth([(n, -n) for n in range(20)]) == pytest.approx(-1)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(700_000, 740_000)), max_size=60))
def test_points_of_a_profile_rise_in_both(points):
    kept = rising(points)
    assert set(kept) <= set(points)
    few = few_points(kept, 5)
    assert len(few) <= 5
    assert all(low[0] < high[0] and low[1] <= high[1] for low, high in itertools.pairwise(few))


def test_few_points_keep_the_bends_of_the_curve():
    points = [(n, 700_000 + n // 10) for n in range(0, 1_000, 10)] + [(n, 700_100 + n) for n in range(1_000, 1_100, 10)]
    assert set(few_points(points, 4)) >= {points[0], points[99], points[-1]}


@pytest.mark.parametrize("name", ["Asia/Tehran", "Europe/Lisbon", "America/New_York", "Asia/Kathmandu"])
def test_zone_is_found_by_its_offsets_of_a_year(name):
    zone = ZoneInfo(name)
    moments = [datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=9 * n) for n in range(40)]
    facts = [OffsetFact(one, round(one.astimezone(zone).utcoffset().total_seconds() / 60), "test") for one in moments]
    found = guess_zone(facts, ["example.org"])
    assert name in (found.name, *found.others)
    assert (found.agree, found.of) == (40, 40)


def test_country_of_the_host_decides_between_zones_of_one_clock():
    fact = OffsetFact(datetime(2015, 1, 1, tzinfo=UTC), 60, "test")
    assert guess_zone([fact], ["www.example.it"]).name == "Europe/Rome"
    assert len(guess_zone([fact], ["www.example.it"]).others) > 5


def test_zone_without_evidence_is_that_of_the_country_or_utc():
    assert guess_zone([], ["en.alalam.ir"]) == ("Asia/Tehran", 0, 0, (), "the country of the host alone")
    assert guess_zone([], ["example.org"]).name == "UTC"


def test_offset_comes_from_dates_and_from_pictures():
    assert offset_of_date("2014-01-03T18:13:55") is None
    assert offset_of_date("2014-01-03T18:13:55+00:00") is None
    assert offset_of_date("2014-01-03T18:13:55-05:00").minutes == -300
    published = datetime(2016, 2, 26, 16, 45, tzinfo=ZoneInfo("Asia/Tehran")).astimezone(UTC)
    assert offset_of_picture(published.isoformat(), PIC).minutes == 210  # its ticks are local: 16:40:32
    assert offset_of_picture("2016-02-26T16:45:00", PIC) is None  # both are local
    assert offset_of_picture("2017-11-06T07:50:00", "150994162047493000.jpg").minutes == 210


def test_pictures_of_dumps_are_found_in_captures_and_pages_the_largest_first():
    tally = PictureTally([PIC, "150994162047493000.jpg"])
    lines = [
        capture(f"https://media.example.org/small/{PIC}", "2016", "image/jpeg")._replace(length=10_000),
        capture(f"https://media.example.org/original/{PIC}", "2016", "image/jpeg")._replace(length=90_000),
        capture(f"https://media.example.org/original{OTHER_PIC}", "2016", "image/jpeg")._replace(length=80_000),
        capture("https://media.example.org/logo.jpg", "2016", "image/jpeg"),
        capture(f"https://media.example.org/gone/{PIC}", "2016", "image/jpeg", "404"),
    ]
    tally.add_captures(lines)
    page = f'<img src="/up/150994162047493000.jpg"><pre>{{"pic":"{PIC}"}}</pre><img src="/logo.png">'
    tally.add_page(page.encode(), "http://www.example.org/news/1")
    assert [one.url for one in tally.chosen(flat=False)] == [
        "https://media.example.org/original/{pic}",
        "https://media.example.org/original{pic}",
        "https://media.example.org/small/{pic}",
    ]
    assert [one.url for one in tally.chosen(flat=True)] == ["http://www.example.org/up/{pic}"]


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("en.alalam.ir", "alalam"),
        ("www.bbc.co.uk", "bbc"),
        ("127.0.0.1:80", "site"),
        ("localhost", "localhost"),
        ("www.example.org:8080", "example"),
    ],
)
def test_name_comes_from_the_host(host, name):
    assert name_of(host) == name


def test_memory_stays_flat_however_many_shapes_and_values_there_are():
    draw = random.Random(1)

    def lines():
        for number in range(12_000):
            names = "&".join(f"k{draw.randint(0, 30)}={number}" for _ in range(draw.randint(0, 3)))
            yield capture(f"http://example.org/news/{number}?{names}", "20150101000000")

    tally = take_tally(lines, set())
    assert tally.lines == tally.pages == 12_000
    assert len({one.shape.group for one in tally.shapes}) <= MAX_GROUPS
    sizes = [len(list(number.values.items())) for one in tally.shapes for number in one.numbers]
    assert max(sizes) <= 2 * VALUE_SAMPLE
    assert GROUP_URLS * MAX_GROUPS < 300_000
