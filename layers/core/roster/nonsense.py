"""Values that are well formed and hardly meant: what spreadsheets, databases and wrong encodings leave behind.

In: one value. Out: whether it is such a value, of one kind or another. Nothing is refused here: `roster.names` says
which of these are errors and which are warnings.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from roster.characters import INVISIBLE_RANGES, one_blank

# What stands for a value that a spreadsheet could not work out: in English a fixed list, elsewhere its translations,
# which all have one form. Those that end in no mark are listed.
_SPREADSHEET_ERROR = re.compile(
    r"#[¡¿]?[^\W_][\w/.]*[!?]|#{3,}|#(?:N/A|N/A N/A|N/D|N/B|NV|I/T|YOK|Н/Д|PUUTTUU|HIÁNYZIK|NENÍ_K_DISPOZICI"
    r"|NICHT_VERFÜGBAR|SPILL|GETTING_DATA|LOADING(?:\.{3}|…)?)|(?:Err|Fehler|Erreur|Errore|Ошибка) ?: ?\d{3}",
    re.IGNORECASE,
)
_SCIENTIFIC = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)?[eE][+-]\d+|\d+[.,]\d+[eE]\d+)")
# Year 9, set E, group 1; a spreadsheet writes no exponent of one digit.
_CLASS_CODE = re.compile(r"\d{1,2}[eE]-\d")

_DASHES = "-\u058a\u05be\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b\u301c\u3030\ufe58\ufe63\uff0d"
_BRACKETS = ("()", "[]", "{}", "<>")


def is_destroyed(value: str) -> bool:
    """Whether a value is a spreadsheet's error or a number in scientific form, or holds U+FFFD: what it was is gone."""
    if "\ufffd" in value:
        return True
    return bool(_SPREADSHEET_ERROR.fullmatch(value) or _SCIENTIFIC.fullmatch(value))


def is_destroyed_class(value: str) -> bool:
    """The same of a class; 9E-1 is one, not a number in scientific form."""
    return is_destroyed(value) and not _CLASS_CODE.fullmatch(value)


def placeholder_key(folded: str) -> str:
    """A folded value as placeholders are compared: no brackets around it, plain blanks, one dash for dashes alone."""
    value = one_blank(folded)
    while len(value) > 1 and value[0] + value[-1] in _BRACKETS:
        value = value[1:-1].strip()
    return "-" if value and not value.strip(_DASHES) else value


# Dates

_MONTH_NAMES = """
january february march april may june july august september sept october november december
januar februar märz maerz mai juni juli august oktober dezember jän jänner feb mär mrz apr jun jul aug sep okt nov dez
janvier février mars avril juin juillet août septembre octobre novembre décembre janv févr avr juil déc
enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre ene abr ago dic
gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre giu lug ott
januari februari maart mei augustus mrt
janeiro fevereiro março maio junho julho setembro outubro novembro dezembro fev
styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
sty lut kwi cze lip sie wrz paź lis gru
marts juni juli oktober desember desember jan feb mar okt des
tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık oca şub nis haz tem ağu eyl eki kas ara
янв фев мар апр май мая июн июл авг сен сент окт ноя нояб дек
января февраля марта апреля июня июля августа сентября октября ноября декабря
січ лют бер кві тра чер лип сер вер жов лис гру
ιαν φεβ μαρ απρ μαϊ ιουν ιουλ αυγ σεπ οκτ νοε δεκ
jan feb mar apr may jun jul aug sep oct nov dec
"""
# In Italian and Portuguese a month, in English also an ordinary word: Set-1 and Gen 2 are classes.
_WORDS_TOO = ["set", "out", "gen", "mag"]

_MONTH = f"(?:{'|'.join(sorted(set(_MONTH_NAMES.split()), key=len, reverse=True))})\\.?"
_SHORT = "(?:jan|feb|mär|mrz|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|dez|dec)"
_WORD_TOO = f"(?:{'|'.join(_WORDS_TOO)})"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_NUMBER = r"(?:0?[1-9]|1[0-2])"  # of a month
_YEAR = r"(?:(?:19|20)\d\d|\d\d)"
_FULL_YEAR = r"(?:19|20)\d\d"
_WEEKDAY = r"(?:(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?,? )?"
_TIME = r"(?:(?:[ T]|, )\d{1,2}[:.]\d\d(?:[:.]\d\d(?:[.,]\d+)?)?(?: ?[AP]\.?M\.?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?"
_DATE = re.compile(
    rf"{_WEEKDAY}(?:"
    rf"{_DAY}(?:st|nd|rd|th|er)?\.?(?:[-/.]| (?:de |of )?){_MONTH}(?:(?:[-/., ]|, | de ){_YEAR})?"
    rf"|{_MONTH}[-/]{_DAY}(?:[-/]{_YEAR})?|{_MONTH} {_DAY}(?:st|nd|rd|th)?,? {_FULL_YEAR}"
    rf"|{_MONTH}[-/']{_YEAR}|{_SHORT} \d\d|{_MONTH} '?{_FULL_YEAR}"
    rf"|{_FULL_YEAR}[-/. ]{_MONTH}(?:[-/. ]{_DAY})?"
    rf"|{_DAY}-{_WORD_TOO}(?:-{_YEAR})?|{_WORD_TOO}-\d\d"
    rf"|{_FULL_YEAR}([-/.]){_NUMBER}\1{_DAY}|{_FULL_YEAR}[01]\d[0-3]\dT\d{{4,6}}Z?"
    rf"|{_DAY}([-/.]){_NUMBER}\2{_YEAR}|{_NUMBER}([-/.]){_DAY}\3{_YEAR}|{_DAY}\. ?{_NUMBER}\.(?: ?{_YEAR})?"
    rf"|(?:\d{{2,4}}年)?\d{{1,2}}月(?:\d{{1,2}}日)?|(?:\d{{4}}년 ?)?\d{{1,2}}월(?: ?\d{{1,2}}일)?"
    rf"){_TIME}",
    re.IGNORECASE,
)
# Asked first: it is many times as fast, and usernames begin as months do.
_MAY_BE_DATE = re.compile(
    r"\d{1,2}(?:st|nd|rd|th|er)?\.?[-/. ]|\d{4}[-/. T\d]|\d+ ?[年月년월]|[^\W\d_]{3,}(?:\.?[-/. ,']+\d|,? +\w{3})"
)
_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

