//! The threads that hash passwords, and the memory that a hash takes.

use std::sync::{Mutex, PoisonError};

use argon2::Block;
use rayon::ThreadPool;

/// Threads that hash passwords. A hash takes 19 MB. It is kept from one to the next: if each asked
/// the allocator for it, that would keep it for each thread, and more than once.
pub(crate) struct Hashing {
    threads: ThreadPool,
    memory: Mutex<Vec<Vec<Block>>>,
}

impl Hashing {
    /// Hashing on these threads.
    pub(crate) fn on(threads: ThreadPool) -> Self {
        Self { threads, memory: Mutex::default() }
    }

    /// Runs `work` on one of the threads, and waits for it.
    pub(crate) fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.threads.install(work)
    }

    /// Runs `work` on one of the threads, with this many blocks of memory.
    pub(crate) fn with_memory<T: Send>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T + Send) -> T {
        self.threads.install(|| {
            let kept = || self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = kept().pop().unwrap_or_default();
            memory.resize(blocks.max(memory.len()), Block::default());
            let done = work(memory.get_mut(..blocks).unwrap_or_default());
            kept().push(memory);
            done
        })
    }
}
