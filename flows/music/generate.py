#!/usr/bin/env python3
"""Composes and renders the hold music `calm.wav`, so that there is nobody's licence to ask for.

It owns the notes and the sound of one loop. It knows nothing of calls, queues or codecs.

    python3 flows/music/generate.py           # writes calm.wav beside this file; needs numpy only
    python3 flows/music/generate.py --check   # measures the committed file instead

The sound is made for a telephone: nothing that matters lies below 300 Hz or above 3400 Hz, and the
level hardly moves, so that a voice detector or a codec's comfort noise does not chop it.
Everything is rendered on a circle (the tail of the last note falls on the first bar, filters and
reverberation are circular convolutions), therefore the loop has no seam.
"""

import argparse
import sys
import wave
from pathlib import Path

import numpy as np

TARGET = Path(__file__).with_name("calm.wav")

SAMPLE_RATE_HZ = 16_000
BEATS_PER_MINUTE = 80
BEATS_PER_BAR = 4
# Same speech level as the prompts, so that music and voice follow each other without a jump.
LEVEL_DBFS = -20.0
# Above this a transcoder's filter may overshoot into clipping.
PEAK_DBFS_MAX = -3.0
# The band a G.711 trunk carries, with soft edges so that the filter does not ring.
BAND_LOW_HZ, BAND_HIGH_HZ, BAND_EDGE_HZ = 250.0, 3_300.0, 100.0
SEED = 20_261_121

# One bar each: the pad's notes (MIDI numbers), played from the lowest to the highest by the plucked
# string as well. C major, no voice leaps more than a third between neighbours.
CHORDS = [
    (60, 64, 67, 71),  # C major seventh
    (57, 64, 67, 72),  # A minor seventh
    (57, 65, 69, 72),  # F major
    (59, 62, 67, 74),  # G
    (60, 64, 67, 74),  # C added ninth
    (59, 64, 67, 71),  # E minor
    (57, 65, 69, 76),  # F major seventh
    (60, 62, 67, 72),  # G suspended
    (57, 64, 69, 72),  # A minor
    (59, 64, 67, 74),  # E minor seventh
    (60, 65, 69, 76),  # F major seventh
    (60, 64, 67, 76),  # C
    (62, 65, 69, 72),  # D minor seventh
    (59, 64, 67, 71),  # E minor
    (57, 65, 69, 72),  # F major
    (59, 62, 67, 74),  # G, leads back to C
]

# The order in which the string plays a chord's four notes, one per half beat; None is a rest.
ARPEGGIOS = [
    (0, 1, 2, 3, 2, 1, 2, None),
    (0, 2, 1, 3, None, 2, 1, 2),
]

# The tune above it: (bar, beat within the bar, MIDI number). Sparse: a waiting caller should be able
# to think of something else.
TUNE = [
    (0, 0, 79), (0, 2, 76), (1, 0, 76), (1, 3, 74), (2, 0, 72), (2, 2, 77), (3, 0, 74),
    (4, 0, 79), (4, 2, 76), (5, 0, 79), (5, 3, 83), (6, 0, 81), (6, 2, 76), (7, 0, 79),
    (8, 0, 84), (8, 2, 81), (9, 0, 79), (9, 3, 76), (10, 0, 76), (10, 2, 81), (11, 0, 79),
    (12, 0, 77), (12, 2, 74), (13, 0, 76), (13, 3, 71), (14, 0, 72), (14, 2, 77), (15, 0, 74),
]


def frequency_hz(midi):
    """Equal temperament, A4 (69) at 440 Hz."""
    return 440.0 * 2.0 ** ((midi - 69) / 12.0)


def samples(seconds):
    return int(round(seconds * SAMPLE_RATE_HZ))


def pluck(midi, brightness, seconds=2.8):
    """A plucked string as a sum of partials, which stays in tune at 16 kHz where a delay line would not.

    A string plucked at a seventh of its length has partials of sin(k*pi/7)/k; high ones die first.
    """
    time = np.arange(samples(seconds)) / SAMPLE_RATE_HZ
    base = frequency_hz(midi)
    sound = np.zeros_like(time)
    for k in range(1, int(BAND_HIGH_HZ / base) + 1):
        strength = abs(np.sin(k * np.pi / 7)) / k * brightness ** (k - 1)
        decay_per_second = 1.6 + 0.9 * k
        # Stiffness stretches the partials of a real string a little.
        partial_hz = k * base * np.sqrt(1 + 0.00015 * k * k)
        sound += strength * np.exp(-decay_per_second * time) * np.sin(2 * np.pi * partial_hz * time)
    # 4 ms attack: no click; 200 ms release: nothing is cut off.
    sound *= np.minimum(1, time / 0.004) * np.minimum(1, (seconds - time) / 0.2)
    return sound


def pad(midi, seconds, generator):
    """A soft held note: three slightly detuned voices with few partials, faded in and out."""
    time = np.arange(samples(seconds)) / SAMPLE_RATE_HZ
    sound = np.zeros_like(time)
    for cents in (-5.0, 0.0, 6.0):
        voice_hz = frequency_hz(midi) * 2 ** (cents / 1200)
        for k, strength in ((1, 1.0), (2, 0.45), (3, 0.22), (4, 0.08)):
            phase = generator.uniform(0, 2 * np.pi)
            sound += strength * np.sin(2 * np.pi * k * voice_hz * time + phase)
    # Raised-cosine fades as long as the overlap of two bars keep the sum level.
    fade_seconds = 1.0
    fade = np.minimum(1, np.minimum(time, seconds - time) / fade_seconds)
    return sound * (0.5 - 0.5 * np.cos(np.pi * fade))


