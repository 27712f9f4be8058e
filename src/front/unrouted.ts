/** What a request is about by its address, and why none of the operations there answers it. */

import type { Level } from "../model/operation.ts";
import type { Address } from "../s3/address.ts";
import { S3Error } from "../s3/errors.ts";

const allowedMethods = {
  service: "GET",
  bucket: "DELETE, GET, HEAD, POST, PUT",
  object: "DELETE, GET, HEAD, POST, PUT",
};

/** Why no operation answers: the one POST that a bucket takes without a sub-resource is a form's. */
export const unrouted = (method: string, level: Level, query: ReadonlyMap<string, string>): S3Error => {
  if (method === "POST" && level === "bucket" && query.size === 0) {
    const Condition = "Bucket POST must be of the enclosure-type multipart/form-data";
    return new S3Error("PreconditionFailed", { Condition });
  }
  const detail = { Method: method, ResourceType: level.toUpperCase() };
  return new S3Error("MethodNotAllowed", detail, { headers: [["allow", allowedMethods[level]]] });
};

export const levelOf = ({ bucket, key }: Address): Level => {
  if (bucket === null) return "service";
  return key === null ? "bucket" : "object";
};
