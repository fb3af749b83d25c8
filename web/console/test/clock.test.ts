import { expect, test } from "vitest";
import { ServerClock } from "../src/live/clock";

test("late frames do not move the clock", () => {
  const clock = new ServerClock();
  for (let beat = 0; beat < 30; beat += 1) {
    const delay = beat % 3 === 0 ? 900 : 10;
    clock.sample(1_000_000 + beat * 1_000, beat * 1_000 + delay);
  }
  expect(clock.now(30_000)).toBe(1_000_000 + 30_000 - 10);
});

test("after a sleep the first frame sets it again", () => {
  const clock = new ServerClock();
  for (let beat = 0; beat < 10; beat += 1) clock.sample(1_000_000 + beat * 1_000, beat * 1_000);
  clock.sample(2_000_000, 10_000);
  expect(clock.now(10_000)).toBe(2_000_000);
});

test("before any frame it does not know", () => {
  expect(new ServerClock().now(5)).toBeUndefined();
});
