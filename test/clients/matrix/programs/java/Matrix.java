import java.io.ByteArrayInputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

/** The AWS SDK for Java v2 with its defaults: objects, streams, the transfer manager, paginators, presigned requests. */
public class Matrix {
  record Planned(String key, String path, String sha256) {}

  static final String bucket = System.getenv("TROUPE_BUCKET");
  static final URI endpoint = URI.create(System.getenv("TROUPE_ENDPOINT"));

  static StaticCredentialsProvider keys(String secret) {
    return StaticCredentialsProvider.create(AwsBasicCredentials.create(System.getenv("AWS_ACCESS_KEY_ID"), secret));
  }

  static S3Client connect(String secret) {
    return S3Client.builder().endpointOverride(endpoint).region(Region.US_EAST_1).forcePathStyle(true).credentialsProvider(keys(secret)).build();
  }

  static void expect(boolean holds, String claim) {
    if (!holds) throw new IllegalStateException(claim);
  }

  static void did(String what) {
    System.out.println("did: " + what);
  }

  static String hash(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  /** The plan is JSON of a known shape: no parser is needed for it. */
  static List<Planned> files() throws Exception {
    Pattern row = Pattern.compile("\\{\"key\":\"(.*?)\",\"path\":\"(.*?)\",\"bytes\":\\d+,\"sha256\":\"(.*?)\"\\}");
    Matcher rows = row.matcher(Files.readString(Path.of(System.getenv("TROUPE_PLAN"))));
    List<Planned> planned = new ArrayList<>();
    while (rows.find()) planned.add(new Planned(rows.group(1), rows.group(2), rows.group(3)));
    return planned;
  }

  static int fetch(String url, String method, byte[] body) throws Exception {
    HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
    connection.setRequestMethod(method);
    if (body != null) {
      connection.setDoOutput(true);
      connection.setFixedLengthStreamingMode(body.length);
      connection.getOutputStream().write(body);
    }
    return connection.getResponseCode();
  }

  public static void main(String[] words) throws Exception {
    String secret = System.getenv("AWS_SECRET_ACCESS_KEY");
    S3Client s3 = connect(secret);
    S3AsyncClient parallel = S3AsyncClient.builder().endpointOverride(endpoint).region(Region.US_EAST_1).forcePathStyle(true)
        .credentialsProvider(keys(secret)).multipartEnabled(true).build();
    S3TransferManager transfers = S3TransferManager.builder().s3Client(parallel).build();
    Path got = Path.of(System.getenv("TROUPE_SCRATCH"), "got");
    List<Planned> files = files();
    expect(files.size() == 7, "the plan has 7 files");
    for (Planned file : files) {
      String key = "kept/" + file.key();
      byte[] content = Files.readAllBytes(Path.of(file.path()));
      s3.putObject(r -> r.bucket(bucket).key(key).metadata(Map.of("note", "from java")), RequestBody.fromBytes(content));
      expect(hash(s3.getObjectAsBytes(r -> r.bucket(bucket).key(key)).asByteArray()).equals(file.sha256()), key);
      s3.putObject(r -> r.bucket(bucket).key("stream"), RequestBody.fromInputStream(new ByteArrayInputStream(content), content.length));
      parallel.putObject(r -> r.bucket(bucket).key("async"), AsyncRequestBody.fromBytes(content)).join();
      transfers.uploadFile(r -> r.source(Path.of(file.path())).putObjectRequest(p -> p.bucket(bucket).key(key))).completionFuture().join();
      transfers.downloadFile(r -> r.destination(got).getObjectRequest(g -> g.bucket(bucket).key(key))).completionFuture().join();
      expect(hash(Files.readAllBytes(got)).equals(file.sha256()), key);
      s3.copyObject(r -> r.sourceBucket(bucket).sourceKey(key).destinationBucket(bucket).destinationKey("copied"));
      expect(s3.headObject(r -> r.bucket(bucket).key("copied")).contentLength() == content.length, "copy");
    }
    did("putObject, getObject, streams, async, copyObject, transfer manager of " + files.size() + " sizes and names");
    try (S3Presigner presigner = S3Presigner.builder().endpointOverride(endpoint).region(Region.US_EAST_1).credentialsProvider(keys(secret))
        .serviceConfiguration(S3Configuration.builder().pathStyleAccessEnabled(true).build()).build()) {
      for (Planned file : files.subList(0, 3)) {
        byte[] content = Files.readAllBytes(Path.of(file.path()));
        String put = presigner.presignPutObject(r -> r.signatureDuration(Duration.ofMinutes(5)).putObjectRequest(p -> p.bucket(bucket).key("signed/" + file.key()))).url().toString();
        expect(fetch(put, "PUT", content) == 200, "presigned PUT");
        String get = presigner.presignGetObject(r -> r.signatureDuration(Duration.ofMinutes(5)).getObjectRequest(p -> p.bucket(bucket).key("signed/" + file.key()))).url().toString();
        expect(fetch(get, "GET", null) == 200, "presigned GET");
      }
    }
    did("presigned PUT, GET");
    long count = s3.listObjectsV2Paginator(r -> r.bucket(System.getenv("TROUPE_MANY_BUCKET"))).contents().stream().count();
    expect(String.valueOf(count).equals(System.getenv("TROUPE_MANY_KEYS")), "paginator");
    did("paginator over " + count + " keys");
    try {
      s3.getObjectAsBytes(r -> r.bucket(bucket).key("nothing"));
      throw new IllegalStateException("NoSuchKey expected");
    } catch (NoSuchKeyException expected) {
      did("NoSuchKey");
    }
    try {
      connect(System.getenv("TROUPE_WRONG_SECRET")).listBuckets();
      throw new IllegalStateException("a wrong secret was taken");
    } catch (S3Exception error) {
      expect(error.awsErrorDetails().errorCode().equals("SignatureDoesNotMatch"), "SignatureDoesNotMatch");
      did("wrong secret");
    }
    s3.deleteObjects(r -> r.bucket(bucket).delete(d -> d.objects(ObjectIdentifier.builder().key("copied").build(), ObjectIdentifier.builder().key("stream").build())));
    did("deleteObjects");
    transfers.close();
    parallel.close();
  }
}
