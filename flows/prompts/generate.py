#!/usr/bin/env python3
"""Speaks the prompts of `texts.json` with a natural voice and writes them as WAV files.

It owns the list of voices and where their files go. It knows nothing of calls or flows, and the
server never runs it: the audio is committed, the voice model is not.

    python3 flows/prompts/generate.py                     # every prompt, both sets of voices
    python3 flows/prompts/generate.py --set woman menu    # one prompt of one set
    python3 flows/prompts/generate.py --symbols menu      # only print what the model would be given

Needs Python 3.10 or later with venv, npm, and espeak-ng, which is run as a process and never linked.
"""

import argparse
import json
import sys

# Keeps the checkout clean of __pycache__; must be said before the first import of our own.
sys.dont_write_bytecode = True

from environment import HERE, enter_environment  # noqa: E402

# The first set is what the demo plays and lies in zh/ and en/; the other keeps a folder of its own.
SETS = {
    "woman": {"folder": HERE, "zh": "zf_xiaoxiao", "en": "af_heart"},
    "man": {"folder": HERE / "man", "zh": "zm_yunxi", "en": "am_michael"},
}


def main():
    arguments = parse_arguments()
    enter_environment("espeak-ng", "npm")
    texts = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
    unknown = [name for name in arguments.names if name not in texts]
    if unknown:
        sys.exit(f"not in texts.json: {', '.join(unknown)}")
    chosen = {name: texts[name] for name in arguments.names or texts}
    if arguments.symbols:
        print_symbols(chosen)
        return
    for name in SETS if arguments.set == "all" else [arguments.set]:
        speak_set(chosen, SETS[name])


def parse_arguments():
    parser = argparse.ArgumentParser(description="Speak the prompts of texts.json into WAV files.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="prompts to speak (default: all)")
    parser.add_argument("--set", choices=[*SETS, "all"], default="all", help="which voices speak")
    parser.add_argument("--symbols", action="store_true", help="print the symbols, speak nothing")
    return parser.parse_args()


def speak_set(texts, voices):
    # Only the environment entered in main() holds what these two import.
    import sound
    from symbols import pieces_of
    from voice import Model, load_style

    model = Model()
    for language in ("zh", "en"):
        style = load_style(voices[language])
        folder = voices["folder"] / language
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            if language not in text:
                continue
            pieces = pieces_of(name, text[language], language)
            spoken, edges = model.speak(pieces, style)
            prompt = sound.polish(spoken, edges[1], edges[2])
            sound.write(folder / f"{name}.wav", prompt)
            print(f"{voices[language]} {name}: {sound.seconds(prompt):.2f} s", flush=True)


def print_symbols(texts):
    from symbols import pieces_of

    for name, text in texts.items():
        for language, words in text.items():
            before, prompt, after = (piece for piece, _ in pieces_of(name, words, language))
            print(f"{name} {language}: {before}[{prompt}]{after}")


if __name__ == "__main__":
    main()
