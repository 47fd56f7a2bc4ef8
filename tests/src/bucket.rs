//! An object store that speaks S3, over a folder: the crate `s3s-fs`.

use std::net::SocketAddr;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The access key of the bucket: its id and its secret.
pub const KEY: (&str, &str) = ("doorstep", "a secret of the bucket");

/// A running object store with one bucket, `photos`.
#[derive(Debug)]
pub struct ObjectStore {
    folder: tempfile::TempDir,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl ObjectStore {
    /// Starts a store with an empty bucket, on a free port.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a bucket needs a folder");
        std::fs::create_dir(folder.path().join("photos")).expect("a bucket can be made");
        let mut store = Self { folder, address: ([127, 0, 0, 1], 0).into(), runtime: None };
        store.comes_back();
        store
    }

    /// Starts it again at the same address, with the files that it had.
    ///
    /// # Panics
    /// When it does not start.
    pub fn comes_back(&mut self) {
        let files = s3s_fs::FileSystem::new(self.folder.path()).expect("a store can be made");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY.0, KEY.1));
        let service = service.build();
        let runtime = Runtime::new().expect("there is a runtime");
        let listener = runtime.block_on(TcpListener::bind(self.address)).expect("a store can listen");
        self.address = listener.local_addr().expect("it has an address");
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let _gone =
                        Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        self.runtime = Some(runtime);
    }

    /// Stops it and drops its connections. The files stay.
    pub fn goes_away(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// The value of the council's setting `photos` that leads to this bucket.
    #[must_use]
    pub fn photos(&self) -> String {
        format!("s3://photos/visits?endpoint=http://{}&region=local", self.address)
    }

    /// How many files the bucket holds.
    #[must_use]
    pub fn files(&self) -> usize {
        let shelves = std::fs::read_dir(self.folder.path().join("photos/visits")).into_iter().flatten().flatten();
        shelves.flat_map(|shelf| std::fs::read_dir(shelf.path()).into_iter().flatten().flatten()).count()
    }
}
