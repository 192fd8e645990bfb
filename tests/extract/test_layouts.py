"""Made pages of many ages, layouts and scripts: the paragraphs come back, what stands around them does not."""

# ruff: noqa: RUF001 - the letters of other scripts are the subject

import pytest

from crawler.extract import extract

URL = "https://www.example.com/news/2012/5/a-flood-and-its-bridges"

ENGLISH = [
    "The river rose by two metres in the night, the city's water office said on Friday.",
    "Three bridges were closed to traffic, and schools near the harbour will stay shut until Monday.",
    '"We have not seen this much water since my father was a boy," said a farmer who had lost his sheep.',
    "Officials expect the water to fall slowly, since more rain is forecast for the mountains this weekend.",
]
ARABIC = [
    "ارتفع منسوب النهر مترين في الليل، بحسب ما أعلنته مصلحة المياه في المدينة يوم الجمعة.",
    "وأغلقت ثلاثة جسور أمام حركة المرور، وستبقى المدارس القريبة من الميناء مغلقة حتى يوم الاثنين المقبل.",
    "وقال مزارع فقد أغنامه إنه لم ير مثل هذه المياه منذ كان طفلا، مضيفا أن الأهالي يساعد بعضهم بعضا.",
    "ويتوقع المسؤولون أن تنحسر المياه ببطء، إذ يتوقع هطول مزيد من الأمطار على الجبال في نهاية الأسبوع.",
]
PERSIAN = [
    "سازمان آب شهر روز جمعه اعلام کرد که سطح آب رودخانه در طول شب دو متر بالا آمده است.",
    "سه پل به روی رفت‌وآمد بسته شد و مدرسه‌های نزدیک بندر تا روز دوشنبه تعطیل خواهند بود.",
    "کشاورزی که گوسفندهایش را از دست داده است می‌گوید از کودکی تاکنون چنین آبی ندیده بود.",
    "مسئولان انتظار دارند آب به آرامی فروکش کند، زیرا برای آخر هفته باران بیشتری در کوهستان پیش‌بینی شده است.",
]
HEBREW = [
    "מפלס הנהר עלה בלילה בשני מטרים, כך הודיעה רשות המים של העיר ביום שישי. איש לא נפגע, אך כמה בתים הוצפו.",
    "שלושה גשרים נסגרו לתנועה, ובתי הספר הסמוכים לנמל יישארו סגורים עד יום שני, אם לא ישתפר מזג האוויר.",
    "חקלאי שאיבד את כבשיו אמר כי לא ראה כמות כזאת של מים מאז שהיה ילד קטן בכפר.",
    "הרשויות צופות כי המים ירדו לאט, מכיוון שצפוי גשם נוסף בהרים בסוף השבוע הקרוב.",
]
RUSSIAN = [
    "Уровень реки ночью поднялся на два метра, сообщила в пятницу городская служба водоснабжения.",
    "Три моста закрыты для движения, а школы рядом с портом не будут работать до понедельника.",
    "«Столько воды мы не видели с тех пор, как мой отец был мальчиком», — сказал фермер, потерявший овец.",
    "Власти ожидают, что вода будет спадать медленно, так как в выходные в горах прогнозируют новые дожди.",
]
CHINESE = [
    "该市水务局星期五表示，河水在夜间上涨了两米，部分沿岸居民已经被转移到安全地带。",
    "三座桥梁已经禁止车辆通行，港口附近的学校将停课至下星期一，公共汽车也改道行驶。",
    "一位失去羊群的农民说，自从他父亲小时候以来，村里就没有人见过这么大的洪水。",
    "官员们预计水位将缓慢下降，因为气象部门预报本周末山区还会有更多的降雨。",
]
SCRIPTS = {"en": ENGLISH, "ar": ARABIC, "fa": PERSIAN, "he": HEBREW, "ru": RUSSIAN, "zh": CHINESE}
MENU = {
    "en": "Home World Politics Sport Contact", "ar": "الرئيسية العالم السياسة الرياضة اتصل", "fa": "خانه جهان سیاست ورزش تماس",
    "he": "ראשי עולם פוליטיקה ספורט צור", "ru": "Главная Мир Политика Спорт Контакты", "zh": "首页 国际 政治 体育 联系",
}  # fmt: skip
TITLE = {
    "en": "A flood and its bridges", "ar": "فيضان يغلق جسور المدينة", "fa": "سیلاب پل‌های شهر را بست", "he": "השיטפון סגר את הגשרים",
    "ru": "Паводок закрыл мосты города", "zh": "洪水封锁城市桥梁",
}  # fmt: skip


def modern(language):
    menu = "".join(f'<li><a href="/{n}">{word}</a></li>' for n, word in enumerate(MENU[language].split()))
    body = "".join(f"<p>{text}</p>" for text in SCRIPTS[language])
    return f"""<!doctype html><html lang="{language}"><head><title>{TITLE[language]}</title></head><body>
    <header><nav><ul>{menu}</ul></nav></header><main><article><h1>{TITLE[language]}</h1>
    <div class="article-body">{body}</div></article>
    <aside class="related"><ul>{menu}</ul></aside></main><footer><p>© Example 2019</p></footer></body></html>"""


