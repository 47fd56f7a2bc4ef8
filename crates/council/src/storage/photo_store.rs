//! Stores pictures, each under its own hash: in a folder beside the keys, or in an S3 bucket that
//! processes on several machines can share.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use doorstep_domain::ledger::Hash;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{ClientOptions, ObjectStoreExt, RetryConfig};
use reqwest::Url;

use crate::error::CouncilError;
use crate::machine::blocking_runtime::BlockingRuntime;
use crate::machine::{local_address, private_file};

/// How long to try to write or read a picture. If it fails, the phone sends the picture again.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where pictures are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PhotosAt {
    /// In a folder beside the keys.
    #[default]
    InTheDataFolder,
    /// In a bucket: `s3://bucket/prefix?endpoint=https://s3.example.gov.uk&region=eu-west-2`. The
    /// access key comes from the usual environment variables, `AWS_ACCESS_KEY_ID` and
    /// `AWS_SECRET_ACCESS_KEY`.
    Bucket(String),
}

/// The store of pictures.
#[derive(Debug, Clone)]
pub(crate) enum PhotoStore {
    Folder(PathBuf),
    Bucket(Arc<Bucket>),
}

/// A bucket, and the runtime that waits for its answers.
pub(crate) struct Bucket {
    store: AmazonS3,
    prefix: Key,
    runtime: BlockingRuntime,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bucket")
    }
}

impl PhotoStore {
    /// Opens the store. Does not connect to a bucket yet.
    pub(crate) fn at(data: &Path, photos: &PhotosAt) -> Result<Self, CouncilError> {
        match photos {
            PhotosAt::InTheDataFolder => Ok(Self::Folder(data.join("photos"))),
            PhotosAt::Bucket(address) => Ok(Self::Bucket(Arc::new(Bucket::open(address)?))),
        }
    }

    /// Reads a picture; `None` if there is none with this hash.
    pub(crate) fn read(&self, sha256: Hash) -> Result<Option<Vec<u8>>, CouncilError> {
        match self {
            Self::Folder(folder) => {
                let path = path(folder, sha256);
                match fs::read(&path) {
                    Ok(file) => Ok(Some(file)),
                    // Without its folder, the whole store is out of reach: a volume that is not
                    // mounted.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound && folder.is_dir() => Ok(None),
                    Err(source) => Err(CouncilError::File { path, source }),
                }
            }
            Self::Bucket(bucket) => bucket.there(bucket.runtime.wait(async {
                let found = bucket.store.get(&bucket.key(sha256)).await?;
                Ok(found.bytes().await?.to_vec())
            })?),
        }
    }

    /// Whether the store has a picture.
    pub(crate) fn holds(&self, sha256: Hash) -> Result<bool, CouncilError> {
        match self {
            Self::Folder(folder) if !folder.is_dir() => Err(away(folder)),
            Self::Folder(folder) => Ok(path(folder, sha256).is_file()),
            Self::Bucket(bucket) => {
                let found = bucket.runtime.wait(async { bucket.store.head(&bucket.key(sha256)).await.map(drop) })?;
                Ok(bucket.there(found)?.is_some())
            }
        }
    }

    /// Makes sure that pictures are not in a folder that is away: what is there can't be erased
    /// then.
    pub(crate) fn is_not_away(&self) -> Result<(), CouncilError> {
        match self {
            Self::Folder(folder) if !folder.is_dir() => Err(away(folder)),
            Self::Folder(_) | Self::Bucket(_) => Ok(()),
        }
    }

