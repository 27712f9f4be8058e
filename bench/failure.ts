/** What a user of the bench can put right: printed as one sentence, without a stack. */
export class BenchError extends Error {
  override readonly name = "BenchError";
}