def tables(language):
    """A page of about the year 2000: tables in tables, fonts, line breaks instead of paragraphs."""
    menu = "<br>".join(
        f'<a href="/{n}.html"><font size="1">{word}</font></a>' for n, word in enumerate(MENU[language].split())
    )
    body = "<br><br>\n".join(SCRIPTS[language])
    return f"""<HTML><HEAD><TITLE>{TITLE[language]}</TITLE></HEAD><BODY BGCOLOR="#ffffff">
    <TABLE WIDTH="760"><TR><TD COLSPAN="3"><IMG SRC="/logo.gif"></TD></TR><TR><TD WIDTH="120">{menu}</TD>
    <TD WIDTH="500"><FONT FACE="Verdana" SIZE="4"><B>{TITLE[language]}</B></FONT><BR>
    <FONT FACE="Verdana" SIZE="2">{body}</FONT></TD><TD WIDTH="140">{menu}</TD></TR>
    <TR><TD COLSPAN="3"><FONT SIZE="1">© 2000 Example</FONT></TD></TR></TABLE></BODY></HTML>"""


def amp(language):
    body = "".join(f"<p>{text}</p><amp-ad width=300 height=250></amp-ad>" for text in SCRIPTS[language])
    return f"""<!doctype html><html amp lang="{language}"><head><meta charset="utf-8"><title>{TITLE[language]}</title>
    <link rel="canonical" href="{URL}"><style amp-custom>p{{}}</style></head><body>
    <amp-sidebar id="sidebar"><ul><li><a href="/">{MENU[language]}</a></li></ul></amp-sidebar>
    <article><h1>{TITLE[language]}</h1><figure><amp-img src="/pics/flood.jpg" width="800" height="450"></amp-img>
    <figcaption>A bridge (Photo: Example)</figcaption></figure>{body}</article>
    <amp-consent id="consent"><p>We use cookies.</p></amp-consent></body></html>"""


def read(page, charset="utf-8", header=None):
    return extract(page.encode(charset), URL, charset=header)


@pytest.mark.parametrize("language", SCRIPTS)
@pytest.mark.parametrize("layout", [modern, tables, amp])
def test_paragraphs_come_back_in_every_script_and_layout(layout, language):
    paragraphs = read(layout(language))["text"].split("\n\n")
    assert [text for text in paragraphs if text in SCRIPTS[language]] == SCRIPTS[language]
    assert len(paragraphs) <= len(SCRIPTS[language]) + (layout is tables)  # there, no heading parts title and text


def test_an_amp_page_tells_its_picture_and_its_canonical_url():
    record = read(amp("en"))
    assert record["images"] == [
        {"url": "https://www.example.com/pics/flood.jpg", "caption": "A bridge (Photo: Example)"}
    ]
    assert record["canonical_url"] == URL


def test_a_live_blog_gives_its_entries():
    entries = "".join(
        f'<article class="live-entry" id="e{n}"><time datetime="2021-03-04T1{n}:05:00Z">1{n}:05</time>'
        f"<h3>Entry number {n}: the water</h3><p>{text}</p></article>"
        for n, text in enumerate(ENGLISH * 2)
    )
    page = f"""<html lang="en"><head><title>Flood: live updates</title></head><body><nav><a href="/">Home</a></nav>
    <main><h1>Flood: live updates</h1><div class="liveblog">{entries}</div></main>
    <footer><p>© Example</p></footer></body></html>"""
    text = read(page)["text"]
    assert all(paragraph in text for paragraph in ENGLISH)


READERS = [
    "I have lived beside this river for forty years, and the city has never once cleaned the drains before the autumn.",
    "The schools should have been closed a day earlier. My daughter had to be carried across the market by a neighbour.",
    "They said the same thing about the dam in 1998, and everybody here remembers how that ended for the villages below.",
]


@pytest.mark.parametrize("name", ["comment", "related-story", "recirc_item", "sidebar", "card-list most-read"])
def test_what_the_markup_calls_something_else_is_no_part_of_an_article(name):
    paragraphs = ENGLISH * 2
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    others = "".join(
        f'<li class="{name}"><article><div class="post-content"><p>{text}</p></div></article></li>'
        for text in READERS * 4
    )
    page = (
        f'<html lang=en><title>{TITLE["en"]}</title><body><div class="post"><h1>{TITLE["en"]}</h1>'
        f'<div class="content">{body}</div><section>{others}</section></div></body></html>'
    )
    assert extract(page.encode(), URL)["text"].split("\n\n") == paragraphs


