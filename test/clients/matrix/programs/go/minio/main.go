// minio-go: files, streams of unknown length, copies, listings, presigned requests.
package main

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"troupe.example/matrix/plan"
)

func connect(secret string) *minio.Client {
	endpoint, err := url.Parse(os.Getenv("TROUPE_ENDPOINT"))
	plan.Check(err)
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(os.Getenv("AWS_ACCESS_KEY_ID"), secret, ""),
		Secure: endpoint.Scheme == "https",
	})
	plan.Check(err)
	return client
}

func main() {
	ctx := context.Background()
	bucket := os.Getenv("TROUPE_BUCKET")
	files := plan.Files()
	client := connect(os.Getenv("AWS_SECRET_ACCESS_KEY"))
	target := filepath.Join(os.Getenv("TROUPE_SCRATCH"), "got")
	for _, file := range files {
		key := "kept/" + file.Key
		_, err := client.PutObject(ctx, bucket, key, bytes.NewReader(file.Content()), -1, minio.PutObjectOptions{PartSize: 5 << 20})
		plan.Check(err)
		object, err := client.GetObject(ctx, bucket, key, minio.GetObjectOptions{})
		plan.Check(err)
		data, err := io.ReadAll(object)
		plan.Check(err)
		plan.Expect(plan.Hash(data) == file.Sha256, file.Key)
		_, err = client.FPutObject(ctx, bucket, key, file.Path, minio.PutObjectOptions{UserMetadata: map[string]string{"note": "x"}})
		plan.Check(err)
		plan.Check(client.FGetObject(ctx, bucket, key, target, minio.GetObjectOptions{}))
		data, err = os.ReadFile(target)
		plan.Check(err)
		plan.Expect(plan.Hash(data) == file.Sha256, file.Key)
		_, err = client.CopyObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: "copied"}, minio.CopySrcOptions{Bucket: bucket, Object: key})
		plan.Check(err)
	}
	plan.Did("FPutObject, FGetObject, streams of unknown length, CopyObject of " + strconv.Itoa(len(files)) + " sizes and names")
	large := files[len(files)-1]
	_, err := client.ComposeObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: "composed"},
		minio.CopySrcOptions{Bucket: bucket, Object: "kept/" + large.Key}, minio.CopySrcOptions{Bucket: bucket, Object: "kept/" + large.Key})
	plan.Check(err)
	stat, err := client.StatObject(ctx, bucket, "composed", minio.StatObjectOptions{})
	plan.Check(err)
	plan.Expect(stat.Size == 2*large.Bytes, "ComposeObject")
	plan.Did("ComposeObject")
	for _, file := range files[:3] {
		put, err := client.PresignedPutObject(ctx, bucket, "signed/"+file.Key, time.Hour)
		plan.Check(err)
		status, _ := plan.Fetch("PUT", put.String(), file.Content())
		plan.Expect(status == 200, "presigned PUT")
		get, err := client.PresignedGetObject(ctx, bucket, "signed/"+file.Key, time.Hour, nil)
		plan.Check(err)
		status, body := plan.Fetch("GET", get.String(), nil)
		plan.Expect(status == 200 && plan.Hash(body) == file.Sha256, "presigned GET")
	}
	plan.Did("presigned PUT, GET")
	keys := 0
	for entry := range client.ListObjects(ctx, os.Getenv("TROUPE_MANY_BUCKET"), minio.ListObjectsOptions{Recursive: true}) {
		plan.Check(entry.Err)
		keys++
	}
	plan.Expect(strconv.Itoa(keys) == os.Getenv("TROUPE_MANY_KEYS"), "list")
	plan.Did("list " + strconv.Itoa(keys) + " keys")
	_, err = client.StatObject(ctx, bucket, "nothing", minio.StatObjectOptions{})
	plan.Expect(minio.ToErrorResponse(err).Code == "NoSuchKey", "NoSuchKey")
	_, err = connect(os.Getenv("TROUPE_WRONG_SECRET")).ListBuckets(ctx)
	plan.Expect(minio.ToErrorResponse(err).Code == "SignatureDoesNotMatch", "wrong secret")
	plan.Did("NoSuchKey, wrong secret")
	objects := make(chan minio.ObjectInfo, 2)
	objects <- minio.ObjectInfo{Key: "copied"}
	objects <- minio.ObjectInfo{Key: "composed"}
	close(objects)
	for fault := range client.RemoveObjects(ctx, bucket, objects, minio.RemoveObjectsOptions{}) {
		plan.Check(fault.Err)
	}
	plan.Did("RemoveObjects")
}
