// Real calls seen from both desks: log-in, shift, ringing, talking, wrap-up, the floor, the record and its sound, and a
// call that is refused. The phones are `strowger call`; the agent's is answered from the desk.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CHROMIUM, CHROMIUM_ARGS, dress, LAPTOP, type Look, violations } from "../browser";
import { Exchange, type Phone } from "./exchange";

const SHOTS = process.env["CONSOLE_SHOTS"];
const LOOKS: readonly Look[] = [{ language: "zh-CN", theme: "light" }, { language: "en", theme: "light" }];

const NUMBER = "4008001000";
const UNKNOWN = "4008009999";
const CALLER = "13800138000";
const SECOND_CALLER = "01088886666";
const AGENT_TONE = 600;
const CALLER_TONE = 400;

let exchange: Exchange;
let browser: Browser;
/** The agent's page and the supervisor's, each with a session of its own. */
let desk: Page;
let floor: Page;
let agentPhone: Phone;
let caller: Phone;

beforeAll(async () => {
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
  [exchange, browser] = await Promise.all([
    Exchange.start(),
    chromium.launch({ executablePath: CHROMIUM, headless: true, args: CHROMIUM_ARGS }),
  ]);
  [desk, floor, agentPhone] = await Promise.all([page(), page(), exchange.phone("8001", AGENT_TONE)]);
});

afterAll(async () => {
  await browser?.close();
  await exchange?.stop();
});

const faults: string[] = [];

async function page(): Promise<Page> {
  const context = await browser.newContext({ viewport: LAPTOP, reducedMotion: "reduce" });
  context.setDefaultTimeout(10_000);
  const opened = await context.newPage();
  opened.on("pageerror", (error) => faults.push(`${opened.url()}: ${error.message}`));
  await dress(opened, { language: "en", theme: "light" });
  return opened;
}

async function logIn(on: Page, user: string): Promise<void> {
  await on.goto(exchange.origin);
  await on.fill("#username", user);
  await on.fill("#password", "demo");
  await on.click("button[type=submit]");
}

/** Clean to axe; with $CONSOLE_SHOTS a picture in each language stays for people to look at. */
async function look(on: Page, name: string): Promise<void> {
  expect(await violations(on), `${name}: axe`).toEqual([]);
  expect(await on.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), `${name}: sideways`).toBeLessThanOrEqual(0);
  if (!SHOTS) return;
  for (const { language } of [...LOOKS.slice(1), ...LOOKS.slice(0, 1), ...LOOKS.slice(1)]) {
    await speak(on, language);
    await on.screenshot({ path: join(SHOTS, `real-${name}.${language}.png`) });
  }
}

/** Changes the language where the page offers it, without loading the page anew. */
async function speak(on: Page, language: Look["language"]): Promise<void> {
  if ((await on.getAttribute("html", "lang")) === language) return;
  const menu = on.locator(".user-button");
  const inMenu = (await menu.count()) > 0;
  if (inMenu) await menu.click();
  await on.click(`.switch label[lang="${language}"]`);
  await on.waitForSelector(`html[lang="${language}"]`);
  if (inMenu) {
    await menu.click();
    await on.waitForSelector(".user-panel", { state: "hidden" });
  }
}

const becomes = (state: string) => desk.waitForSelector(`.bar-state .pill-${state}`);
const words = async (on: Page, selector: string) => (await on.locator(selector).first().innerText()).replaceAll(/\s+/g, " ");
const row = (on: Page, table: string, text: string) => on.locator(`${table} tbody tr`, { hasText: text });

test("an agent logs in and starts the shift with one click", async () => {
  await desk.goto(exchange.origin);
  await desk.waitForSelector("#username");
  await look(desk, "1-login");
  await logIn(desk, "1001");
  await desk.waitForFunction(() => document.querySelector<HTMLInputElement>("#shift-extension")?.value === "8001");
  await look(desk, "2-start-shift");
  await desk.click(".shift .big");
  await becomes("ready");
  await desk.waitForSelector(".idle");
  await look(desk, "3-idle");
  expect(await desk.locator(".lamp-good").nth(1).getAttribute("aria-label")).toContain("8001");
});

test("a supervisor logs in and sees the agent ready", async () => {
  await logIn(floor, "1000");
  await row(floor, ".floor-agents", "1001").locator(".pill-ready").waitFor();
  expect(new URL(floor.url()).pathname).toBe("/supervisor");
});

test("the call rings at the desk with caller, queue, keys, waiting time and why", async () => {
  caller = exchange.dial(NUMBER, CALLER, "--digits", "wait1,1", "--tone", String(CALLER_TONE));
  await desk.waitForSelector(".ring-clock");
  expect(await words(desk, ".caller")).toBe("138 0013 8000");
  const facts = await words(desk, ".desk-work .facts");
  for (const fact of ["400-800-1000", "Sales", "welcome", "0:0"]) expect(facts).toContain(fact);
  expect(await words(desk, ".desk-work .facts .digits")).toBe("1");
  await desk.keyboard.press("Alt+i");
  await desk.waitForSelector(".why .chosen");
  expect(await words(desk, ".why .chosen")).toContain("1001");
  await look(desk, "5-ringing-why");
  await desk.keyboard.press("Alt+i");
  await desk.waitForSelector(".why", { state: "detached" });
  await look(desk, "4-ringing");
});

