// The AWS SDK for Go v2 with its defaults: objects, the transfer manager, paginators, presigned requests, refusals.
package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"troupe.example/matrix/plan"
)

var ctx = context.Background()
var bucket = aws.String(os.Getenv("TROUPE_BUCKET"))

func connect(secret string) *s3.Client {
	settings, err := config.LoadDefaultConfig(ctx, config.WithCredentialsProvider(
		credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), secret, "")))
	plan.Check(err)
	return s3.NewFromConfig(settings, func(o *s3.Options) { o.BaseEndpoint = aws.String(os.Getenv("TROUPE_ENDPOINT")); o.UsePathStyle = true })
}

func read(client *s3.Client, key string) []byte {
	answer, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key})
	plan.Check(err)
	data, err := io.ReadAll(answer.Body)
	plan.Check(err)
	return data
}

func refused(code string, err error) {
	var fault smithy.APIError
	plan.Expect(errors.As(err, &fault) && fault.ErrorCode() == code, code+" expected")
}

func main() {
	files := plan.Files()
	client := connect(os.Getenv("AWS_SECRET_ACCESS_KEY"))
	presigner := s3.NewPresignClient(client)
	uploader := manager.NewUploader(client)
	downloader := manager.NewDownloader(client)
	for _, file := range files {
		key := aws.String("kept/" + file.Key)
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: bytes.NewReader(file.Content()), Metadata: map[string]string{"note": "from go"}})
		plan.Check(err)
		plan.Expect(plan.Hash(read(client, *key)) == file.Sha256, file.Key)
		opened, err := os.Open(file.Path)
		plan.Check(err)
		_, err = uploader.Upload(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: opened})
		plan.Check(err)
		opened.Close()
		sink := manager.NewWriteAtBuffer(nil)
		_, err = downloader.Download(ctx, sink, &s3.GetObjectInput{Bucket: bucket, Key: key})
		plan.Check(err)
		plan.Expect(plan.Hash(sink.Bytes()) == file.Sha256, file.Key)
		source := url.QueryEscape(*bucket + "/kept/" + file.Key)
		_, err = client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copied"), CopySource: &source})
		plan.Check(err)
	}
	plan.Did("PutObject, GetObject, CopyObject, transfer manager of " + strconv.Itoa(len(files)) + " sizes and names")
	for _, file := range files[:3] {
		put, err := presigner.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("signed/" + file.Key)})
		plan.Check(err)
		status, _ := plan.Fetch("PUT", put.URL, file.Content())
		plan.Expect(status == 200, "presigned PUT")
		get, err := presigner.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("signed/" + file.Key)})
		plan.Check(err)
		status, body := plan.Fetch("GET", get.URL, nil)
		plan.Expect(status == 200 && plan.Hash(body) == file.Sha256, "presigned GET")
	}
	plan.Did("presigned PUT, GET")
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String(os.Getenv("TROUPE_MANY_BUCKET"))})
	keys := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		plan.Check(err)
		keys += len(page.Contents)
	}
	plan.Expect(strconv.Itoa(keys) == os.Getenv("TROUPE_MANY_KEYS"), "paginator")
	plan.Did("paginator over " + strconv.Itoa(keys) + " keys")
	for _, algorithm := range types.ChecksumAlgorithm("").Values() {
		if strings.HasPrefix(string(algorithm), "XX") || algorithm == "SHA512" || algorithm == "MD5" {
			continue
		}
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("checked"), Body: strings.NewReader("x"), ChecksumAlgorithm: algorithm})
		plan.Check(err)
		answer, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("checked"), ChecksumMode: types.ChecksumModeEnabled})
		plan.Check(err)
		_, err = io.ReadAll(answer.Body)
		plan.Check(err)
	}
	plan.Did("checksums")
	_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("nothing")})
	refused("NoSuchKey", err)
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("checked"), Body: strings.NewReader("x"), IfNoneMatch: aws.String("*")})
	refused("PreconditionFailed", err)
	_, err = connect(os.Getenv("TROUPE_WRONG_SECRET")).ListBuckets(ctx, nil)
	refused("SignatureDoesNotMatch", err)
	plan.Did("NoSuchKey, If-None-Match, wrong secret")
	deleted, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("checked")}, {Key: aws.String("copied")}}}})
	plan.Check(err)
	plan.Expect(len(deleted.Deleted) == 2, "DeleteObjects")
	plan.Did("DeleteObjects")
}
