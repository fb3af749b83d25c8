// Sound and peaks of a made-up conversation: caller left, agent right, in turns.
const RATE = 8_000;
const CALLER_HZ = 400;
const AGENT_HZ = 600;
/** Each speaks for this long, then the other. */
const TURN_MS = 2_400;
const HEADER_BYTES = 44;

/** Loudness 0..1 of one side at a moment. */
function loudness(side, ms) {
  const turn = Math.floor(ms / TURN_MS) % 2;
  if (turn !== side) return 0.02;
  const within = (ms % TURN_MS) / TURN_MS;
  const syllables = 0.55 + 0.45 * Math.sin(ms / 97 + side) * Math.sin(ms / 311);
  return Math.max(0.05, Math.min(1, Math.sin(Math.PI * within) * syllables));
}

export function peaks(durationMs, points, channels) {
  const side = (index) =>
    Array.from({ length: points }, (_, at) => Number(loudness(index, ((at + 0.5) * durationMs) / points).toFixed(3)));
  return { left: side(0), right: channels > 1 ? side(1) : [], duration_ms: durationMs };
}

export function wav(durationMs, channels) {
  const frames = Math.floor((durationMs * RATE) / 1_000);
  const block = channels * 2;
  const file = Buffer.alloc(HEADER_BYTES + frames * block);
  file.write("RIFF", 0, "ascii");
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8, "ascii");
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(channels, 22);
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE * block, 28);
  file.writeUInt16LE(block, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36, "ascii");
  file.writeUInt32LE(frames * block, 40);
  for (let at = 0; at < frames; at += 1) {
    for (let side = 0; side < channels; side += 1) {
      const hz = side === 0 ? CALLER_HZ : AGENT_HZ;
      const value = loudness(side, (at * 1_000) / RATE) * 9_000 * Math.sin((2 * Math.PI * hz * at) / RATE);
      file.writeInt16LE(Math.round(value), HEADER_BYTES + at * block + side * 2);
    }
  }
  return file;
}
