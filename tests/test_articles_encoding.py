"""Bytes become text."""

import pytest

from qa.articles.encoding import decode
from qa.errors import InputError

GERMAN = (
    "Der B\u00fcrgermeister er\u00f6ffnete gestern die neue Br\u00fccke \u00fcber die Aa. Die Stra\u00dfe war gesperrt."
)
RUSSIAN = (
    "\u041f\u0440\u0435\u0437\u0438\u0434\u0435\u043d\u0442 "
    "\u0437\u0430\u044f\u0432\u0438\u043b \u0432\u0447\u0435\u0440\u0430"
)
POLISH = "Burmistrz otworzy\u0142 wczoraj nowy most nad rzek\u0105."
# One sentence from which nobody could tell: \u013e and \u017e stand at the same place, and Slovak looks like Czech.
NOT_TOLD = [("cp1250", "Obec h\u013ead\u00e1 zdravotn\u00e9 sestry do domova pri jazere.")]
SENTENCES = {
    "de": (
        ["cp1252"],
        [
            "Für die Fähre nach Süden gelten ab März höhere Preise.",
            "Das Museum schließt, während die Wände trocknen müssen.",
        ],
    ),
    "fr": (
        ["cp1252"],
        [
            "Le conseil a décidé que la forêt resterait fermée jusqu'à Noël.",
            "Les pêcheurs espèrent une meilleure année, malgré la tempête.",
        ],
    ),
    "es": (
        ["cp1252"],
        [
            "La policía detuvo a un señor que robó dieciséis bicicletas.",
            "El río creció tanto que cerraron el camino de la montaña.",
        ],
    ),
    "pt": (
        ["cp1252"],
        [
            "A população não quer que o hospital da região feche em março.",
            "Os pescadores não saíram ao mar, pois há previsão de tempestade.",
        ],
    ),
    "it": (
        ["cp1252"],
        [
            "Venerdì il museo resterà chiuso perché manca l'elettricità.",
            "La nave partirà lunedì, se il mare lo permetterà.",
        ],
    ),
    "sv": (
        ["cp1252"],
        [
            "Färjan går åter på måndag efter tre veckors uppehåll.",
            "Kommunen söker sjuksköterskor till äldreboendet vid sjön.",
        ],
    ),
    "da": (
        ["cp1252"],
        [
            "Kommunen søger flere sygeplejersker til plejehjemmet ved søen.",
            "Bageren på hjørnet hæver priserne på rugbrød.",
        ],
    ),
    "fi": (
        ["cp1252"],
        [
            "Kaupunki etsii lisää hoitajia järven rannalla sijaitsevaan vanhainkotiin.",
            "Leipomo nosti ruisleivän hintaa jo toisen kerran tänä vuonna.",
        ],
    ),
    "is": (
        ["cp1252"],
        [
            "Bakaríið á horninu hækkar verð á rúgbrauði.",
            "Sveitarfélagið leitar að hjúkrunarfræðingum á elliheimilið við vatnið.",
        ],
    ),
    "en": (
        ["cp1252"],
        [
            "“We can’t wait any longer,” the café’s owner said.",
            "The repair will cost £3.1 million – twice what was planned.",
        ],
    ),
    "pl": (
        ["cp1250", "iso8859_2"],
        [
            "Gmina szuka pielęgniarek do domu opieki nad jeziorem.",
            "Piekarnia na rogu podnosi ceny chleba już drugi raz w tym roku.",
            "Muzeum będzie zamknięte, dopóki ściany nie wyschną.",
        ],
    ),
    "cs": (
        ["cp1250", "iso8859_2"],
        [
            "Obec hledá zdravotní sestry do domova u jezera.",
            "Pekárna na rohu letos už podruhé zdražuje chléb.",
            "Muzeum zůstane zavřené, dokud zdi nevyschnou.",
        ],
    ),
    "sk": (
        ["cp1250", "iso8859_2"],
        [
            "Obec hľadá zdravotné sestry do domova pri jazere.",
            "Pekáreň na rohu tento rok už druhýkrát zdražuje chlieb.",
            "Múzeum ostane zatvorené, kým steny nevyschnú.",
        ],
    ),
    "hu": (
        ["cp1250", "iso8859_2"],
        [
            "A község ápolónőket keres a tóparti otthonba.",
            "A sarki pékség idén már másodszor emeli a kenyér árát.",
            "A múzeum zárva marad, amíg a falak ki nem száradnak, de a kert tűző napon is nyitva lesz.",
        ],
    ),
    "ro": (
        ["cp1250", "iso8859_2"],
        [
            "Comuna caută asistente medicale pentru căminul de lângă lac.",
            "Brutăria din colţ scumpeşte pâinea a doua oară anul acesta.",
        ],
    ),
    "hr": (
        ["cp1250", "iso8859_2"],
        [
            "Općina traži medicinske sestre za dom pokraj jezera.",
            "Muzej će ostati zatvoren dok se zidovi ne osuše.",
        ],
    ),
    "sl": (
        ["cp1250", "iso8859_2"],
        [
            "Občina išče medicinske sestre za dom ob jezeru.",
            "Pekarna na vogalu že drugič letos draži kruh.",
        ],
    ),
    "tr": (
        ["cp1254"],
        [
            "Belediye göl kıyısındaki huzurevi için hemşire arıyor.",
            "Köşedeki fırın bu yıl ikinci kez ekmeğe zam yaptı.",
            "Duvarlar kuruyana kadar müze kapalı kalacak.",
        ],
    ),
    "ru": (
        ["cp1251", "koi8_r", "cp866"],
        [
            "Муниципалитет ищет медсестёр для дома престарелых у озера.",
            "Пекарня на углу второй раз за год поднимает цену на хлеб.",
            "Музей будет закрыт, пока не высохнут стены.",
        ],
    ),
    "uk": (
        ["cp1251"],
        [
            "Громада шукає медсестер для будинку біля озера.",
            "Пекарня на розі вже вдруге цього року підвищує ціну на хліб.",
        ],
    ),
    "bg": (
        ["cp1251", "cp866"],
        [
            "Общината търси медицински сестри за дома край езерото.",
            "Музеят ще остане затворен, докато стените изсъхнат.",
        ],
    ),
    "sr": (
        ["cp1251"],
        [
            "Општина тражи медицинске сестре за дом поред језера.",
            "Музеј ће остати затворен док се зидови не осуше.",
        ],
    ),
    "el": (
        ["cp1253"],
        [
            "Ο δήμος αναζητά νοσοκόμες για το γηροκομείο δίπλα στη λίμνη.",
            "Ο φούρνος στη γωνία αυξάνει την τιμή του ψωμιού για δεύτερη φορά φέτος.",
        ],
    ),
    "he": (
        ["cp1255"],
        [
            "העירייה מחפשת אחיות לבית האבות ליד האגם.",
            "המוזיאון יישאר סגור עד שהקירות יתייבשו.",
        ],
    ),
    "ar": (
        ["cp1256"],
        [
            "تبحث البلدية عن ممرضات لدار المسنين قرب البحيرة.",
            "سيبقى المتحف مغلقا حتى تجف الجدران.",
        ],
    ),
    "lt": (
        ["cp1257"],
        [
            "Savivaldybė ieško slaugytojų senelių namams prie ežero.",
            "Kepykla ant kampo šiemet jau antrą kartą brangina duoną.",
        ],
    ),
    "lv": (
        ["cp1257"],
        [
            "Pašvaldība meklē medmāsas pansionātam pie ezera.",
            "Maiznīca uz stūra šogad jau otro reizi sadārdzina maizi.",
        ],
    ),
    "et": (
        ["cp1257"],
        [
            "Vald otsib õdesid järve äärde hooldekodusse.",
            "Muuseum jääb suletuks, kuni müürid kuivavad.",
        ],
    ),
    "ja": (
        ["cp932", "euc_jp"],
        [
            "町は湖のそばの老人ホームで働く看護師を探している。",
            "角のパン屋は今年二度目の値上げをした。",
            "壁が乾くまで博物館は閉まっている。",
        ],
    ),
    "zh-t": (
        ["big5", "gb18030"],
        [
            "市政府正在為湖邊的養老院招聘護士。",
            "街角的麵包店今年第二次漲價。",
        ],
    ),
    "zh-s": (
        ["gb18030"],
        [
            "市政府正在为湖边的养老院招聘护士。",
            "街角的面包店今年第二次涨价。",
        ],
    ),
    "ko": (
        ["euc_kr"],
        [
            "시는 호숫가 요양원에서 일할 간호사를 찾고 있다.",
            "모퉁이 빵집은 올해 두 번째로 빵값을 올렸다.",
        ],
    ),
}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"])
def test_german_is_read_in_every_usual_encoding(codec: str) -> None:
    """With and without a byte order mark, which is no part of the text."""
    assert decode(GERMAN.encode(codec)).text == GERMAN


