"""Every rule of cleaning by its examples, each of which fails when its rule is switched off."""

# ruff: noqa: RUF001 - the letters of other scripts are the subject

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.text import RULES, clean_story
from crawler.text.boilerplate import edge_keys, paragraph_key
from crawler.text.rules import rules_named
from tests.waiting import grows_linearly

BODY = "The bridge was closed at noon.\n\nIt will open again on Friday, the ministry said."
QUOTE = "We have never before seen the river rise as fast as it did that night"

# (rule, what the text was, what it is, and what else the page told)
EXAMPLES = [
    ("mojibake", "Itâ€™s the cafÃ©.", "It’s the café.", {}),
    ("controls", "bell\x07 and \x93quotes\x94", "bell and “quotes”", {}),
    ("bidi", "\u202bevil\u202c \u2066x\u2069", "evil x", {}),
    ("soft-hyphens", "co\u00adop\u00aderation", "cooperation", {}),
    ("zero-width", "harb\u200bour\ufeff", "harbour", {}),
    ("joiners", "har\u200cbour می\u200cخواهم 👩\u200d👧", "harbour می\u200cخواهم 👩\u200d👧", {}),
    ("composition", "cafe\u0301", "café", {}),
    ("captions", f"The new bridge across the river (Photo: A. Ida)\n\n{BODY}", BODY, {"captions": ["The new bridge across the river (Photo: A. Ida)"]}),
    ("captions", f"The new bridge across the river, as seen from the harbour\n\n{BODY}", BODY,
     {"captions": ["The new bridge across the river, as seen from the harbour"]}),
    ("pull-quotes", f"“{QUOTE}.”\n\n{BODY}\n\nAn engineer said: “{QUOTE}, and we were afraid.”",
     f"{BODY}\n\nAn engineer said: “{QUOTE}, and we were afraid.”", {}),
    ("pull-quotes", f"{QUOTE}.\n\n{QUOTE}.\n\n{BODY}", f"{QUOTE}.\n\n{BODY}", {}),
    ("pull-quotes", "这座桥梁在昨天中午因为洪水而关闭至今没有开放。\n\n交通部说，这座桥梁在昨天中午因为洪水而关闭至今没有开放，周五才会重新开放。",
     "交通部说，这座桥梁在昨天中午因为洪水而关闭至今没有开放，周五才会重新开放。", {}),
    *(
        ("share-buttons", f"{buttons}\n\n{BODY}", BODY, {})
        for buttons in (
            "Share this article", "SHARE", "Facebook Twitter WhatsApp Email", "Share on Facebook | Tweet", "Share this -",
            "شارك", "مشاركة على فيسبوك", "اشتراک گذاری در تلگرام", "Partager sur Facebook", "Compartir en Twitter",
            "Artikel teilen", "Поделиться в Телеграм", "שתפו בפייסבוק", "分享到：微信 微博", "Paylaş: Facebook",
        )
    ),
    *(
        ("read-more", f"{BODY}\n\n{line}", BODY, {})
        for line in (
            "Read more: Ten dead in floods", "READ ALSO: Ten dead in floods", "Related articles:\n\nTen dead\n\nBridge closed",
            "اقرأ أيضا: عشرة قتلى في الفيضانات", "بیشتر بخوانید: ده کشته در سیل", "Lire aussi : Dix morts", "Lea también: Diez muertos",
            "Lesen Sie auch: Zehn Tote", "Читайте также: Десять погибших", "קראו גם: עשרה הרוגים", "延伸阅读：洪水十人死亡",
        )
    ),
    ("read-more", f"Read also:\n\nTen dead in floods\n\n{BODY}", BODY, {"related": ["Ten dead in Floods"]}),
    ("boilerplate", f"{BODY}\n\nThe Harbour Post is free. It lives from its readers.", BODY,
     {"boilerplate": frozenset({paragraph_key("THE HARBOUR POST is free. It lives from its readers.")})}),
]  # fmt: skip

