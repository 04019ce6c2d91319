//! An S3 server in this process: HTTP on the loopback interface, with signatures checked.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::{S3Auth, SecretKey};
use s3s::host::{S3Host, VirtualHost};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Result, s3_error};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::objects::Objects;

/// The access key. A constant, so that a person can read the demo's recordings. The server listens
/// only on the loopback interface and holds nothing else.
pub const ACCESS_KEY: &str = "heimdall-demo";
/// The secret key that belongs to [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "heimdall-demo-secret";

/// The server also takes requests for `{bucket}.store.test`. A client that uses it as an HTTP proxy
/// needs no name server for that.
pub const DOMAIN: &str = "store.test";

/// A running server. Dropping the value stops it.
#[derive(Debug)]
pub struct S3Server {
    objects: Objects,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl S3Server {
    /// Starts an empty server on a free port.
    ///
    /// # Errors
    /// If no port is free.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.context("listening for S3 requests")?;
        let address = listener.local_addr()?;
        let objects = Objects::default();
        let server = tokio::spawn(accept(listener, service(objects.clone())));
        Ok(Self {
            objects,
            address,
            server,
        })
    }

    /// The buckets, for access without a request.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The value for `HEIMDALL_S3_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The S3 protocol for `objects`. Only requests signed with [`ACCESS_KEY`] and [`SECRET_KEY`] are
/// allowed.
#[must_use]
pub fn service(objects: Objects) -> S3Service {
    let mut builder = S3ServiceBuilder::new(objects);
    builder.set_auth(OneKey);
    builder.set_host(BucketInHost);
    builder.build()
}

/// Serves connections. Dropping the future closes them.
async fn accept(listener: TcpListener, service: S3Service) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // No file descriptor is free, or the client has disconnected: try the next one.
                let Ok((stream, _)) = accepted else { continue };
                let service = service.clone();
                connections.spawn(async move {
                    let _ = stream.set_nodelay(true);
                    // An error means that the client has disconnected.
                    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Finds the bucket in the name of the host if that ends with [`DOMAIN`], in the path otherwise.
struct BucketInHost;

impl S3Host for BucketInHost {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let name = host.split(':').next().unwrap_or_default();
        let bucket = name.strip_suffix(DOMAIN).and_then(|before| before.strip_suffix('.'));
        Ok(match bucket {
            Some(bucket) => VirtualHost::new(DOMAIN).with_bucket(bucket),
            None => VirtualHost::new(host),
        })
    }
}

/// Accepts one key. `s3s::auth::SimpleAuth` answers `NotSignedUp` to other keys, S3 answers
/// `InvalidAccessKeyId`.
struct OneKey;

#[async_trait::async_trait]
impl S3Auth for OneKey {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == ACCESS_KEY {
            Ok(SecretKey::from(SECRET_KEY))
        } else {
            Err(s3_error!(InvalidAccessKeyId))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::super::objects::Metadata;
    use super::*;
    use s3::creds::Credentials;
    use s3::{Bucket, Region};

    type TestResult = std::result::Result<(), Box<dyn Error>>;

    fn bucket(store: &S3Server, name: &str, secret: &str) -> std::result::Result<Box<Bucket>, Box<dyn Error>> {
        let region = Region::Custom {
            region: "us-east-1".into(),
            endpoint: store.endpoint(),
        };
        let credentials = Credentials::new(Some(ACCESS_KEY), Some(secret), None, None, None)?;
        Ok(Bucket::new(name, region, credentials)?.with_path_style())
    }

    /// Status and body of a GET.
    async fn get(bucket: &Bucket, key: &str) -> std::result::Result<(u16, String), Box<dyn Error>> {
        match bucket.get_object(key).await {
            Ok(response) => Ok((
                response.status_code(),
                String::from_utf8_lossy(response.as_slice()).into_owned(),
            )),
            Err(s3::error::S3Error::HttpFailWithBody(status, body)) => Ok((status, body)),
            Err(error) => Err(error.into()),
        }
    }

    #[tokio::test]
    async fn an_object_is_read_with_its_etag_and_metadata_whole_or_in_part() -> TestResult {
        let store = S3Server::start().await?;
        let key = "2026/11/22/a b+ü/145000000/x.bin";
        let metadata = [("sample-rate".to_owned(), "48000".to_owned())];
        store.objects().put("raw-iq", key, &b"0123456789"[..], metadata.into());
        let bucket = bucket(&store, "raw-iq", SECRET_KEY)?;

        let whole = bucket.get_object(key).await?;
        assert_eq!(whole.as_slice(), b"0123456789");
        let headers = whole.headers();
        assert_eq!(
            headers.get("etag").map(String::as_str),
            Some("\"781e5e245d69b566979b86e28d23f2c7\"")
        );
        assert_eq!(headers.get("x-amz-meta-sample-rate").map(String::as_str), Some("48000"));
        assert_eq!(headers.get("content-length").map(String::as_str), Some("10"));

        let part = bucket.get_object_range(key, 3, Some(5)).await?;
        assert_eq!((part.status_code(), part.as_slice()), (206, &b"345"[..]));
        assert_eq!(
            part.headers().get("content-range").map(String::as_str),
            Some("bytes 3-5/10")
        );

        let (head, status) = bucket.head_object(key).await?;
        assert_eq!((status, head.content_length), (200, Some(10)));
        Ok(())
    }

    #[tokio::test]
    async fn missing_objects_and_wrong_keys_get_the_errors_of_s3() -> TestResult {
        let store = S3Server::start().await?;
        store.objects().put("raw-iq", "key", &b"x"[..], Metadata::new());
        let refused = [
            (bucket(&store, "raw-iq", SECRET_KEY)?, "other", 404, "NoSuchKey"),
            (bucket(&store, "none", SECRET_KEY)?, "key", 404, "NoSuchBucket"),
            (bucket(&store, "raw-iq", "wrong")?, "key", 403, "SignatureDoesNotMatch"),
        ];
        for (bucket, key, expected_status, expected_code) in refused {
            let (status, body) = get(&bucket, key).await?;
            assert_eq!(status, expected_status, "{body}");
            assert!(body.contains(&format!("<Code>{expected_code}</Code>")), "{body}");
        }
        let mut stranger = bucket(&store, "raw-iq", SECRET_KEY)?;
        stranger.set_credentials(Credentials::new(Some("nobody"), Some(SECRET_KEY), None, None, None)?);
        assert_eq!(get(&stranger, "key").await?.0, 403);
        assert_eq!(
            get(&*bucket(&store, "raw-iq", SECRET_KEY)?, "key").await?,
            (200, "x".into())
        );
        Ok(())
    }

    #[tokio::test]
    async fn an_object_can_be_uploaded_or_read_from_a_file_and_removed() -> TestResult {
        let store = S3Server::start().await?;
        store.objects().create_bucket("raw-iq");
        let bucket = bucket(&store, "raw-iq", SECRET_KEY)?;
        bucket.put_object("by-request", b"sent").await?;
        assert_eq!(get(&bucket, "by-request").await?, (200, "sent".into()));

        let path = std::env::temp_dir().join(format!("heimdall-store-{}", std::process::id()));
        let content = vec![b'z'; 1_000_000];
        std::fs::write(&path, &content)?;
        store
            .objects()
            .put_file("raw-iq", "from-file", path.clone(), Metadata::new())?;
        let whole = bucket.get_object("from-file").await;
        let part = bucket.get_object_range("from-file", 999_990, None).await;
        std::fs::remove_file(&path)?;
        assert_eq!(whole?.as_slice(), content);
        assert_eq!(part?.as_slice(), b"zzzzzzzzzz");

        assert!(store.objects().remove("raw-iq", "by-request"));
        assert_eq!(get(&bucket, "by-request").await?.0, 404);
        Ok(())
    }
}
