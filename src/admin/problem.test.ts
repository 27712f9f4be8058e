import test from "ava";
import { identityErrorCodes } from "../control/identity-messages.ts";
import { S3Error, s3Errors } from "../s3/errors.ts";
import { AdminError, adminErrors, answerOf, asAdminError, problemDocument } from "./problem.ts";

test("every code that the control actor refuses with has a status", (t) => {
  for (const code of identityErrorCodes) t.true(Object.hasOwn(adminErrors, code), code);
  const onBuckets = [
    "BucketAlreadyExists",
    "BucketAlreadyOwnedByYou",
    "InsufficientStorage",
    "NoSuchBucket",
    "OperationAborted",
    "ServiceUnavailable",
    "TooManyBuckets",
  ];
  for (const code of onBuckets) t.true(Object.hasOwn(adminErrors, code) && Object.hasOwn(s3Errors, code), code);
});

test("a refusal tells when to come back, in whole seconds", (t) => {
  const refused = t.throws(() => answerOf({ ok: false, code: "Throttled", detail: { RetryAfterMs: "1001" } }), {
    instanceOf: AdminError,
  });
  t.is(refused?.status, 429);
  t.deepEqual(refused?.headers, [["retry-after", "2"]]);
});

test("a code that is not known is a fault of ours, and its text stays inside", (t) => {
  const refused = t.throws(() => answerOf({ ok: false, code: "Strange", detail: { Message: "inner" } }), {
    instanceOf: AdminError,
  });
  t.is(refused?.code, "InternalError");
  t.false(JSON.stringify(problemDocument(refused as AdminError, "1")).includes("inner"));
});

test("errors of S3 that the table knows are answered, others are faults", (t) => {
  t.is(asAdminError(new S3Error("ServiceUnavailable"))?.status, 503);
  t.is(asAdminError(new S3Error("TooManyBuckets", { Message: "At most 2." }))?.message, "At most 2.");
  t.is(asAdminError(new S3Error("MalformedXML")), null);
  t.is(asAdminError(new TypeError("x")), null);
});
