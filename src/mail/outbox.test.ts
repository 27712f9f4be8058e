import test from "ava";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import type { KeptMail, MailKeeper } from "./kept-mail.ts";
import { type Mail, MailError, type MailMessage } from "./mail.ts";
import { memoryMail } from "./memory-mail.ts";
import { Outbox } from "./outbox.ts";

const message = (subject: string): MailMessage => ({ to: "ann@example.com", subject, text: "secret link", html: "" });

/** Time that passes when it is told to. */
class TestClock implements Clock {
  #now = 0;
  readonly #alarms = new Set<{ readonly atMs: number; readonly run: () => void }>();
  nowMs = () => this.#now;
  monotonicMs = () => this.#now;
  after = (delayMs: number, run: () => void) => {
    const alarm = { atMs: this.#now + delayMs, run };
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  };
  every = () => {
    throw new Error("the outbox has no interval");
  };
  get alarms(): number {
    return this.#alarms.size;
  }
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#alarms].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > end) break;
      this.#now = next.atMs;
      this.#alarms.delete(next);
      next.run();
      await settle();
    }
    this.#now = end;
  }
}

async function settle(): Promise<void> {
  for (let tick = 0; tick < 4; tick++) await new Promise((resolve) => setImmediate(resolve));
}

function setUp(send: Mail["send"], keeper?: MailKeeper, clock = new TestClock()) {
  const lines: string[] = [];
  const write = (level: string) => (fields: object, text: string) => {
    lines.push(`${level}: ${text} ${JSON.stringify(fields)}`);
  };
  const log: Log = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    fatal: write("fatal"),
    child: () => log,
  };
  let isClosed = false;
  const mail: Mail = {
    send,
    close: () => {
      isClosed = true;
    },
  };
  return {
    clock,
    lines,
    outbox: new Outbox({ mail, clock, log, random: systemRandom, ...(keeper === undefined ? {} : { keeper }) }),
    isClosed: () => isClosed,
  };
}

test("messages are delivered in order, and posting does not wait for it", async (t) => {
  const memory = memoryMail();
  const { outbox, lines, clock } = setUp(memory.send);
  for (const subject of ["a", "b", "c"]) t.true(outbox.post(message(subject)));
  await settle();
  t.deepEqual(
    memory.messages.map(({ subject }) => subject),
    ["a", "b", "c"],
  );
  t.is(outbox.length, 0);
  t.is(clock.alarms, 0);
  t.deepEqual(lines, []);
});

test("a failed message is tried again at growing intervals, and others do not wait for it", async (t) => {
  const sent: string[] = [];
  let failing = 3;
  const { outbox, clock, lines } = setUp(async ({ subject }) => {
    if (subject === "a" && failing-- > 0) throw new MailError("greylisted", false);
    sent.push(`${subject} ${clock.nowMs()}`);
  });
  outbox.post(message("a"));
  outbox.post(message("b"));
  await settle();
  await clock.advance(60_000);
  const { mailRetryMs } = limits;
  t.deepEqual(sent, ["b 0", `a ${mailRetryMs * 7}`]);
  t.is(lines.filter((line) => line.startsWith("warn: a mail was not delivered")).length, 3);
  t.is(outbox.length, 0);
});

test("a message is given up at its deadline, with a line in the log that has no text of it", async (t) => {
  let tries = 0;
  const { outbox, clock, lines } = setUp(async () => {
    tries += 1;
    throw new Error("connection refused");
  });
  outbox.post(message("a"));
  await clock.advance(limits.mailDeadlineMs);
  t.is(outbox.length, 0);
  t.true(tries > 5 && tries < 20, `${tries} tries`);
  t.regex(lines.at(-1) ?? "", /^error: a mail was given up/);
  t.false(lines.join().includes("secret link"));
  const before = tries;
  await clock.advance(limits.mailDeadlineMs);
  t.is(tries, before);
});

test("a permanent failure is not repeated", async (t) => {
  let tries = 0;
  const { outbox, clock, lines } = setUp(async () => {
    tries += 1;
    throw new MailError("550 no such user", true);
  });
  outbox.post(message("a"));
  await clock.advance(limits.mailDeadlineMs);
  t.is(tries, 1);
  t.is(lines.length, 1);
});

test("a driver that hangs does not hold up the queue for ever", async (t) => {
  const sent: string[] = [];
  let hang = true;
  const { outbox, clock } = setUp(({ subject }) => {
    if (hang) return new Promise(() => {});
    sent.push(subject);
    return Promise.resolve();
  });
  outbox.post(message("a"));
  outbox.post(message("b"));
  await settle();
  hang = false;
  await clock.advance(limits.mailSendMs);
  t.deepEqual(sent, ["b"]);
  await clock.advance(limits.mailRetryMs);
  t.deepEqual(sent, ["b", "a"]);
});

