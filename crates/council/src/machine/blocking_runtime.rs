//! Lets blocking code wait for an asynchronous answer.

use std::future::Future;

use crate::error::CouncilError;

/// An async runtime with one thread, for blocking code to wait on.
#[derive(Debug)]
pub(crate) struct BlockingRuntime(Option<tokio::runtime::Runtime>);

impl BlockingRuntime {
    /// Starts a runtime whose thread has this name.
    ///
    /// # Errors
    /// [`CouncilError::NoThread`] when the machine can't start a thread.
    pub(crate) fn start(name: &str) -> Result<Self, CouncilError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(name)
            .enable_all()
            .build()
            .map_err(CouncilError::NoThread)?;
        Ok(Self(Some(runtime)))
    }

    /// Blocks until the answer is there. Do not call it on a thread of an async runtime.
    ///
    /// # Errors
    /// [`CouncilError::Closing`] when this runtime has been closed.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = T>) -> Result<T, CouncilError> {
        Ok(self.0.as_ref().ok_or(CouncilError::Closing)?.block_on(answer))
    }
}

impl Drop for BlockingRuntime {
    fn drop(&mut self) {
        // It may be dropped on a thread of another runtime, where waiting is not allowed.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
