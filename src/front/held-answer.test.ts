import test from "ava";
import type { HttpHandler, HttpRequest, HttpResponse, ResponseBody } from "../model/http.ts";
import { emptyBody } from "./body-intake.ts";
import { holdAnswer } from "./held-answer.ts";

const request: HttpRequest = {
  method: "GET",
  rawPath: "/",
  rawQuery: "",
  headers: { get: () => undefined, has: () => false, entries: () => [] },
  remoteAddress: "",
  secure: false,
  body: emptyBody,
};

/** A response that notes what is done to it. */
function outer() {
  const done: string[] = [];
  const response: HttpResponse = {
    aborted: false,
    send: ({ status }, body) => void done.push(`send ${status} ${Buffer.from(body ?? "").toString()}`),
    stream: ({ status }, body) => {
      done.push(`stream ${status}`);
      body.close(7);
    },
    open: () => ({ write: () => {}, end: () => {} }),
    closeAfter: () => void done.push("closeAfter"),
    destroy: () => void done.push("destroy"),
    whenOver: (run) => run(5),
    onAborted: () => void done.push("onAborted"),
  };
  return { done, response };
}

const streaming =
  (closed: (number | undefined)[]): HttpHandler =>
  (_request, response) => {
    const body: ResponseBody = { length: 9, read: () => Buffer.from("x"), close: (sent) => void closed.push(sent) };
    response.stream({ status: 200, headers: [["ETag", "e"]] }, body);
  };

test("a whole answer is sent under another head, and its handler hears of the end", async (t) => {
  const { done, response } = outer();
  const heard: number[] = [];
  const handler: HttpHandler = (_request, inner) => {
    inner.onAborted(() => undefined);
    inner.closeAfter();
    inner.send({ status: 404, headers: [["X-A", "b"]] }, "body");
    inner.whenOver((sent) => heard.push(sent));
  };
  const held = await holdAnswer(handler, request, response);
  t.is(held?.header("x-a"), "b");
  t.is(held?.header("x-b"), undefined);
  t.is(held?.text, "body");
  t.deepEqual(heard, []);
  held?.sendTo(response, { status: 403, headers: [] });
  t.deepEqual(heard, [5]);
  t.deepEqual(done, ["onAborted", "closeAfter", "send 403 body"]);
  t.throws(() => held?.drop(), { message: /once/ });
});

test("a streamed answer is sent or dropped, and closed once either way", async (t) => {
  const { done, response } = outer();
  const closed: (number | undefined)[] = [];
  const sent = await holdAnswer(streaming(closed), request, response);
  t.is(sent?.text, "");
  sent?.sendTo(response, { status: 200, headers: [] });
  const dropped = await holdAnswer(streaming(closed), request, response);
  dropped?.drop();
  t.deepEqual(closed, [7, 0]);
  t.deepEqual(done, ["stream 200"]);
});

test("a handler that cuts the connection leaves nothing to send", async (t) => {
  const { done, response } = outer();
  t.is(await holdAnswer((_request, inner) => inner.destroy(), request, response), null);
  t.deepEqual(done, ["destroy"]);
});
