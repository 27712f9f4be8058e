/** ACLs as a bucket keeps them: whom listings name as owner, however large the ACL, and over which ACLs another may be set. */

import test from "ava";
import { listedObjects, listedVersions } from "../actor/listed-objects.ts";
import { limits } from "../base/limits.ts";
import type { AccessControlList } from "../s3/acl.ts";
import { asS3Error } from "../s3/errors.ts";
import { BucketStand, bodyOf, inlineBody, stored } from "./bucket-stand.testing.ts";
import type { AttributesChange, ObjectMetadata } from "./messages.ts";

/** As many grants as an ACL may have, each to an id of 64 characters: more than a record holds. */
const largest = (ownerId: string): AccessControlList => ({
  ownerId,
  grants: Array.from({ length: limits.aclGrantsMax }, (_, index) => ({
    grantee: { kind: "user", id: String(index).padStart(64, "0") },
    permission: "READ",
  })),
});
const small = (ownerId: string): AccessControlList => ({ ownerId, grants: [] });

const put = (stand: BucketStand, key: string, metadata: ObjectMetadata) =>
  stand.ask("object.put", { key, source: stored(inlineBody("x")), metadata, preconditions: {} });

const change = async (stand: BucketStand, key: string, attributes: AttributesChange): Promise<string> => {
  const request = { key, versionId: null, change: attributes, bypassGovernance: false };
  try {
    await stand.ask("object.setAttributes", request);
    return "done";
  } catch (error) {
    return asS3Error(error)?.code ?? String(error);
  }
};

const listed = async (stand: BucketStand): Promise<string[]> => {
  const all = { prefix: "", delimiter: "" };
  const { objects } = await stand.ask("object.list", { ...all, after: "", keysMax: 1000 });
  const { versions } = await stand.ask("object.listVersions", {
    ...all,
    afterKey: "",
    afterVersionId: "",
    keysMax: 1000,
  });
  const shown = listedObjects(objects).map(({ key, ownerId, storageClass }) => `${key} ${ownerId} ${storageClass}`);
  const shownVersions = listedVersions(versions).map(
    ({ key, ownerId, storageClass }) => `${key} ${ownerId} ${storageClass}`,
  );
  if (shown.join() !== shownVersions.join()) throw new Error(`versions differ: ${shownVersions.join()}`);
  return shown;
};

test("listings name the owner of an ACL of any size", async (t) => {
  const stand = new BucketStand();
  await put(stand, "a", {});
  await put(stand, "b", { acl: small("bob") });
  await put(stand, "c", { acl: largest("cleo") });
  await put(stand, "d", { acl: largest("cleo"), storageClass: "GLACIER" });
  await put(stand, "e", { storageClass: "GLACIER" });
  const expected = ["a null STANDARD", "b bob STANDARD", "c cleo STANDARD", "d cleo GLACIER", "e null GLACIER"];
  t.deepEqual(await listed(stand), expected);
  t.is(await change(stand, "b", { acl: largest("bob") }), "done");
  t.is(await change(stand, "c", { acl: small("cleo"), tagging: "a=1" }), "done");
  t.is(await change(stand, "d", { tagging: "a=1" }), "done");
  t.deepEqual(await listed(stand), expected);
});

test("an upload names its owner and initiator until it is an object", async (t) => {
  for (const acl of [small("bob"), largest("bob")]) {
    const stand = new BucketStand();
    const initiator = { id: "arn:aws:iam::111122223333:user/ann", name: "ann" };
    const metadata = { acl, initiator };
    const upload = { key: "k", metadata, checksumAlgorithm: null, checksumType: null };
    const { uploadId } = await stand.ask("upload.create", upload);
    const at = { key: "k", uploadId };
    const source = stored(bodyOf(["part"], 5));
    const { etag } = await stand.ask("upload.putPart", { ...at, partNumber: 1, source });
    const everything = { prefix: "", delimiter: "", afterKey: "", afterUploadId: "", uploadsMax: 10 };
    t.like((await stand.ask("upload.list", everything)).uploads[0], { ownerId: "bob", initiator });
    t.like(await stand.ask("upload.listParts", { ...at, afterPartNumber: 0, partsMax: 10 }), {
      ownerId: "bob",
      initiator,
    });
    const parts = [{ partNumber: 1, etag, checksum: null }];
    await stand.ask("upload.complete", { ...at, parts, preconditions: {}, objectBytes: null });
    t.deepEqual(await listed(stand), ["k bob STANDARD"]);
  }
});

test("an ACL is not set over one of another owner than its giver saw", async (t) => {
  const stand = new BucketStand();
  await put(stand, "k", { acl: small("bob") });
  t.is(await change(stand, "k", { acl: small("bob"), ownerBefore: null }), "OperationAborted");
  t.is(await change(stand, "k", { acl: small("ann"), ownerBefore: "ann" }), "OperationAborted");
  t.is(await change(stand, "k", { acl: small("bob"), ownerBefore: "bob" }), "done");
  await put(stand, "k", {});
  t.is(await change(stand, "k", { acl: small("bob"), ownerBefore: "bob" }), "OperationAborted");
  t.is(await change(stand, "k", { acl: small("the bucket's owner"), ownerBefore: null }), "done");
});
