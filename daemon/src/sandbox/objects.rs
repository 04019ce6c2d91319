//! Buckets and objects, with the S3 requests that read an object, and PUT.
//!
//! Objects are in memory, so nothing remains on disk however the demo ends. An object can also be a
//! file of the user: it is read where it is. Any key is allowed, even the prefix of another key.
//! `s3s-fs` does neither: it copies each object to disk, and its keys are paths.

use std::collections::{BTreeMap, HashMap};
use std::io::SeekFrom;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use anyhow::{Context, Result};
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use md5::{Digest, Md5};
use s3s::dto::{
    ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, PutObjectInput,
    PutObjectOutput, StreamingBlob, Timestamp,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// Bytes of a file that are read at a time. Large enough that a hand-over between threads costs
/// little next to the copy, small enough for the demo's memory.
const FILE_PIECE_BYTES: usize = 256 * 1024;

/// Metadata of an object: the `x-amz-meta-*` headers, without that prefix.
pub type Metadata = HashMap<String, String>;

/// All buckets. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    buckets: Arc<Mutex<HashMap<String, BTreeMap<String, Object>>>>,
}

#[derive(Debug, Clone)]
struct Object {
    content: Content,
    size_bytes: u64,
    /// Hexadecimal MD5 of the content, as S3 uses for an object that is uploaded in one request.
    etag: String,
    metadata: Metadata,
    modified: SystemTime,
}

#[derive(Debug, Clone)]
enum Content {
    Memory(Bytes),
    File(PathBuf),
}

impl Objects {
    /// Makes an empty bucket, unless it exists.
    pub fn create_bucket(&self, bucket: &str) {
        self.lock().entry(bucket.to_owned()).or_default();
    }

    /// Stores an object and returns its size in bytes. Makes the bucket if it is missing.
    pub fn put(&self, bucket: &str, key: &str, content: impl Into<Bytes>, metadata: Metadata) -> u64 {
        let content = content.into();
        let (size_bytes, etag) = (content.len() as u64, hexadecimal(&Md5::digest(&content)));
        self.insert(
            bucket,
            key,
            Object::new(Content::Memory(content), size_bytes, etag, metadata),
        )
    }

    /// Stores a file as an object and returns its size in bytes. Each request reads the file, so it
    /// must not change.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn put_file(&self, bucket: &str, key: &str, path: PathBuf, metadata: Metadata) -> Result<u64> {
        let mut digest = DigestWriter(Md5::new());
        let size_bytes = std::fs::File::open(&path)
            .and_then(|mut file| std::io::copy(&mut file, &mut digest))
            .with_context(|| format!("reading {}", path.display()))?;
        let etag = hexadecimal(&digest.0.finalize());
        Ok(self.insert(
            bucket,
            key,
            Object::new(Content::File(path), size_bytes, etag, metadata),
        ))
    }

    /// Removes an object. Returns whether it existed.
    #[must_use = "is false if there was no such object"]
    pub fn remove(&self, bucket: &str, key: &str) -> bool {
        self.lock()
            .get_mut(bucket)
            .is_some_and(|objects| objects.remove(key).is_some())
    }

    fn insert(&self, bucket: &str, key: &str, object: Object) -> u64 {
        let size_bytes = object.size_bytes;
        self.lock()
            .entry(bucket.to_owned())
            .or_default()
            .insert(key.to_owned(), object);
        size_bytes
    }

    fn get(&self, bucket: &str, key: &str) -> S3Result<Object> {
        let buckets = self.lock();
        let objects = buckets.get(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        objects.get(key).cloned().ok_or_else(|| s3_error!(NoSuchKey))
    }

    /// A panic in another thread cannot leave the map half changed, so a poisoned lock is usable.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, BTreeMap<String, Object>>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Object {
    fn new(content: Content, size_bytes: u64, etag: String, metadata: Metadata) -> Self {
        Self {
            content,
            size_bytes,
            etag,
            metadata,
            modified: SystemTime::now(),
        }
    }

    /// The bytes of a range.
    async fn body(&self, range: std::ops::Range<u64>) -> std::io::Result<StreamingBlob> {
        match &self.content {
            Content::Memory(bytes) => {
                let to_index = |position: u64| usize::try_from(position).map_err(std::io::Error::other);
                let part = bytes.slice(to_index(range.start)?..to_index(range.end)?);
                Ok(StreamingBlob::from(s3s::Body::from(part)))
            }
            Content::File(path) => {
                let mut file = tokio::fs::File::open(path).await?;
                file.seek(SeekFrom::Start(range.start)).await?;
                let part = file.take(range.end - range.start);
                Ok(StreamingBlob::wrap(ReaderStream::with_capacity(part, FILE_PIECE_BYTES)))
            }
        }
    }
}

#[async_trait::async_trait]
impl S3 for Objects {
    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let object = self.get(&input.bucket, &input.key)?;
        let known = input.if_none_match.as_ref().and_then(ETagCondition::as_etag);
        if known.is_some_and(|known| known.value() == object.etag) {
            return Err(s3_error!(NotModified));
        }
        let range = match input.range {
            Some(range) => range.check(object.size_bytes)?,
            None => 0..object.size_bytes,
        };
        let content_range = input
            .range
            .map(|_| format!("bytes {}-{}/{}", range.start, range.end - 1, object.size_bytes));
        let body = object.body(range.clone()).await.map_err(s3s::S3Error::internal_error)?;
        Ok(S3Response::new(GetObjectOutput {
            body: Some(body),
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(content_length(range.end - range.start)?),
            content_range,
            e_tag: Some(ETag::Strong(object.etag)),
            last_modified: Some(Timestamp::from(object.modified)),
            metadata: Some(object.metadata),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let object = self.get(&request.input.bucket, &request.input.key)?;
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(content_length(object.size_bytes)?),
            e_tag: Some(ETag::Strong(object.etag)),
            last_modified: Some(Timestamp::from(object.modified)),
            metadata: Some(object.metadata),
            ..HeadObjectOutput::default()
        }))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        if !self.lock().contains_key(&*input.bucket) {
            return Err(s3_error!(NoSuchBucket));
        }
        let mut content = BytesMut::new();
        if let Some(mut body) = input.body {
            while let Some(piece) = body.try_next().await.map_err(|_| s3_error!(IncompleteBody))? {
                content.extend_from_slice(&piece);
            }
        }
        self.put(
            &input.bucket,
            &input.key,
            content.freeze(),
            input.metadata.unwrap_or_default(),
        );
        let etag = self.get(&input.bucket, &input.key)?.etag;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(ETag::Strong(etag)),
            ..PutObjectOutput::default()
        }))
    }
}

fn content_length(bytes: u64) -> S3Result<i64> {
    i64::try_from(bytes).map_err(s3s::S3Error::internal_error)
}

struct DigestWriter(Md5);

impl std::io::Write for DigestWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn hexadecimal(digest: &[u8]) -> String {
    format!("{:x}", Bytes::copy_from_slice(digest))
}
