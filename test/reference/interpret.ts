/** Turns a command into the request that it means in the present state. */

import {
  bodyOf,
  type Choice,
  claimedParts,
  claimHeaders,
  digestHeaders,
  Interpreter,
  isTold,
  metadataHeaders,
  none,
  type View,
} from "./choices.ts";
import type { Command, EtagChoice } from "./commands.ts";
import { md5 } from "./digests.ts";
import { type FeatureCommand, featureKinds } from "./feature-commands.ts";
import { attributeHeaders, interpretFeature, keyFor, readObject } from "./feature-requests.ts";
import { tooLongKey } from "./inputs.ts";
import type { DoomedObject, Request } from "./state.ts";
import type { Operation } from "./vocabulary.ts";

const plain = (operation: Operation, key: string, rest: Partial<Request> = {}): Request => ({
  operation,
  key,
  query: {},
  headers: {},
  body: none,
  ...rest,
});

function listingRequest(command: Choice<"Listing">, at: Interpreter, keys: readonly string[]): Request {
  const slice = (index: number, length: number): string => [...at.key(index)].slice(0, length).join("");
  const prefix = slice(command.prefixOf, command.prefixLength);
  const after = command.after === null ? "" : slice(command.after.key, command.after.length);
  const isUploads = command.what === "ListMultipartUploads";
  const markerWords: Readonly<Record<string, string>> = { ListObjectsV2: "start-after", ListObjects: "marker" };
  const markerWord = markerWords[command.what] ?? "key-marker";
  // XML 1.0 cannot hold control characters.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const needsEncoding = keys.some((key) => /[\u0000-\u001f]/.test(key));
  return plain(command.what as Operation, "", {
    query: {
      ...(prefix === "" ? {} : { prefix }),
      ...(command.delimiter === "" ? {} : { delimiter: command.delimiter }),
      ...(command.max === 1000 ? {} : { [isUploads ? "max-uploads" : "max-keys"]: String(command.max) }),
      ...(after === "" ? {} : { [markerWord]: after }),
      ...(command.hasEncoding || needsEncoding ? { "encoding-type": "url" } : {}),
      ...(command.hasOwner && command.what === "ListObjectsV2" ? { "fetch-owner": "true" } : {}),
    },
  });
}

const bypassHeaders = { "x-amz-bypass-governance-retention": "true" };
const isRefused = (metadata: Choice<"PutObject">["metadata"]): boolean => /^too|^bad/.test(metadata);
const isMalformed = (condition: Choice<"PutObject">["condition"]): boolean =>
  condition !== null && "ifNoneMatch" in condition && condition.ifNoneMatch !== "*";

function readRequest(command: Choice<"GetObject" | "HeadObject">, at: Interpreter, { state }: View): Request {
  const key = at.key(command.key);
  const versionId = at.versionId(key, command.version);
  return plain(command.kind, key, {
    query: {
      ...(versionId === undefined ? {} : { versionId }),
      ...(command.part === null ? {} : { partNumber: String(command.part) }),
      ...(command.overrides === null ? {} : { [command.overrides]: "text/overridden" }),
    },
    headers: {
      ...at.readCondition(command.condition, key, versionId),
      ...keyFor(readObject(state, key, versionId)),
      ...(command.range === null ? {} : { range: command.range }),
      ...(command.range === null || command.ifRange === null
        ? {}
        : { "if-range": at.etag(key, command.ifRange as EtagChoice) }),
      ...(command.hasChecksumMode ? { "x-amz-checksum-mode": "ENABLED" } : {}),
    },
  });
}

function completeRequest(command: Choice<"CompleteMultipartUpload">, at: Interpreter, { state }: View): Request | null {
  const done = state.completed[command.upload.nth % Math.max(1, state.completed.length)];
  if (command.isRepeat && done !== undefined && isTold(done.id)) {
    return plain(command.kind, done.key, { query: { uploadId: done.id }, parts: done.parts });
  }
  const chosen = at.upload(command.upload);
  if (chosen === null) return null;
  const { key, id, upload } = chosen;
  const parts =
    upload === null ? [{ number: 1, etag: `"${md5(none)}"`, checksum: null }] : claimedParts(upload, command.parts);
  return plain(command.kind, key, {
    query: { uploadId: id },
    parts,
    headers: {
      ...at.writeCondition(command.condition, key),
      ...at.partKey(upload, command.key),
      ...(upload === null || command.condition !== null ? {} : claimHeaders(upload, parts, command.claim)),
    },
  });
}

/** @returns null when the command means nothing here */
export function interpret(command: Command, view: View): Request | null {
  const at = new Interpreter(view);
  switch (command.kind) {
    case "Nothing":
      return null;
    case "NextPage":
      return view.nextPage;
    case "Listing":
      return listingRequest(command, at, view.keys);
    case "LongKey":
      return plain(command.operation as Operation, tooLongKey);
    case "Bucket":
      return plain(command.operation as Operation, "");
    case "PutBucketVersioning":
      return plain(command.kind, "", { query: { status: command.status } });
    case "GetObject":
    case "HeadObject":
      return readRequest(command, at, view);
    case "CompleteMultipartUpload":
      return completeRequest(command, at, view);
    default:
      return isFeature(command) ? interpretFeature(command, view) : writeRequest(command, at, view);
  }
}

const isFeature = (command: Command): command is FeatureCommand =>
  (featureKinds as readonly Command["kind"][]).includes(command.kind);

type Rest = Exclude<
  Exclude<Command, FeatureCommand>,
  {
    kind:
      | "Nothing"
      | "NextPage"
      | "LongKey"
      | "Listing"
      | "Bucket"
      | "PutBucketVersioning"
      | "GetObject"
      | "HeadObject"
      | "CompleteMultipartUpload";
  }