DATELINES = [
    # (the first paragraph, its dateline, what remains)
    ("LONDON, Nov 5 (Reuters) - The bridge is closed.", "LONDON, Nov 5 (Reuters)", "The bridge is closed."),
    ("COLUMBIA, S.C. (AP) — The bridge is closed.", "COLUMBIA, S.C. (AP)", "The bridge is closed."),
    ("TEHRAN (FNA)- The bridge is closed.", "TEHRAN (FNA)", "The bridge is closed."),
    ("JEDDAH, Saudi Arabia -- If there was a bridge.", "JEDDAH, Saudi Arabia", "If there was a bridge."),
    ("بيروت (رويترز) - أغلق الجسر.", "بيروت (رويترز)", "أغلق الجسر."),
    ("تهران - ایرنا - پل بسته شد.", "تهران - ایرنا", "پل بسته شد."),
    ("Paris, 12 nov (AFP) – Le pont est fermé.", "Paris, 12 nov (AFP)", "Le pont est fermé."),
    ("Madrid, 12 nov (EFE).- El puente está cerrado.", "Madrid, 12 nov (EFE).", "El puente está cerrado."),
    ("Berlin/München (dpa) – Die Brücke ist zu.", "Berlin/München (dpa)", "Die Brücke ist zu."),
    ("МОСКВА, 12 ноя — РИА Новости. Мост закрыт.", "МОСКВА, 12 ноя — РИА Новости.", "Мост закрыт."),
    ("МОСКВА, 12 ноября. /ТАСС/. Мост закрыт.", "МОСКВА, 12 ноября. /ТАСС/.", "Мост закрыт."),
    ("新华社北京11月5日电（记者 张三）桥梁关闭。", "新华社北京11月5日电（记者 张三）", "桥梁关闭。"),
]
NO_DATELINES = [
    "NASA — the space agency — said so.",
    "BREAKING — The bridge is closed.",
    "COVID-19 — The numbers rise.",
    "Rafael Nadal - The player of the year.",
    "The minister - who was in Rome (AP) - said so.",
    "“GOLDEN DOME” — The plan of the year.",
    "I - We",
]
CREDITS = [
    ("(Reporting by Will Dunham; Editing by Tom Brown)", "(Reporting by Will Dunham; Editing by Tom Brown)"),
    ("Source: Agencies", "Source: Agencies"),
    ("المصدر: رويترز", "المصدر: رويترز"),
    ("منبع: ایسنا", "منبع: ایسنا"),
    ("Quelle: dpa", "Quelle: dpa"),
    ("Fuente: EFE", "Fuente: EFE"),
    ("Источник: РИА Новости", "Источник: РИА Новости"),
    ("מקור: רויטרס", "מקור: רויטרס"),
    ("来源：新华社", "来源：新华社"),
    ("AFP/Reuters", "AFP/Reuters"),
    ("© 2016 AFP", "© 2016 AFP"),
    ("Source: AP\n\n(dpa)", "Source: AP; (dpa)"),
]


def words(cleaned):
    return cleaned.text, cleaned.dateline, cleaned.credit


@pytest.mark.parametrize(("rule", "raw", "clean", "told"), EXAMPLES)
def test_rule_cleans_its_example_and_is_off_when_switched_off(rule, raw, clean, told):
    assert clean_story(raw, **told).text == clean
    assert clean_story(raw, **told, off=frozenset({rule})).text != clean


def test_every_rule_has_an_example():
    assert {rule for rule, *_ in EXAMPLES} | {"dateline", "credit"} == set(RULES)


@pytest.mark.parametrize(("first", "dateline", "rest"), DATELINES)
def test_datelines_are_split_off(first, dateline, rest):
    assert words(clean_story(f"{first}\n\n{BODY}")) == (f"{rest}\n\n{BODY}", dateline, None)
    assert words(clean_story(f"{first}\n\n{BODY}", off=frozenset({"dateline"}))) == (f"{first}\n\n{BODY}", None, None)


@pytest.mark.parametrize("first", NO_DATELINES)
def test_text_similar_to_a_dateline_stays(first):
    assert words(clean_story(f"{first}\n\n{BODY}")) == (f"{first}\n\n{BODY}", None, None)


@pytest.mark.parametrize(("last", "credit"), CREDITS)
def test_credits_are_split_off(last, credit):
    assert words(clean_story(f"{BODY}\n\n{last}")) == (BODY, None, credit)
    assert words(clean_story(f"{BODY}\n\n{last}", off=frozenset({"credit"}))) == (f"{BODY}\n\n{last}", None, None)


def test_a_credit_that_closes_the_last_sentence_is_split_off():
    assert words(clean_story(f"{BODY} (AFP)")) == (BODY, None, "(AFP)")
    assert words(clean_story("He said so in a talk with (AFP)")) == ("He said so in a talk with (AFP)", None, None)


