/** Queries over an object's content (`?select`). */

import { body, header, label, payload } from "../model/member.ts";
import { boolean, eventStream, long, stream, string, structure } from "../model/shape.ts";
import { ExpressionType } from "../s3/enumerations.ts";
import { customerKeyHeaders } from "../s3/member-groups.ts";
import { InputSerialization, OutputSerialization } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const RequestProgress = structure("RequestProgress", {
  Enabled: body(boolean),
});

const ScanRange = structure("ScanRange", {
  Start: body(long),
  End: body(long),
});

const RecordsEvent = structure("RecordsEvent", {
  Payload: body(stream, { eventPayload: true }),
});

const Stats = structure("Stats", {
  BytesScanned: body(long),
  BytesProcessed: body(long),
  BytesReturned: body(long),
});

const StatsEvent = structure("StatsEvent", {
  Details: body(Stats, { eventPayload: true }),
});

const Progress = structure("Progress", {
  BytesScanned: body(long),
  BytesProcessed: body(long),
  BytesReturned: body(long),
});

const ProgressEvent = structure("ProgressEvent", {
  Details: body(Progress, { eventPayload: true }),
});

const ContinuationEvent = structure("ContinuationEvent", {});

const EndEvent = structure("EndEvent", {});

const SelectObjectContentEventStream = eventStream("SelectObjectContentEventStream", {
  Records: body(RecordsEvent),
  Stats: body(StatsEvent),
  Progress: body(ProgressEvent),
  Cont: body(ContinuationEvent),
  End: body(EndEvent),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html */
export const SelectObjectContent = declareOperation({
  name: "SelectObjectContent",
  http: { method: "POST", uri: "/{Bucket}/{Key+}?select&select-type=2", status: 200 },
  action: "s3:GetObject",
  input: structure("SelectObjectContentRequest", {
    Bucket: label(string),
    Key: label(string),
    Expression: body(string, { required: true }),
    ExpressionType: body(ExpressionType, { required: true }),
    InputSerialization: body(InputSerialization, { required: true }),
    OutputSerialization: body(OutputSerialization, { required: true }),
    ...customerKeyHeaders,
    RequestProgress: body(RequestProgress),
    ScanRange: body(ScanRange),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("SelectObjectContentOutput", {
    Payload: payload(SelectObjectContentEventStream),
  }),
  errors: ["NoSuchBucket"],
});
