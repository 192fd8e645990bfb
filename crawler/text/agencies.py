# ruff: noqa: RUF001 - the names in other scripts are the subject
"""The names of news agencies, as in datelines and credits."""

from __future__ import annotations

import re

_NAMES = (
    "AP", "The Associated Press", "Associated Press", "AFP", "Agence France-Presse", "Reuters", "Thomson Reuters",
    "dpa", "EFE", "ANSA", "TASS", "ITAR-TASS", "Xinhua", "UPI", "IRNA", "ISNA", "FNA", "Fars", "Tasnim", "Mehr", "MNA",
    "Press TV", "Al-Alam", "Alalam", "SANA", "WAM", "KUNA", "QNA", "SPA", "MENA", "Petra", "NNA", "Anadolu",
    "Anadolu Agency", "AA", "DHA", "IHA", "PTI", "ANI", "IANS", "APP", "Kyodo", "Yonhap", "Bernama", "Antara",
    "Bloomberg", "CNN", "RIA Novosti", "Sputnik", "Interfax", "INTERFAX.RU", "Ukrinform", "Belga", "ANP", "APA", "SDA",
    "ATS", "Keystone-SDA", "KNA", "epd", "SID", "Europa Press", "Lusa", "PAP", "CTK", "ČTK", "MTI", "NTB", "TT",
    "Ritzau", "STT", "Agerpres", "Tanjug", "Notimex", "Télam", "Prensa Latina", "CP", "The Canadian Press", "AAP", "PA",
    "Agencies", "News Agencies", "Agencias", "Agences", "Agenturen", "Ajanslar",
    "رويترز", "أ ف ب", "أ.ف.ب", "ا ف ب", "فرانس برس", "أسوشيتد برس", "أ ب", "د ب أ", "شينخوا", "سانا", "وام", "كونا",
    "واس", "بترا", "قنا", "الأناضول", "وكالات", "الوكالات", "إرنا", "ارنا", "إسنا", "تسنيم", "فارس", "مهر", "العالم",
    "سبوتنيك", "نوفوستي", "تاس", "إنترفاكس", "الميادين", "المسيرة",
    "ایرنا", "ایسنا", "تسنیم", "میزان", "ایلنا", "ایکنا", "رویترز", "خبرگزاری فرانسه", "آسوشیتدپرس", "اسپوتنیک",
    "شینهوا", "خبرگزاری مهر", "خبرگزاری فارس", "خبرگزاری تسنیم", "خبرگزاری صدا و سیما",
    "РИА Новости", "ТАСС", "ИТАР-ТАСС", "Интерфакс", "REGNUM", "ИА REGNUM", "Рейтер", "АП", "РИАН", "Спутник",
    "רויטרס", "סוכנויות", "סוכנויות הידיעות", "איי-פי", "איי.פי", "סוכנות הידיעות הצרפתית",
    "新华社", "新華社", "中新社", "中新网", "中央社", "路透社", "法新社", "美联社", "美聯社", "新华网",
    "人民网", "央视新闻",
)  # fmt: skip

AGENCY = f"(?:{'|'.join(re.escape(name) for name in sorted(_NAMES, key=len, reverse=True))})"
"""A pattern for one name. Case matters: "AA" is an agency, "aa" is not."""

AGENCIES = rf"{AGENCY}(?:\s*(?:[/,;&+、،]|\band\b|\bund\b|\bet\b|\by\b|و)\s*{AGENCY}){{0,4}}"