@pytest.mark.parametrize(
    "text",
    [
        "Facebook\n\nThe company grew.\n\nFacebook, Instagram\n\nBoth grew.",  # headings of a list
        "Share this information, please?\n\nHe asked for it.",
        "More: the name of a play.\n\nRelated work was done by others before.",
        "“Quotes” stay “as they are”, «so» „do“ these 'and' those.",
        "Refrain\n\nOne verse of it.\n\nRefrain\n\nAnother verse of it.\n\nRefrain",
        "What do you like to eat, and what not?\n\nFish.\n\nWhat do you like to eat, and what not?\n\nMeat.",
        "Source: the minister himself, as he said yesterday.\n\nAnd then more was said.",
    ],
)
def test_text_of_an_article_stays(text):
    assert words(clean_story(text)) == (text, None, None)


@pytest.mark.parametrize("around", ["An engineer said over{}", "An engineer said: {}s"])
def test_paragraph_that_another_holds_inside_of_words_is_no_pull_quote(around):
    text = f"{QUOTE}\n\n{BODY}\n\n{around.format(QUOTE)} ago."
    assert clean_story(text).text == text


def test_a_caption_that_the_text_repeats_as_a_sentence_stays_in_the_text():
    told = "Ivanka was dressed in green cargo pants and a white button-down shirt."
    assert clean_story(f"{told}\n\n{BODY}", captions=[told]).text == f"{told}\n\n{BODY}"
    assert clean_story(f"{told}\n\n{BODY}\n\n{told}", captions=[told]).text.count(told) == 1


def test_a_text_of_nothing_but_boilerplate_is_kept():
    known = frozenset(edge_keys("News from the harbour.\n\nEvery day."))
    assert (
        clean_story("News from the harbour.\n\nEvery day.", boilerplate=known).text
        == "News from the harbour.\n\nEvery day."
    )


def test_changes_are_counted_by_rule():
    cleaned = clean_story(f"LONDON (AP) — {BODY}\n\nShare\n\nTweet this\n\nSource: AP")
    assert cleaned.applied == {"dateline": 1, "credit": 1, "share-buttons": 2}


def test_a_setting_names_rules_or_is_refused():
    assert rules_named(["bidi", " captions", ""]) == {"bidi", "captions"}
    with pytest.raises(ValueError, match=r"unknown cleaning rule 'caption' \(known: mojibake, "):
        rules_named(["caption"])


PIECES = st.sampled_from([
    "LONDON (AP) — ", "Berlin (dpa) - ", "新华社北京11月5日电", "МОСКВА, 12 ноября. /ТАСС/. ", "Share on Facebook", "\n\n", "\n\n", "\n\n",
    "Read more: ", "Read also:", "Related articles", "Source: ", "(AFP)", "AP", "Reporting by A. Ida", QUOTE, BODY, "”", "“", ". ", "Ã©",
    "â€™", "\u200d", "\u200c", "\u202e", "e\u0301", "می", "Ten dead in floods", " - ", "PARIS", "The harbour at night, as seen from the new bridge",
])  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=14).map("".join))
def test_cleaned_twice_is_cleaned_once(raw):
    known = frozenset({paragraph_key("Ten dead in floods")})
    told = {
        "captions": ["The harbour at night, as seen from the new bridge"],
        "related": ["Ten dead in floods"],
        "boilerplate": known,
    }
    once = clean_story(raw, **told)
    again = clean_story(once.text, dateline=once.dateline, credit=once.credit, **told)
    assert words(again) == words(once)
    assert not again.applied
    alone = clean_story(once.text, dateline=once.dateline, credit=once.credit)
    assert words(alone) == words(once)


@pytest.mark.parametrize(
    "hostile",
    [
        "A, " * 40_000, "A-" * 40_000, "A. " * 40_000, "(" * 100_000, "Share " * 20_000, "Read more: " * 10_000,
        "\n\n".join(["A sentence that is repeated over and over again, sixty characters"] * 5_000),
        "\n\n".join(f"{'x ' * 40}{n}" for n in range(399)),
        "A " * 45 + "- ", "新华社" * 30_000, "— " * 50_000,
    ],
)  # fmt: skip
def test_hostile_texts_take_no_long_time(hostile):
    half = hostile[: len(hostile) // 2]
    assert grows_linearly(lambda text: clean_story(text, captions=[hostile[:1000]]), half, hostile)
