/** Turns the commands of `feature-commands.ts` into the requests that they mean in the present state. */

import { mayWrite } from "./access.ts";
import { customerKeyHeaders } from "./attributes.ts";
import { taggingDocument } from "./canned.ts";
import { bodyOf, Interpreter, isTold, metadataHeaders, none, type View } from "./choices.ts";
import { checksum, md5 } from "./digests.ts";
import { documentRules } from "./documents.ts";
import type { AttributesChoice, FeatureCommand } from "./feature-commands.ts";
import { checksumHeader } from "./headers.ts";
import { countsAcls } from "./owners.ts";
import { historyOf, type ObjectVersion, type Request, type State, type Subresource } from "./state.ts";
import { lockDocument, retentionDocument } from "./subresources.ts";
import type { Operation } from "./vocabulary.ts";

const plain = (operation: Operation, key: string, rest: Partial<Request> = {}): Request => ({
  operation,
  key,
  query: {},
  headers: {},
  body: none,
  ...rest,
});

const lockHeaders: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "GOVERNANCE 2040": {
    "x-amz-object-lock-mode": "GOVERNANCE",
    "x-amz-object-lock-retain-until-date": "2040-01-01T00:00:00Z",
  },
  "COMPLIANCE 2040": {
    "x-amz-object-lock-mode": "COMPLIANCE",
    "x-amz-object-lock-retain-until-date": "2040-01-01T00:00:00Z",
  },
  ON: { "x-amz-object-lock-legal-hold": "ON" },
  OFF: { "x-amz-object-lock-legal-hold": "OFF" },
  past: {
    "x-amz-object-lock-mode": "GOVERNANCE",
    "x-amz-object-lock-retain-until-date": "2001-01-01T00:00:00Z",
  },
  "mode only": { "x-amz-object-lock-mode": "GOVERNANCE" },
};

const encryptionChoices: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "SSE-S3": { "x-amz-server-side-encryption": "AES256" },
  "SSE-KMS": {
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "second",
    "x-amz-server-side-encryption-bucket-key-enabled": "false",
  },
  "bucket key": {
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "first",
    "x-amz-server-side-encryption-bucket-key-enabled": "true",
  },
  "SSE-C a": customerKeyHeaders("a"),
  "SSE-C b": customerKeyHeaders("b"),
};

/** Headers of a write. A lock is asked for mostly where there can be one. */
export function attributeHeaders(choice: AttributesChoice, state: State): Record<string, string> {
  const lock = state.lock === null && choice.lock !== "OFF" ? null : choice.lock;
  return {
    ...(lock === null ? {} : lockHeaders[lock]),
    ...(choice.acl === null ? {} : { "x-amz-acl": choice.acl }),
    ...(choice.encryption === null ? {} : encryptionChoices[choice.encryption]),
  };
}

/** The object that a request reads; null: none. */
export function readObject(state: State, key: string, versionId: string | undefined): ObjectVersion | null {
  const found = historyOf(state, key).find(({ id }) => versionId === undefined || id === versionId);
  return found === undefined || found.isMarker ? null : found;
}

/** The key that reads of this object need. */
export function keyFor(object: ObjectVersion | null, prefix?: string): Record<string, string> {
  return object?.encryption.kind === "SSE-C" ? customerKeyHeaders(object.encryption.key, prefix) : {};
}

type Choice<K extends FeatureCommand["kind"]> = Extract<FeatureCommand, { kind: K }>;

/** @returns null when the command means nothing here */
export function interpretFeature(command: FeatureCommand, view: View): Request | null {
  const at = new Interpreter(view);
  switch (command.kind) {
    case "PolicyStatus":
      return plain("GetBucketPolicyStatus", "");
    case "Setting":
      return settingRequest(command);
    case "BucketLock": {
      const isPut = command.operation === "PutObjectLockConfiguration";
      const isIdle = view.state.lock === null && view.state.versioning === "Enabled" && command.isBold === null;
      if (isPut && isIdle) return null;
      const body = isPut ? Buffer.from(lockDocument(command.choice)) : none;
      return plain(command.operation as Operation, "", { body, choice: command.choice });
    }
    case "Browse":
      return null;
    case "Preflight":
      return plain("Preflight", at.key(0), {
        headers: {
          origin: command.origin,
          "access-control-request-method": command.method,
          ...(command.headers === "" ? {} : { "access-control-request-headers": command.headers }),
        },
      });
    case "Loosen":
      return loosenRequest(command, view);
    case "PostObject":
      return formRequest(command, at, view);
    case "Foreign":
      return foreignRequest(command, at, view);
    case "CopyAttributed":
      return copyRequest(command, at, view);
    case "Visit":
      return visitRequest(command, at, view);
    case "Locking":
      // Without object lock there is one answer for all of them.
      if (view.state.lock === null && command.choice !== "nothing") return null;
      return objectRequest(command, at, view);
    default:
      return objectRequest(command, at, view);
  }
}

