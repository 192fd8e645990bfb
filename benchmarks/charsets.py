# ruff: noqa: RUF001 - the letters of other scripts are the subject
"""How often a charset is known by letters alone: ``python -m benchmarks.charsets``.

The texts are made up: news in eighteen languages, cut into titles, in the records of a dump that is all ASCII
otherwise. Each language comes in the code pages that its pages had. A reading is right if it gives the very text.
charset-normalizer and chardetng are measured where they are installed.
"""

from __future__ import annotations

import importlib.util
import random
import time
from collections.abc import Callable

from crawler.text.charset import guess_charset

TEXTS = {
    "ar": (
        "افتتح وزير النقل يوم الثلاثاء الميناء الجديد في المدينة بحضور محافظ الإقليم وعدد كبير من رجال "
        "الأعمال. وقال الوزير إن المشروع سيوفر آلاف فرص العمل للشباب، وأضاف أن المرحلة الثانية ستبدأ قبل "
        "نهاية العام. وذكرت مصادر محلية أن الطريق المؤدي إلى المرفأ أغلق مؤقتا بسبب الأمطار الغزيرة التي هطلت "
        "على المنطقة طوال الليل، فيما دعت السلطات السكان إلى توخي الحذر."
    ),
    "fa": (
        "شهردار روز دوشنبه گفت که اسکله قدیمی شهر در بهار امسال سنگفرش می شود و کار آن سه ماه طول می کشد. "
        "ماهیگیران از این طرح استقبال کردند، اما خواستند که پلی برای قایق های کوچک نیز ساخته شود. به گزارش "
        "خبرگزاری، هزینه این پروژه چهار میلیارد تومان برآورد شده است و پیمانکار متعهد است ژرفای بندر را نیز "
        "افزایش دهد. گروهی از کارشناسان پیشنهاد چاپ نقشه تازه را دادند."
    ),
    "ru": (
        "Министр транспорта открыл во вторник новый порт в присутствии губернатора области и многих "
        "предпринимателей. По его словам, проект создаст тысячи рабочих мест для молодёжи, а второй этап "
        "начнётся до конца года. Местные жители сообщили, что дорога к пристани была временно закрыта из-за "
        "сильных дождей, которые шли всю ночь. Власти призвали население соблюдать осторожность и не выезжать "
        "без необходимости."
    ),
    "uk": (
        "Міністр транспорту відкрив у вівторок новий порт у присутності голови області та багатьох "
        "підприємців. За його словами, проєкт створить тисячі робочих місць для молоді, а другий етап "
        "розпочнеться до кінця року. Місцеві жителі повідомили, що дорогу до пристані тимчасово закрили через "
        "сильні дощі, які йшли всю ніч. Влада закликала населення бути обережним і не виїжджати без потреби з "
        "їхніх осель."
    ),
    "bg": (
        "Министърът на транспорта откри във вторник новото пристанище в присъствието на областния управител и "
        "много предприемачи. По думите му проектът ще създаде хиляди работни места за младите хора, а вторият "
        "етап ще започне преди края на годината. Местни жители съобщиха, че пътят към кея е бил временно "
        "затворен заради силните дъждове през цялата нощ. Властите призоваха хората да бъдат внимателни."
    ),
    "he": (
        "שר התחבורה חנך ביום שלישי את הנמל החדש בעיר בנוכחות ראש המחוז ואנשי עסקים רבים. לדבריו המיזם ייצור "
        "אלפי מקומות עבודה לצעירים, והשלב השני יתחיל לפני סוף השנה. תושבים מקומיים סיפרו כי הדרך אל המזח "
        "נסגרה באופן זמני בשל הגשמים העזים שירדו כל הלילה. הרשויות קראו לציבור לנקוט זהירות ולא לצאת מן הבתים "
        "ללא צורך."
    ),
    "tr": (
        "Ulaştırma Bakanı salı günü şehirdeki yeni limanı vali ve çok sayıda iş insanının katılımıyla açtı. "
        "Bakan, projenin gençlere binlerce iş imkânı sağlayacağını, ikinci aşamanın yıl sonundan önce "
        "başlayacağını söyledi. Bölge sakinleri, bütün gece süren şiddetli yağışlar yüzünden iskeleye giden "
        "yolun geçici olarak kapatıldığını bildirdi. Yetkililer halkı dikkatli olmaya çağırdı, İstanbul'dan "
        "gelen ekipler ise çalışmalarını sürdürdü. Güneşli günlerin ardından gelen yağmur çiftçileri "
        "sevindirdi."
    ),
    "pl": (
        "Minister transportu otworzył we wtorek nowy port w obecności wojewody i wielu przedsiębiorców. "
        "Powiedział, że inwestycja da młodym ludziom tysiące miejsc pracy, a drugi etap rozpocznie się przed "
        "końcem roku. Mieszkańcy poinformowali, że droga do przystani została tymczasowo zamknięta z powodu "
        "ulewnych deszczów, które padały przez całą noc. Władze wezwały ludność do zachowania ostrożności. "
        "Wśród gości byli też żołnierze, źródła mówią o święcie łodzi. Śledztwo w sprawie kradzieży gęsi "
        "trwa."
    ),
    "cs": (
        "Ministr dopravy otevřel v úterý nový přístav za účasti hejtmana a mnoha podnikatelů. Řekl, že "
        "projekt vytvoří tisíce pracovních míst pro mladé lidi a druhá etapa začne před koncem roku. Místní "
        "obyvatelé uvedli, že silnice k molu byla dočasně uzavřena kvůli silným dešťům, které padaly celou "
        "noc. Úřady vyzvaly občany, aby byli opatrní. Šťastný kůň žízní, ďábelské ódy pěl náš tým. Žáci "
        "základní školy navštívili muzeum hodin."
    ),
    "hu": (
        "A közlekedési miniszter kedden megnyitotta az új kikötőt a kormányzó és számos vállalkozó "
        "jelenlétében. Elmondta, hogy a beruházás több ezer munkahelyet teremt a fiatalok számára, a második "
        "szakasz pedig még az év vége előtt megkezdődik. A helyi lakosok szerint a mólóhoz vezető utat "
        "átmenetileg lezárták az egész éjszaka tartó heves esőzések miatt. A hatóságok óvatosságra intették a "
        "lakosságot. A tűzoltók gyűrűt vontak a hűtőház köré."
    ),
    "el": (
        "Ο υπουργός Μεταφορών εγκαινίασε την Τρίτη το νέο λιμάνι της πόλης παρουσία του περιφερειάρχη και "
        "πολλών επιχειρηματιών. Είπε ότι το έργο θα δημιουργήσει χιλιάδες θέσεις εργασίας για τους νέους και "
        "ότι η δεύτερη φάση θα αρχίσει πριν από το τέλος του έτους. Κάτοικοι ανέφεραν ότι ο δρόμος προς την "
        "προβλήτα έκλεισε προσωρινά λόγω των ισχυρών βροχών."
    ),
    "fr": (
        "Le ministre des Transports a inauguré mardi le nouveau port de la ville en présence du préfet et de "
        "nombreux chefs d’entreprise. Il a déclaré que le projet créera des milliers d’emplois pour les "
        "jeunes et que la deuxième étape commencera avant la fin de l’année. Des habitants ont indiqué que la "
        "route menant à la jetée avait été fermée à cause des pluies qui sont tombées toute la nuit. L’été "
        "dernier, la fête du château a été annulée. Ça suffit, a répété l’élu âgé, très gêné."
    ),
    "de": (
        "Der Verkehrsminister eröffnete am Dienstag den neuen Hafen der Stadt im Beisein des Landrats und "
        "vieler Unternehmer. Er sagte, das Projekt schaffe Tausende Arbeitsplätze für junge Menschen; die "
        "zweite Stufe beginne noch vor Jahresende. Anwohner berichteten, die Straße zum Kai sei wegen "
        "heftiger Regenfälle vorübergehend gesperrt worden. Die Behörden baten die Bevölkerung um Vorsicht. "
        "Größere Schäden müssten überprüft werden, hieß es in Köln. Übrigens wäre das schön."
    ),
    "es": (
        "El ministro de Transporte inauguró el martes el nuevo puerto de la ciudad en presencia del "
        "gobernador y de muchos empresarios. Dijo que el proyecto creará miles de empleos para los jóvenes y "
        "que la segunda etapa comenzará antes de fin de año. Los vecinos señalaron que el camino al muelle "
        "quedó cerrado por las lluvias que cayeron toda la noche. ¿Qué pasará mañana? Nadie lo sabía aún en "
        "la región. El niño pequeño corrió allí, según contó su tía."
    ),
    "en": (
        "The ferry office said on Tuesday that “nothing had happened” all week – a first. It’s the town’s "
        "oldest pier, and the mayor’s plan isn’t popular: “We don’t need it,” said one of the fishermen… The "
        "café’s owner agreed."
    ),
    "ur": (
        "وزیر ٹرانسپورٹ نے منگل کے روز شہر کی نئی بندرگاہ کا افتتاح کیا۔ انہوں نے کہا کہ یہ منصوبہ نوجوانوں "
        "کے لیے ہزاروں ملازمتیں پیدا کرے گا اور دوسرا مرحلہ سال کے آخر سے پہلے شروع ہو گا۔"
    ),
    "ro": (
        "Ministrul transporturilor a deschis marţi noul port al oraşului în prezenţa guvernatorului şi a "
        "multor oameni de afaceri. El a spus că proiectul va crea mii de locuri de muncă pentru tineri, iar a "
        "doua etapă va începe înainte de sfârşitul anului. Localnicii au spus că drumul către chei a fost "
        "închis temporar din cauza ploilor puternice care au căzut toată noaptea. Autorităţile au cerut "
        "populaţiei să fie atentă."
    ),
    "lt": (
        "Susisiekimo ministras antradienį atidarė naująjį miesto uostą dalyvaujant apskrities vadovui ir "
        "daugeliui verslininkų. Jis sakė, kad projektas sukurs tūkstančius darbo vietų jaunimui, o antrasis "
        "etapas prasidės dar iki metų pabaigos. Vietos gyventojai pranešė, kad kelias į prieplauką buvo "
        "laikinai uždarytas dėl smarkių liūčių. Žmonės prašomi būti atsargūs, šiąnakt vėl lis."
    ),
}
CHARSETS = {
    "ar": ["windows-1256", "iso-8859-6"],
    "fa": ["windows-1256"],
    "ur": ["windows-1256"],
    "ru": ["windows-1251", "koi8-r", "cp866", "iso-8859-5"],
    "uk": ["windows-1251", "koi8-u"],
    "bg": ["windows-1251", "iso-8859-5"],
    "he": ["windows-1255", "iso-8859-8"],
    "tr": ["windows-1254", "iso-8859-9"],
    "pl": ["windows-1250", "iso-8859-2"],
    "cs": ["windows-1250", "iso-8859-2"],
    "hu": ["windows-1250", "iso-8859-2"],
    "ro": ["windows-1250", "iso-8859-2"],
    "el": ["windows-1253", "iso-8859-7"],
    "fr": ["windows-1252"],
    "de": ["windows-1252"],
    "es": ["windows-1252"],
    "en": ["windows-1252"],
    "lt": ["windows-1257"],
}
LETTERS = (6, 15, 40, 200, 2000)
"""Above ASCII, in a page."""
PAGES = 6
PLAIN = str.maketrans("“”’–…«»", '""\'-.""')
"""ISO 8859 and KOI8 have no such quotes and dashes."""


