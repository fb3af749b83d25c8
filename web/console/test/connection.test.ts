import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Connection, type LineState, RETRY_MS, SILENCE_MS_MAX } from "../src/live/connection";

interface Opened {
  cursor: string | undefined;
  say: (cursor: string) => void;
  close: () => void;
  abandoned: boolean;
}

/** A line whose far end is the test. */
function line() {
  const opened: Opened[] = [];
  const states: LineState["phase"][] = [];
  const frames: string[] = [];
  const connection = new Connection({
    open: (cursor, message, closed) => {
      const socket: Opened = {
        cursor,
        say: (at) => message(JSON.stringify({ type: "heartbeat", cursor: at, now: 0 })),
        close: closed,
        abandoned: false,
      };
      opened.push(socket);
      return { close: () => (socket.abandoned = true) };
    },
    frame: (frame) => frames.push(frame.cursor),
    line: (state) => states.push(state.phase),
    monotonicNow: () => 0,
    random: () => 0.5,
  });
  return { connection, opened, states, frames, last: () => opened.at(-1) as Opened };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the line of facts", () => {
  test("resumes after the last cursor it heard", () => {
    const { connection, last, states } = line();
    connection.start();
    last().say("41");
    last().say("42");
    last().close();
    vi.advanceTimersByTime(RETRY_MS[0]);
    expect(last().cursor).toBe("42");
    last().say("43");
    expect(states).toEqual(["up", "lost", "up"]);
  });

  test("waits longer after each failed attempt, up to ten seconds, and starts small again after a success", () => {
    const { connection, opened, last } = line();
    connection.start();
    for (const pause of [...RETRY_MS, 10_000]) {
      last().close();
      const before = opened.length;
      vi.advanceTimersByTime(pause - 1);
      expect(opened).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(opened).toHaveLength(before + 1);
    }
    last().say("1");
    last().close();
    const before = opened.length;
    vi.advanceTimersByTime(RETRY_MS[0]);
    expect(opened).toHaveLength(before + 1);
  });

  test("believes the heartbeat, not the socket: three silent seconds are a loss", () => {
    const { connection, opened, last, states } = line();
    connection.start();
    last().say("1");
    vi.advanceTimersByTime(SILENCE_MS_MAX - 1);
    expect(states).toEqual(["up"]);
    vi.advanceTimersByTime(1);
    expect(states).toEqual(["up", "lost"]);
    expect(opened[0]?.abandoned).toBe(true);
  });

  test("an abandoned socket is not heard any more", () => {
    const { connection, opened, frames, states } = line();
    connection.start();
    opened[0]?.say("1");
    opened[0]?.close();
    vi.advanceTimersByTime(RETRY_MS[0]);
    opened[0]?.say("2");
    opened[0]?.close();
    expect(frames).toEqual(["1"]);
    expect(states).toEqual(["up", "lost"]);
  });

  test("a check asks for everything anew", () => {
    const { connection, last } = line();
    connection.start();
    last().say("7");
    connection.refresh();
    expect(last().cursor).toBeUndefined();
  });

  test("a stopped line stays stopped", () => {
    const { connection, opened, last } = line();
    connection.start();
    last().say("1");
    connection.stop();
    vi.advanceTimersByTime(60_000);
    expect(opened).toHaveLength(1);
  });
});