test("the floor shows the call, where it rings and why", async () => {
  const call = row(floor, ".floor-waiting", "138 0013 8000");
  await call.waitFor();
  expect(await call.innerText()).toContain("1001");
  await look(floor, "6-floor-ringing");
  await call.locator(".row-act").click();
  await floor.waitForSelector(".why .chosen");
  expect(await words(floor, ".why")).toContain("longest idle");
  await look(floor, "7-floor-why");
  await floor.keyboard.press("Escape");
});

test("Answer picks up the agent's phone and both hear each other", async () => {
  await desk.keyboard.press("Alt+q");
  await becomes("talking");
  await Promise.all([agentPhone.event("up"), agentPhone.hears(CALLER_TONE), caller.hears(AGENT_TONE)]);
  await desk.waitForSelector(".desk-work .recording-mark");
  await look(desk, "8-talking");
  await row(floor, ".floor-calls", "138 0013 8000").locator(".pill-talking, .recording-mark").first().waitFor();
  await look(floor, "9-floor-talking");
});

test("Hang up ends the customer's call and leads to wrap-up", async () => {
  await desk.keyboard.press("Alt+x");
  await becomes("wrap_up");
  const ended = await caller.event("ended");
  expect(ended.by).toBe("far_end");
  await desk.waitForSelector(".desk-work .facts a");
  await look(desk, "10-wrap-up");
});

test("who comes during wrap-up waits on the floor, rings when it is finished and can be declined", async () => {
  const second = exchange.dial(NUMBER, SECOND_CALLER, "--digits", "wait1,1");
  await row(floor, ".floor-waiting", "010-8888 6666").waitFor();
  await row(floor, ".floor-waiting", "010-8888 6666").locator(".row-act").click();
  await floor.waitForSelector(".why .pill-wrap_up");
  await look(floor, "11-floor-waiting-why");
  await floor.keyboard.press("Escape");
  await desk.keyboard.press("Alt+w");
  await desk.waitForSelector(".ring-clock");
  expect(await words(desk, ".caller")).toBe("010-8888 6666");
  await desk.click(".work-acts .ant-btn:not(.answer)");
  await desk.waitForSelector(".ended-note:not(:empty)");
  expect(await words(desk, ".ended-note")).toContain("Declined");
  await look(desk, "12-declined");

  await floor.click(".floor-calls .end-call .row-command");
  await floor.click(".floor-calls .end-call .danger");
  expect((await second.event("ended")).by).toBe("far_end");
  await floor.waitForSelector(".floor-calls .blank");
});

test("the record tells the call and plays its sound", async () => {
  await floor.click(".nav a[href='/reports/records']");
  const record = row(floor, "table.records", "138 0013 8000");
  await record.waitFor();
  expect(await record.innerText()).toContain("Sales");
  await look(floor, "13-records");
  await record.locator("a").click();
  await floor.waitForSelector(".waves path");
  await look(floor, "14-record");
  const facts = await words(floor, ".record-facts");
  for (const fact of ["Sales", "1001", "welcome"]) expect(facts).toContain(fact);

  await floor.keyboard.press("k");
  const sound = await floor.waitForFunction(() => {
    const audio = document.querySelector("audio");
    return audio && audio.currentTime > 0.3 && { seconds: audio.duration, failed: audio.error?.message };
  });
  const { seconds, failed } = (await sound.jsonValue()) as { seconds: number; failed?: string };
  expect(failed).toBeUndefined();
  expect(seconds).toBeGreaterThan(1);
  // A silent side would be a flat line: customer and agent have both spoken.
  const heights = await floor.$$eval(".waves path", (paths) => paths.map((path) => (path as SVGPathElement).getBBox().height));
  expect(heights).toHaveLength(2);
  for (const height of heights) expect(height).toBeGreaterThan(8);
  await floor.focus(".wave-over input");
  await floor.keyboard.press("End");
  await floor.waitForFunction(() => document.querySelector("audio")?.ended);
  await look(floor, "15-record-played");
});

test("an agent finds the own calls, and nobody else's", async () => {
  await desk.click(".nav a[href='/reports/records']");
  await row(desk, "table.records", "138 0013 8000").waitFor();
  await look(desk, "16-own-records");
  expect(await desk.locator(".nav a[href='/supervisor']").count()).toBe(0);
});

test("a refused call is on the list at once, with the reason in words and what to do", async () => {
  await floor.click(".nav a[href='/reports/refused']");
  await floor.waitForSelector("h1");
  const stranger = exchange.dial(UNKNOWN, CALLER);
  expect((await stranger.event("refused")).status).toBe(404);
  const refused = row(floor, "table.refused", "400-800-9999");
  await refused.waitFor();
  expect(await refused.innerText()).toMatch(/404/);
  await look(floor, "17-refused");
  await refused.locator("a").click();
  await floor.waitForSelector(".record-head");
  await look(floor, "18-record-refused");
});

test("no page has thrown", () => {
  expect(faults).toEqual([]);
});
