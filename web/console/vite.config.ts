// Builds the console into dist/, which the server embeds. Output names carry a content hash and nothing of the machine.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the exchange (or its stand-in); set by mock/dev.mjs. */
const api = process.env["STROWGER_API"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  // Chrome 109 is the last browser of Windows 7 seats.
  build: { target: "chrome109", assetsInlineLimit: 0, chunkSizeWarningLimit: 1200 },
  server: {
    host: "127.0.0.1",
    // The exchange wants Origin equal to Host, so the proxy keeps the browser's Host.
    proxy: { "/api": { target: api, ws: true, changeOrigin: false } },
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.ts", "test/**/*.test.tsx"] },
});