function settingRequest({ name, verb, choice }: Choice<"Setting">): Request | null {
  const { put, get, remove, documents } = documentRules[name];
  if (verb === "get") return plain(get, "");
  if (verb === "remove") return remove === null ? null : plain(remove, "");
  const names = Object.keys(documents);
  const picked = names[choice % names.length] ?? "";
  if (name === "acl") return plain(put, "", { headers: { "x-amz-acl": picked } });
  return plain(put, "", { body: Buffer.from(documents[picked]?.xml ?? ""), choice: picked });
}

function visitRequest(
  { who, operation, key: index, acl }: Choice<"Visit">,
  at: Interpreter,
  { state }: View,
): Request | null {
  const key = at.key(index);
  const withAcl: Record<string, string> = acl === null ? {} : { "x-amz-acl": acl };
  switch (operation) {
    case "ListObjectsV2":
      return plain(operation, "", { who, query: { "encoding-type": "url" } });
    case "PutObject":
      // Keys of the installation are for its own accounts.
      if (state.settings.get("encryption") === "SSE-KMS" && who !== "limited") return null;
      return plain(operation, key, { who, body: Buffer.from(`of the ${who}`), headers: withAcl });
    case "PutObjectAcl":
      return plain(operation, key, { who, headers: { "x-amz-acl": acl ?? "private" } });
    case "DeleteObject":
    case "GetObjectAcl":
      return plain(operation, key, { who });
  }
  const object = readObject(state, key, undefined);
  if (object !== null && object.encryption.kind === "SSE-KMS") return null;
  const asked = operation === "GetObjectAttributes" ? { "x-amz-object-attributes": "ETag,ObjectSize" } : {};
  return plain(operation, key, { who, headers: { ...asked, ...keyFor(object) } });
}

/** The nth of the versions that are such, with its key; null: there is none that an answer has named. */
function pick(
  state: State,
  nth: number,
  isWanted: (version: ObjectVersion) => boolean,
): { key: string; version: ObjectVersion } | null {
  const found = [...state.keys].flatMap(([key, history]) =>
    history.flatMap((version) =>
      !version.isMarker && isTold(version.id) && isWanted(version) ? [{ key, version }] : [],
    ),
  );
  return found[nth % Math.max(1, found.length)] ?? null;
}

/** What a form's policy does not allow is sent where nothing else is wrong. */
function formRequest(command: Choice<"PostObject">, at: Interpreter, { state }: View): Request | null {
  const { who, algorithm, answer } = command;
  const key = at.key(command.key);
  if (who === "anonymous" && state.settings.get("encryption") === "SSE-KMS") return null;
  const body = bodyOf({ size: "small", fill: command.fill });
  const fault = who === "anonymous" || !state.exists ? null : command.fault;
  const chosen = algorithm ?? (state.lock === null ? null : "CRC32");
  const digested = fault === null && command.isWrong === true ? none : body;
  const headers = {
    ...metadataHeaders[who === "anonymous" ? "plain" : command.metadata],
    ...(fault !== null || who === "anonymous" || command.isWrong === true
      ? {}
      : attributeHeaders(command.attributes, state)),
    ...(chosen === null ? {} : { [checksumHeader(chosen)]: checksum(chosen, digested) }),
  };
  const filename = command.hasFilename ? (/[a-z0-9]{1,100}$/.exec(key)?.[0] ?? null) : null;
  return plain("PostObject", key, { who, body, headers, form: { filename, answer, fault } });
}

const put = (name: Subresource, choice: string): Request =>
  plain(documentRules[name].put, "", { body: Buffer.from(documentRules[name].documents[choice]?.xml ?? ""), choice });

/** Where there is no object of another owner, one is written; where that is not allowed, the way is made for it. */
function foreignRequest(command: Choice<"Foreign">, at: Interpreter, { state }: View): Request | null {
  const { writer, acl, isBold, nth, who, what } = command;
  const key = at.key(command.key);
  const found = pick(state, nth, ({ owner }) => owner !== "owner");
  if (found === null || !countsAcls(state)) {
    if (state.settings.get("encryption") === "SSE-KMS") return null;
    const headers = acl === null ? {} : { "x-amz-acl": acl };
    const body = Buffer.from(`of the ${writer}`);
    const digest = { "content-md5": Buffer.from(md5(body), "hex").toString("base64") };
    const write = plain("PutObject", key, { who: writer, body, headers: { ...headers, ...digest } });
    if (countsAcls(state) && mayWrite(state, write)) return write;
    if (isBold === null) return null;
    if (!countsAcls(state)) return plain("DeleteBucketOwnershipControls", "");
    if (state.settings.has("publicAccessBlock")) return plain("DeletePublicAccessBlock", "");
    return put("policy", "public write");
  }
  const query = state.versioning === "Off" ? {} : { versionId: found.version.id };
  switch (what) {
    case "no reads":
    case "no deletes":
      return put("policy", what);
    case "PutObjectAcl":
      return plain(what, found.key, { who, query, headers: { "x-amz-acl": acl ?? "private" } });
    case "CopyObject": {
      const path = `/${encodeURIComponent(found.key)}`;
      const source = state.versioning === "Off" ? path : `${path}?versionId=${found.version.id}`;
      return plain(what, key, { headers: { "x-amz-copy-source": source } });
    }
    default:
      return plain(what, found.key, { who, query });
  }
}