>;

function writeRequest(command: Rest, at: Interpreter, { state }: View): Request | null {
  switch (command.kind) {
    case "PutObject": {
      const key = at.key(command.key);
      const body = bodyOf(command.body);
      // Of two faults either may be told.
      const digest = isMalformed(command.condition) ? { ...command.digest, fault: "none" as const } : command.digest;
      const digests = digestHeaders(digest, body);
      const isFaulty = digest.fault !== "none" || isRefused(command.metadata);
      const headers = {
        ...metadataHeaders[command.metadata],
        ...(isFaulty || isMalformed(command.condition) ? {} : attributeHeaders(command.attributes, state)),
        ...digests,
        ...at.writeCondition(command.condition, key),
      };
      return plain(command.kind, key, { body, headers });
    }
    case "CopyObject": {
      const key = at.key(command.key);
      const { metadataDirective, taggingDirective, algorithm } = command;
      return plain(command.kind, key, {
        headers: {
          ...metadataHeaders[command.metadata],
          ...(isRefused(command.metadata) || isMalformed(command.condition)
            ? {}
            : attributeHeaders(command.attributes, state)),
          ...at.source(command.source),
          ...(metadataDirective === null ? {} : { "x-amz-metadata-directive": metadataDirective }),
          ...(taggingDirective === null ? {} : { "x-amz-tagging-directive": taggingDirective }),
          ...(algorithm === null ? {} : { "x-amz-checksum-algorithm": algorithm }),
          ...at.writeCondition(command.condition, key),
        },
      });
    }
    case "DeleteObject": {
      const key = at.key(command.key);
      const versionId = at.versionId(key, command.version);
      return plain(command.kind, key, {
        query: versionId === undefined ? {} : { versionId },
        headers: {
          ...(versionId === undefined ? at.deleteCondition(command, key) : {}),
          ...(command.bypasses ? bypassHeaders : {}),
        },
      });
    }
    case "DeleteObjects":
      return plain(command.kind, "", {
        objects: doomedObjects(command, at),
        isQuiet: command.isQuiet,
        headers: command.bypasses ? bypassHeaders : {},
      });
    case "GetObjectAttributes": {
      const key = at.key(command.key);
      const versionId = at.versionId(key, command.version);
      const object = readObject(state, key, versionId);
      const isForeign = object !== null && object.owner !== "owner";
      return plain(command.kind, key, {
        query: versionId === undefined ? {} : { versionId },
        headers: {
          // Of what is wrong and not allowed either may be told.
          "x-amz-object-attributes": isForeign ? "ETag,ObjectSize" : command.names,
          ...keyFor(object),
          ...(command.page === null
            ? {}
            : { "x-amz-max-parts": String(command.page.max), "x-amz-part-number-marker": String(command.page.after) }),
        },
      });
    }
    case "CreateMultipartUpload":
      return plain(command.kind, at.key(command.key), {
        headers: {
          ...metadataHeaders[command.metadata],
          ...(isRefused(command.metadata) ? {} : attributeHeaders(command.attributes, state)),
          ...(command.algorithm === null ? {} : { "x-amz-checksum-algorithm": command.algorithm }),
          ...(command.type === null ? {} : { "x-amz-checksum-type": command.type }),
        },
      });
    default:
      return uploadRequest(command, at);
  }
}

function uploadRequest(
  command: Extract<Rest, { kind: "UploadPart" | "UploadPartCopy" | "AbortMultipartUpload" | "ListParts" }>,
  at: Interpreter,
): Request | null {
  const chosen = at.upload(command.upload, command.kind === "UploadPartCopy" ? command.into : null);
  if (chosen === null) return null;
  const { key, id, upload } = chosen;
  switch (command.kind) {
    case "UploadPart": {
      const body = bodyOf(upload === null ? { size: "byte", fill: 0 } : command.body);
      return plain(command.kind, key, {
        query: { uploadId: id, partNumber: String(command.number) },
        body,
        headers:
          upload === null
            ? {}
            : {
                ...digestHeaders(
                  upload.algorithm === null ? { ...command.digest, algorithm: null } : command.digest,
                  body,
                  upload,
                ),
                ...at.partKey(upload, command.digest.fault === "none" ? command.keyFault : "none"),
              },
      });
    }
    case "UploadPartCopy":
      return plain(command.kind, key, {
        query: { uploadId: id, partNumber: String(command.number) },
        headers: {
          ...(command.seeks === null ? at.source(command.source) : at.encryptedSource(command.seeks)),
          ...at.partKey(upload, command.keyFault),
          ...(command.range === null ? {} : { "x-amz-copy-source-range": command.range }),
        },
      });
    case "AbortMultipartUpload":
      return plain(command.kind, key, { query: { uploadId: id } });
    case "ListParts":
      return plain(command.kind, key, {
        query: {
          uploadId: id,
          ...(command.max === 1000 ? {} : { "max-parts": String(command.max) }),
          ...(command.after === 0 ? {} : { "part-number-marker": String(command.after) }),
        },
      });
  }
}

function doomedObjects({ objects }: Choice<"DeleteObjects">, at: Interpreter): DoomedObject[] {
  return objects.flatMap(({ key: index, version, etag }) => {
    const key = at.key(index);
    // XML 1.0 cannot hold control characters.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\u0000-\u001f]/.test(key)) return [];
    const versionId = at.versionId(key, version);
    return [
      {
        key,
        ...(versionId === undefined ? {} : { versionId }),
        ...(etag === null || versionId !== undefined ? {} : { etag: at.etag(key, etag as EtagChoice) }),
      },
    ];
  });
}
