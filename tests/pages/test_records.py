"""Records: of a seed, of a fetched page, of what could be fetched nowhere."""

from __future__ import annotations

import json

import pytest

from crawler.archive import Target
from crawler.corpus.fixity.verify import record_validator
from crawler.items import Article, Attempt, Capture, Image, RelatedItem
from crawler.jsonl import decode, encode
from crawler.pages.facts import PageFacts, read_page
from crawler.pages.records import article_record, seed_record, stub_record
from crawler.seeds import SeedPage, parse_page
from crawler.sites import load_profile
from tests.factories import make_article, make_seed, make_stub

PROFILE = load_profile("alalam")
PIC = "/2016/02/26/alalam_635921016327147719_25f_4x3.jpg"
TARGET = Target(key="alalam/1793356", id="1793356", depth=1, title="What the dump told", pic=PIC)
DUMP = 'string(89) "[{"id":"1793356","sort":"1","contenttypeid":"21","pic":"' + PIC + '","title":"T"} ]"'


def seed_of(text, **origin):
    fields = {"source": "x.txt", "url": None, "timestamp": None, **origin}
    page = parse_page(text, PROFILE.zone)
    return SeedPage(**{"offset": 0, "line": None, **fields}, text=text, page=page)


def article(facts, target=TARGET):
    url = PROFILE.article_urls("1793356")[0]
    capture = Capture(source="origin", url=url, fetched="2026-11-22T20:00:00+00:00", status=200)
    return article_record(target, facts, PROFILE, capture, run="r", url=url)


@pytest.mark.parametrize("record", [make_article(), make_seed(related=(1, 2)), make_stub()])
def test_every_kind_is_valid_whole_and_reads_back_equal(record):
    line = encode(record)
    assert decode(line) == record
    assert tuple(json.loads(line)) == (*Article.__dataclass_fields__, "crc32")
    record_validator().validate(json.loads(line))


def test_line_keeps_failed_attempts_and_the_time_of_the_archive():
    attempts = (Attempt("https://h/news/7", 404, "status 404"), Attempt("https://a/cdx", 200, "no capture", "wayback"))
    capture = Capture(source="commoncrawl", archived="2016-02-27T10:00:00+00:00", attempts=attempts)
    record = make_article(capture=capture)
    line = encode(record)
    assert decode(line) == record
    record_validator().validate(json.loads(line))


def test_line_older_than_attempts_is_still_valid():
    old = json.loads(encode(make_article()))
    del old["capture"]["archived"], old["capture"]["attempts"], old["crc32"]
    record_validator().validate(old)
    assert decode(json.dumps(old).encode()) == make_article()


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b"null", b'{"schema":1}', b'{"kind":"x"}', b'{"kind":[]}', b"\xff", b'"x"']
)
def test_invalid_record_is_a_value_error(line):
    with pytest.raises(ValueError):  # noqa: PT011 - orjson words some of them
        decode(line)


def test_a_seed_of_unknown_id_is_keyed_by_its_text():
    seed = seed_of(f"A paragraph of some length.\n{DUMP}")
    record = seed_record(seed, PROFILE, "r")
    assert record.key == f"alalam/seed-{seed.text_sha256[:12]}"
    assert (record.id, record.url, record.published, record.published_from) == (None, None, None, None)
    assert record.text == "A paragraph of some length."
    assert [item.id for item in record.related] == ["1793356"]


def test_a_seed_that_came_with_its_url_is_keyed_by_its_id_and_dated():
    url = "https://en.alalam.ir/news/1793999/slug"
    seed = seed_of(f"A paragraph.\n{DUMP}", url=url, timestamp="2016-03-01T00:00:00Z")
    record = seed_record(seed, PROFILE, "r")
    assert (record.key, record.id, record.url) == ("alalam/1793999", "1793999", url)
    assert record.published_from == "id"
    assert (record.capture.source, record.capture.fetched) == ("seed", "2016-03-01T00:00:00Z")