/** Where nothing is in governance mode, something is put into it. */
function loosenRequest({ who, nth, choice, bypasses }: Choice<"Loosen">, { state }: View): Request | null {
  if (state.lock === null) return null;
  const isRemoval = choice === "removal";
  const governed = pick(state, nth, ({ retention, legalHold }) =>
    isRemoval ? (retention !== null || legalHold === true) === nth > 0 : retention?.mode === "GOVERNANCE",
  );
  const found = governed ?? pick(state, nth, ({ retention }) => retention === null);
  if (found === null) return null;
  const { key, version } = found;
  const query = { versionId: version.id };
  const change = governed === null ? "GOVERNANCE 2050" : choice;
  const asks = bypasses || (isRemoval && who === "limited");
  const headers: Record<string, string> = asks ? { "x-amz-bypass-governance-retention": "true" } : {};
  if (change === "removal") return plain("DeleteObject", key, { who, query, headers });
  const body = Buffer.from(retentionDocument(change));
  return plain("PutObjectRetention", key, { who, query, headers, body, choice: change });
}

/** Where nothing has a lock or an ACL, something gets an ACL. */
function copyRequest({ nth, key: index }: Choice<"CopyAttributed">, at: Interpreter, { state }: View): Request | null {
  const attributed = pick(
    state,
    nth,
    ({ acl, retention, legalHold }) => acl !== "private" || retention !== null || legalHold !== null,
  );
  const found = attributed ?? pick(state, nth, () => true);
  if (found === null) return null;
  const { key, version } = found;
  const query = state.versioning === "Off" ? {} : { versionId: version.id };
  if (attributed === null) return plain("PutObjectAcl", key, { query, headers: { "x-amz-acl": "authenticated-read" } });
  const path = `/${encodeURIComponent(key)}`;
  return plain("CopyObject", at.key(index), {
    headers: {
      "x-amz-copy-source": state.versioning === "Off" ? path : `${path}?versionId=${version.id}`,
      ...keyFor(version, "x-amz-copy-source-"),
    },
  });
}

type ObjectCommand = Choice<"Tagging" | "Locking" | "ObjectAcl" | "KeyedRead">;

function objectRequest(command: ObjectCommand, at: Interpreter, { state }: View): Request {
  const key = at.key(command.key);
  const versionId = at.versionId(key, command.version);
  const query = versionId === undefined ? {} : { versionId };
  const operation = command.operation as Operation;
  switch (command.kind) {
    case "Tagging": {
      const isPut = operation === "PutObjectTagging";
      const body = isPut ? Buffer.from(taggingDocument(command.choice)) : none;
      return plain(operation, key, { query, body, choice: command.choice });
    }
    case "Locking":
      return lockingRequest(command, key, query);
    case "ObjectAcl":
      return plain(operation, key, {
        query,
        headers: operation === "PutObjectAcl" ? { "x-amz-acl": command.acl } : {},
      });
    case "KeyedRead": {
      const object = readObject(state, key, versionId);
      const isCustomers = object?.encryption.kind === "SSE-C";
      const wrong = isCustomers && object.encryption.key === "a" ? "b" : "a";
      const headers =
        command.fit === "no key"
          ? {}
          : command.fit === "wrong key" && isCustomers
            ? customerKeyHeaders(wrong)
            : isCustomers
              ? keyFor(object)
              : customerKeyHeaders("a");
      // Of what is not there nothing can be said of keys.
      return plain(operation, key, { query, headers: object === null ? {} : headers });
    }
  }
}

function lockingRequest(command: Choice<"Locking">, key: string, query: Record<string, string>): Request {
  const operation = command.operation as Operation;
  const headers = command.bypasses ? { "x-amz-bypass-governance-retention": "true" } : {};
  switch (command.operation) {
    case "PutObjectRetention":
      return plain(operation, key, {
        query,
        headers,
        body: Buffer.from(retentionDocument(command.choice)),
        choice: command.choice,
      });
    case "PutObjectLegalHold": {
      const status = command.isHeld ? "ON" : "OFF";
      const body = Buffer.from(`<LegalHold><Status>${status}</Status></LegalHold>`);
      return plain(operation, key, { query, body, choice: status });
    }
    default:
      return plain(operation, key, { query });
  }
}
