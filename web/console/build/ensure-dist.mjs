// The e2e tests run on the built console; this builds it when it is not there.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

if (!existsSync("dist/index.html")) execFileSync("npm", ["run", "build"], { stdio: "inherit" });
