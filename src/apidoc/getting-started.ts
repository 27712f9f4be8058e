/** The guide's first part: every SDK and tool with the settings that this node wants. The clients are those of docs/CLIENTS.md. */

import { signedCurl, unsignedDigest } from "./curl.ts";
import { type Html, html, sample } from "./html.ts";
import type { GuidePlace } from "./place.ts";

interface Client {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly lines: (place: GuidePlace) => readonly string[];
}

const isSecure = ({ endpoint }: GuidePlace): boolean => endpoint.startsWith("https://");
const hostOf = ({ endpoint }: GuidePlace): string => endpoint.replace(/^https?:\/\//, "");

const commandLines: readonly Client[] = [
  {
    id: "curl",
    name: "curl",
    note: "7.88 or newer signs by itself. This lists the buckets, makes one, and writes and reads an object.",
    lines: (place) => {
      const curl = (...more: readonly string[]): string => signedCurl(place, unsignedDigest, more);
      const bucket = `${place.endpoint}/my-first-bucket`;
      return [
        curl(`"${place.endpoint}/"`),
        curl(`--request PUT "${bucket}"`),
        `echo hello | ${curl("--request PUT --data-binary @-", `"${bucket}/hello.txt"`)}`,
        curl(`"${bucket}/hello.txt"`),
      ];
    },
  },
  {
    id: "aws-cli",
    name: "AWS CLI",
    note: "Versions 1 and 2. IAM and STS answer at the same endpoint.",
    lines: () => [
      "aws s3 mb s3://photos",
      "aws s3 cp cat.jpg s3://photos/",
      "aws s3 ls s3://photos/",
      "aws s3 presign s3://photos/cat.jpg --expires-in 3600",
      "aws iam list-users",
      "aws sts get-caller-identity",
    ],
  },
  {
    id: "mc",
    name: "mc (MinIO client)",
    note: "",
    lines: ({ endpoint }) => [
      `mc alias set troupe ${endpoint} "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"`,
      "mc mb troupe/photos",
      "mc cp cat.jpg troupe/photos/",
      "mc ls troupe/photos",
    ],
  },
  {
    id: "rclone",
    name: "rclone",
    note: "",
    lines: ({ endpoint, region }) => [
      `rclone config create troupe s3 provider=Other env_auth=true endpoint=${endpoint} region=${region} force_path_style=true`,
      "rclone mkdir troupe:photos",
      "rclone copy ./pictures troupe:photos",
      "rclone ls troupe:photos",
    ],
  },
  {
    id: "s3cmd",
    name: "s3cmd",
    note: "The same host for --host-bucket makes it use path-style addresses.",
    lines: (place) => {
      const secure = isSecure(place) ? "--ssl" : "--no-ssl";
      const s3cmd = `s3cmd ${secure} --host=${hostOf(place)} --host-bucket=${hostOf(place)} --region=${place.region}`;
      return [`${s3cmd} mb s3://photos`, `${s3cmd} put cat.jpg s3://photos/`, `${s3cmd} ls s3://photos`];
    },
  },
  {
    id: "s5cmd",
    name: "s5cmd",
    note: "",
    lines: ({ endpoint }) => [
      `s5cmd --endpoint-url ${endpoint} mb s3://photos`,
      `s5cmd --endpoint-url ${endpoint} cp 'pictures/*' s3://photos/`,
      `s5cmd --endpoint-url ${endpoint} ls s3://photos/`,
    ],
  },
  {
    id: "restic",
    name: "restic",
    note: "A repository in a bucket of its own, made by init.",
    lines: ({ endpoint }) => [
      `export RESTIC_REPOSITORY=s3:${endpoint}/backups`,
      "restic init",
      "restic backup ~/documents",
      "restic snapshots",
    ],
  },
];

const libraries: readonly Client[] = [
  {
    id: "boto3",
    name: "Python (boto3)",
    note: "pip install boto3. Keys come from the environment.",
    lines: ({ endpoint, region }) => [
      "import boto3",
      "",
      `s3 = boto3.client("s3", endpoint_url="${endpoint}", region_name="${region}")`,
      's3.create_bucket(Bucket="photos")',
      's3.upload_file("cat.jpg", "photos", "cat.jpg")',
      'for item in s3.list_objects_v2(Bucket="photos").get("Contents", []):',
      '    print(item["Key"], item["Size"])',
    ],
  },
  {
    id: "javascript",
    name: "JavaScript (AWS SDK v3)",
    note: "npm install @aws-sdk/client-s3. In browsers the bucket's CORS rules decide.",
    lines: ({ endpoint, region }) => [
      'import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";',
      "",
      `const s3 = new S3Client({ endpoint: "${endpoint}", region: "${region}", forcePathStyle: true });`,
      'await s3.send(new PutObjectCommand({ Bucket: "photos", Key: "cat.txt", Body: "meow" }));',
    ],
  },
  {
    id: "go",
    name: "Go (AWS SDK v2)",
    note: "go get github.com/aws/aws-sdk-go-v2/config github.com/aws/aws-sdk-go-v2/service/s3",
    lines: ({ endpoint, region }) => [
      `cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion("${region}"))`,
      "if err != nil {",
      "\tlog.Fatal(err)",
      "}",
      "client := s3.NewFromConfig(cfg, func(o *s3.Options) {",
      `\to.BaseEndpoint = aws.String("${endpoint}")`,
      "\to.UsePathStyle = true",
      "})",
      "_, err = client.PutObject(ctx, &s3.PutObjectInput{",
      '\tBucket: aws.String("photos"), Key: aws.String("cat.txt"), Body: strings.NewReader("meow"),',
      "})",
    ],
  },
  {
    id: "java",
    name: "Java (AWS SDK 2)",
    note: "software.amazon.awssdk:s3",
    lines: ({ endpoint, region }) => [
      "S3Client s3 = S3Client.builder()",
      `    .endpointOverride(URI.create("${endpoint}"))`,
      `    .region(Region.of("${region}"))`,
      "    .forcePathStyle(true)",
      "    .build();",
      's3.putObject(request -> request.bucket("photos").key("cat.txt"), RequestBody.fromString("meow"));',
    ],
  },
  {
    id: "terraform",
    name: "Terraform",
    note: "The AWS provider, for buckets and for identities.",
    lines: ({ endpoint, region }) => [
      'provider "aws" {',
      `  region                      = "${region}"`,
      "  s3_use_path_style           = true",
      "  skip_metadata_api_check     = true",
      "  skip_region_validation      = true",
      "  skip_requesting_account_id  = true",
      "  endpoints {",
      `    s3  = "${endpoint}"`,
      `    iam = "${endpoint}"`,
      `    sts = "${endpoint}"`,
      "  }",
      "}",
    ],
  },
];

const environment = ({ endpoint, region }: GuidePlace): string =>
  [
    "export AWS_ACCESS_KEY_ID=YOUR_ACCESS_KEY",
    "export AWS_SECRET_ACCESS_KEY=YOUR_SECRET_KEY",
    `export AWS_REGION=${region}`,
    `export AWS_ENDPOINT_URL=${endpoint}`,
  ].join("\n");

export function gettingStarted(place: GuidePlace): Html {
  const of = ({ id, name, note, lines }: Client): Html => html`<section aria-labelledby="${id}">
<h3 id="${id}">${name}</h3>
${note === "" ? [] : [html`<p>${note}</p>\n`]}${sample(`sample-${id}`, lines(place).join("\n"))}</section>
`;
  return html`<section aria-labelledby="start">
<h2 id="start">Getting started</h2>
<p>Any S3 client works. It needs four things: the endpoint <code>${place.endpoint}</code>, a region (requests signed for any
are accepted; this node announces <code>${place.region}</code>), and the two halves of an access key. Buckets are addressed by
path, as below, or by host name where the installation has a domain with DNS for it.</p>
<p>AWS's own tools and SDKs read these variables, and the examples below use them:</p>
${sample("sample-environment", environment(place))}
${commandLines.map(of)}
${libraries.map(of)}
</section>
`;
}
