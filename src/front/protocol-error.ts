/** Owns what the front itself answers: requests that break HTTP's rules and never reach the handler, as S3 XML. */

import { type Random, systemRandom } from "../base/random.ts";
import type { ResponseHead } from "../model/http.ts";

/** A refusal of the front. The texts are constants of this folder and need no escaping in XML. */
export interface ProtocolError {
  /** An S3 error code. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

/** Makes the answer to a request that the front refuses. Content-Length, Date and Connection are the front's. */
export type ProtocolErrorRenderer = (error: ProtocolError) => { readonly head: ResponseHead; readonly body: string };

export const protocolErrors = {
  malformed: { code: "InvalidRequest", status: 400, message: "The request is not valid HTTP/1.1." },
  repeatedHeader: {
    code: "InvalidRequest",
    status: 400,
    message: "A header that may be given once was given more than once.",
  },
  headerCharacter: { code: "InvalidRequest", status: 400, message: "A header value holds a control character." },
  contentLength: { code: "InvalidRequest", status: 400, message: "Content-Length is not a valid length." },
  lengthAndEncoding: {
    code: "InvalidRequest",
    status: 400,
    message: "Content-Length and Transfer-Encoding must not be given together.",
  },
  transferEncoding: {
    code: "NotImplemented",
    status: 501,
    message: "A header you provided implies functionality that is not implemented.",
  },
  target: { code: "InvalidURI", status: 400, message: "Couldn't parse the specified URI." },
  headersTooLarge: {
    code: "RequestHeaderSectionTooLarge",
    status: 431,
    message: "Your request header section exceeds the maximum allowed size.",
  },
  slowBody: {
    code: "RequestTimeout",
    status: 400,
    message: "Your socket connection to the server was not read from or written to within the timeout period.",
  },
  bodiesHeld: { code: "SlowDown", status: 503, message: "Please reduce your request rate." },
} as const satisfies Record<string, ProtocolError>;

/** The renderer used unless the composition root gives its own: an S3 error document with a random request id. */
export function xmlProtocolErrors(random: Random = systemRandom): ProtocolErrorRenderer {
  return (error) => {
    const requestId = random.bytes(8).toString("hex").toUpperCase();
    return {
      head: {
        status: error.status,
        headers: [
          ["content-type", "application/xml"],
          ["x-amz-request-id", requestId],
        ],
      },
      body:
        `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.code}</Code><Message>${error.message}</Message>` +
        `<RequestId>${requestId}</RequestId></Error>`,
    };
  };
}
