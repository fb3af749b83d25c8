// What a person does, counted: an act is one click or one shortcut. And what the page does when the exchange is slow,
// refuses, is silent or goes away.
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Stage } from "./stage";

let stage: Stage;
let page: Page;
let acts = 0;

beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());
beforeEach(async () => {
  acts = 0;
  await stage.steer("restart");
});
afterEach(() => page.close());

async function click(selector: string): Promise<void> {
  acts += 1;
  await page.click(selector);
}

async function press(keys: string): Promise<void> {
  acts += 1;
  await page.keyboard.press(keys);
}

async function desk(fields: object = { state: "ready", extension: "8001" }): Promise<void> {
  await stage.steer("agent", { agent: "1001", fields });
  page = await stage.page("1001", { language: "en", theme: "light" });
  await page.goto(`${stage.origin}/agent`);
  await page.waitForSelector(".bar-state .pill");
}

async function ringing(): Promise<string> {
  const { call } = await stage.steer("ring", { agent: "1001" });
  await page.waitForSelector(".ring-clock");
  return call ?? "";
}

const state = () => page.getAttribute(".bar-state .pill", "class");
const becomes = (name: string) => page.waitForSelector(`.bar-state .pill-${name}`, { timeout: 5_000 });

describe("one act each", () => {
  test("answer by key, and by the button on any page", async () => {
    await desk();
    await ringing();
    await press("Alt+q");
    await becomes("talking");
    expect(acts).toBe(1);

    await stage.steer("restart");
    await page.close();
    acts = 0;
    await desk();
    await page.goto(`${stage.origin}/reports/records`);
    await page.waitForSelector(".records-head");
    await stage.steer("ring", { agent: "1001" });
    await page.waitForSelector(".slot-answer:not(.blocked)");
    await click(".slot-answer");
    await becomes("talking");
    expect(acts).toBe(1);
  });

  test("hang up", async () => {
    await desk();
    await ringing();
    await page.keyboard.press("Alt+q");
    await becomes("talking");
    await press("Alt+x");
    await becomes("wrap_up");
    expect(acts).toBe(1);
  });

  test("decline", async () => {
    await desk();
    await ringing();
    await click(".work-acts .ant-btn:not(.answer)");
    await page.waitForSelector(".ended-note:not(:empty)");
    expect(await page.textContent(".ended-note")).toContain("Declined");
    expect(acts).toBe(1);
  });

  test("finish wrap-up", async () => {
    await desk();
    await ringing();
    await page.keyboard.press("Alt+q");
    await becomes("talking");
    await page.keyboard.press("Alt+x");
    await becomes("wrap_up");
    await press("Alt+w");
    await becomes("ready");
    expect(acts).toBe(1);
  });

  test("ready", async () => {
    await desk({ state: "not_ready", reason: "lunch", extension: "8001" });
    await press("Alt+r");
    await becomes("ready");
    expect(acts).toBe(1);
  });

  test("a normal morning: one click starts the shift", async () => {
    await desk({ state: "logged_out", extension: null });
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>("#shift-extension")?.value === "8001");
    await click(".shift .big");
    await becomes("ready");
    expect(acts).toBe(1);
  });
});

test("not ready with a reason is two acts, and while talking it waits and can be withdrawn", async () => {
  await desk();
  await ringing();
  await page.keyboard.press("Alt+q");
  await becomes("talking");
  await press("Alt+b");
  await page.waitForSelector(".ant-dropdown-menu");
  await press("2");
  await page.waitForSelector(".bar-next");
  expect(acts).toBe(2);
  expect(await page.textContent(".bar-next")).toContain("lunch");
  expect(await state()).toContain("talking");
  await page.click(".bar-next button");
  await page.waitForSelector(".bar-next", { state: "detached" });
});

