//! Receipts of version 2. Those of one answer share a signature; each can be given away alone.

use doorstep_domain::v2::{Attested, Link, Receipt, ReceiptRoot, ReceiptVerdict, canonical};
use rusqlite::params;

use super::{StoreError, Writing};

/// How the bytes of a receipt are stored.
const ROOT_OF_MANY: u8 = 2;
/// As [`ROOT_OF_MANY`], for one that came alone.
const ALONE: u8 = 3;

impl Writing<'_> {
    /// Keeps the receipts of one answer. `council_time_ms` is its time, in UTC milliseconds.
    pub(crate) fn keep_receipts(
        &self,
        council_time_ms: i64,
        root: &Attested<ReceiptRoot>,
        receipts: &[Receipt],
    ) -> Result<(), StoreError> {
        let id = self.keep_receipt_bytes(council_time_ms, &root.to_bytes(), ROOT_OF_MANY)?;
        for receipt in receipts {
            self.mark_by(receipt, id, Some(receipt.place))?;
        }
        Ok(())
    }

    /// Keeps a receipt that came alone. `at_ms` is when the council received the record, in UTC
    /// milliseconds.
    pub(crate) fn keep_receipt_alone(&self, at_ms: i64, receipt: &Receipt) -> Result<(), StoreError> {
        let id = self.keep_receipt_bytes(at_ms, &canonical::write(receipt), ALONE)?;
        self.mark_by(receipt, id, None)
    }

    fn keep_receipt_bytes(&self, at_ms: i64, bytes: &[u8], form: u8) -> Result<i64, StoreError> {
        self.write(
            "INSERT INTO receipt (council_time_ms, answer, form) VALUES (?1, ?2, ?3)",
            params![at_ms, bytes, form],
        )?;
        Ok(self.reading.transaction.last_insert_rowid())
    }

    /// Marks a record as its receipt says. A verdict that only a newer council knows is a receipt all
    /// the same.
    fn mark_by(&self, receipt: &Receipt, id: i64, place: Option<u32>) -> Result<(), StoreError> {
        let Link { chain, sequence, hash } = receipt.record;
        let set_aside = receipt.verdict == ReceiptVerdict::SET_ASIDE;
        let reason = set_aside.then(|| receipt.reason.clone().unwrap_or_default());
        self.write(
            "UPDATE record SET state = ?4, reason = ?5, receipt_id = ?6, receipt_place = ?7
             WHERE epoch = ?1 AND sequence = ?2 AND hash = ?3 AND state <> 'reissued'",
            params![
                chain.as_bytes(),
                sequence,
                hash.as_bytes(),
                if set_aside { "set_aside" } else { "received" },
                reason,
                id,
                place
            ],
        )?;
        Ok(())
    }

    /// Makes a record be sent with all its bytes from now on.
    pub(crate) fn send_whole(&self, record: &Link) -> Result<(), StoreError> {
        self.write(
            "UPDATE record SET sent_whole = 1 WHERE epoch = ?1 AND sequence = ?2",
            params![record.chain.as_bytes(), record.sequence],
        )?;
        Ok(())
    }
}