test("the queue is bounded, with those that wait for another try", async (t) => {
  const { outbox, clock, lines } = setUp(async () => {
    throw new MailError("busy", false);
  });
  for (let count = 0; count < limits.mailQueueMax; count++) t.true(outbox.post(message("a")));
  // One of them is being sent.
  t.false(outbox.post(message("too many")));
  t.is(outbox.length, limits.mailQueueMax);
  await clock.advance(limits.mailRetryMs - 1);
  t.is(outbox.length, limits.mailQueueMax);
  t.false(outbox.post(message("too many")));
  t.true(lines.some((line) => line.startsWith("error: a mail was dropped") && line.includes("too many")));
  await clock.advance(limits.mailDeadlineMs);
  t.is(outbox.length, 0);
});

test("a closed outbox sends nothing more and says what it dropped", async (t) => {
  let tries = 0;
  const { outbox, clock, lines, isClosed } = setUp(async () => {
    tries += 1;
    throw new MailError("busy", false);
  });
  outbox.post(message("a"));
  await settle();
  await outbox.close();
  t.true(isClosed());
  t.is(clock.alarms, 0);
  t.false(outbox.post(message("b")));
  await clock.advance(limits.mailDeadlineMs);
  t.is(tries, 1);
  t.true(lines.some((line) => line.includes('{"dropped":1}')));
});

/** Keeps in memory. */
function memoryKeeper(): MailKeeper & { readonly kept: Map<string, KeptMail> } {
  const kept = new Map<string, KeptMail>();
  return {
    kept,
    load: async () => [...kept.values()],
    put: async (mail) => void kept.set(mail.id, mail),
    remove: async (id) => void kept.delete(id),
  };
}

test("what waits at a stop is sent after the next start, and what was sent is not", async (t) => {
  const keeper = memoryKeeper();
  const clock = new TestClock();
  const sent: string[] = [];
  const first = setUp(
    async ({ subject }) => {
      if (subject !== "delivered") throw new MailError("busy", false);
      sent.push(subject);
    },
    keeper,
    clock,
  );
  for (const subject of ["a", "delivered", "b"]) first.outbox.post(message(subject));
  await settle();
  await first.outbox.close();
  t.deepEqual([...keeper.kept.values()].map((mail) => mail.message.subject).sort(), ["a", "b"]);
  t.true(first.lines.some((line) => line.includes('"waiting":2')));
  const second = setUp(async ({ subject }) => void sent.push(subject), keeper, clock);
  await second.outbox.resume();
  await settle();
  t.deepEqual([...sent].sort(), ["a", "b", "delivered"]);
  t.is(second.outbox.length, 0);
  t.is(keeper.kept.size, 0);
});

test("a deadline goes on while the node is stopped, and is no longer than it was after the clock was put back", async (t) => {
  const keeper = memoryKeeper();
  const clock = new TestClock();
  const busy = async () => {
    throw new MailError("busy", false);
  };
  const first = setUp(busy, keeper, clock);
  first.outbox.post(message("late"));
  await settle();
  await first.outbox.close();
  await clock.advance(limits.mailDeadlineMs);
  const second = setUp(busy, keeper, clock);
  await second.outbox.resume();
  await settle();
  t.is(second.outbox.length, 0);
  t.is(keeper.kept.size, 0);
  t.regex(second.lines.join("\n"), /^error: a mail was given up/m);
  keeper.kept.set("0".repeat(16), { id: "0".repeat(16), message: message("far"), untilMs: clock.nowMs() + 1e12 });
  const third = setUp(busy, keeper, clock);
  await third.outbox.resume();
  t.is(third.outbox.length, 1);
  await clock.advance(limits.mailDeadlineMs);
  t.is(third.outbox.length, 0);
});

test("a keeper that fails is told of in the log, and the mail goes out all the same", async (t) => {
  const sent: string[] = [];
  const broken: MailKeeper = {
    load: async () => [],
    put: () => Promise.reject(new Error("disk full")),
    remove: () => Promise.reject(new Error("disk full")),
  };
  const { outbox, lines } = setUp(async ({ subject }) => void sent.push(subject), broken);
  t.true(outbox.post(message("a")));
  await settle();
  t.deepEqual(sent, ["a"]);
  t.regex(lines.join("\n"), /^error: a mail is not kept/m);
  t.false(lines.join().includes("secret link"));
});