test("the longest-waiting caller and why is two acts", async () => {
  await stage.steer("ring", { agent: "1002" });
  await stage.steer("arrive", { key: "1", ivrMs: 0 });
  page = await stage.page("1000", { language: "en", theme: "light" });
  await page.goto(`${stage.origin}/reports/records`);
  await page.waitForSelector(".nav");
  await click(".nav a[href='/supervisor']");
  await click(".floor-waiting tbody .row-act");
  await page.waitForSelector(".why .chosen");
  expect(await page.textContent(".why")).toContain("longest idle");
  expect(acts).toBe(2);
});

test("disconnect takes two steps, and the second names the consequence", async () => {
  await stage.steer("arrive", { ivrMs: 600_000 });
  page = await stage.page("1000", { language: "en", theme: "light" });
  await page.goto(`${stage.origin}/supervisor`);
  await page.waitForSelector(".floor-calls tbody tr");
  await click(".end-call .row-command");
  expect(await page.locator(".floor-calls tbody tr").count()).toBe(1);
  expect(await page.textContent(".end-call .danger")).toContain("Ends the customer's call now");
  await click(".end-call .danger");
  await page.waitForSelector(".floor-calls .blank");
  expect(acts).toBe(2);
});

test("a record is opened from the list, heard, and Back restores the filter", async () => {
  page = await stage.page("1000", { language: "en", theme: "light" });
  await page.goto(`${stage.origin}/reports/records?period=all&state=agent_answered`);
  await click("table.records tbody a");
  await page.waitForSelector(".waves path");
  await press("k");
  await page.waitForFunction(() => (document.querySelector("audio")?.currentTime ?? 0) > 0.3);
  expect(acts).toBe(2);
  await page.focus(".wave-over input");
  await page.keyboard.press("End");
  await page.waitForFunction(() => (document.querySelector("audio")?.currentTime ?? 0) > 3);
  await page.goBack();
  await page.waitForSelector("table.records");
  expect(page.url()).toContain("state=agent_answered");
});

describe("asked is not confirmed", () => {
  test("a refusal stands at its button and the state is unchanged", async () => {
    await desk();
    await ringing();
    await stage.steer("mode", { mode: "refuse" });
    await press("Alt+q");
    await page.waitForSelector(".fate-refused");
    expect(await page.textContent(".fate-refused")).toContain("pick up the phone");
    expect(await state()).toContain("offered");
  });

  test("silence becomes “not confirmed” after five seconds, and asking again works", async () => {
    await desk();
    await ringing();
    await stage.steer("mode", { mode: "silent" });
    await press("Alt+q");
    await page.waitForSelector(".slot-answer.asked");
    expect(await state()).toContain("offered");
    await page.waitForSelector(".fate-unanswered", { timeout: 8_000 });
    await stage.steer("mode", { mode: "normal" });
    await page.click(".fate-below.fate-unanswered button:last-child");
    await becomes("talking");
    await page.waitForSelector(".fate", { state: "detached" });
  });
});

describe("the line", () => {
  test("lost and back: told after ten seconds, resumed by cursor, equal to a fresh load", async () => {
    await desk();
    await page.waitForSelector(".idle");
    await stage.steer("down", { down: true });
    await page.waitForSelector(".lamp-bad");
    await page.waitForSelector(".line-banner", { timeout: 14_000 });
    await stage.steer("ring", { agent: "1001", caller: "18612345678" });
    await stage.steer("down", { down: false });
    await page.waitForSelector(".line-good", { timeout: 14_000 });
    await page.waitForSelector(".ring-clock");
    expect(await page.textContent(".caller")).toContain("186 1234 5678");
    await page.reload();
    await page.waitForSelector(".ring-clock");
    expect(await page.textContent(".caller")).toContain("186 1234 5678");
  });

  test("an ended session leads to the log-in and back to the same page", async () => {
    page = await stage.page("1000", { language: "en", theme: "light" });
    await page.goto(`${stage.origin}/reports/records?period=week`);
    await page.waitForSelector("table.records");
    await stage.context.clearCookies();
    await page.click(".pager button");
    await page.waitForSelector(".login");
    expect(await page.textContent(".login-problem")).toContain("session has ended");
    await page.fill("#username", "1000");
    await page.fill("#password", "demo");
    await page.click("button[type=submit]");
    await page.waitForSelector(".records-head");
    expect(page.url()).toContain("period=week");
  });
});

