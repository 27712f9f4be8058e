/** Where our table differs from the published model on purpose. A line that no longer differs fails the test. */

export interface KnownDifference {
  /** The member's path, after the operation's name; `*` stands for any operation. */
  readonly path: string;
  readonly reason: string;
}

export const knownDifferences: readonly KnownDifference[] = [
  {
    path: "*.input.Expires",
    reason: "stored and answered as sent: clients send values that are no dates, and S3 gives them back",
  },
  { path: "*.output.Expires", reason: "answered as it was sent" },
  { path: "*.input.ResponseExpires", reason: "answered as it is asked for" },
  { path: "SelectObjectContent.output.Payload.Records.Payload", reason: "not served; the language has no blob" },
];
