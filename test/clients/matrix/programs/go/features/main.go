// The AWS SDK for Go v2 beyond objects' bytes: access, tags, locks, lifecycle, encryption.
package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"troupe.example/matrix/plan"
)

var ctx = context.Background()
var bucket = aws.String(os.Getenv("TROUPE_BUCKET"))
var endpoint = os.Getenv("TROUPE_ENDPOINT")
var client *s3.Client

func refused(code string, err error) {
	var fault smithy.APIError
	plan.Expect(errors.As(err, &fault) && fault.ErrorCode() == code, code+" expected")
}

func done[Output any](output Output, err error) Output {
	plan.Check(err)
	return output
}

func everybodyGets(key string, status int) {
	found, _ := plan.Fetch("GET", endpoint+"/"+*bucket+"/"+key, nil)
	plan.Expect(found == status, "everybody's GET of "+key)
}

func access() {
	done(client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("page"), Body: strings.NewReader("page"), ACL: types.ObjectCannedACLPublicRead}))
	everybodyGets("page", 200)
	done(client.PutObjectAcl(ctx, &s3.PutObjectAclInput{Bucket: bucket, Key: aws.String("page"), ACL: types.ObjectCannedACLPrivate}))
	everybodyGets("page", 403)
	_, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket})
	refused("NoSuchBucketPolicy", err)
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + *bucket + `/*"}]}`
	done(client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: &policy}))
	status := done(client.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: bucket}))
	plan.Expect(*status.PolicyStatus.IsPublic, "public")
	everybodyGets("page", 200)
	block := types.PublicAccessBlockConfiguration{RestrictPublicBuckets: aws.Bool(true)}
	done(client.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: bucket, PublicAccessBlockConfiguration: &block}))
	everybodyGets("page", 403)
	done(client.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: bucket}))
	done(client.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: bucket}))
	plan.Did("canned ACLs, bucket policy, its status, public access block")
	controls := types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}}}
	done(client.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: bucket, OwnershipControls: &controls}))
	_, err = client.PutObjectAcl(ctx, &s3.PutObjectAclInput{Bucket: bucket, Key: aws.String("page"), ACL: types.ObjectCannedACLPublicRead})
	refused("AccessControlListNotSupported", err)
	plan.Did("ownership controls")
}

func documents() {
	tags := types.Tagging{TagSet: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue green")}}}
	done(client.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: bucket, Tagging: &tags}))
	plan.Expect(*done(client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: bucket})).TagSet[0].Value == "blue green", "bucket tags")
	done(client.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: bucket, Key: aws.String("page"), Tagging: &tags}))
	plan.Expect(len(done(client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: bucket, Key: aws.String("page")})).TagSet) == 1, "object tags")
	plan.Did("tagging of buckets and objects")
	rule := types.LifecycleRule{ID: aws.String("old"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("logs/")}, Expiration: &types.LifecycleExpiration{Days: aws.Int32(3)}}
	done(client.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{rule}}}))
	rules := done(client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})).Rules
	plan.Expect(*rules[0].Expiration.Days == 3 && *rules[0].Filter.Prefix == "logs/", "lifecycle")
	cors := types.CORSConfiguration{CORSRules: []types.CORSRule{{AllowedOrigins: []string{"https://app.example.com"}, AllowedMethods: []string{"GET"}}}}
	done(client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: bucket, CORSConfiguration: &cors}))
	plan.Expect(done(client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: bucket})).CORSRules[0].AllowedMethods[0] == "GET", "CORS")
	plan.Did("lifecycle, CORS configurations")
	versioning := types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}
	done(client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &versioning}))
	done(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("page")}))
	versions := done(client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket}))
	plan.Expect(len(versions.Versions) == 1 && len(versions.DeleteMarkers) == 1, "versions")
	_, err := client.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: bucket})
	refused("ReplicationConfigurationNotFoundError", err)
	plan.Did("versioning, no replication")
}

func locks() {
	locked, held := aws.String(*bucket+"-locked"), aws.String("held")
	done(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: locked, ObjectLockEnabledForBucket: aws.Bool(true)}))
	until := time.Now().Add(24 * time.Hour).Truncate(time.Second)
	put := done(client.PutObject(ctx, &s3.PutObjectInput{Bucket: locked, Key: held, Body: strings.NewReader("x"), ObjectLockMode: types.ObjectLockModeGovernance, ObjectLockRetainUntilDate: &until, ObjectLockLegalHoldStatus: types.ObjectLockLegalHoldStatusOn}))
	kept := done(client.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: locked, Key: held}))
	plan.Expect(kept.Retention.RetainUntilDate.Equal(until), "retention")
	bypass := s3.DeleteObjectInput{Bucket: locked, Key: held, VersionId: put.VersionId, BypassGovernanceRetention: aws.Bool(true)}
	_, err := client.DeleteObject(ctx, &bypass)
	refused("AccessDenied", err)
	off := types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOff}
	done(client.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{Bucket: locked, Key: held, LegalHold: &off}))
	_, err = client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: locked, Key: held, VersionId: put.VersionId})
	refused("AccessDenied", err)
	done(client.DeleteObject(ctx, &bypass))
	plan.Did("object lock: retention, legal hold, refused deletes, bypass")
}

func encryption(large plan.File) {
	uploader := manager.NewUploader(client)
	kms := aws.String("kms")
	done(uploader.Upload(ctx, &s3.PutObjectInput{Bucket: bucket, Key: kms, Body: bytes.NewReader(large.Content()), ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String("second")}))
	got := done(client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: kms}))
	plan.Expect(plan.Hash(done(io.ReadAll(got.Body))) == large.Sha256 && got.ServerSideEncryption == types.ServerSideEncryptionAwsKms, "SSE-KMS")
	plan.Did("SSE-KMS by parts")
	if os.Getenv("TROUPE_CA") == "" {
		return
	}
	secret := bytes.Repeat([]byte("k"), 32)
	sum := md5.Sum(secret)
	algorithm, key, digest := aws.String("AES256"), aws.String(base64.StdEncoding.EncodeToString(secret)), aws.String(base64.StdEncoding.EncodeToString(sum[:]))
	own := aws.String("own")
	done(uploader.Upload(ctx, &s3.PutObjectInput{Bucket: bucket, Key: own, Body: bytes.NewReader(large.Content()), SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: digest}))
	_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: own})
	refused("InvalidRequest", err)
	source := aws.String(*bucket + "/own")
	done(client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("clear"), CopySource: source, CopySourceSSECustomerAlgorithm: algorithm, CopySourceSSECustomerKey: key, CopySourceSSECustomerKeyMD5: digest}))
	clear := done(client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("clear")}))
	plan.Expect(plan.Hash(done(io.ReadAll(clear.Body))) == large.Sha256, "a copy in the clear")
	plan.Did("SSE-C by parts and through a copy")
}

func main() {
	files := plan.Files()
	settings := done(config.LoadDefaultConfig(ctx))
	client = s3.NewFromConfig(settings, func(o *s3.Options) { o.BaseEndpoint = &endpoint; o.UsePathStyle = true })
	access()
	documents()
	locks()
	encryption(files[len(files)-1])
}