def add_on_circle(loop, start, sound, gain):
    """Adds a note; what runs over the end continues at the beginning."""
    at = (start + np.arange(len(sound))) % len(loop)
    np.add.at(loop, at, gain * sound)


def reverberate(loop, generator):
    """A quiet hall: decaying noise, convolved around the circle."""
    seconds, share = 1.6, 0.16
    time = np.arange(samples(seconds)) / SAMPLE_RATE_HZ
    response = np.zeros(len(loop))
    response[: len(time)] = generator.standard_normal(len(time)) * np.exp(-4.5 * time)
    response /= np.sqrt(np.sum(response**2))
    wet = np.fft.irfft(np.fft.rfft(loop) * np.fft.rfft(response), len(loop))
    return loop + share * wet * np.sqrt(np.mean(loop**2) / np.mean(wet**2)) / (1 - share)


def keep_telephone_band(loop):
    """A circular filter with raised-cosine edges."""
    frequency = np.fft.rfftfreq(len(loop), 1 / SAMPLE_RATE_HZ)
    rise = np.clip((frequency - BAND_LOW_HZ) / BAND_EDGE_HZ + 0.5, 0, 1)
    fall = np.clip((BAND_HIGH_HZ - frequency) / BAND_EDGE_HZ + 0.5, 0, 1)
    gain = (0.5 - 0.5 * np.cos(np.pi * rise)) * (0.5 - 0.5 * np.cos(np.pi * fall))
    return np.fft.irfft(np.fft.rfft(loop) * gain, len(loop))


def render():
    """The whole loop as floats at the wanted level."""
    generator = np.random.default_rng(SEED)
    beat = 60.0 / BEATS_PER_MINUTE
    bar = beat * BEATS_PER_BAR
    loop = np.zeros(samples(bar * len(CHORDS)))
    for number, chord in enumerate(CHORDS):
        for midi in chord:
            sound = pad(midi, bar + 1.0, generator)
            add_on_circle(loop, samples(bar * number - 0.5), sound, 0.035)
        for step, voice in enumerate(ARPEGGIOS[number % len(ARPEGGIOS)]):
            if voice is None:
                continue
            # A player is never exact: up to 6 ms and 1.5 dB.
            late, gain = generator.uniform(0, 0.006), generator.uniform(0.42, 0.5)
            start = samples(bar * number + beat / 2 * step + late)
            add_on_circle(loop, start, pluck(chord[voice], 0.75), gain)
    for number, beats, midi in TUNE:
        start = samples(bar * number + beat * beats + generator.uniform(0, 0.008))
        add_on_circle(loop, start, pluck(midi, 0.6, 3.2), generator.uniform(0.5, 0.58))
    loop = keep_telephone_band(reverberate(loop, generator))
    return loop * 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(loop**2))


def write(path, sound):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(np.round(sound * 32767).astype("<i2").tobytes())


def read(path):
    with wave.open(str(path), "rb") as file:
        shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if shape != (1, 2, SAMPLE_RATE_HZ):
            sys.exit(f"{path}: not 16 kHz mono 16-bit: {shape}")
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767


def check(sound):
    """Measures what the file promises; the words of every broken promise are returned."""
    level = 10 * np.log10(np.mean(sound**2))
    peak = 20 * np.log10(np.max(np.abs(sound)))
    step_at_seam = abs(sound[0] - sound[-1])
    # A step that also occurs a thousand times inside the loop is not heard as a seam.
    usual_step = np.sort(np.abs(np.diff(sound)))[-1000]
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE_HZ)
    inside = power[(frequency >= 300) & (frequency <= 3_400)].sum() / power.sum()
    whole_seconds = sound[: len(sound) // SAMPLE_RATE_HZ * SAMPLE_RATE_HZ].reshape(-1, SAMPLE_RATE_HZ)
    power_by_second = np.mean(whole_seconds**2, axis=1)
    swing = 10 * np.log10(power_by_second.max() / power_by_second.min())
    print(
        f"{len(sound) / SAMPLE_RATE_HZ:.1f} s, level {level:.1f} dBFS, peak {peak:.1f} dBFS, "
        f"{100 * inside:.0f} % of the power in 300-3400 Hz, second-to-second swing {swing:.1f} dB, "
        f"seam {step_at_seam:.4f} (usual step {usual_step:.4f})"
    )
    promises = {
        "40 to 60 s long": 40 <= len(sound) / SAMPLE_RATE_HZ <= 60,
        f"level {LEVEL_DBFS} dBFS": abs(level - LEVEL_DBFS) < 0.2,
        f"peak below {PEAK_DBFS_MAX} dBFS": peak < PEAK_DBFS_MAX,
        "made for the telephone band": inside > 0.8,
        "even loudness": swing < 8,
        "no seam": step_at_seam <= usual_step,
    }
    return [promise for promise, kept in promises.items() if not kept]


def main():
    parser = argparse.ArgumentParser(description="Render or measure the hold music.")
    parser.add_argument("--check", action="store_true", help="measure calm.wav instead of writing it")
    if not parser.parse_args().check:
        write(TARGET, render())
    broken = check(read(TARGET))
    if broken:
        sys.exit("calm.wav breaks its promise: " + "; ".join(broken))


if __name__ == "__main__":
    main()
