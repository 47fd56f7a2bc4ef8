//! Receipts of version 2. Those of one answer share a signature; each can be given away alone.

use doorstep_domain::ledger::{Epoch, Hash};
use doorstep_domain::v2::{Attested, Judged, Link, Receipt, ReceiptRoot, ReceiptVerdict, canonical};
use rusqlite::params;

use super::{Reading, StoreError, Writing};

/// How the bytes of a receipt are stored: as an answer of version 1.
const ANSWER: u8 = 1;
/// As the root of many.
const ROOT_OF_MANY: u8 = 2;
/// As [`ROOT_OF_MANY`], for one that came alone.
const ALONE: u8 = 3;

impl Reading<'_> {
    /// The receipt that the council gave for a record before it was restored; `None` where there is
    /// none, or it can't be put together any more.
    pub(crate) fn receipt_of(&self, record: &Link) -> Result<Option<Receipt>, StoreError> {
        let found: Option<(i64, Vec<u8>, u8)> = self.one(
            "SELECT receipt_id, answer, form FROM record JOIN receipt USING (receipt_id) WHERE epoch = ?1 AND sequence = ?2",
            params![record.chain.as_bytes(), record.sequence],
            |row| Ok((row.get("receipt_id")?, row.get("answer")?, row.get("form")?)),
        )?;
        match found {
            Some((_, bytes, ALONE)) => Ok(canonical::read(&bytes).ok()),
            Some((id, bytes, ROOT_OF_MANY)) => self.receipt_among(id, &bytes, record),
            _ => Ok(None),
        }
    }

    /// One of the receipts that share a root.
    fn receipt_among(&self, id: i64, root: &[u8], record: &Link) -> Result<Option<Receipt>, StoreError> {
        let judged = self.many(
            "SELECT epoch, sequence, hash, receipt_verdict, receipt_reason FROM record
             WHERE receipt_id = ?1 AND receipt_place IS NOT NULL ORDER BY receipt_place",
            params![id],
            |row| {
                Ok(Judged {
                    record: Link {
                        chain: Epoch::from_bytes(row.get("epoch")?),
                        sequence: row.get("sequence")?,
                        hash: Hash::from_bytes(row.get("hash")?),
                    },
                    verdict: ReceiptVerdict(row.get("receipt_verdict")?),
                    reason: row.get("receipt_reason")?,
                })
            },
        )?;
        let all = Attested::<ReceiptRoot>::from_bytes(root).and_then(|root| Receipt::all_of(&root, judged));
        Ok(all.ok().and_then(|all| all.into_iter().find(|receipt| receipt.record == *record)))
    }
}

impl Writing<'_> {
    /// Keeps a signed answer of version 1, for the receipts in it. Gives the id of its row.
    pub(crate) fn keep_receipt(&self, council_time_ms: i64, answer: &[u8]) -> Result<i64, StoreError> {
        self.keep_receipt_bytes(council_time_ms, answer, ANSWER)
    }

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

    /// Keeps the bytes of a receipt. The id of its row comes from them, so that one that is kept
    /// while the database is locked has the same id in it.
    fn keep_receipt_bytes(&self, at_ms: i64, bytes: &[u8], form: u8) -> Result<i64, StoreError> {
        let hash = Hash::of("doorstep-receipt-row-v1", &[bytes]);
        let id = hash.as_bytes().first_chunk().map_or(0, |first| i64::from_be_bytes(*first) & i64::MAX);
        self.write(
            "INSERT INTO receipt (receipt_id, council_time_ms, answer, form) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (receipt_id) DO NOTHING",
            params![id, at_ms, bytes, form],
        )?;
        Ok(id)
    }

    /// Marks a record as its receipt says. A verdict that only a newer council knows is a receipt
    /// all the same.
    fn mark_by(&self, receipt: &Receipt, id: i64, place: Option<u32>) -> Result<(), StoreError> {
        let Link { chain, sequence, hash } = receipt.record;
        let set_aside = receipt.verdict == ReceiptVerdict::SET_ASIDE;
        let reason = set_aside.then(|| receipt.reason.clone().unwrap_or_default());
        self.write(
            // The first receipt stays: others of the same answer are opened with it.
            "UPDATE record SET state = ?4, reason = ?5, receipt_place = CASE WHEN receipt_id IS NULL THEN ?7 ELSE receipt_place END,
                 receipt_verdict = CASE WHEN receipt_id IS NULL THEN ?8 ELSE receipt_verdict END,
                 receipt_reason = CASE WHEN receipt_id IS NULL THEN ?9 ELSE receipt_reason END,
                 receipt_id = coalesce(receipt_id, ?6)
             WHERE epoch = ?1 AND sequence = ?2 AND hash = ?3 AND state <> 'reissued'",
            params![
                chain.as_bytes(),
                sequence,
                hash.as_bytes(),
                if set_aside { "set_aside" } else { "received" },
                reason,
                id,
                place,
                receipt.verdict.0,
                receipt.reason.as_deref()
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