test("nothing moves while a call comes, is answered and ends", async () => {
  await desk();
  await page.waitForSelector(".idle");
  await page.waitForTimeout(800);
  await page.evaluate(() => {
    const shifts = { sum: 0 };
    (window as unknown as { shifts: typeof shifts }).shifts = shifts;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) shifts.sum += entry.value;
    }).observe({ type: "layout-shift", buffered: false });
  });
  const places = () => page.$$eval(".bar .ant-btn, .desk-side .panel", (all) => all.map((one) => JSON.stringify(one.getBoundingClientRect())));
  const before = await places();
  const { call } = await stage.steer("ring", { agent: "1001" });
  await page.waitForSelector(".ring-clock");
  expect(await places()).toEqual(before);
  await page.keyboard.press("Alt+q");
  await becomes("talking");
  expect(await places()).toEqual(before);
  await stage.steer("caller-leaves", { call });
  await becomes("wrap_up");
  expect(await places()).toEqual(before);
  const shifts = await page.evaluate(() => (window as unknown as { shifts: { sum: number } }).shifts.sum);
  expect(shifts).toBeLessThanOrEqual(0.02);
});

describe("the ring tone", () => {
  interface Heard {
    now: number;
    ever: number;
  }
  /** Counts what the page lets sound. */
  const listen = (on: Page) => on.addInitScript(() => {
    const heard: Heard = { now: 0, ever: 0 };
    Object.assign(window, { heard });
    const { start, stop } = AudioBufferSourceNode.prototype;
    AudioBufferSourceNode.prototype.start = function (...when) {
      heard.now += 1;
      heard.ever += 1;
      start.apply(this, when);
    };
    AudioBufferSourceNode.prototype.stop = function (...when) {
      heard.now -= 1;
      stop.apply(this, when);
    };
  });
  const heard = (on: Page) => on.evaluate(() => (window as unknown as { heard: Heard }).heard);
  const sounds = (on: Page, now: number) => on.waitForFunction((count) => (window as unknown as { heard: Heard }).heard.now === count, now);

  async function quietDesk(fields: object): Promise<void> {
    await stage.steer("agent", { agent: "1001", fields });
    page = await stage.page("1001", { language: "en", theme: "light" });
    await listen(page);
    await page.goto(`${stage.origin}/agent`);
    await page.waitForSelector(".bar-state .pill");
  }

  test("sounds from offer to answer in one of two tabs; the click that starts the shift allowed it", async () => {
    await quietDesk({ state: "logged_out", extension: null });
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>("#shift-extension")?.value === "8001");
    await page.click(".shift .big");
    await becomes("ready");
    const other = await stage.context.newPage();
    await listen(other);
    await other.goto(`${stage.origin}/reports/records`);
    await other.click("h1");
    await stage.steer("ring", { agent: "1001" });
    await other.waitForSelector(".slot-answer:not(.blocked)");
    await page.waitForSelector(".ring-clock");
    await Promise.race([sounds(page, 1), sounds(other, 1)]);
    expect((await heard(page)).now + (await heard(other)).now).toBe(1);
    await other.keyboard.press("Alt+q");
    await Promise.all([sounds(page, 0), sounds(other, 0)]);
    await becomes("talking");
    await other.close();
  });

  test("is held back until the page is touched, and the bar says so before the first call", async () => {
    await stage.steer("agent", { agent: "1001", fields: { state: "ready", extension: "8001" } });
    page = await stage.page("1001", { language: "en", theme: "light" });
    await listen(page);
    await page.goto(`${stage.origin}/agent`);
    // Looked at past Playwright, whose own looks count as a touch.
    const browser = await stage.context.newCDPSession(page);
    const seen = async (expression: string) => (await browser.send("Runtime.evaluate", { expression, returnByValue: true })).result.value as unknown;
    await expect.poll(() => seen("document.querySelector('.bar-silent')?.textContent")).toContain("No ring sound");
    await stage.steer("ring", { agent: "1001" });
    await expect.poll(() => seen("document.querySelector('.ring-clock') !== null && document.querySelectorAll('.lamp-bad').length")).toBe(1);
    expect(await seen("heard.ever")).toBe(0);
    await page.click("h1");
    await sounds(page, 1);
    expect(await page.locator(".lamp-bad").count()).toBe(0);
  });

  test("is silenced with one press, for this browser", async () => {
    await quietDesk({ state: "ready", extension: "8001" });
    await page.click("h1");
    await ringing();
    await sounds(page, 1);
    await click(".lamps li:last-child .lamp");
    await sounds(page, 0);
    expect(acts).toBe(1);
    await page.reload();
    await page.waitForSelector(".ring-clock");
    expect(await page.getAttribute(".lamps li:last-child .lamp", "aria-pressed")).toBe("false");
    await page.click(".lamps li:last-child .lamp");
    await sounds(page, 1);
  });
});

