/** Part numbers. */

import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";

/** @throws S3Error InvalidArgument outside 1 to `limits.partNumberMax` */
export const checkPartNumber = (partNumber: number): void => {
  if (partNumber >= 1 && partNumber <= limits.partNumberMax) return;
  throw new S3Error("InvalidArgument", {
    Message: `Part number must be an integer between 1 and ${limits.partNumberMax}, inclusive`,
    ArgumentName: "partNumber",
    ArgumentValue: String(partNumber),
  });
};

/** The part number that a marker names; 0 = from the beginning. @throws S3Error InvalidArgument */
export const partMarker = (argument: string, text: string | undefined): number => {
  if (text === undefined || text === "") return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new S3Error("InvalidArgument", {
    Message: `Provided ${argument} not an integer or within integer range`,
    ArgumentName: argument,
    ArgumentValue: text,
  });
};
