/** Sub-resources of buckets that are stored and answered: website, replication, request payment, acceleration, reports. */

import {
  CreateBucketCommand,
  DeleteBucketAnalyticsConfigurationCommand,
  DeleteBucketReplicationCommand,
  DeleteBucketWebsiteCommand,
  GetBucketAccelerateConfigurationCommand,
  GetBucketAclCommand,
  GetBucketAnalyticsConfigurationCommand,
  GetBucketIntelligentTieringConfigurationCommand,
  GetBucketInventoryConfigurationCommand,
  GetBucketMetricsConfigurationCommand,
  GetBucketReplicationCommand,
  GetBucketRequestPaymentCommand,
  GetBucketWebsiteCommand,
  ListBucketAnalyticsConfigurationsCommand,
  ListBucketIntelligentTieringConfigurationsCommand,
  ListBucketInventoryConfigurationsCommand,
  ListBucketMetricsConfigurationsCommand,
  PutBucketAccelerateConfigurationCommand,
  PutBucketMetricsConfigurationCommand,
  PutBucketReplicationCommand,
  PutBucketRequestPaymentCommand,
  PutBucketVersioningCommand,
  PutBucketWebsiteCommand,
  type ReplicationRule,
  type WebsiteConfiguration,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome, refusal, type Stand } from "../support/each-front.ts";

const test = eachFront();

const website: WebsiteConfiguration = {
  IndexDocument: { Suffix: "index.html" },
  ErrorDocument: { Key: "error.html" },
  RoutingRules: [
    { Condition: { KeyPrefixEquals: "docs/" }, Redirect: { ReplaceKeyPrefixWith: "documents/" } },
    {
      Condition: { HttpErrorCodeReturnedEquals: "404", KeyPrefixEquals: "old/" },
      Redirect: {
        HostName: "old.example.com",
        Protocol: "https",
        HttpRedirectCode: "302",
        ReplaceKeyWith: "gone.html",
      },
    },
  ],
};

test("PutBucketWebsite_round_trip_invalid_and_delete", async (t, { s3, bucket }) => {
  const Bucket = bucket;
  const get = () => s3.send(new GetBucketWebsiteCommand({ Bucket }));
  const put = (WebsiteConfiguration: WebsiteConfiguration) =>
    s3.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }));
  t.is(await refusal(get()), "404 NoSuchWebsiteConfiguration");
  await put(website);
  const { $metadata: _metadata, ...got } = await get();
  t.deepEqual(got, website);
  const redirect = { HostName: "example.com" };
  for (const [expected, configuration] of [
    ["400 InvalidArgument", {}],
    ["400 InvalidArgument", { IndexDocument: { Suffix: "a/b" } }],
    ["400 InvalidRequest", { ...website, RedirectAllRequestsTo: redirect }],
    ["400 InvalidRequest", { ...website, RoutingRules: [{ Condition: {}, Redirect: redirect }] }],
    ["400 InvalidRequest", { ...website, RoutingRules: [{ Redirect: { HttpRedirectCode: "200" } }] }],
    ["400 InvalidRequest", { ...website, RoutingRules: [{ Redirect: { HttpRedirectCode: "3o1" } }] }],
    ["400 InvalidRequest", { ...website, RoutingRules: Array.from({ length: 51 }, () => ({ Redirect: redirect })) }],
    ["400 MalformedXML", { ...website, RoutingRules: [] }],
    ["400 MalformedXML", { ...website, RoutingRules: [{ Redirect: {} }] }],
    ["400 MalformedXML", { RedirectAllRequestsTo: { ...redirect, Protocol: "ftp" as "http" } }],
  ] as const) {
    t.is(await refusal(put(configuration as WebsiteConfiguration)), expected, JSON.stringify(configuration));
  }
  t.deepEqual((await get()).RoutingRules, website.RoutingRules);
  await put({ RedirectAllRequestsTo: { ...redirect, Protocol: "https" } });
  t.deepEqual((await get()).RedirectAllRequestsTo, { ...redirect, Protocol: "https" });
  t.is((await s3.send(new DeleteBucketWebsiteCommand({ Bucket }))).$metadata.httpStatusCode, 204);
  t.is(await refusal(get()), "404 NoSuchWebsiteConfiguration");
  t.is((await s3.send(new DeleteBucketWebsiteCommand({ Bucket }))).$metadata.httpStatusCode, 204);
});