def test_the_date_line_of_a_dump_is_believed_over_its_id():
    seed = seed_of(
        f"A title\n\nWed Jul 3, 2013 10:25:28\n\nA paragraph.\n\n{DUMP}", url="https://en.alalam.ir/news/1490659"
    )
    record = seed_record(seed, PROFILE, "r")
    assert (record.published, record.published_from) == ("2013-07-03T10:25:28+04:30", "dump")


def test_an_article_is_dated_by_its_page_else_its_picture_else_its_id():
    told = PageFacts(published="2016-02-26T10:00:00+03:30", published_from="metadata")
    assert article(told).published_from == "metadata"
    assert (article(PageFacts()).published, article(PageFacts()).published_from) == (
        "2016-02-26T16:40:32+03:30",
        "picture",
    )
    without_pic = Target(key="alalam/1793356", id="1793356", depth=1)
    assert article(PageFacts(), without_pic).published_from == "id"
    unknown = Target(key="alalam/5", id="5", depth=1)
    assert article(PageFacts(), unknown).published is None


def test_a_picture_that_dump_and_page_both_name_is_there_once():
    facts = PageFacts(
        image_urls=(
            f"https://media.alalam.ir/news/image/855x495/{PIC}",
            "https://media.alalam.ir/news/image/855x495/2016/02/26/other.jpg",
            "https://ads.example/x.gif",
        )
    )
    assert article(facts).images == (
        Image(pic=PIC, url=facts.image_urls[0]),
        Image(pic="/2016/02/26/other.jpg", url=facts.image_urls[1]),
        Image(url="https://ads.example/x.gif"),
    )


def test_page_without_a_title_gets_that_of_the_dump():
    assert article(PageFacts()).title == "What the dump told"
    assert article(PageFacts(title="Its own")).title == "Its own"


def test_a_stub_keeps_the_attempt_that_leaves_most_hope():
    attempts = [Attempt("https://h/1", None, "timed out"), Attempt("http://h/1", 404, "status 404")]
    stub = stub_record(TARGET, attempts, PROFILE, run="r", tried="2026-11-22T20:00:00+00:00")
    assert (stub.kind, stub.capture.url, stub.capture.status) == ("stub", "https://h/1", None)
    gone = stub_record(TARGET, attempts[1:], PROFILE, run="r", tried="2026-11-22T20:00:00+00:00")
    assert gone.capture.status == 404
    assert gone.published_from == "picture"


def test_numbers_that_no_column_holds_become_unknown():
    facts = PageFacts(related=(RelatedItem(id="1", sort=10**30, content_type=-(10**30)),))
    (item,) = article(facts).related
    assert (item.sort, item.content_type) == (None, None)
    encode(article(facts))


def test_a_page_is_read_with_its_dump():
    html = (
        "<html lang=en><head><title>The harbour</title></head><body><h1>The harbour</h1><p>Fri Feb 26, 2016 16:40:32</p>"
        + "".join(
            f"<p>Paragraph {n} tells at some length what happened in the harbour of the town today.</p>"
            for n in range(5)
        )
        + f"<p>212-11</p><pre>{DUMP}</pre></body></html>"
    )
    facts = read_page(html.encode(), "https://en.alalam.ir/news/1793999", PROFILE)
    assert facts.title == "The harbour"
    assert [item.id for item in facts.related] == ["1793356"]
    assert "string(" not in (facts.text or "")
    assert (facts.text or "").startswith("Paragraph 0 tells")
    assert facts.published == "2016-02-26T16:40:32+03:30"
    assert facts.published_from == "page"
    assert facts.desk_code == "212-11"


def test_the_language_of_a_seed_comes_from_its_text():
    assert (
        seed_record(seed_of("Body in English that says what it says.\n212-11\n" + DUMP), PROFILE, "r").language == "en"
    )
    assert (
        seed_record(
            seed_of("وزیر امور خارجه گفت که گفتگو با کشورهای منطقه ادامه خواهد یافت.\n212-11\n" + DUMP), PROFILE, "r"
        ).language
        == "fa"
    )
    assert seed_record(seed_of("(12)\n" + DUMP), PROFILE, "r").language == PROFILE.language
