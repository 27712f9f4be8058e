/** Reads of fronts by version id, on LMDB and chunk files. */

import test from "ava";
import { inlineBody, MiB, plainDelete, stored } from "./bucket-stand.testing.ts";
import { at, bytesOf, objectOf, openPartition, pattern } from "./partition-stand.testing.ts";

test("versions are read by id, null versions and delete markers too, through collection", async (t) => {
  const partition = await openPartition(t);
  const { actor, collector } = partition;
  const seen = (versionId?: string) =>
    partition.reader.read({ ...at("k"), versionId }, (found, openObject) => {
      if (found === null) return "none";
      if (found.isDeleteMarker) return `marker ${found.versionId}`;
      const opened = openObject(0, found.sizeBytes);
      return { id: found.versionId, bytes: opened };
    });
  const bodyOfVersion = async (versionId?: string) => {
    const found = seen(versionId);
    if (typeof found === "string") return { id: found, bytes: Buffer.alloc(0) };
    return { id: found.id, bytes: await bytesOf(found.bytes) };
  };
  const unknownId = "0".repeat(26);
  t.is(seen(), "none");
  t.is(seen("null"), "none");
  const before = pattern(300_000, 1);
  await partition.put("k", before);
  t.is((await bodyOfVersion()).id, null, "no id is shown before versioning is set");
  t.is((await bodyOfVersion("null")).id, null);
  t.is(seen(unknownId), "none");

  await actor.ask("bucket.setVersioning", { versioning: "Enabled" });
  t.is((await bodyOfVersion()).id, "null");
  const { versionId: small } = await actor.ask("object.put", {
    key: "k",
    source: stored(inlineBody("small")),
    metadata: { contentType: "a/b" },
    preconditions: {},
  });
  const large = pattern(9 * MiB, 2);
  const { versionId: big } = await partition.put("k", large);
  const { versionId: marker } = await actor.ask("object.delete", plainDelete("k"));
  while ((await collector.round()).doneRows > 0);
  t.is(seen(), `marker ${marker}`);
  t.is(seen(marker ?? ""), `marker ${marker}`);
  t.is(seen(unknownId), "none");
  t.true(before.equals((await bodyOfVersion("null")).bytes));
  t.true(large.equals((await bodyOfVersion(big ?? "")).bytes));
  t.is((await bodyOfVersion(small ?? "")).bytes.toString(), "small");
  partition.reader.read({ ...at("k"), versionId: small ?? "" }, (found) =>
    t.deepEqual(objectOf(found)?.metadata, { contentType: "a/b" }),
  );

  await actor.ask("object.delete", {
    key: "k",
    versionId: marker,
    preconditions: {},
    bypassGovernance: false,
    markerOwnerId: null,
  });
  t.is((await bodyOfVersion()).id, big);
  await actor.ask("bucket.setVersioning", { versioning: "Suspended" });
  await actor.ask("object.delete", plainDelete("k"));
  while ((await collector.round()).doneRows > 0);
  t.is(seen(), "marker null");
  t.is(seen("null"), "marker null");
  t.true(large.equals((await bodyOfVersion(big ?? "")).bytes), "the null version alone was let go");
  for (const text of ["", "abc", "NULL", `${unknownId}0`])
    t.throws(() => seen(text), { code: "InvalidArgument" }, text);
});
