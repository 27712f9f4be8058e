/** What is remembered of one client's Authorization header never changes how another's is read. */

import test from "ava";
import fc from "fast-check";
import { S3Error } from "../s3/errors.ts";
import { readAuthorization } from "./sigv4.ts";

const read = (text: string): unknown => {
  try {
    const { credential, signed } = readAuthorization(text);
    return { credential, names: signed.names };
  } catch (error) {
    if (error instanceof S3Error) return [error.code, error.detail];
    throw error;
  }
};

const signature = "0123456789abcdef".repeat(4);

test("a header is read the same after any others", (t) => {
  // Access keys share what follows them; commas, slashes, spaces and names of components stand where they should not.
  const accessKeyId = fc.oneof(
    fc.constantFrom("AKA", "AKB", "", "a/b", "a,b", "a b", " a", "AKA/20130524", "x, SignedHeaders=host", "A=B", "é"),
    fc.string({ maxLength: 6 }),
  );
  const scope = fc.constantFrom(
    "20130524/us-east-1/s3/aws4_request",
    "20130524/eu/iam/aws4_request",
    "c/20130524/us-east-1/s3/aws4_request",
    "20130524/us-east-1/s3/other",
    "us-east-1/s3/aws4_request",
  );
  const header = fc
    .record({
      accessKeyId,
      scope,
      names: fc.constantFrom("host", "host;x-amz-date", "Host", ""),
      shape: fc.constantFrom("usual", "tight", "reversed", "twice"),
    })
    .map(({ accessKeyId: id, scope: of, names, shape }) => {
      const credential = `Credential=${id}/${of}`;
      const headers = `SignedHeaders=${names}`;
      if (shape === "tight") return `AWS4-HMAC-SHA256 ${credential},${headers},`;
      if (shape === "reversed") return `AWS4-HMAC-SHA256 ${headers}, ${credential}, `;
      if (shape === "twice") return `AWS4-HMAC-SHA256 ${credential}, ${credential}, ${headers}, `;
      return `AWS4-HMAC-SHA256 ${credential}, ${headers}, `;
    });
  fc.assert(
    fc.property(fc.array(header, { minLength: 2, maxLength: 12 }), (heads) =>
      heads.every((head) => {
        // What does not end in a signature of the right form is read in full each time.
        const remembered = JSON.stringify(read(`${head}Signature=${signature}`));
        return remembered === JSON.stringify(read(`${head}Signature=${signature.toUpperCase()}`));
      }),
    ),
    { numRuns: 2000 },
  );
  t.pass();
});
