/** The result of work done in another thread, as plain data: errors travel as S3 codes, never as Error instances. */

export type Outcome<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly code: string; readonly detail: Readonly<Record<string, string>> };
