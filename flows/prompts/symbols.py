"""From a written text to the phonetic symbols that the voice model was taught with.

It owns pronunciation, intonation and every correction to them. It never sees sound.
"""

import re
import subprocess

from misaki.zh import ZHG2P

# The model wants one letter for a diphthong or an affricate where espeak-ng writes two; the tie (^)
# tells them from two separate sounds. They are replaced in this order.
ENGLISH_SYMBOLS = {
    "a^ɪ": "I",
    "a^ʊ": "W",
    "e^ɪ": "A",
    "o^ʊ": "O",
    "ɔ^ɪ": "Y",
    "d^ʒ": "ʤ",
    "t^ʃ": "ʧ",
    "ə^l": "ᵊl",
    "^": "",
    "ɚ": "əɹ",
    "ː": "",
    "ɜɹ": "ɜ",
    "ɜ": "ɜɹ",
    "ɾ": "T",
    "ɹɹ": "ɹ",
    "oɹ": "ɔɹ",
    "iəɹ": "ɪɹ",
}

# espeak-ng stresses thirteen like thirty; over a telephone the stress is what tells them apart.
ENGLISH_WORDS = {
    "thirteen": "θˌɜɹtˈin",
    "fourteen": "fˌɔɹtˈin",
    "fifteen": "fˌɪftˈin",
    "sixteen": "sˌɪkstˈin",
    "seventeen": "sˌɛvəntˈin",
    "eighteen": "ˌAtˈin",
    "nineteen": "nˌIntˈin",
}


# A single Chinese syllable loses its tone when the model speaks it alone (measured: the low third
# tone of "five" came out as high as the first of "one"), and a fragment gets the melody of a whole
# sentence. Such texts are spoken inside a sentence and cut out of it: what comes before, and after.
# What follows begins with a stop, whose closure is a clean place to cut.
CARRIERS = {
    "zh": {
        "queue_position_before": ("", "七位，请稍候。"),
        "queue_position_after": ("您当前排在第七", ""),
        "agent_number": ("", "七五，为您服务。"),
        "agent_number_after": ("工号七五，", ""),
    },
    "en": {
        "queue_position_before": ("", "two in line. Please hold."),
        "agent_number": ("", "two five is ready to help you."),
        # Alone it was taken for "zero".
        "digit_2": ("The number is", "please hold."),
    },
}
CHINESE_NUMBER_CARRIER = ("您当前排在第", "个，请稍候。")
# Every prompt that is part of a spoken number, and nothing else.
NUMBERS = re.compile(r"(digit|number)_(?!unknown).*")

# A little slower than the voices' own pace, which reaches 5.5 syllables per second: a caller hears a
# menu once, on a bad line, and has to remember the keys.
SENTENCE_SPEED = 0.92
# The model hurries through what it takes for the beginning of a sentence.
FRAGMENT_SPEED = 0.8
# A word alone is clear at its own pace; slower, "fifty" drifted towards "fifteen".
ENGLISH_NUMBER_SPEED = 1.0
# Inside a sentence a syllable lasts 150 ms; alone it needs about twice that to be understood.
CHINESE_NUMBER_SPEED = 0.45
CHINESE_NUMBER_SPEEDS = {
    # A bare vowel lasts less than other syllables.
    "digit_1": 0.42,
    "digit_2": 0.38,
    "digit_5": 0.3,
    # Slower, its level tone begins to fall.
    "digit_1_yao": 0.6,
}


def pieces_of(name, text, language):
    """What to speak for the prompt `name`: three pieces, each a pair of symbols and speed; the second
    is the prompt, the others are its carrier and often empty. `language` is `zh` or `en`."""
    before, after, speed = "", "", SENTENCE_SPEED
    if name in CARRIERS[language]:
        before, after = CARRIERS[language][name]
        speed = FRAGMENT_SPEED
    elif NUMBERS.fullmatch(name) and language == "zh":
        before, after = CHINESE_NUMBER_CARRIER
        speed = CHINESE_NUMBER_SPEEDS.get(name, CHINESE_NUMBER_SPEED)
    elif NUMBERS.fullmatch(name):
        # Without an end the model swallows the last sound.
        text += "."
        speed = ENGLISH_NUMBER_SPEED
    spell = chinese_symbols if language == "zh" else english_symbols
    before, text, after = (spell(words) if words else "" for words in (before, text, after))
    if before and (language == "en" or before[-1] in ",."):
        before += " "
    if after and language == "en":
        after = " " + after
    return [(before, SENTENCE_SPEED), (text, speed), (after, SENTENCE_SPEED)]


def chinese_symbols(text):
    return ZHG2P()(text)[0]


def english_symbols(text):
    """espeak-ng drops punctuation, which the model needs for its pauses: each clause goes alone."""
    clauses = re.findall(r"([^,.]+)([,.]?)", text)
    return " ".join(english_clause(words.strip()) + mark for words, mark in clauses)


def english_clause(words):
    if words in ENGLISH_WORDS:
        return ENGLISH_WORDS[words]
    command = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", "en-us", words]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    symbols = " ".join(answer.stdout.split())
    for theirs, ours in ENGLISH_SYMBOLS.items():
        symbols = symbols.replace(theirs, ours)
    # The article "a" keeps its vowel; the same letter at the head of "again" is a schwa.
    return re.sub(r"ɐ(?=\S)", "ə", symbols)
