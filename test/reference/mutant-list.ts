/** Deliberate faults of the server: one fragment of a compiled file, and what stands there instead. */

export interface Mutant {
  readonly name: string;
  /** Below `dist`. */
  readonly file: string;
  /** Occurs there exactly once. */
  readonly fragment: string;
  readonly replacement: string;
  /** Shows in few sequences: judged by `--rare`, which wants more of them (`--sequences`). */
  readonly isRare?: true;
}

const history = "bucket/history.js";
const versioning = "bucket/versioning.js";

export const mutants: readonly Mutant[] = [
  {
    name: "a new version forgets where the null version stands",
    file: history,
    fragment: "nullStamp: namedNull(effect, head),",
    replacement: "nullStamp: null,",
  },
  {
    name: "a null version that is replaced below the newest stays",
    file: versioning,
    fragment: `"add null": effect("goes below", "none", "is let go")`,
    replacement: `"add null": effect("goes below", "none")`,
  },
  {
    name: "a version that becomes the newest forgets where the null version stands",
    file: history,
    fragment: "nullStamp: older.isNullVersion ? null : nullStamp",
    replacement: "nullStamp: null",
  },
  {
    name: "a put in a suspended bucket adds a version with an id",
    file: versioning,
    fragment: `Suspended: { put: "null object"`,
    replacement: `Suspended: { put: "new object"`,
  },
  {
    name: "a delete in a suspended bucket adds a marker with an id",
    file: versioning,
    fragment: `delete: "null marker"`,
    replacement: `delete: "new marker"`,
  },
  {
    name: "deleting a version removes the newest",
    file: "bucket/delete-turns.js",
    fragment: "planRemoval(turn, key, head, target, bypassGovernance).write",
    replacement: "planRemoval(turn, key, head, head, bypassGovernance).write",
  },
  {
    name: "versions that go are not counted off",
    file: history,
    fragment: "return { storedBytes, objects, versions };",
    replacement: "return { storedBytes, objects, versions: Math.max(0, versions) };",
  },
  {
    name: "every version is the latest",
    file: "bucket/version-walk.js",
    fragment: "Buffer.compare(currentRow, this.#latestPassed) !== 0",
    replacement: "true",
  },
  {
    name: "a marker's page begins at the version it names",
    file: "bucket/version-listing.js",
    fragment: "from: behind(versionKeyAt(currentRow, stamp))",
    replacement: "from: versionKeyAt(currentRow, stamp)",
  },
  {
    name: "If-None-Match takes a delete marker for an object",
    file: "bucket/preconditions.js",
    fragment: "head === null || head.isDeleteMarker ? null : head",
    replacement: "head",
  },
  {
    name: "If-Match on a key without an object is a failed precondition",
    file: "bucket/preconditions.js",
    fragment: `throw new S3Error("NoSuchKey", { Key: key })`,
    replacement: `throw failed("If-Match")`,
  },
  {
    name: "reading a delete marker by its id is not refused",
    file: "operations/found-version.js",
    fragment: `throw new S3Error("MethodNotAllowed", { Method: method, ResourceType: "DeleteMarker" }, {`,
    replacement: `throw new S3Error("NoSuchKey", {}, {`,
  },
  {
    name: "the order of parts is not judged",
    file: "bucket/complete-rules.js",
    fragment: "if (partNumber <= last)",
    replacement: "if (partNumber < 0)",
  },
  {
    name: "the last part must be large too",
    file: "bucket/complete-rules.js",
    fragment: "index < parts.length - 1 && part.sizeBytes",
    replacement: "part.sizeBytes",
  },
  {
    name: "the ETags that Complete names are not compared",
    file: "bucket/complete-rules.js",
    fragment: "hex(part.md5) === etag.toLowerCase() &&",
    replacement: "",
  },
  {
    name: "a repeated Complete makes another version",
    file: "bucket/complete.js",
    fragment: "turn.trees.uploads.remove(rowKey);",
    replacement: "",
  },
  {
    name: "a composite checksum lacks the number of parts",
    file: "s3/checksum.js",
    fragment: "(algorithm, digests)}-$" + "{parts.length}",
    replacement: "(algorithm, digests)}",
  },
  {
    name: "a range ends one byte early",
    file: "s3/byte-range.js",
    fragment: "Math.min(sizeBytes, Number(last) + 1)",
    replacement: "Math.max(start + 1, Math.min(sizeBytes, Number(last)))",
  },
  {
    name: "a copied range ends one byte late",
    file: "s3/byte-range.js",
    fragment: "start < end && end <= sizeBytes ? { start, end } : null",
    replacement: "start < end && end <= sizeBytes ? { start, end: Math.min(sizeBytes, end + 1) } : null",
  },
  {
    name: "If-None-Match does not override If-Modified-Since",
    file: "s3/read-conditions.js",
    fragment: `return etagListHolds(ifNoneMatch, etag) ? { condition: "If-None-Match", notModified: true } : null;`,
    replacement: `if (etagListHolds(ifNoneMatch, etag)) return { condition: "If-None-Match", notModified: true };`,
  },
  {
    name: "a copy keeps the source's metadata though it is to be replaced",
    file: "operations/object-copy.js",
    fragment: `const base = input.MetadataDirective === "REPLACE"`,
    replacement: `const base = input.MetadataDirective === "NEVER"`,
  },
  {
    name: "a copy takes the source's storage class",
    file: "operations/object-copy.js",
    fragment: "storageClass: _class, ",
    replacement: "",
  },
  {
    name: "the page after a name begins with that name",
    file: "bucket/listing.js",
    fragment: "return successor(Buffer.concat([lead, cut])) ?? lead;",
    replacement: "return Buffer.concat([lead, cut]);",
  },
  {
    name: "a common prefix is given once for each key",
    file: "bucket/key-walk.js",
    fragment: "const next = successor(rowKey.subarray(0, groupEnd));",
    replacement: "const next = Buffer.concat([rowKey, Buffer.of(0)]);",
  },
  {
    name: "common prefixes do not count towards max-keys",
    file: "bucket/key-walk.js",
    fragment: "return this.#entryCount + this.#commonPrefixes.length;",
    replacement: "return this.#entryCount;",
  },
  {
    name: "a full page is truncated whether anything follows or not",
    file: "bucket/key-walk.js",
    fragment: "            isTruncated: this.#isTruncated,",
    replacement: "            isTruncated: this.#isTruncated || this.#count() === this.#request.max,",
  },
  {
    name: "tags are counted one too many",
    file: "operations/object-read.js",
    fragment: "storedTagCount(tagging)",
    replacement: "storedTagCount(tagging) + 1",
  },
  {
    name: "an answer leaves before the commit that makes it true",
    file: "storage/lmdb.js",
    fragment: "outcomes = this.#queue.run();",
    replacement: "for (const outcome of this.#queue.run()) outcome.settle();",
  },
  {
    name: "a locked version is removed",
    file: "bucket/history.js",
    fragment: "refuseLocked(turn, key, target, bypassGovernance);",
    replacement: "",
  },
  {
    name: "a bypass of governance passes compliance too",
    file: "s3/object-lock.js",
    fragment: 'return retention.mode === "COMPLIANCE" || !bypassGovernance;',
    replacement: "return !bypassGovernance;",
  },
  {
    name: "a bypass of governance is not asked for",
    file: "s3/object-lock.js",
    fragment: 'if (before.mode === "COMPLIANCE" || !bypassGovernance)',
    replacement: 'if (before.mode === "COMPLIANCE")',
  },
  {
    name: "a new version does not get the bucket's default retention",
    file: "bucket/locks.js",
    fragment: "return { ...metadata, lock: { retention, legalHold: lock?.legalHold ?? null } };",
    replacement: "return metadata;",
  },
  {
    name: "a change of the retention ends the legal hold",
    file: "bucket/attribute-turns.js",
    fragment: "change.legalHold ?? oldLock?.legalHold ?? null;",
    replacement: "change.legalHold ?? null;",
  },
  {
    name: "versioning is suspended though the bucket has object lock",
    file: "bucket/bucket-turns.js",
    fragment: 'if (turn.configuration("objectLock") !== null) {',
    replacement: 'if (turn.configuration("objectLock") === undefined) {',
  },
  {
    name: "a copy takes the source's lock",
    file: "operations/object-copy.js",
    fragment: "lock: _lock, ",
    replacement: "",
  },
  {
    name: "a copy takes the source's ACL",
    file: "operations/object-copy.js",
    fragment: "acl: _acl, ",
    replacement: "",
  },
  {
    name: "a copy loses the source's tags",
    file: "operations/object-copy.js",
    fragment: "? askedTagging : sourceTagging",
    replacement: "? askedTagging : undefined",
  },
  {
    name: "a tag key may stand twice",
    file: "s3/tag-set.js",
    fragment: "if (new Set(tags.map(({ Key }) => Key)).size === tags.length)",
    replacement: "if (tags.length >= 0)",
  },
  {
    name: "a policy's deny does not count",
    file: "policy/evaluate.js",
    fragment: "if (denied === yes)",
    replacement: "if (denied === null)",
  },
  {
    name: "a public policy is not restricted",
    file: "front/judge.js",
    fragment: "restricts ? policy.denials : policy.whole",
    replacement: "policy.whole",
  },
  {
    name: "a public policy is not blocked",
    file: "operations/bucket-policy.js",
    fragment: "if (blockPublicPolicy && isPublicPolicy(document))",
    replacement: "if (blockPublicPolicy && document === null)",
  },
  {
    name: "public ACLs are not ignored",
    file: "front/judge.js",
    fragment: "return this.#rules.publicAccessBlock(this.configurationOf(bucket), bucket.accountId).ignorePublicAcls;",
    replacement: "return false;",
  },
  {
    name: "ACLs count though the bucket's owner owns everything",
    file: "s3/object-ownership.js",
    fragment: 'return ownership !== "BucketOwnerEnforced";',
    replacement: "return true;",
  },
  {
    name: "attributes of an object are told to who may not read it",
    file: "front/request-context.js",
    fragment: 'judge.require(asked.namesVersion ? "s3:GetObjectVersion" : "s3:GetObject", resource);',
    replacement: "",
  },
  {
    name: "the wrong customer's key is taken",
    file: "operations/customer-key.js",
    fragment: 'if (!isKeyOf(customer, encryption))\n        throw new S3Error("AccessDenied");',
    replacement: "",
  },
  {
    name: "the bucket's default encryption is not applied",
    file: "operations/encryption.js",
    fragment: "return byDefault(configured, input);",
    replacement: "return null;",
  },
  {
    name: "answers for every origin let credentials go along",
    file: "s3/cors.js",
    fragment: "allowsCredentials: !isEverybody,",
    replacement: "allowsCredentials: true,",
  },
  {
    name: "a preflight does not judge headers",
    file: "s3/cors.js",
    fragment: "if (!headers.every((header) => rule.headers.some((candidate) => meets(candidate, header))))",
    replacement: "if (headers === null)",
  },
  {
    name: "who may not bypass governance bypasses it",
    file: "operations/object-delete.js",
    fragment: 'input.BypassGovernanceRetention === true && context.allows("s3:BypassGovernanceRetention", input.Key)',
    replacement: "input.BypassGovernanceRetention === true",
  },
  {
    name: "what is given to the bucket's owner stays its writer's",
    isRare: true,
    file: "s3/object-ownership.js",
    fragment: 'ownership === "BucketOwnerPreferred" && isGiven ? bucketOwnerId : writerId',
    replacement: "writerId",
  },
  {
    name: "the bucket's policy opens objects of other owners",
    file: "policy/residual.js",
    fragment: 'return owner !== "resource" && ofResource.has(name) ? no : truthOf(residual.parts[name]);',
    replacement: "return truthOf(residual.parts[name]);",
  },
  {
    name: "the bucket's account may do everything with objects of other owners",
    file: "policy/residual.js",
    fragment: 'if (owner === "resource" || rule === "anonymous")',
    replacement: "if (rule !== null)",
  },
  {
    name: "an ACL may be set by who may only write",
    file: "front/request-context.js",
    fragment: '["x-amz-acl", "s3:PutObjectAcl"],',
    replacement: "",
  },
  {
    name: "a form may have fields that its policy does not name",
    file: "auth/post-policy.js",
    fragment: "if (extra.length > 0)",
    replacement: "if (extra.length > 99)",
  },
  {
    name: "a form's policy does not bound the file from below",
    file: "auth/post-policy.js",
    fragment: "min: Math.max(range.min, condition.min)",
    replacement: "min: range.min",
  },
  {
    name: "the file's name is not put into a form's key",
    file: "front/post-form.js",
    fragment: 'value.replaceAll(filenameVariable, () => file?.name ?? "")',
    replacement: "value",
  },
  {
    name: "a part may be encrypted with another key than its upload",
    isRare: true,
    file: "operations/customer-key.js",
    fragment: 'if (!isKeyOf(customer, encryption)) {\n        throw new S3Error("InvalidRequest"',
    replacement: 'if (customer === null) {\n        throw new S3Error("InvalidRequest"',
  },
  {
    name: "actual requests of other origins are granted nothing",
    file: "front/cors.js",
    fragment: "grant === null ? onlyVaries : [...granted(grant), varies]",
    replacement: "onlyVaries",
  },
  {
    name: "versioning is suspended though the bucket replicates",
    isRare: true,
    file: "bucket/bucket-turns.js",
    fragment: 'if (versioning === "Suspended" && turn.configuration("replication") !== null)',
    replacement: "if (versioning === null)",
  },
];
