// Writes .br and .gz beside every compressible file, so that the server sends bytes and never compresses.
// zlib writes no time stamp: the same input gives the same bytes.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const COMPRESSIBLE = /\.(js|css|html|svg|json|map|txt)$/;
/** Below one network packet compressing saves nothing. */
const SIZE_BYTES_MIN = 1400;

function* files(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

let plain = 0;
let gzip = 0;
for (const path of files(process.argv[2] ?? "dist")) {
  if (!COMPRESSIBLE.test(path)) continue;
  const bytes = readFileSync(path);
  if (bytes.length < SIZE_BYTES_MIN) continue;
  const zipped = gzipSync(bytes, { level: 9 });
  writeFileSync(`${path}.gz`, zipped);
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  plain += bytes.length;
  gzip += zipped.length;
}
console.log(`precompressed ${Math.round(plain / 1000)} kB to ${Math.round(gzip / 1000)} kB (gzip)`);
