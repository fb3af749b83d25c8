import { afterEach, describe, expect, test } from "vitest";
import { clockTime, day, dayAndTime, dayStart, otherZone, showTimesIn } from "../src/text/site-time";

const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
afterEach(() => showTimesIn(own));

const at = Date.UTC(2026, 10, 20, 15, 59, 59);

test("times are the site's, whatever the browser's zone", () => {
  showTimesIn("Asia/Shanghai");
  expect([day(at), clockTime(at)]).toEqual(["2026-11-20", "23:59:59"]);
  expect(dayAndTime(at + 1_000)).toBe("2026-11-21 00:00:00");
});

describe("a day begins at the site's midnight", () => {
  test.each([
    ["Asia/Shanghai", "2026-11-20", 0, "2026-11-19T16:00:00Z"],
    ["Asia/Shanghai", "2026-12-31", 1, "2026-12-31T16:00:00Z"],
    ["Asia/Shanghai", "2026-03-01", -1, "2026-02-27T16:00:00Z"],
    ["Pacific/Kiritimati", "2026-11-20", 0, "2026-11-19T10:00:00Z"],
    ["Pacific/Pago_Pago", "2026-11-20", 0, "2026-11-20T11:00:00Z"],
    ["Europe/Berlin", "2026-03-29", 0, "2026-03-28T23:00:00Z"],
    ["Europe/Berlin", "2026-03-29", 1, "2026-03-29T22:00:00Z"],
    // Midnight does not exist.
    ["America/Havana", "2026-03-08", 0, "2026-03-08T05:00:00Z"],
    // Midnight comes twice.
    ["America/Havana", "2026-11-01", 0, "2026-11-01T04:00:00Z"],
  ])("%s %s %i", (zone, written, shift, instant) => {
    showTimesIn(zone);
    expect(new Date(dayStart(written, shift)).toISOString()).toBe(instant.replace("Z", ".000Z"));
  });
});

test("the zone is named only to those whose clock differs", () => {
  expect(otherZone(at)).toBeUndefined();
  const elsewhere = own === "Asia/Kathmandu" ? "Asia/Shanghai" : "Asia/Kathmandu";
  showTimesIn(elsewhere);
  expect(otherZone(at)).toBe(elsewhere);
});

test("a zone the browser has never heard of leaves the browser's", () => {
  const shown = clockTime(at);
  showTimesIn("Asia/Kathmandu");
  showTimesIn("Mars/Olympus_Mons");
  expect([clockTime(at), otherZone(at)]).toEqual([shown, undefined]);
});
