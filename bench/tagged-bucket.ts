/**
 * A bucket of many objects that have tags and noncurrent versions, under lifecycle rules: what listings and lifecycle passes
 * are measured on. A fill that is kept serves both.
 */

import { call } from "./bucket.ts";
import { BenchError } from "./failure.ts";
import { putMany } from "./listing-fill.ts";
import type { Target } from "./request.ts";

export interface TaggedFill {
  readonly objects: number;
  readonly connections: number;
  readonly tell: (line: string) => void;
}

export const taggedBucket = "tagged-objects";
const classes = 10;
const tellEveryMs = 10_000;

/** The first tenth is what a rule can make due by its prefix; every tenth key is a group of its own for a delimiter. */
export function taggedKey(objects: number, index: number): string {
  const part = index < objects / 10 ? "due" : "stay";
  return `${part}-k${String(index).padStart(8, "0")}${index % 10 === 0 ? "/x" : ""}`;
}

/** Versions of the bucket, the current objects among them: every second object has another below it. */
export const taggedVersions = (objects: number): number => objects + Math.floor(objects / 2);

const tagsOf = (index: number): Readonly<Record<string, string>> => ({
  "x-amz-tagging": `class=${index % classes}&team=birch`,
});

/** @param filter elements of a Filter @param actions of the rule */
const rule = (id: string, filter: string, actions: string): string =>
  `<Rule><ID>${id}</ID><Filter>${filter}</Filter><Status>Enabled</Status>${actions}</Rule>`;

/** Actions of rules, in days: for current objects, and for noncurrent versions. */
export interface RuleActions {
  readonly objects: boolean;
  readonly versions: boolean;
}

/**
 * Rules by prefix, tags and size, for current and noncurrent versions, markers and uploads. They ask every object of the
 * bucket for its tags and its size, and none of the bench's is what they ask for.
 * @param days from when on
 */
export function lookingRules(days: number, { objects, versions }: RuleActions): string {
  const actions = (keep: string): string => {
    const expiration = `<Expiration><Days>${days}</Days></Expiration>`;
    const noncurrent = `<NoncurrentVersionExpiration><NoncurrentDays>${days}</NoncurrentDays>${keep}</NoncurrentVersionExpiration>`;
    return (objects ? expiration : "") + (versions ? noncurrent : "");
  };
  const tag = (key: string, value: string): string => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
  const markers = "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>";
  const uploads =
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>";
  return [
    rule("class", tag("class", "none"), actions("<NewerNoncurrentVersions>2</NewerNoncurrentVersions>")),
    rule("both", `<And><Prefix>stay-</Prefix>${tag("class", "1")}${tag("team", "oak")}</And>`, actions("")),
    rule("large", "<ObjectSizeGreaterThan>1000000</ObjectSizeGreaterThan>", actions("")),
    rule("uploads", "", uploads),
    ...(versions ? [rule("markers", "", markers)] : []),
  ].join("");
}

/** Rules that make due what begins with "due-". */
export function removingRules(days: number, { objects, versions }: RuleActions): string {
  const expiration = `<Expiration><Days>${days}</Days></Expiration>`;
  const noncurrent = `<NoncurrentVersionExpiration><NoncurrentDays>${days}</NoncurrentDays></NoncurrentVersionExpiration>`;
  return rule("due", "<Prefix>due-</Prefix>", (objects ? expiration : "") + (versions ? noncurrent : ""));
}

/** @throws BenchError */
export async function configureLifecycle(target: Target, rules: string): Promise<void> {
  const body = `<LifecycleConfiguration>${rules}</LifecycleConfiguration>`;
  await done(target, { method: "PUT", bucket: taggedBucket, query: { lifecycle: "" }, body });
}

/**
 * Makes the bucket, unless it is there from an earlier run.
 * @throws BenchError when what is there is another fill, or part of one
 */
export async function fillTagged(target: Target, { objects, connections, tell }: TaggedFill): Promise<void> {
  const mark = { bucket: taggedBucket, key: `zz-filled-${objects}` };
  const found = await call(target, { method: "HEAD", ...mark });
  if (found.status === 200) return;
  const { status } = await call(target, { method: "HEAD", bucket: taggedBucket });
  if (status !== 404) throw new BenchError(`${taggedBucket} is there, and not filled with ${objects} objects`);
  await done(target, { method: "PUT", bucket: taggedBucket });
  const versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
  await done(target, { method: "PUT", bucket: taggedBucket, query: { versioning: "" }, body: versioning });
  const started = performance.now();
  const put = async (what: string, count: number, step: number): Promise<void> => {
    const tellSome = progress(what, count, tell);
    const options = { connections, tell: tellSome, headers: (index: number) => tagsOf(index * step) };
    await putMany(target, taggedBucket, count, (index) => taggedKey(objects, index * step), options);
  };
  await put("tagged objects", objects, 1);
  await put("newer versions", Math.floor(objects / 2), 2);
  await done(target, { method: "PUT", ...mark });
  const seconds = (performance.now() - started) / 1000;
  tell(`${taggedVersions(objects)} versions of ${objects} objects were put in ${seconds.toFixed(0)} s`);
}

function progress(what: string, count: number, tell: (line: string) => void): (done: number) => void {
  const started = performance.now();
  let told = started;
  return (done) => {
    const now = performance.now();
    if (now - told < tellEveryMs) return;
    told = now;
    tell(`${what}: ${done} of ${count}, ${Math.round((done / (now - started)) * 1000)} a second`);
  };
}

async function done(target: Target, request: Parameters<typeof call>[1]): Promise<void> {
  const { status, code } = await call(target, request);
  if (status !== 200) throw new BenchError(`${request.method} ${request.bucket} was answered ${status} ${code}`);
}
