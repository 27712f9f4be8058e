import test from "ava";
import type { ResponseBody } from "../model/http.ts";
import { CopiedBody } from "./copied-body.ts";
import { promptClock } from "./operations.testing.ts";

const source = (pieces: (Uint8Array | Promise<Uint8Array>)[], length: number) => {
  let closed = 0;
  const body: ResponseBody = {
    length,
    read: () => pieces.shift() ?? Promise.reject(new Error("nothing left")),
    close: () => {
      closed++;
    },
  };
  return { body, closed: () => closed };
};

const drain = (copied: CopiedBody, pauseAfter = -1): Promise<string> =>
  new Promise((resolve) => {
    let text = "";
    let pieces = 0;
    copied.consume({
      data: (chunk) => {
        text += Buffer.from(chunk).toString();
        if (++pieces === pauseAfter) {
          copied.pause();
          promptClock.after(5, () => copied.resume());
        }
      },
      end: () => resolve(text),
      aborted: () => resolve(`${text} aborted`),
    });
  });

test("hands on every piece, at once or promised, and closes the source once", async (t) => {
  const { body, closed } = source([Buffer.from("ab"), Promise.resolve(Buffer.from("cd")), Buffer.from("e")], 5);
  const copied = new CopiedBody(body, promptClock);
  t.is(await drain(copied), "abcde");
  copied.close();
  t.is(closed(), 1);
});

test("stands still while paused", async (t) => {
  const { body } = source([Buffer.from("ab"), Buffer.from("cd"), Buffer.from("e")], 5);
  t.is(await drain(new CopiedBody(body, promptClock), 2), "abcde");
});

test("bytes in memory, and no bytes", async (t) => {
  t.is(await drain(new CopiedBody(Buffer.from("hello"), promptClock)), "hello");
  t.is(await drain(new CopiedBody(new Uint8Array(0), promptClock)), "");
});

test("more than a burst, in order", async (t) => {
  const bytes = Buffer.alloc(3 * 1024 * 1024, "0123456789abcdef");
  t.is(await drain(new CopiedBody(bytes, promptClock)), bytes.toString());
});

test("a source that fails cuts the body short", async (t) => {
  const { body, closed } = source([Buffer.from("ab"), Promise.reject(new Error("disk"))], 5);
  t.is(await drain(new CopiedBody(body, promptClock)), "ab aborted");
  t.is(closed(), 1);
});

test("a write fails as its source did, and otherwise for its own reason", async (t) => {
  const write = async (copied: CopiedBody): Promise<string> => {
    const text = await drain(copied);
    if (text.endsWith("aborted")) throw new Error("cut short");
    return text;
  };
  const broken = new CopiedBody(source([Promise.reject(new Error("disk"))], 5).body, promptClock);
  await t.throwsAsync(broken.writtenBy(write(broken)), { message: "disk" });
  const whole = new CopiedBody(Buffer.from("hello"), promptClock);
  t.is(await whole.writtenBy(write(whole)), "hello");
  await t.throwsAsync(whole.writtenBy(Promise.reject(new Error("quota"))), { message: "quota" });
});
