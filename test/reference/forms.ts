/** POST forms. Source: AWS "POST Object", "Browser-based uploads using POST". */

import { anything, type Expected, Refusal, type Request, type Result, type State, type Turn } from "./state.ts";
import type { ErrorCode, FormAnswer, FormFault } from "./vocabulary.ts";
import { putObject } from "./writes.ts";

const codeOf: Readonly<Record<FormFault, ErrorCode>> = {
  expired: "AccessDenied",
  "another key": "AccessDenied",
  "a field too many": "AccessDenied",
  "too small": "EntityTooSmall",
  "too large": "EntityTooLarge",
};

/** 303 where it says so, 200 and 201 as it says, else 204. */
const statusOf = (answer: string): FormAnswer =>
  answer === "redirect" ? "303" : answer === "200" || answer === "201" ? answer : "204";

/** A PutObject whose form says how it is answered. @throws Refusal as `putObject`; what the policy does not allow */
export function postObject(state: State, request: Request, turn: Turn): Result {
  const { form, key } = request;
  if (form === undefined) throw new Error("a form is missing");
  if (form.fault !== null) {
    turn.reach(`form ${form.fault}`);
    throw new Refusal(codeOf[form.fault]);
  }
  const put = putObject(state, request, turn);
  const status = statusOf(form.answer);
  turn.reach(`form ${status}`);
  const { headers } = put.answer;
  const etag: Expected = headers["etag"] ?? "";
  const body = status === "201" ? { PostResponse: { Bucket: anything, Key: key, ETag: etag } } : null;
  return {
    state: put.state,
    answer: { ...put.answer, status: Number(status), headers: { ...headers, location: anything }, body },
  };
}
