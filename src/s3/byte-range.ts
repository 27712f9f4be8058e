/** The Range header as S3 reads it. Source: RFC 9110 14.1.2; AWS GetObject. */

/** Bytes `start` to `end`, end exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const single = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i;

/**
 * One range of an object of `sizeBytes`. Anything that is no single byte range is ignored: the whole object is the answer,
 * as S3 does for several ranges.
 * @returns the range, "whole", or "unsatisfiable" (416)
 */
export const parseRange = (header: string | undefined, sizeBytes: number): ByteRange | "whole" | "unsatisfiable" => {
  if (header === undefined) return "whole";
  const match = single.exec(header);
  if (match === null) return "whole";
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return "whole";
    const suffix = Number(last);
    return suffix === 0 || sizeBytes === 0
      ? "unsatisfiable"
      : { start: Math.max(0, sizeBytes - suffix), end: sizeBytes };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return "whole";
  if (start >= sizeBytes) return "unsatisfiable";
  return { start, end: last === "" ? sizeBytes : Math.min(sizeBytes, Number(last) + 1) };
};

/** How the range of a copied part must be written. Source: AWS UploadPartCopy, x-amz-copy-source-range. */
export const copyRangeForm = /^bytes=(\d+)-(\d+)$/;

/**
 * The range of a copied part, which must be a whole one inside the source: `bytes=first-last`.
 * @returns the range, or null when it is malformed or reaches past the end
 */
export const parseCopyRange = (header: string, sizeBytes: number): ByteRange | null => {
  const match = copyRangeForm.exec(header);
  if (match === null) return null;
  const start = Number(match[1]);
  const end = Number(match[2]) + 1;
  return start < end && end <= sizeBytes ? { start, end } : null;
};

/** `bytes 0-9/100`. */
export const contentRange = ({ start, end }: ByteRange, sizeBytes: number): string =>
  `bytes ${start}-${end - 1}/${sizeBytes}`;
