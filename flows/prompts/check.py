#!/usr/bin/env python3
"""Measures the committed prompts, and has the English ones written down by a speech recogniser.

It owns what a prompt file promises: all there, the right format, level, silence and no clipping. It
writes nothing.

    python3 flows/prompts/check.py             # measures both sets; exit code 1 on a broken promise
    python3 flows/prompts/check.py --listen    # also prints what was understood beside what was said
"""

import argparse
import json
import re
import sys

# Keeps the checkout clean of __pycache__; must be said before the first import of our own.
sys.dont_write_bytecode = True

from environment import HERE, enter_environment  # noqa: E402

LANGUAGES = ("zh", "en")
FOLDERS = {"woman": HERE, "man": HERE / "man"}
# A caller interrupts what lasts longer; nothing that can be understood is shorter.
SECONDS_MIN, SECONDS_MAX = 0.25, 10.0
PEAK_DBFS_MAX = -1.0
LEVEL_TOLERANCE_DB = 0.3
# Speech edges are found in 10 ms frames that need not fall as they fell when the file was cut.
SILENCE_TOLERANCE_MS = 20
KEYS_ALOUD = {"0": "zero", "1": "one", "2": "two", "3": "three"}


def main():
    parser = argparse.ArgumentParser(description="Measure the committed prompts.")
    parser.add_argument("--listen", action="store_true", help="transcribe the English ones as well")
    listen = parser.parse_args().listen
    enter_environment()
    texts = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
    broken = [
        f"{folder.relative_to(HERE.parent)}/{language}: {complaint}"
        for folder in FOLDERS.values()
        for language in LANGUAGES
        for complaint in complaints(folder / language, texts, language)
    ]
    if listen:
        for name, folder in FOLDERS.items():
            print_heard(name, folder / "en", texts)
    print("\n".join(broken) or "every prompt keeps its promises")
    sys.exit(1 if broken else 0)


def complaints(folder, texts, language):
    """Every broken promise of one set in one language, in words."""
    wanted = {name for name, text in texts.items() if language in text}
    present = {path.stem for path in folder.glob("*.wav")}
    yield from (f"{name} has no file" for name in sorted(wanted - present))
    yield from (f"{name} has no text" for name in sorted(present - wanted))
    for name in sorted(wanted & present):
        for complaint in complaints_of_file(folder / f"{name}.wav"):
            yield f"{name} {complaint}"


def complaints_of_file(path):
    import numpy as np
    import sound

    samples = sound.read(path)
    if not SECONDS_MIN <= sound.seconds(samples) <= SECONDS_MAX:
        yield f"lasts {sound.seconds(samples):.2f} s"
    level = sound.speech_level_dbfs(samples)
    if abs(level - sound.LEVEL_DBFS) > LEVEL_TOLERANCE_DB:
        yield f"has a level of {level:.1f} dBFS"
    peak = 20 * np.log10(np.abs(samples).max())
    if peak > PEAK_DBFS_MAX:
        yield f"has a peak of {peak:.1f} dBFS"
    begin, end = sound.speech_edges(samples)
    for where, silence in (("before", begin), ("after", len(samples) - end)):
        silence_ms = 1000 * silence / sound.FILE_RATE_HZ
        if abs(silence_ms - sound.SILENCE_MS) > SILENCE_TOLERANCE_MS:
            yield f"has {silence_ms:.0f} ms of silence {where} it"


def print_heard(title, folder, texts):
    """Sentences by the recogniser's general language model; numbers among each other."""
    from pocketsphinx import Decoder

    said = {name: spelled(text["en"]) for name, text in texts.items() if "en" in text}
    numbers = {name: words for name, words in said.items() if re.match(r"digit_|number_(?!unk)", name)}
    choice = f"#JSGF V1.0; grammar numbers; public <number> = {' | '.join(numbers.values())};"
    freely = Decoder(samprate=16_000, loglevel="FATAL")
    among_numbers = Decoder(samprate=16_000, loglevel="FATAL", lm=None)
    among_numbers.add_jsgf_string("numbers", choice)
    among_numbers.activate_search("numbers")
    understood = 0
    for name, words in said.items():
        heard = transcribe(among_numbers if name in numbers else freely, folder / f"{name}.wav")
        understood += heard == words
        if heard != words:
            print(f"{title} {name}: said {words!r}, heard {heard!r}")
    print(f"{title}: {understood} of {len(said)} prompts were heard without one wrong word")


def spelled(text):
    aloud = re.sub(r"\d", lambda key: KEYS_ALOUD[key[0]], text.lower())
    return re.sub(r"[^a-z ]", "", aloud)


def transcribe(decoder, path):
    import sound

    # The recogniser takes its measure of the noise from a silence of 200 ms.
    silence = bytes(2 * sound.FILE_RATE_HZ // 5)
    content = path.read_bytes()
    samples = content[content.index(b"data") + 8 :]
    decoder.start_utt()
    decoder.process_raw(silence + samples + silence, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return hypothesis.hypstr if hypothesis else ""


if __name__ == "__main__":
    main()
