import { describe, expect, test } from "vitest";
import { fill } from "../src/text";
import { en } from "../src/text/en";
import { zh } from "../src/text/zh";

const places = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe("texts", () => {
  test("Chinese and English have the same keys", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  test("both languages fill the same places", () => {
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) expect([key, places(en[key])]).toEqual([key, places(zh[key])]);
  });

  test("no text is empty, and no Chinese one was left in English", () => {
    for (const [key, text] of [...Object.entries(zh), ...Object.entries(en)]) expect(text, key).not.toBe("");
    const same = Object.keys(zh).filter((key) => zh[key as keyof typeof zh] === en[key as keyof typeof en]);
    expect(same.sort()).toEqual(["bar.next", "language.en", "language.zh", "one.leg.ivr", "phase.ivr", "product", "ring.path"]);
  });

  test("no text is left over that no screen shows", () => {
    const sources = Object.values(import.meta.glob<string>(["../src/**/*.{ts,tsx}", "!../src/text/{zh,en}.ts"], { query: "?raw", import: "default", eager: true })).join("\n");
    const made = [...sources.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? "");
    const shown = (key: string) => sources.includes(`"${key}"`) || made.some((prefix) => key.startsWith(prefix));
    expect(Object.keys(zh).filter((key) => !shown(key))).toEqual([]);
  });

  test.each([
    ["{n} change|{n} changes", { n: 1 }, "1 change"],
    ["{n} change|{n} changes", { n: 14 }, "14 changes"],
    ["{n} 项变化", { n: 1 }, "1 项变化"],
    ["{who} asks", {}, "{who} asks"],
  ])("%s with %o is %s", (pattern, values, shown) => {
    expect(fill(pattern, values)).toBe(shown);
  });
});