@pytest.mark.parametrize(
    ("language", "charset", "header"),
    [
        ("ru", "windows-1251", None), ("ru", "koi8-r", "koi8-r"), ("ru", "utf-8-sig", "windows-1251"), ("ar", "windows-1256", None),
        ("fa", "utf-8", "windows-1256"), ("he", "windows-1255", "windows-1255"), ("zh", "gb18030", None), ("zh", "gbk", "gbk"),
        ("zh", "utf-16", None), ("ru", "utf-8", "iso-8859-1"),
    ],
)  # fmt: skip
def test_a_charset_that_is_declared_wrongly_or_not_at_all(language, charset, header):
    texts = [" ".join(text.encode(charset, "ignore").decode(charset).split()) for text in SCRIPTS[language]]
    page = modern(language).encode(charset, "ignore")
    assert extract(page, URL, charset=header)["text"].split("\n\n") == texts


def test_thumbnails_of_other_articles_are_no_pictures_of_this_one():
    story = "".join(f"<p>{text}</p>" for text in ENGLISH)
    page = f"""<html lang="en"><body><h1>A flood and its bridges</h1><div class="story">{story}
    <a href="/pics/large.jpg"><img src="/pics/bridge.jpg"></a><a href="/news/8"><img src="/pics/other.jpg"></a>
    <div class="related"><img src="/pics/more.jpg"></div></div></body></html>"""
    assert [image["url"] for image in read(page)["images"]] == ["https://www.example.com/pics/bridge.jpg"]


def test_the_kicker_stands_above_the_title():
    page = modern("en").replace("<h1>", '<p class="article-kicker">Floods in the north</p><h1>')
    record = read(page)
    assert (record["kicker"], record["sources"]["kicker"]) == ("Floods in the north", "page")
    assert "Floods in the north" not in record["text"]
    assert read(modern("en"))["kicker"] is None


@pytest.mark.parametrize(
    "line",
    [
        "<p>Floods in the north</p>",
        '<p class="kicker">3 January 2014</p>',
        f'<p class="kicker">{"A line that is too long for a kicker. " * 4}</p>',
    ],
)
def test_other_line_above_the_title_is_no_kicker(line):
    assert read(modern("en").replace("<h1>", f"{line}<h1>"))["kicker"] is None


@pytest.mark.parametrize("language", SCRIPTS)
def test_a_section_front_has_no_text(language):
    teasers = "".join(
        f'<div class="teaser"><h3><a href="/news/{n}">{SCRIPTS[language][n % 4][:40]}</a></h3>'
        f"<p>{SCRIPTS[language][(n + 1) % 4]}</p></div>"
        for n in range(20)
    )
    record = read(f'<html lang="{language}"><title>News</title><h1>World</h1><main>{teasers}</main></html>')
    assert (record["text"], record["sources"]["no_text"]) == (None, "a list of other pages")


# (what the page is, its title, its paragraphs)
WALLS = [
    ("a login", "Log in to your account", [
        "Please enter the email address and password that you used when you registered with us.",
        "If you have forgotten your password, we can send you a link to choose a new one. It is valid for one day.",
        "Don't have an account yet? Create one in less than a minute and read five articles a month free of charge.",
    ]),
    ("a request for consent", "We value your privacy", [
        "We and our 842 partners store information on a device, such as cookies, and process personal data, such as "
        "identifiers and standard information sent by a device for personalised ads and content.",
        "You may click to consent to our processing, and you can change your preferences at any time.",
    ]),
    ("an error page", "Page not found", [
        "We are sorry, but the page that you are looking for could not be found. It may have been moved or renamed.",
        "Please check the address for errors, go back to the home page, or use the search box to find an article.",
        "If you believe that this is a mistake, please let our webmaster know and we will look into it very soon.",
    ]),
    ("an error page", "الصفحة غير موجودة", [
        "عذرا، الصفحة التي تبحث عنها غير موجودة أو تم نقلها إلى عنوان آخر. يرجى التأكد من صحة العنوان.",
        "يمكنك العودة إلى الصفحة الرئيسية أو استخدام محرك البحث للوصول إلى ما تريد من أخبار ومقالات.",
    ]),
    ("an offer of a subscription", "Subscribe to continue reading", [
        "You have reached your limit of free articles this month. Subscribe now and get unlimited access on every device.",
        "Your subscription supports independent reporting. Cancel at any time, no questions asked.",
    ]),
    ("a check for robots", "Just a moment...", [
        "Your browser will redirect to your requested content shortly. Please allow up to five seconds while we verify "
        "that you are not a robot.",
        "Enable JavaScript and cookies to continue. The site needs to review the security of your connection first.",
    ]),
]  # fmt: skip


def wall(title, paragraphs, date=""):
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{date}{body}</body></html>"


@pytest.mark.parametrize(("reason", "title", "paragraphs"), WALLS)
def test_consent_and_payment_walls_have_no_text(reason, title, paragraphs):
    record = read(wall(title, paragraphs))
    assert record["text"] is None
    assert record["sources"]["no_text"] == reason


@pytest.mark.parametrize(("reason", "title", "paragraphs"), WALLS)
def test_dated_article_may_mention_walls_and_consent(reason, title, paragraphs):
    day = '<time datetime="2020-01-02">2 January 2020</time>'
    assert paragraphs[0] in (read(wall(title, paragraphs, day))["text"] or ""), reason
