"""Which characters beyond ASCII a language is written with: what tells a right reading of bytes from a wrong one."""

from contextlib import suppress
from functools import cache

_WESTERN = "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßªº"
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
_ARABIC = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيًّ،؛؟"
_ARABIC_WIDER = _ARABIC + "پچژگکٹڈڑںھہے"

_LETTERS = {
    "de": "äöüß", "fr": "àâæçéèêëîïôùûüÿœ", "es": "áéíóúüñªº", "pt": "àáâãçéêíóôõúüªº", "it": "àèéìíîòóùú",
    "sv": "åäöé", "da": "æøåé", "no": "æøåéòôö", "nb": "æøåéòôö", "nn": "æøåéòôö", "fi": "äöåšž", "is": "áéíóúýðþæö",
    "nl": "áäèéêëíïóöúü", "ca": "àçèéíïòóúü", "eu": "ñüç", "sq": "ëç",
    "pl": "ąćęłńóśźż", "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž", "hu": "áéíóöőúüű", "ro": "ăâîşţșț",
    "hr": "čćđšž", "bs": "čćđšž", "sl": "čšžćđ", "et": "äöõüšž", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž",
    "tr": "çğıöşüâîû", "az": "çəğıöşü",
    "ru": _CYRILLIC, "bg": _CYRILLIC, "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "mn": _CYRILLIC, "ky": _CYRILLIC,
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя", "kk": _CYRILLIC + "і", "tg": _CYRILLIC, "tt": _CYRILLIC, "ba": _CYRILLIC,
    "sr": "абвгдђежзијклљмнњопрстћуфхцчџшčćđšž", "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
    "el": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ", "he": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    **dict.fromkeys(("ar", "ary", "arz"), _ARABIC),
    **dict.fromkeys(("fa", "ps", "sd", "ug", "ur"), _ARABIC_WIDER),
    # English borrows words from all of them; the others are rarely met, and written with some of these.
    **dict.fromkeys(("en", "gl", "lb", "oc", "ga", "gd", "cy", "fo", "fy", "af", "br", "ht", "la", "id", "ms", "tl"), _WESTERN),
    **dict.fromkeys(("an", "ext", "gcf", "gcr", "gn", "grc", "gug", "jv", "lij", "qu", "sw", "vec"), _WESTERN),
}  # fmt: skip
_ALPHABETS = {language: frozenset(letters + letters.upper()) for language, letters in _LETTERS.items()}
_ALPHABETS["tr"] |= {"İ"}
_SIGNS = frozenset("“”„‘’‚‹›«»–—…•§°€™·№†‡‰¬¦\u00a0\u00ad")
_NEVER_BEHIND_LETTERS = frozenset("±×÷µ²³¶½¼¾¿¡£")  # where a wrong reading puts them
_NEVER_BEFORE_LETTERS = frozenset("©®£¢¥¶×÷ةىךםןףץς")
_LAST_LATIN = "\u024f"
_CHINESE, _JAPANESE, _KOREAN = ("zh", "wuu", "yue"), ("ja",), ("ko",)
# Of the encodings of several bytes, in which nearly every pair of bytes is some character.
LANGUAGES = {"cp932": _JAPANESE, "euc_jp": _JAPANESE, "gb18030": _CHINESE, "big5": _CHINESE, "euc_kr": _KOREAN}
# In the order of these encodings the frequent characters stand first, up to this first byte.
_FREQUENT = (("gb2312", 0xD7), ("big5", 0xC6), ("euc_jp", 0xCF))


def is_written_with(language: str, before: str, character: str, after: str) -> bool:
    """Return whether a character beyond ASCII belongs into a text in a language, between two others.

    ``language`` is an ISO 639 code. Signs of print belong into every one; capitals behind small letters and letters of
    two scripts in one word into none.
    """
    if character in _SIGNS:
        return True
    if after.isalpha() and character in _NEVER_BEFORE_LETTERS:
        return False
    if language in _CHINESE + _JAPANESE + _KOREAN:
        return _is_east_asian(language, character)
    if before.isalpha() and character in _NEVER_BEHIND_LETTERS:
        return False
    if (before.islower() and character.isupper()) or (
        before.isascii() and before.isalpha() and character > _LAST_LATIN
    ):
        return False
    return character in _ALPHABETS.get(language, ()) or character in _NEVER_BEHIND_LETTERS or character in "©®¢¥"


def _is_east_asian(language: str, character: str) -> bool:
    if "\u3000" <= character <= "\u303f" or "\uff00" <= character <= "\uff60":  # punctuation, and Latin as wide
        return True
    if language in _KOREAN:
        return "\uac00" <= character <= "\ud7a3"
    return (language in _JAPANESE and "\u3040" <= character <= "\u30ff") or _is_frequent(character)


@cache
def _is_frequent(character: str) -> bool:
    for encoding, last in _FREQUENT:
        with suppress(UnicodeEncodeError):
            if "\u4e00" <= character <= "\u9fff" and character.encode(encoding)[0] <= last:
                return True
    return False
