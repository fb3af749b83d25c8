"""From the model's sound to the file that is committed, and the measurements of either.

It owns sample rate, trimming, level and the WAV file. It never sees a text.
"""

import sys
import wave

import numpy as np

MODEL_RATE_HZ = 24_000
FILE_RATE_HZ = 16_000
FULL_SCALE = 32_767
# As loud as a caller's own voice on a trunk, with room for the peaks of speech.
LEVEL_DBFS = -20.0
# Peaks are bent from -4 dBFS on and never reach -1, so that no transcoder's filter clips them.
PEAK_KNEE = 0.63
PEAK_CEILING = 0.88
# Pieces of one announcement are played in a row: 50 ms at each end sound like one breath.
SILENCE_MS = 50
# Speech begins and ends where a 10 ms frame comes this near to the loudest one.
EDGE_FRAME_MS = 10
EDGE_DB = -40.0
# Where a prompt is cut out of a longer sentence.
CUT_SEARCH_MS = 60
CUT_FADE_MS = 10
# The level is that of the speech, not of its pauses: the 20 ms frames this near to the loudest one.
LEVEL_FRAME_MS = 20
LEVEL_GATE_DB = -30.0


def polish(sound, begin, end):
    """The part of the model's utterance between two of its samples, at the file's rate, trimmed and
    levelled."""
    sound = to_file_rate(sound)
    begin, end = (round(edge * FILE_RATE_HZ / MODEL_RATE_HZ) for edge in (begin, end))
    sound = trim(faded(sound[begin : quietest_before(sound, end)], CUT_FADE_MS))
    return soften_peaks(sound * 10 ** ((LEVEL_DBFS - speech_level_dbfs(sound)) / 20))


def soften_peaks(sound):
    """Bends what exceeds the knee towards the ceiling. Some voices have peaks 19 dB above their level:
    a few samples per second, too few for the bend to be heard."""
    excess = np.maximum(np.abs(sound) - PEAK_KNEE, 0)
    room = PEAK_CEILING - PEAK_KNEE
    return np.sign(sound) * (np.minimum(np.abs(sound), PEAK_KNEE) + room * np.tanh(excess / room))


def to_file_rate(sound):
    """24 kHz to 16 kHz, two samples for three, through a windowed sinc that is shut above 8 kHz."""
    up, down, half_length, cutoff_hz = 2, 3, 240, 7_600
    position = np.arange(-half_length, half_length + 1)
    band = 2 * cutoff_hz / (MODEL_RATE_HZ * up)
    taps = up * band * np.sinc(band * position) * np.blackman(len(position))
    spread = np.zeros(len(sound) * up)
    spread[::up] = sound
    return np.convolve(spread, taps, mode="same")[::down]


def trim(sound):
    """Cuts to the speech and leaves SILENCE_MS at either end, faded in and out."""
    begin, end = speech_edges(sound)
    margin = FILE_RATE_HZ * SILENCE_MS // 1000
    padded = np.concatenate([np.zeros(margin), sound, np.zeros(margin)])
    return faded(padded[begin : end + 2 * margin], SILENCE_MS)


def faded(sound, fade_ms):
    """In and out along a straight line."""
    length = FILE_RATE_HZ * fade_ms // 1000
    gain = np.ones(len(sound))
    gain[:length] = np.linspace(0, 1, length, endpoint=False)
    gain[-length:] *= np.linspace(0, 1, length, endpoint=False)[::-1]
    return sound * gain


def quietest_before(sound, edge):
    """The middle of the quietest 10 ms just before the edge of two symbols: the closure of a stop
    lies up to CUT_SEARCH_MS before the edge that the model reports."""
    frame = FILE_RATE_HZ * EDGE_FRAME_MS // 1000
    starts = range(edge - FILE_RATE_HZ * CUT_SEARCH_MS // 1000, edge - frame + 1, frame // 4)
    return min(starts, key=lambda start: np.mean(sound[start : start + frame] ** 2)) + frame // 2


def speech_edges(sound):
    """The first sample of the speech and the one after its last."""
    speaking = np.flatnonzero(relative_db(frame_power(sound, EDGE_FRAME_MS)) > EDGE_DB)
    frame = FILE_RATE_HZ * EDGE_FRAME_MS // 1000
    return speaking[0] * frame, (speaking[-1] + 1) * frame


def speech_level_dbfs(sound):
    """Root mean square over the frames that hold speech."""
    power = frame_power(sound, LEVEL_FRAME_MS)
    return 10 * np.log10(np.mean(power[relative_db(power) > LEVEL_GATE_DB]))


def frame_power(sound, frame_ms):
    size = FILE_RATE_HZ * frame_ms // 1000
    return np.mean(sound[: len(sound) // size * size].reshape(-1, size) ** 2, axis=1)


def relative_db(power):
    # Digital silence counts as 120 dB down instead of minus infinity.
    return 10 * np.log10(np.maximum(power / power.max(), 1e-12))


def seconds(sound):
    return len(sound) / FILE_RATE_HZ


def write(path, sound):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(FILE_RATE_HZ)
        file.writeframes(np.round(sound * FULL_SCALE).astype("<i2").tobytes())


def read(path):
    """The sound of a committed file; exits when it has another format."""
    with wave.open(str(path), "rb") as file:
        shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if shape != (1, 2, FILE_RATE_HZ):
            sys.exit(f"{path}: not 16 kHz mono 16-bit PCM: {shape}")
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / FULL_SCALE
