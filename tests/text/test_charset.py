# ruff: noqa: RUF001 - the letters of other scripts are the subject
"""The charset of a page that is mostly an ASCII dump, by its letters alone."""

from __future__ import annotations

import pytest

from crawler.text.charset import decode_page

TITLES = {
    "Arabic": "افتتح وزير النقل الميناء الجديد في المدينة بحضور المحافظ وقال إن المشروع سيوفر آلاف فرص العمل",
    "Persian": "شهردار گفت که اسکله قدیمی شهر در بهار امسال سنگفرش مي شود و پل چوبي هم ساخته خواهد شد",
    "Russian": "Министр транспорта открыл новый порт в присутствии губернатора и многих предпринимателей области",
    "Ukrainian": "Міністр транспорту відкрив новий порт у присутності голови області та багатьох підприємців",
    "Hebrew": "שר התחבורה חנך את הנמל החדש בעיר בנוכחות ראש המחוז ואנשי עסקים רבים מן האזור כולו",
    "Greek": "Ο υπουργός Μεταφορών εγκαινίασε το νέο λιμάνι της πόλης παρουσία πολλών επιχειρηματιών",
    "Turkish": "Ulaştırma Bakanı şehirdeki yeni limanı vali ve çok sayıda iş insanının katılımıyla açtı, halkı dikkatli olmaya çağırdı, çalışmaların yıl sonunda biteceğini söyledi",
    "Polish": "Minister otworzył we wtorek nowy port w obecności wojewody i wielu przedsiębiorców, mieszkańcy poinformowali, że droga do przystani została zamknięta",
    "Czech": "Ministr dopravy otevřel v úterý nový přístav za účasti hejtmana a mnoha podnikatelů, místní obyvatelé uvedli, že silnice byla dočasně uzavřena",
    "French": "Le préfet a inauguré mardi le nouveau port de la ville, la fête du château a été annulée à cause des pluies tombées",
    "English": "The mayor’s plan isn’t popular: “We don’t need it,” said one of the fishermen – the café’s owner agreed",
}  # fmt: skip
CHARSETS = {
    "Arabic": ["windows-1256", "iso-8859-6"],
    "Persian": ["windows-1256"],
    "Russian": ["windows-1251", "koi8-r", "iso-8859-5", "cp866"],
    "Ukrainian": ["windows-1251", "koi8-u"],
    "Hebrew": ["windows-1255", "iso-8859-8"],
    "Greek": ["windows-1253", "iso-8859-7"],
    "Turkish": ["windows-1254", "iso-8859-9"],
    "Polish": ["windows-1250", "iso-8859-2"],
    "Czech": ["windows-1250", "iso-8859-2"],
    "French": ["windows-1252"],
    "English": ["windows-1252"],
}
PAIRS = [(language, charset) for language, charsets in CHARSETS.items() for charset in charsets]


def page_of(title: str, charset: str, times: int) -> tuple[str, bytes]:
    """Return a page that is a dump with one title of *language* in each of its records, as text and as bytes."""
    title = title.encode(charset, "ignore").decode(charset)  # letters that the charset lacks
    rows = " ,".join(
        f'{{"id":"{1793000 + place}","sort":"{23371300 + place}","contenttypeid":"21",'
        f'"pic":"/2016/03/07/alalam_{635929781784300000 + place}_25f_4x3.jpg","title":"{title}"}}'
        for place in range(times)
    )
    text = f'Title\n\nSA - 12\nstring(1492) "[{rows} ]"\n'
    return text, text.encode(charset)


@pytest.mark.parametrize("times", [3, 20])
@pytest.mark.parametrize(("language", "charset"), PAIRS)
def test_charset_is_known_by_the_letters_above_ascii(language: str, charset: str, times: int) -> None:
    text, data = page_of(TITLES[language], charset, times)
    decoded = decode_page(data)
    assert (decoded.text, decoded.reason) == (text, "guessed")


@pytest.mark.parametrize(("language", "charset"), PAIRS)
@pytest.mark.parametrize("place", ["header", "meta", "container"])
def test_charset_that_is_declared_is_believed(language: str, charset: str, place: str) -> None:
    text, data = page_of(TITLES[language], charset, 3)
    meta = f'<meta charset="{charset}">' if place == "meta" else ""
    decoded = decode_page(
        meta.encode() + data, charset if place == "header" else None, charset if place == "container" else None
    )
    assert (decoded.text, decoded.reason) == (meta + text, "declared")


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252", "utf-8", "us-ascii", "none-such"])
@pytest.mark.parametrize(
    ("language", "charset"), [pair for pair in PAIRS if pair[0] in ("Arabic", "Russian", "Hebrew")]
)
def test_wrong_declaration_is_not_believed(language: str, charset: str, declared: str) -> None:
    text, data = page_of(TITLES[language], charset, 3)
    assert decode_page(data, declared).text == text


def test_header_comes_before_meta_and_meta_before_container() -> None:
    data = b"<meta charset=koi8-r>" + TITLES["Russian"].encode("koi8-r")
    assert decode_page(data, None, "windows-1251").charset == "koi8-r"
    assert decode_page(data, "windows-1251").charset == "cp1251"


def test_utf_8_beats_every_declaration() -> None:
    assert decode_page("Привет".encode(), "windows-1251") == ("Привет", "utf-8", "utf-8")