const Role = "arn:aws:iam::111122223333:role/replication";

const version = ({ s3 }: Pick<Stand, "s3">, Bucket: string, Status: "Enabled" | "Suspended") =>
  s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));

test("PutBucketReplication_round_trip_and_rules_about_buckets", async (t, stand) => {
  const { s3, bucket } = stand;
  const copies = `${bucket}-copies`;
  await s3.send(new CreateBucketCommand({ Bucket: copies }));
  const get = () => s3.send(new GetBucketReplicationCommand({ Bucket: bucket }));
  const put = (...Rules: ReplicationRule[]) =>
    s3.send(new PutBucketReplicationCommand({ Bucket: bucket, ReplicationConfiguration: { Role, Rules } }));
  const rule = (more: Partial<ReplicationRule> = {}): ReplicationRule => ({
    ID: "all",
    Status: "Enabled",
    Priority: 1,
    Filter: { Prefix: "a/" },
    DeleteMarkerReplication: { Status: "Disabled" },
    Destination: { Bucket: `arn:aws:s3:::${copies}`, StorageClass: "STANDARD_IA" },
    ...more,
  });
  t.is(await refusal(get()), "404 ReplicationConfigurationNotFoundError");
  t.is(await refusal(put(rule())), "400 InvalidRequest", "the destination keeps no versions");
  await version(stand, copies, "Enabled");
  t.is(await refusal(put(rule())), "400 InvalidRequest", "the bucket keeps no versions");
  await version(stand, bucket, "Enabled");
  const rules = [
    rule(),
    rule({
      ID: "tagged",
      Status: "Disabled",
      Priority: 2,
      Filter: { And: { Prefix: "b/", Tags: [{ Key: "k", Value: "v" }] } },
      SourceSelectionCriteria: { ReplicaModifications: { Status: "Enabled" } },
      ExistingObjectReplication: { Status: "Disabled" },
      Destination: {
        Bucket: `arn:aws:s3:::${copies}`,
        ReplicationTime: { Status: "Enabled", Time: { Minutes: 15 } },
        Metrics: { Status: "Enabled", EventThreshold: { Minutes: 15 } },
      },
    }),
    rule({ ID: "rest", Priority: 3, Filter: {} as ReplicationRule["Filter"] }),
  ];
  await put(...rules);
  t.deepEqual((await get()).ReplicationConfiguration?.Rules?.slice(0, 2), rules.slice(0, 2));
  t.is((await get()).ReplicationConfiguration?.Role, Role);
  for (const [expected, bad] of [
    ["400 InvalidRequest", rule({ Destination: { Bucket: `arn:aws:s3:::${bucket}` } })],
    ["400 InvalidRequest", rule({ Destination: { Bucket: "arn:aws:s3:::there-is-none" } })],
    ["400 InvalidRequest", rule({ Destination: { Bucket: `arn:aws:s3:::${copies}`, Account: "999999999999" } })],
    ["400 InvalidArgument", rule({ Destination: { Bucket: copies } })],
    ["400 MalformedXML", rule({ Filter: { Prefix: "a", Tag: { Key: "k", Value: "v" } } })],
  ] as const) {
    t.is(await refusal(put(bad)), expected, JSON.stringify(bad));
  }
  t.is(await refusal(version(stand, bucket, "Suspended")), "409 InvalidBucketState");
  t.is((await get()).ReplicationConfiguration?.Rules?.length, 3);
  t.is((await s3.send(new DeleteBucketReplicationCommand({ Bucket: bucket }))).$metadata.httpStatusCode, 204);
  t.is(await refusal(get()), "404 ReplicationConfigurationNotFoundError");
  await version(stand, bucket, "Suspended");
});

