import test from "ava";
import { S3Error } from "../s3/errors.ts";
import type { SigningSecret } from "./signature.ts";
import { accessKeyId, nowMs, scope, secretAccessKey, signedRequest } from "./signing-client-fixture.ts";
import { authenticate } from "./sigv4.ts";

const roomy = (secret = secretAccessKey): SigningSecret => ({ secretAccessKey: secret, proven: null });
const west = "20130524/us-west-2/s3/aws4_request";

test("a good signature leaves its key with the secret, and the next one finds it", (t) => {
  const secret = roomy();
  authenticate(signedRequest({}), () => secret, nowMs);
  const key = secret.proven;
  t.is(key?.scope, scope);
  t.is(authenticate(signedRequest({ path: "/other" }), () => secret, nowMs).accessKeyId, accessKeyId);
  t.is(secret.proven, key);
});

test("a signature that is not good leaves nothing, and what was there as it was", (t) => {
  const secret = roomy();
  const forged = signedRequest({}, { secret: "guessed" });
  t.throws(() => authenticate(forged, () => secret, nowMs), { instanceOf: S3Error, code: "SignatureDoesNotMatch" });
  t.is(secret.proven, null);
  authenticate(signedRequest({}), () => secret, nowMs);
  const key = secret.proven;
  for (const request of [forged, signedRequest({}, { secret: "guessed", scope: west })]) {
    t.throws(() => authenticate(request, () => secret, nowMs), { instanceOf: S3Error, code: "SignatureDoesNotMatch" });
    t.is(secret.proven, key);
  }
});

test("a key of another region, day or secret signs for none but its own", (t) => {
  const secret = roomy();
  for (const of of [scope, west, scope, west, west]) {
    t.notThrows(() => authenticate(signedRequest({}, { scope: of }), () => secret, nowMs), of);
  }
  const changed = roomy("another secret");
  t.throws(() => authenticate(signedRequest({}), () => changed, nowMs), { instanceOf: S3Error });
  t.notThrows(() => authenticate(signedRequest({}, { secret: "another secret" }), () => changed, nowMs));
});

test("a secret without room signs as well", (t) => {
  const secret: SigningSecret = { secretAccessKey };
  for (let time = 0; time < 2; time++) {
    t.notThrows(() => authenticate(signedRequest({}), () => secret, nowMs));
    t.deepEqual(Object.keys(secret), ["secretAccessKey"]);
  }
});
