//! The AWS SDK for Rust with its defaults: buffers, streams of files, parts by hand, paginators, refusals.

use aws_sdk_s3::config::{Credentials, Region};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use aws_sdk_s3::Client;
use sha2::{Digest, Sha256};
use std::env::var;
use std::time::Duration;

fn name(key: &str) -> String {
    var(key).expect(key)
}

async fn connect(secret: &str) -> Client {
    let shared = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(name("TROUPE_ENDPOINT"))
        .credentials_provider(Credentials::new(name("AWS_ACCESS_KEY_ID"), secret, None, None, "matrix"))
        .load()
        .await;
    Client::from_conf(aws_sdk_s3::config::Builder::from(&shared).force_path_style(true).build())
}

#[tokio::main]
async fn main() {
    let bucket = name("TROUPE_BUCKET");
    let plan: serde_json::Value = serde_json::from_slice(&std::fs::read(name("TROUPE_PLAN")).unwrap()).unwrap();
    let files = plan["files"].as_array().unwrap();
    let s3 = connect(&name("AWS_SECRET_ACCESS_KEY")).await;
    for file in files {
        let key = format!("kept/{}", file["key"].as_str().unwrap());
        let path = file["path"].as_str().unwrap();
        let content = std::fs::read(path).unwrap();
        s3.put_object().bucket(&bucket).key("buffer").metadata("note", "from rust").body(ByteStream::from(content.clone())).send().await.unwrap();
        s3.put_object().bucket(&bucket).key(&key).body(ByteStream::from_path(path).await.unwrap()).send().await.unwrap();
        for stored in ["buffer", key.as_str()] {
            let got = s3.get_object().bucket(&bucket).key(stored).send().await.unwrap().body.collect().await.unwrap().into_bytes();
            assert_eq!(hex::encode(Sha256::digest(&got)), file["sha256"].as_str().unwrap(), "{key}");
        }
    }
    println!("did: put_object, get_object of buffers and file streams, {} sizes and names", files.len());
    let large = files.last().unwrap();
    let key = format!("kept/{}", large["key"].as_str().unwrap());
    let content = std::fs::read(large["path"].as_str().unwrap()).unwrap();
    let upload = s3.create_multipart_upload().bucket(&bucket).key(&key).send().await.unwrap();
    let id = upload.upload_id().unwrap();
    let mut parts = CompletedMultipartUpload::builder();
    for (index, piece) in content.chunks(5 << 20).enumerate() {
        let number = index as i32 + 1;
        let part = s3.upload_part().bucket(&bucket).key(&key).upload_id(id).part_number(number).body(ByteStream::from(piece.to_vec())).send().await.unwrap();
        parts = parts.parts(CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).set_checksum_crc32(part.checksum_crc32).build());
    }
    s3.complete_multipart_upload().bucket(&bucket).key(&key).upload_id(id).multipart_upload(parts.build()).send().await.unwrap();
    println!("did: multipart by hand");
    let mut pages = s3.list_objects_v2().bucket(name("TROUPE_MANY_BUCKET")).into_paginator().send();
    let mut keys = 0;
    while let Some(page) = pages.next().await {
        keys += page.unwrap().contents().len();
    }
    assert_eq!(keys.to_string(), name("TROUPE_MANY_KEYS"));
    println!("did: paginator over {keys} keys");
    let presigned = s3.get_object().bucket(&bucket).key(&key).presigned(PresigningConfig::expires_in(Duration::from_secs(300)).unwrap()).await.unwrap();
    assert!(presigned.uri().contains("X-Amz-Signature="));
    println!("presigned: {}", presigned.uri());
    let missing = s3.get_object().bucket(&bucket).key("nothing").send().await.unwrap_err();
    assert_eq!(missing.code(), Some("NoSuchKey"));
    let refused = connect(&name("TROUPE_WRONG_SECRET")).await.list_buckets().send().await.unwrap_err();
    assert_eq!(refused.code(), Some("SignatureDoesNotMatch"));
    println!("did: NoSuchKey, wrong secret");
    s3.copy_object().bucket(&bucket).key("copied").copy_source(format!("{bucket}/buffer")).send().await.unwrap();
    s3.delete_object().bucket(&bucket).key("copied").send().await.unwrap();
    println!("did: copy_object, delete_object");
}