test("PutBucketRequestPayment_is_answered", async (t, { s3, bucket }) => {
  const put = (Payer: "BucketOwner" | "Requester") =>
    s3.send(new PutBucketRequestPaymentCommand({ Bucket: bucket, RequestPaymentConfiguration: { Payer } }));
  const shown = async () => (await s3.send(new GetBucketRequestPaymentCommand({ Bucket: bucket }))).Payer;
  t.is(await shown(), "BucketOwner");
  for (const payer of ["BucketOwner", "Requester"] as const) {
    await put(payer);
    t.is(await shown(), payer);
  }
  t.is(await refusal(put("Nobody" as "Requester")), "400 MalformedXML");
  t.is(await shown(), "Requester", "a refused document changes nothing");
  await put("BucketOwner");
  t.is(await shown(), "BucketOwner");
});

test("GetBucketAccelerateConfiguration_is_empty", async (t, { s3, bucket }) => {
  t.is((await s3.send(new GetBucketAccelerateConfigurationCommand({ Bucket: bucket }))).Status, undefined);
  const put = new PutBucketAccelerateConfigurationCommand({
    Bucket: bucket,
    AccelerateConfiguration: { Status: "Enabled" },
  });
  t.is(await refusal(s3.send(put)), "501 NotImplemented");
});

test("reports_lists_are_empty_and_no_id_is_there", async (t, { s3, bucket }) => {
  const Bucket = bucket;
  const place = { Bucket, Id: "daily" };
  const analytics = await s3.send(new ListBucketAnalyticsConfigurationsCommand({ Bucket }));
  t.false(analytics.IsTruncated);
  t.is(analytics.AnalyticsConfigurationList, undefined);
  t.false((await s3.send(new ListBucketInventoryConfigurationsCommand({ Bucket }))).IsTruncated);
  t.false((await s3.send(new ListBucketMetricsConfigurationsCommand({ Bucket }))).IsTruncated);
  t.false((await s3.send(new ListBucketIntelligentTieringConfigurationsCommand({ Bucket }))).IsTruncated);
  for (const asked of [
    () => s3.send(new GetBucketAnalyticsConfigurationCommand(place)),
    () => s3.send(new GetBucketInventoryConfigurationCommand(place)),
    () => s3.send(new GetBucketMetricsConfigurationCommand(place)),
    () => s3.send(new GetBucketIntelligentTieringConfigurationCommand(place)),
    () => s3.send(new DeleteBucketAnalyticsConfigurationCommand(place)),
  ]) {
    t.is(await refusal(asked()), "404 NoSuchConfiguration");
  }
  const put = new PutBucketMetricsConfigurationCommand({ ...place, MetricsConfiguration: { Id: "daily" } });
  t.is(await refusal(s3.send(put)), "501 NotImplemented");
});

test("two_sub_resources_in_one_query_conflict", async (t, { s3, signed, bucket }) => {
  const command = new GetBucketAclCommand({ Bucket: bucket });
  command.middlewareStack.add(
    (next) => (args) => {
      (args.request as { query: Record<string, string> }).query["policy"] = "";
      return next(args);
    },
    { step: "build" },
  );
  const error = await t.throwsAsync(s3.send(command), { name: "InvalidArgument" });
  t.is(error?.message, "Conflicting query string parameters: acl, policy");
  for (const target of [`/${bucket}?policy&acl`, `/${bucket}/k?policy&acl`, "/there-is-no-such-bucket?acl&policy"]) {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await signed({ method, target });
      t.is(outcome(answer), "400 InvalidArgument", `${method} ${target}`);
      t.is(element(answer, "ArgumentName"), "ResourceType");
      t.is(element(answer, "ArgumentValue"), "acl");
    }
  }
});
