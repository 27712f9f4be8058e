/** What the guide says of the node that it is asked at. */

export interface GuidePlace {
  /** Which port shows it. */
  readonly port: "s3" | "console";
  /** URL for S3 clients, without a slash at its end. */
  readonly endpoint: string;
  /** URL of the console and the admin API, without a slash at its end; null: the node has none. */
  readonly consoleUrl: string | null;
  /** As announced to clients. */
  readonly region: string;
  /** Of the product. */
  readonly version: string;
}