def main() -> None:
    guessers: dict[str, Callable[[bytes], str]] = {"Gleaner (chardet)": guess_charset}
    if importlib.util.find_spec("charset_normalizer"):
        guessers["charset-normalizer"] = charset_normalizer
    if importlib.util.find_spec("chardetng_py"):
        guessers["chardetng"] = chardetng
    pairs = [(language, charset) for language, charsets in CHARSETS.items() for charset in charsets]
    print(
        f"{len(pairs)} pairs of language and charset, {PAGES} pages of each; right, in percent, by letters above ASCII"
    )
    print(f"{'':24}" + "".join(f"{letters:8}" for letters in LETTERS) + f"{'ms a page':>12}")
    for name, guess in guessers.items():
        rng = random.Random(1)
        shares, start = [], time.perf_counter()
        for letters in LETTERS:
            right = sum(is_right(page(rng, *pair, letters), pair[1], guess) for pair in pairs for _ in range(PAGES))
            shares.append(100 * right / len(pairs) / PAGES)
        spent = (time.perf_counter() - start) / len(LETTERS) / len(pairs) / PAGES
        print(f"{name:24}" + "".join(f"{share:8.1f}" for share in shares) + f"{spent * 1000:12.1f}")


def page(rng: random.Random, language: str, charset: str, letters: int) -> bytes:
    """Return a page with a dump whose titles have about so many *letters* above ASCII."""
    sentences = [sentence.split() for sentence in TEXTS[language].split(". ")]
    titles: list[bytes] = []
    while sum(byte > 0x7F for title in titles for byte in title) < letters:  # noqa: PLR2004 - ASCII
        words = rng.choice(sentences)
        start = rng.randrange(max(1, len(words) - 4))
        title = " ".join(words[start : start + rng.randint(4, 9)]).replace('"', "")
        if charset == "windows-1256":
            title = title.replace("ی", "ي").replace("۔", ".")
        if not charset.startswith("windows"):
            title = title.translate(PLAIN)
        titles.append(title.encode(charset, "ignore"))
    rows = b",".join(
        b'{"id":"%d","sort":"%d","contenttypeid":"21","pic":"/2016/03/07/alalam_%d_25f_4x3.jpg","title":"%b"} '
        % (1793000 + place, 23371300 + place, rng.randrange(10**17, 10**18), title)
        for place, title in enumerate(titles)
    )
    return b'%b\n\nSA - 12\nstring(1492) "[%b]"\n' % (titles[0], rows)


def is_right(data: bytes, charset: str, guess: Callable[[bytes], str]) -> bool:
    return data.decode(guess(data), "replace") == data.decode(charset)


def charset_normalizer(data: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only where it is installed

    best = from_bytes(data, cp_exclusion=["utf_16", "utf_32", "utf_7"]).best()
    return best.encoding if best else "cp1252"


def chardetng(data: bytes) -> str:
    from chardetng_py import EncodingDetector  # noqa: PLC0415 - only where it is installed

    detector = EncodingDetector()
    detector.feed(data, last=True)
    return str(detector.guess(tld=None, allow_utf8=False))


if __name__ == "__main__":
    main()
