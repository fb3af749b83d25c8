// Writes the console's types of the API from openapi/openapi.json; with --check it only says whether they are up to date.
import { readFileSync, writeFileSync } from "node:fs";
import openapi, { astToString } from "openapi-typescript";

const source = new URL("../../openapi/openapi.json", import.meta.url);
const target = new URL("../console/src/api/schema.ts", import.meta.url);
const HEAD = "// Generated from openapi/openapi.json by `npm run generate` in web/tools. Do not edit.\n";

const described = JSON.parse(readFileSync(source, "utf8"));
// The console names an operation by method and path; its id adds nothing, and must not repeat for this generator.
for (const path of Object.values(described.paths)) for (const operation of Object.values(path)) delete operation.operationId;
// A schema that is named and nowhere described is unknown, which is worth a warning and no reason to stop.
const schemas = described.components.schemas;
for (const [, name] of JSON.stringify(described).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
  if (name in schemas) continue;
  console.warn(`openapi.json names the schema ${name} and does not describe it`);
  schemas[name] = {};
}

const text = HEAD + astToString(await openapi(described, { alphabetize: true }));
if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("web/console/src/api/schema.ts is not what openapi/openapi.json says: run `npm run generate` in web/tools");
  process.exitCode = 1;
}
