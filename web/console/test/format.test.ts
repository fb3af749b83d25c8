import { expect, test } from "vitest";
import { duration, masked, percent, phoneNumber, shortId } from "../src/text/format";

test.each([
  [0, "0:00"], [999, "0:00"], [59_999, "0:59"], [60_000, "1:00"], [3_599_999, "59:59"], [3_600_000, "1:00:00"], [36_061_000, "10:01:01"],
])("%i ms is shown as %s", (ms, shown) => expect(duration(ms)).toBe(shown));

test.each([
  ["13800138000", "138 0013 8000"], ["01088886666", "010-8888 6666"], ["4008001000", "400-800-1000"], ["02161234567", "021-6123 4567"],
  ["075512345678", "0755-1234 5678"], ["8001", "8001"], ["anonymous", "anonymous"], ["+8613800138000", "+8613800138000"],
])("number %s is grouped as %s", (number, shown) => expect(phoneNumber(number)).toBe(shown));

test.each([["8001", "8001"], ["13800138000", "138****8000"], ["+8613800138000", "+86****8000"], ["555666", "5****66"]])(
  "%s is masked as %s, as in the exchange's logs", (number, shown) => expect(masked(number)).toBe(shown),
);

test("a share of nothing is unknown, not zero", () => {
  expect([percent(0, 0), percent(0, 5), percent(43, 50)]).toEqual(["–", "0.0 %", "86.0 %"]);
});

test("ids are cut in the middle", () => {
  expect(shortId("01890000-0000-7000-8000-00000000beef")).toBe("01890000…beef");
});