@pytest.mark.parametrize("codec", ["utf-16-be", "utf-16-le"])
def test_utf_16_is_known_by_its_mark_in_both_byte_orders(codec: str) -> None:
    """The mark alone says which."""
    assert decode(("\ufeff" + GERMAN).encode(codec)).text == GERMAN


@pytest.mark.parametrize("codec", ["cp1251", "koi8-r"])
def test_russian_is_read_in_its_older_encodings(codec: str) -> None:
    """The guess is by what the letters would be."""
    assert decode((RUSSIAN * 3).encode(codec)).text == RUSSIAN * 3


def test_one_broken_character_does_not_change_the_others() -> None:
    """A file cut in the middle of a character stays UTF-8, with U+FFFD for what is broken."""
    assert decode(GERMAN.encode() * 3 + b"\xc3").text == GERMAN * 3 + "\ufffd"
    assert decode(b"\xef\xbb\xbf" + GERMAN.encode() * 3 + b"\xc3").text == GERMAN * 3 + "\ufffd"


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04\x00\x00",
        b"\x89PNG\r\n\x1a\n\x00",
        b"\x01\x02\x03\x04ab",
        b"Much text, one \x00 in it",
        bytes(range(1, 256)) * 40,
        b"\x01\x00\x02\x00" * 40,
        b"\xff\xfe\x00\xd8",
    ],
)
def test_binary_data_is_refused(data: bytes) -> None:
    """Many NUL bytes, mostly control characters, numbers of two bytes, a mark that does not hold."""
    with pytest.raises(InputError, match="is not .*text"):
        decode(data)


