//! A way to wait for what answers asynchronously, from code that does not.

use std::future::Future;

use crate::error::CouncilError;

/// An async runtime of its own, with one thread, that is waited for.
#[derive(Debug)]
pub(crate) struct BlockingRuntime(Option<tokio::runtime::Runtime>);

impl BlockingRuntime {
    /// Starts one; its thread has this name.
    ///
    /// # Errors
    /// [`CouncilError::NoThread`] when the machine gives no thread.
    pub(crate) fn start(name: &str) -> Result<Self, CouncilError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(name)
            .enable_all()
            .build()
            .map_err(CouncilError::NoThread)?;
        Ok(Self(Some(runtime)))
    }

    /// Waits for an answer. Call it where waiting is allowed: not on a thread of a runtime.
    ///
    /// # Errors
    /// [`CouncilError::Closing`] when it was closed.
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