# What a date begins with that begins with no digit.
DATE_BEGINNINGS = tuple(sorted({name[:3] for name in (*_MONTH_NAMES.split(), *_WORDS_TOO, *_DAYS)}))


def looks_like_date(value: str) -> bool:
    """Whether a spreadsheet made a date of it: 10-Jan was 10-1. Two numbers alone are none."""
    return bool(_MAY_BE_DATE.match(value) and _DATE.fullmatch(one_blank(value)))


# Text read in a wrong encoding

# Latin letters, typographic marks and emoji, of which one is sign enough; Greek and Cyrillic letters, of which two are.
_LIKELY = re.compile("[\xa0-\u017f\u0218-\u021b\u1e80-\u1ef9‐‑–—‘’‚“”„•…‹›€™\ufeff\U0001f300-\U0001faff]")
_WRITTEN = re.compile(f"{_LIKELY.pattern}|[\u0386-\u03ce\u0400-\u0491]")

_ENCODINGS = ("cp1252", "mac_roman", "cp850", "cp437")


@cache
def _misread(encoding: str) -> tuple[dict[int, int], re.Pattern[str]]:
    """The characters that UTF-8's bytes become in another encoding: back to bytes, and where they make up text."""
    # What is no character there became, in most programs, the control character of that number.
    read = {byte: bytes([byte]).decode(encoding, errors="ignore") or chr(byte) for byte in range(0x80, 0x100)}
    first2, first3, first4 = (_class(read, *ends) for ends in ((0xC2, 0xDF), (0xE0, 0xEF), (0xF0, 0xF4)))
    rest = _class(read, 0x80, 0xBF)
    pattern = f"(?:{first2}{rest}|{first3}{rest}{{2}}|{first4}{rest}{{3}})+"
    return {ord(character): byte for byte, character in read.items()}, re.compile(pattern)


def _class(read: dict[int, str], first: int, last: int) -> str:
    return f"[{''.join(re.escape(read[byte]) for byte in range(first, last + 1))}]"


def garbled_pattern() -> str:
    """A regular expression for what may be garbled."""
    return "|".join(f"(?:{_misread(encoding)[1].pattern})" for encoding in _ENCODINGS)


def looks_garbled(text: str) -> bool:
    """Whether it holds UTF-8 that was read in another encoding: Ã© for é. Asked of a cell before it is cleaned.

    An í becomes à and a soft hyphen, which cleaning would remove.
    """
    if text.isascii():
        return False
    text = unicodedata.normalize("NFC", text)
    return any(_is_garbled(text, encoding) for encoding in _ENCODINGS)


def _is_garbled(text: str, encoding: str) -> bool:
    """Whether UTF-8 stands there that was read in one encoding; what nobody writes may have been misread twice."""
    back, pattern = _misread(encoding)
    was = ""
    for run in pattern.findall(text):
        again = bytes(back[ord(character)] for character in run).decode(errors="replace")
        if all(map(_WRITTEN.match, again)):
            was += again
        elif looks_garbled(again):
            return True
    # One letter of another alphabet may be a chance meeting of two characters.
    return len(was) > 1 or bool(_LIKELY.match(was))


# Quotes that are none to CSV

_OPENING = "'‘’‚‛“”„‟\"«»‹›`´′″＂＇「『"
_CLOSING = "'‘’‛“”‟\"«»‹›`´′″＂＇」』"
_ALWAYS_STRAY = "“”„‟«»‹›‘‚‛＂「『」』"
_STRAY_BEHIND = "“”„‟«»‹›「『」』"


def has_stray_quotes(value: str) -> bool:
    """Whether there are typographic or single quotes around it, or one before it that does not belong to a name."""
    first, last = value[0], value[-1]
    around = first in _OPENING and last in _CLOSING
    before = first in _ALWAYS_STRAY or (first in "'`´’" and value[1:2].isalnum()) or value.startswith('="')
    return around or before or last in _STRAY_BEHIND


# Where it is worth to look at a value that is not ASCII.
_SINGLE = re.escape(_ALWAYS_STRAY + _DASHES[1:]) + "’´′″＇\ufffd"
UNUSUAL = re.compile(f"[{_SINGLE}{INVISIBLE_RANGES}]|(?=[^\0-\x7f]{{2}})(?:{garbled_pattern()})")


def is_comment(value: str) -> bool:
    """Whether it begins as a comment does in a program."""
    return value.startswith(("#", "//"))
