/**
 * Every limit of the product, named, with its unit last. Relations between limits are asserted below,
 * so that a change of one that breaks another does not start.
 * S3's own limits: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html and the API reference.
 */

import { assert } from "./assert.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

export const limits = {
  // S3
  keyBytesMax: 1024,
  metadataBytesMax: 2 * KiB,
  listKeysMax: 1000,
  deleteObjectsMax: 1000,
  partNumberMax: 10_000,
  partBytesMin: 5 * MiB,
  singlePutBytesMax: 5 * GiB,
  objectBytesMax: 5 * 1024 * GiB,
  presignSecondsMax: 604_800,
  clockSkewMs: 15 * 60 * 1000,
  xmlBodyBytesMax: 2 * MiB,
  xmlDepthMax: 16,
  bucketsPerAccountMax: 10_000,
  tagsPerObjectMax: 10,
  // Front
  headerBytesMax: 16 * KiB,
  headersMax: 98,
  queryBytesMax: 8 * KiB,
  connectionsMax: 16_384,
  bodyRateBytesPerSecondMin: 256,
  bodyIdleMs: 60_000,
  responseIdleMs: 60_000,
  drainMs: 25_000,
  earlyBodyBytesMax: 1 * MiB,
  awsChunkHeaderBytesMax: 4 * KiB,
  awsChunkBytesMax: 5 * GiB,
  // Slabs: slots of three sizes in one shared pool
  slabSmallBytes: 16 * KiB,
  slabMediumBytes: 64 * KiB,
  slabLargeBytes: 256 * KiB,
  slabSmallCount: 1024,
  slabMediumCount: 256,
  slabLargeCount: 128,
  slabWaitersMax: 4096,
  slabWaitMs: 20_000,
  bodySlotsInFlightMax: 4,
  bodyFlushIdleMs: 50,
  bodyOverflowBytesMax: 32 * MiB,
  // Actors
  askMs: 30_000,
  askSweepMs: 100,
  outboxMessagesMax: 16_384,
  mailboxMessagesMax: 16_384,
  mailboxMessagesPerBucketMax: 8192,
  mailboxQuantumBytes: 64 * KiB,
  turnCostBytes: 4 * KiB,
  turnsInFlightMax: 1024,
  ticketsPerThreadMax: 4096,
  ticketsPerBucketMax: 2048,
  ticketsPerAccountMax: 3072,
  ticketSlabBytesMax: 256 * MiB,
  bodiesPerLaneMax: 4096,
  bodySliceBytes: 256 * KiB,
  turnsPerCommitMax: 512,
  turnRowsMax: 2000,
  listSliceRows: 200,
  passivateIdleMs: 60_000,
  restartsMax: 5,
  restartWindowMs: 30_000,
  threadStartMs: 30_000,
  fatalExitMs: 1000,
  commitWatchdogMs: 10_000,
  // Control
  controlRecordBytesMax: 64 * KiB,
  controlOperationsMax: 256,
  controlListMax: 1000,
  controlLogEntriesMax: 100_000,
  controlWatchersMax: 256,
  controlRetriesMax: 16,
  controlLeasesMax: 4096,
  controlLeaseMsMin: 1000,
  controlLeaseMsMax: 24 * 60 * 60 * 1000,
  controlCachedMax: 10_000,
  identitiesBytesMax: 64 * MiB,
  configBytesMax: 1 * MiB,
  passwordHashesAtOnce: 2,
  passwordBytesMax: 1024,
  // Logs and metrics
  logFlushBytes: 4 * KiB,
  logFlushMs: 1000,
  logBufferBytesMax: 16 * MiB,
  metricSeriesMax: 4096,
  // Storage
  pageBytes: 8192,
  valueBytesMax: 8192 - 16,
  storageKeyBytesMax: 1100,
  mapBytes: 1024 * GiB,
  databasesMax: 32,
  readersMax: 1024,
  frameBytes: 64 * KiB,
  segmentChunkBytesMax: 1 * MiB,
  chunkBytesMax: 4 * MiB,
  segmentBytes: 64 * MiB,
  filesPerEpochDirectoryMax: 4096,
  groupSyncMs: 2,
  openFilesMax: 512,
  slowReadMicros: 200,
  compactBelowLiveRatio: 0.5,
  collectIntervalMs: 200,
  orphanAgeMs: 24 * 60 * 60 * 1000,
  freeBytesMin: 2 * GiB,
  freeRatioMin: 0.05,
  ballastBytes: 256 * MiB,
  volumeErrorsMax: 3,
  volumeErrorWindowMs: 60_000,
} as const;

assert(limits.chunkBytesMax % limits.frameBytes === 0, "a chunk is a whole number of frames");
assert(limits.segmentChunkBytesMax * 2 <= limits.segmentBytes, "a segment holds at least two chunks");
assert(limits.bodySliceBytes <= limits.slabLargeBytes, "a slice of body work fits a slot");
assert(limits.valueBytesMax < limits.pageBytes, "no value is larger than a page");
assert(
  Math.ceil(limits.singlePutBytesMax / limits.chunkBytesMax) + 200 <= limits.turnRowsMax,
  "the references of the largest single PUT fit one turn",
);
