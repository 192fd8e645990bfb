"""Calendars: the names of months in the languages of news pages, and their days in the Gregorian calendar."""

# ruff: noqa: RUF001 - the letters of other scripts are the subject

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, NamedTuple

import jdatetime  # type: ignore[import-untyped]  # it has no type information

Calendar = Literal["gregorian", "solar", "hijri"]

_HIJRI_EPOCH = date(622, 7, 19)  # 16 July 622 in the Julian calendar
_CYCLE_YEARS, _CYCLE_DAYS = 30, 10_631
_YEAR_DAYS = 354


class Month(NamedTuple):
    """A month of a calendar, 1 to 12."""

    calendar: Calendar
    number: int


# One line for each month; `_` means a space. Where a name means different months in two languages (listopad in Czech
# and Croatian, in Ukrainian and Polish), the language with more readers has it.
_GREGORIAN = """
jan january januar januari janvier janv enero ene gennaio gen janeiro ocak stycznia styczeń января январь янв січня ledna leden января_ ianuarie ιανουαρίου ינואר يناير كانون_الثاني ژانویه ژانويه जनवरी มกราคม جانفي كانون_ثاني كانون_ثان
feb february februar februari février fevrier févr fév febrero febbraio fevereiro fev şubat lutego luty февраля февраль фев лютого února únor februarie φεβρουαρίου פברואר فبراير شباط فوریه فوريه फरवरी กุมภาพันธ์ فيفري
mar march märz maerz mrz maart mars marzo março mart marca marzec марта март березня března březen martie μαρτίου מרץ מרס مارس آذار मार्च มีนาคม اذار أذار
apr april avril avr abril abr aprile nisan kwietnia kwiecień апреля апрель апр квітня dubna duben aprilie απριλίου אפריל أبريل ابريل إبريل نيسان آوریل अप्रैल เมษายน أفريل افريل
may mai mei mayo maggio mag maio mayıs maja maj мая май травня května květen μαΐου מאי مايو أيار ايار मई พฤษภาคม ماي
jun june juni juin junio giugno giu junho haziran czerwca czerwiec июня июнь июн червня června červen iunie ιουνίου יוני يونيو يونيه حزيران ژوئن जून มิถุนายน جوان
jul july juli juillet juil julio luglio lug julho temmuz lipca lipiec июля июль июл липня července červenec iulie ιουλίου יולי يوليو يوليه تموز ژوئیه جولای जुलाई กรกฎาคม جويلية يوليوز
aug august augustus août aout agosto ago ağustos sierpnia sierpień августа август авг серпня srpna srpen agustus αυγούστου אוגוסט أغسطس اغسطس آب اوت آگوست अगस्त สิงหาคม أوت غشت
sep sept september septembre septiembre settembre set setembro eylül września wrzesień сентября сентябрь сен сент вересня září septembrie σεπτεμβρίου ספטמבר سبتمبر أيلول ايلول سپتامبر सितंबर सितम्बर กันยายน شتنبر
oct october oktober okt octobre octubre ottobre ott outubro out ekim października październik октября октябрь окт жовтня října říjen octombrie οκτωβρίου אוקטובר أكتوبر اكتوبر تشرين_الأول اکتبر अक्टूबर ตุลาคม تشرين_الاول تشرين_أول تشرين_اول
nov november novembre noviembre novembro kasım listopada listopad ноября ноябрь ноя нояб noiembrie νοεμβρίου נובמבר نوفمبر تشرين_الثاني نوامبر नवंबर नवम्बर พฤศจิกายน نونبر تشرين_ثاني تشرين_ثان
dec december dezember dez décembre decembre déc diciembre dic dicembre dezembro aralık grudnia grudzień декабря декабрь дек грудня prosince prosinec decembrie desember δεκεμβρίου דצמבר ديسمبر كانون_الأول دسامبر दिसंबर दिसम्बर ธันวาคม دجنبر كانون_الاول كانون_أول كانون_اول
"""  # noqa: E501
# Iranian, Dari and Pashto.
_SOLAR = """
فروردین farvardin حمل hamal وری
اردیبهشت ordibehesht ثور sawr غویی
خرداد khordad جوزا jawza غبرګولی
تیر tir سرطان saratan چنګاښ
مرداد mordad امرداد اسد asad زمری
شهریور shahrivar سنبله sonbola وږی
مهر mehr میزان mizan تله
آبان aban ابان عقرب aqrab لړم
آذر azar اذر قوس qaws لیندۍ
دی dey جدی jadi مرغومی
بهمن bahman دلو dalw سلواغه
اسفند esfand حوت hut کب
"""
_HIJRI = """
محرم muharram
صفر safar
ربیع_الاول ربيع_الأول ربيع_الاول rabi_al-awwal
ربیع_الثانی ربيع_الآخر ربيع_الثاني rabi_al-thani
جمادی_الاول جمادى_الأولى جمادى_الاولى jumada_al-awwal
جمادی_الثانی جمادى_الآخرة جمادى_الثانية jumada_al-thani
رجب rajab
شعبان shaban
رمضان ramadan
شوال shawwal
ذیقعده ذو_القعدة ذوالقعدة ذي_القعدة
ذیحجه ذو_الحجة ذوالحجة ذي_الحجة
"""


def _table() -> dict[str, Month]:
    names: dict[str, Month] = {}
    tables: list[tuple[Calendar, str]] = [("gregorian", _GREGORIAN), ("solar", _SOLAR), ("hijri", _HIJRI)]
    for calendar, lines in tables:
        for number, line in enumerate(lines.split("\n")[1:-1], 1):
            for name in line.split():
                names.setdefault(fold_name(name.replace("_", " ")), Month(calendar, number))
    return names


def fold_name(name: str) -> str:
    """Return the name of a month in the spelling of the keys of :data:`MONTHS`: lower case, one yeh and kaf."""
    return name.casefold().replace("ي", "ی").replace("ك", "ک").rstrip(".")


MONTHS = _table()
"""Maps a folded name to a month. آذر is the Persian month unless an Arabic text differs (Syrian March: آذار)."""


def day_of(calendar: Calendar, year: int, month: int, day: int) -> date | None:
    """Return the Gregorian day of a date in *calendar*; None if there is no such day.

    >>> day_of("solar", 1397, 7, 10), day_of("gregorian", 2019, 2, 29)
    (datetime.date(2018, 10, 2), None)
    """
    try:
        if calendar == "hijri":
            return _hijri(year, month, day)
        if calendar == "solar":
            return jdatetime.date(year, month, day).togregorian()  # type: ignore[no-any-return]
        return date(year, month, day)
    except ValueError:
        return None


def _hijri(year: int, month: int, day: int) -> date | None:
    """Return the day of the (lunar) Hijri date by the tabular calendar; None if there is no such day.

    Months begin by sighting, so the true day can be one earlier or later.

    >>> _hijri(1445, 9, 1)
    datetime.date(2024, 3, 11)
    """
    if not (1 <= month <= 12 and 1 <= day <= 30 and 1 <= year <= 1600):  # noqa: PLR2004 - of the calendar
        return None
    cycles, rest = divmod(year - 1, _CYCLE_YEARS)
    leap_days = (11 * rest + 14) // 30
    days = cycles * _CYCLE_DAYS + rest * _YEAR_DAYS + leap_days + (59 * (month - 1) + 1) // 2 + day - 1
    return _HIJRI_EPOCH + timedelta(days=days)