@pytest.mark.parametrize(
    "data", [bytes(range(128, 256)) * 40, "\u0e19\u0e32\u0e22\u0e01\u0e40\u0e17\u0e28".encode("tis_620") * 9]
)
def test_text_in_an_encoding_that_is_not_known_is_refused_as_that(data: bytes) -> None:
    """Since letters of the wrong alphabet help nobody."""
    with pytest.raises(InputError, match="is in an encoding that is not known; save it as UTF-8"):
        decode(data)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["text", GERMAN, RUSSIAN])
def test_utf_16_without_a_mark_is_known_by_its_nuls(text: str, codec: str) -> None:
    """They stand in every second place only."""
    assert decode(text.encode(codec)).text == text


def test_a_nul_here_and_there_does_not_make_a_text_binary() -> None:
    """Up to one byte in a hundred; cleaning takes it out."""
    assert decode(GERMAN.encode() * 2 + b"\0").text == GERMAN * 2 + "\0"
    assert decode(GERMAN.encode("cp1250") * 2 + b"\0").text == GERMAN * 2 + "\0"


def test_a_guess_is_said_and_nothing_else_is() -> None:
    """The encoding by its name."""
    (note,) = decode(POLISH.encode("cp1250")).notes
    assert note.startswith("was read as cp1250, the likeliest")
    assert decode(POLISH.encode()).notes == decode(POLISH.encode("utf-16")).notes == ()


@pytest.mark.parametrize("language", SENTENCES)
def test_sentences_are_read_in_the_older_encodings_of_their_language(language: str) -> None:
    """Each by itself, and all of them as a text."""
    codecs, sentences = SENTENCES[language]
    texts = [*sentences, "\n".join(sentences * 20)]
    wrong = [
        (codec, text)
        for codec in codecs
        for text in texts
        if decode(text.encode(codec)).text != text and (codec, text) not in NOT_TOLD
    ]
    assert wrong == []


@pytest.mark.parametrize("language", ["cs", "de", "el", "hu", "pl", "ru", "tr"])
def test_of_a_headline_the_first_encoding_of_its_language_is_told(language: str) -> None:
    """Six words, and tags around them, which do not count."""
    codecs, sentences = SENTENCES[language]
    text = " ".join(sentences[0].split()[:6])
    assert decode(f"<p class='a'>{text}</p>".encode(codecs[0])).text == f"<p class='a'>{text}</p>"
