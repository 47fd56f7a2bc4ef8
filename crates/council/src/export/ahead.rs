//! Reads rows on one thread and writes them on another, so that writing does not wait for the
//! database while there are rows to write.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::error::CouncilError;

/// How many pieces of work one thread hands to the other at once. Each makes one or more rows.
const PIECE: usize = 64;
/// The most batches that may wait to be written, which limits memory use.
const WAITING: usize = 4;

/// Makes one or more rows of a table. It runs on the thread that writes them.
pub(super) type Unwritten = Box<dyn FnOnce() -> Result<Vec<Vec<String>>, CouncilError> + Send>;

/// Where the reading thread puts what it finds.
pub(super) struct RowSender {
    piece: Vec<Unwritten>,
    to: SyncSender<Vec<Unwritten>>,
}

impl RowSender {
    /// Hands over what makes one or more rows.
    ///
    /// # Errors
    /// [`CouncilError::Cancelled`] when the writing thread has stopped.
    pub(super) fn send(
        &mut self,
        rows: impl FnOnce() -> Result<Vec<Vec<String>>, CouncilError> + Send + 'static,
    ) -> Result<(), CouncilError> {
        self.piece.push(Box::new(rows));
        if self.piece.len() == PIECE { self.send_on() } else { Ok(()) }
    }

    fn send_on(&mut self) -> Result<(), CouncilError> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.to.send(piece).map_err(|_| CouncilError::Cancelled)
    }
}

/// Writes rows while others are still being read.
///
/// # Errors
/// The error of `write` or of making a row, or else the error of `read`.
pub(super) fn read_ahead(
    read: impl FnOnce(&mut RowSender) -> Result<(), CouncilError> + Send,
    write: impl FnMut(Vec<String>) -> Result<(), CouncilError>,
) -> Result<(), CouncilError> {
    let (to, from) = sync_channel(WAITING);
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut found = RowSender { piece: Vec::with_capacity(PIECE), to };
            read(&mut found)?;
            found.send_on()
        });
        let written = write_all(from, write);
        let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // If writing failed, the reader only has `Cancelled`, so the writer's error comes first.
        written.and(read)
    })
}

/// Writes every row. When it returns, the channel closes, so that a reader that is still at work
/// stops.
fn write_all(
    from: Receiver<Vec<Unwritten>>,
    mut write: impl FnMut(Vec<String>) -> Result<(), CouncilError>,
) -> Result<(), CouncilError> {
    for piece in from {
        for rows in piece {
            rows()?.into_iter().try_for_each(&mut write)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(found: &mut RowSender, to: usize) -> Result<(), CouncilError> {
        (0..to).try_for_each(|number| found.send(move || Ok(vec![vec![number.to_string()]])))
    }

    #[test]
    fn rows_are_written_in_the_order_in_which_they_were_found() {
        for count in [0, 1, PIECE, PIECE + 1, 10 * PIECE * WAITING + 7] {
            let mut written = Vec::new();
            read_ahead(
                |found| numbers(found, count),
                |row| {
                    written.extend(row);
                    Ok(())
                },
            )
            .unwrap();
            assert_eq!(written, (0..count).map(|number| number.to_string()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_fails_ends_both_and_is_told() {
        let full = || CouncilError::Disk;
        let failed = read_ahead(|found| numbers(found, usize::MAX), |_| Err(full()));
        assert!(matches!(failed, Err(CouncilError::Disk)), "{failed:?}");
        let mut rows = 0;
        let failed = read_ahead(
            |found| numbers(found, PIECE * 3).and(Err(CouncilError::NoDatabase)),
            |_| {
                rows += 1;
                Ok(())
            },
        );
        assert!(matches!(failed, Err(CouncilError::NoDatabase)), "{failed:?}");
        assert_eq!(rows, PIECE * 3, "what was found before is written");
    }
}
