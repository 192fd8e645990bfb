"""Which language a text is in."""

# ruff: noqa: RUF001 - the letters of other scripts are the subject

import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from crawler.text.language import are_kin, everyday_language, identify, language_of, language_of_script
from crawler.text.languagemodel import load_identifier

# (language, a sentence of news in it)
NEWS = [
    ("en", "The ministry said the bridge will stay closed until Friday."),
    ("ar", "قالت الوزارة إن الجسر سيبقى مغلقا حتى يوم الجمعة."),
    ("fa", "وزارت راه اعلام کرد پل تا روز جمعه بسته می‌ماند."),
    ("fr", "Le ministère a annoncé que le pont resterait fermé jusqu'à vendredi."),
    ("es", "El ministerio dijo que el puente seguirá cerrado hasta el viernes."),
    ("de", "Das Ministerium teilte mit, dass die Brücke bis Freitag gesperrt bleibt."),
    ("ru", "Министерство сообщило, что мост останется закрытым до пятницы."),
    ("he", "המשרד הודיע כי הגשר יישאר סגור עד יום שישי."),
    ("zh", "该部表示，大桥将关闭至周五，请市民绕行。"),
    ("tr", "Bakanlık, köprünün cuma gününe kadar kapalı kalacağını açıkladı."),
    ("ur", "وزارت نے کہا ہے کہ پل جمعہ تک بند رہے گا اور شہری دوسرا راستہ اختیار کریں۔"),
]


@pytest.mark.parametrize(("language", "text"), NEWS)
def test_the_language_of_a_sentence(language, text):
    assert identify(text).code == language


@pytest.mark.parametrize("text", ["", "2016/02/26 12:30", "Reuters", "AP / AFP - 3.4 %", "上海"])
def test_too_little_is_no_language(text):
    assert identify(text) is None


def test_a_declaration_settles_what_the_letters_leave_open_and_nothing_else():
    english = NEWS[0][1]
    assert identify(english, "fa").code == "en"
    indonesian = "Pemerintah mengatakan jembatan itu akan tetap ditutup."
    assert identify(indonesian, "id").code == "id"
    assert identify(indonesian, "ms").code == "ms"


SPANISH = (
    "El ministerio dijo que el puente seguirá cerrado hasta el viernes por la crecida del río, que ha subido dos metros"
    " en la noche. Las autoridades de la ciudad no esperan que el agua baje antes del fin de semana."
)
CATALAN = (
    "El ministeri ha dit que el pont seguirà tancat fins divendres per la crescuda del riu, que ha pujat dos metres"
    " durant la nit. Les autoritats de la ciutat no esperen que l'aigua baixi abans del cap de setmana."
)


def test_everyday_words_tell_a_language_only_where_no_other_is_like_it_or_it_was_declared():
    assert everyday_language(" ".join([NEWS[0][1]] * 4)) == "en"
    assert everyday_language(" ".join([NEWS[0][1]] * 4), "es") == "en"
    assert everyday_language(SPANISH, "es") == "es"
    assert everyday_language(SPANISH) is None
    assert everyday_language(CATALAN, "ca") is None
    assert everyday_language(NEWS[0][1]) is None  # too short


def test_a_declared_dialect_is_believed_where_letters_cannot_tell():
    assert are_kin("nb", "no")
    assert not are_kin("no", "en")


def test_the_model_read_row_by_row_says_what_the_model_in_memory_says():
    whole, rows = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True), load_identifier()
    for _, text in [*NEWS, ("", "")]:
        assert rows.rank(text) == whole.rank(text)


def test_a_script_of_one_language_tells_it():
    told = {
        "ja": "同省は、橋が金曜日まで閉鎖されたままになると発表した。",
        "zh": "该部表示，大桥将关闭至周五，请市民绕行，注意安全。",
        "ko": "국토부는 다리가 금요일까지 폐쇄된다고 밝혔다. 시민들은 우회해야 한다.",
        "el": "Το υπουργείο ανακοίνωσε ότι η γέφυρα θα μείνει κλειστή μέχρι την Παρασκευή.",
        "th": "กระทรวงระบุว่าสะพานจะปิดจนถึงวันศุกร์ ขอให้ประชาชนใช้เส้นทางอื่น",
    }
    for language, text in told.items():
        assert language_of_script(text) == language
        assert identify(text).code == language


def test_script_of_many_languages_or_a_mixture_gives_no_language():
    for language in ("en", "ru", "ar", "he"):
        assert language_of_script(dict(NEWS)[language]) is None
    assert language_of_script("大桥将关闭至周五 " + dict(NEWS)["en"]) is None
    assert language_of_script("该部表示，大桥将关闭至周五，请市民绕行かな，注意安全。") is None
    assert language_of_script("大桥") is None


@pytest.mark.parametrize(
    ("text", "declared", "code"),
    [
        ("بازگشایی فرودگاه", "en", "fa"),
        ("إعادة فتح المطار", "en", "ar"),
        ("Новый мост", "en", "ru"),
        ("נפתח הגשר", "en", "he"),
        ("بازگشایی فرودگاه", "ur", None),
        ("Новый мост", "uk", None),
        ("It rained.", "fa", None),
        ("کراچی میں بارش", "en", "ur"),
        ("کراچی میں بارش", "fa", "ur"),
        ("مقتل ثلاثة جنود", "fa", "ar"),
        ("حجة الاسلام رئیسی", "fa", "fa"),
        ("انفجار در پاکستان", "ar", "fa"),
        ("پوتين في دمشق", "ar", "ar"),
        ("الرئيس الروسي", "fa", None),
        ("", "en", None),
    ],
)
def test_a_few_words_in_another_script_are_not_in_the_language_that_was_declared(text, declared, code):
    assert language_of(text, declared) == code
