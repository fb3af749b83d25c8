// `npm run dev`: the console with hot reload. Set STROWGER_API to a running exchange; without it a made-up site answers.
import { createServer } from "vite";
import { Mock } from "./server.mjs";

if (!process.env.STROWGER_API) {
  process.env.STROWGER_API = await new Mock().listen(0);
  console.log("made-up site; log in as 1001, 1000 or admin with password demo");
}
const vite = await createServer();
await vite.listen();
vite.printUrls();