test("Escape closes the user's menu and gives the focus back", async () => {
  await desk();
  await page.click(".user-button");
  await page.click(".user-panel .switch label[lang='zh-CN']");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".user-panel", { state: "hidden" });
  expect(await page.evaluate(() => document.activeElement?.className)).toContain("user-button");
});

test("a call that rings takes no focus and no text from a field", async () => {
  await desk();
  await page.goto(`${stage.origin}/reports/records`);
  await page.fill(".w-number input", "138");
  await stage.steer("ring", { agent: "1001" });
  await page.waitForSelector(".slot-answer:not(.blocked)");
  expect(await page.evaluate(() => document.activeElement?.closest(".w-number") !== null)).toBe(true);
  expect(await page.inputValue(".w-number input")).toBe("138");
  await page.waitForFunction(() => document.title.startsWith("☎"));
});

test("every page of one's role can be reached, and others say which right is missing", async () => {
  page = await stage.page("1001", { language: "en", theme: "light" });
  await page.goto(`${stage.origin}/`);
  await page.waitForURL("**/agent");
  await page.waitForSelector(".nav a");
  expect(await page.$$eval(".nav a", (all) => all.map((one) => one.getAttribute("href")))).toEqual(["/agent", "/reports/records"]);
  await page.goto(`${stage.origin}/reports/refused`);
  expect(await page.textContent(".face-title")).toContain("supervisor");
});

test("two thousand agents: only rows in view are drawn", async () => {
  await stage.steer("restart", { agents: 2_048 });
  page = await stage.page("1000", { language: "en", theme: "light" });
  await page.goto(`${stage.origin}/supervisor`);
  await page.waitForSelector(".floor-agents tbody tr");
  expect(await page.locator(".floor-agents tbody tr").count()).toBeLessThan(60);
  await page.fill(".agent-filter input, input.agent-filter", "3048");
  await page.waitForFunction(() => document.querySelectorAll(".floor-agents tbody tr").length === 1);
});

test("the desk weighs at most 350 kB on the wire", async () => {
  await stage.steer("agent", { agent: "1001", fields: { state: "ready", extension: "8001" } });
  page = await stage.page("1001", { language: "en", theme: "light" });
  const fetched: string[] = [];
  page.on("response", (response) => fetched.push(new URL(response.url()).pathname));
  await page.goto(`${stage.origin}/agent`);
  await page.waitForSelector(".idle");
  await page.waitForTimeout(500);
  expect(stage.zippedBytes(fetched)).toBeLessThanOrEqual(350_000);
});