    /// Erases a picture, if there is one.
    pub(crate) fn erase(&self, sha256: Hash) -> Result<(), CouncilError> {
        match self {
            Self::Folder(folder) => {
                let path = path(folder, sha256);
                match fs::remove_file(&path) {
                    Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                        Err(CouncilError::File { path, source })
                    }
                    _ => Ok(()),
                }
            }
            Self::Bucket(bucket) => {
                let erased = bucket.runtime.wait(async { bucket.store.delete(&bucket.key(sha256)).await })?;
                bucket.there(erased).map(drop)
            }
        }
    }

    /// Whether the store takes another picture, as far as this machine can tell: it writes and
    /// flushes a small file. A bucket that is out of reach makes pictures wait on the phones, and
    /// stops nothing else, so it is not asked.
    pub(crate) fn takes_more(&self) -> Result<(), CouncilError> {
        let Self::Folder(folder) = self else { return Ok(()) };
        keep_in(folder, &folder.join("ready"), b"ready")
    }

    /// Writes a picture. When this returns `Ok`, all of it is on durable storage; otherwise nothing
    /// is stored under its name.
    pub(crate) fn keep(&self, sha256: Hash, file: &[u8]) -> Result<(), CouncilError> {
        match self {
            Self::Folder(folder) => keep_in(folder, &path(folder, sha256), file),
            Self::Bucket(bucket) => {
                let file = file.to_vec();
                bucket
                    .runtime
                    .wait(async { bucket.store.put(&bucket.key(sha256), file.into()).await })?
                    .map(drop)
                    .map_err(|error| out_of_reach(&error))
            }
        }
    }
}

fn path(folder: &Path, sha256: Hash) -> PathBuf {
    let name = sha256.to_string();
    folder.join(shelf(&name)).join(format!("{name}.jpg"))
}

/// The subfolder for a name: its first two characters, so that no folder gets too many files.
fn shelf(name: &str) -> &str {
    name.split_at_checked(2).map_or("", |(shelf, _)| shelf)
}

fn keep_in(folder: &Path, path: &Path, file: &[u8]) -> Result<(), CouncilError> {
    let failed = |source| CouncilError::File { path: path.to_owned(), source };
    fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(failed)?;
    private_file::replace(path, |part| part.write_all(file)).map_err(failed)
}

impl Bucket {
    fn open(address: &str) -> Result<Self, CouncilError> {
        let bad = |what| CouncilError::BadSetting("photos", what);
        let url = Url::parse(address).ok().filter(|url| url.scheme() == "s3");
        let url = url.ok_or(bad("the address does not look like s3://bucket/prefix?endpoint=https://host"))?;
        let bucket = url.host_str().ok_or(bad("the address has no bucket name"))?;
        let said = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_client_options(ClientOptions::new().with_timeout(PATIENCE).with_connect_timeout(PATIENCE))
            .with_retry(RetryConfig { max_retries: 3, retry_timeout: PATIENCE, ..RetryConfig::default() });
        if let Some(region) = said("region") {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = said("endpoint") {
            let at = Url::parse(&endpoint).map_err(|_| bad("the endpoint is not an address"))?;
            if !local_address::is_safe(&at) {
                return Err(bad("the endpoint does not begin with https://"));
            }
            builder = builder.with_allow_http(at.scheme() == "http").with_endpoint(endpoint);
        }
        Ok(Self {
            store: builder.build().map_err(|_| bad("there is no access key for the bucket: set AWS_ACCESS_KEY_ID"))?,
            prefix: Key::parse(url.path().trim_matches('/')).map_err(|_| bad("the prefix can't be used"))?,
            runtime: BlockingRuntime::start("photos")?,
        })
    }

    fn key(&self, sha256: Hash) -> Key {
        let name = sha256.to_string();
        self.prefix.clone().join(shelf(&name)).join(format!("{name}.jpg"))
    }

    /// Turns the error that nothing is there into `None`.
    fn there<T>(&self, answer: object_store::Result<T>) -> Result<Option<T>, CouncilError> {
        match answer {
            Ok(there) => Ok(Some(there)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(out_of_reach(&error)),
        }
    }
}

/// The folder of photos is not there: a volume that is not mounted, say.
fn away(folder: &Path) -> CouncilError {
    CouncilError::File { path: folder.to_owned(), source: std::io::ErrorKind::NotFound.into() }
}

fn out_of_reach(error: &object_store::Error) -> CouncilError {
    CouncilError::Photos(error.to_string())
}
