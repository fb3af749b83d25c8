// Drives the console inside the real binary ($STROWGER_BIN), with its own phones. One call is walked through from the
// log-in to its record, so a step that fails ends the run.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["**/*.real.ts"],
    fileParallelism: false,
    bail: 1,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
