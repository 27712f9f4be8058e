/** Every limit of what stands on disk and of the work on it, named, with its unit last. Relations between them are asserted below. */

import { assert } from "./assert.ts";
import { GiB, KiB, MiB } from "./units.ts";

export const storageLimits = {
  pageBytes: 8192,
  valueBytesMax: 8192 - 24,
  storageKeyBytesMax: 1100,
  mapBytes: 1024 * GiB,
  databasesMax: 32,
  readersMax: 1024,
  frameBytes: 64 * KiB,
  segmentChunkBytesMax: 1 * MiB,
  chunkBytesMax: 4 * MiB,
  segmentBytes: 64 * MiB,
  zeroSliceBytes: 4 * MiB,
  spareFreeSegmentsMin: 8,
  unknownBodyBufferBytes: 16 * MiB,
  framePoolMax: 64,
  unsyncedChunkFilesMax: 8,
  fileOperationsInFlightMax: 32,
  filesPerEpochDirectoryMax: 4096,
  openFilesMax: 512,
  slowReadMicros: 200,
  slowReadsMax: 3,
  readProbeMs: 10,
  readProbeMsMax: 1000,
  openFileSweepMs: 1000,
  compactBelowLiveRatio: 0.5,
  compactIntervalMs: 1000,
  compactLooksMax: 4,
  compactLooksWhenLowMax: 64,
  orphanSweepMs: 60 * 60 * 1000,
  compactMovesMax: 500,
  collectIntervalMs: 200,
  collectTurnRowsMax: 500,
  orphanAgeMs: 24 * 60 * 60 * 1000,
  freeBytesMin: 2 * GiB,
  freeRatioMin: 0.05,
  memoryFreeBytesMin: 1 * GiB,
  memoryOrphanAgeMs: 60 * 1000,
  ballastBytes: 256 * MiB,
  ballastRatioMax: 0.01,
  freeSpaceRefreshMs: 1000,
  directoryLockWaitMs: 3000,
  directoryLockRetryMs: 50,
  volumeErrorsMax: 3,
  volumeErrorWindowMs: 60_000,
} as const;

assert(storageLimits.chunkBytesMax % storageLimits.frameBytes === 0, "a chunk is a whole number of frames");
assert(storageLimits.segmentChunkBytesMax * 2 <= storageLimits.segmentBytes, "a segment holds at least two chunks");
assert(storageLimits.valueBytesMax < storageLimits.pageBytes, "no value is larger than a page");
