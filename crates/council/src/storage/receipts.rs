//! Receipts of version 2, as they were given. A record that comes again gets the same receipt.

use std::collections::BTreeSet;

use doorstep_domain::DeviceId;
use doorstep_domain::ledger::{Epoch, Hash};
use doorstep_domain::v2::{Attested, BatchReceipts, Judged, Link, Receipt, ReceiptRoot, ReceiptVerdict, canonical};

use super::batch::{IfThere, named};
use super::database::{Row, params};
use super::tables::Table;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// The receipts of one answer, with the records that they are for.
pub(crate) struct NewReceipts<'a> {
    pub(crate) receipts: &'a BatchReceipts,
    pub(crate) judged: &'a [Judged],
}

/// A receipt as it is stored: in a batch with others, or whole.
enum Stored {
    InBatch([u8; 32]),
    Whole(Receipt),
}

impl Reading<'_> {
    /// The receipts that were given for these records of a device: the one of the time when a
    /// person released a record, and else the first. Records without one are left out.
    pub(crate) fn receipts_given(&self, device: DeviceId, records: &[Link]) -> Result<Vec<Receipt>, CouncilError> {
        let mut found = Vec::new();
        let mut batches = BTreeSet::new();
        for record in records {
            match self.receipt_of(device, record)? {
                Some(Stored::InBatch(batch)) => drop(batches.insert(batch)),
                Some(Stored::Whole(receipt)) => found.push(receipt),
                None => {}
            }
        }
        let wanted: BTreeSet<Hash> = records.iter().map(|record| record.hash).collect();
        for batch in batches {
            found.extend(self.batch(batch)?.into_iter().filter(|receipt| wanted.contains(&receipt.record.hash)));
        }
        Ok(found)
    }

    fn receipt_of(&self, device: DeviceId, record: &Link) -> Result<Option<Stored>, CouncilError> {
        let Link { chain, sequence, hash } = *record;
        let later: Option<Vec<u8>> = self.one(
            "SELECT receipt FROM later_receipt WHERE device_id = ?1 AND epoch = ?2 AND sequence = ?3 AND hash = ?4",
            params![device.as_bytes(), chain.as_bytes(), sequence, hash.as_bytes()],
            |row| row.get("receipt"),
        )?;
        if let Some(later) = later {
            return whole(&later).map(Some);
        }
        let stored = self.one(
            "SELECT batch_id, shown FROM receipt WHERE device_id = ?1 AND epoch = ?2 AND sequence = ?3 AND hash = ?4",
            params![device.as_bytes(), chain.as_bytes(), sequence, hash.as_bytes()],
            |row| Ok((row.get::<Option<[u8; 32]>>("batch_id")?, row.get::<Option<Vec<u8>>>("shown")?)),
        )?;
        match stored {
            Some((Some(batch), _)) => Ok(Some(Stored::InBatch(batch))),
            Some((None, Some(shown))) => whole(&shown).map(Some),
            Some((None, None)) | None => Ok(None),
        }
    }

    /// All receipts of one answer.
    fn batch(&self, batch: [u8; 32]) -> Result<Vec<Receipt>, CouncilError> {
        let root =
            self.one("SELECT root FROM receipt_batch WHERE batch_id = ?1", params![batch], |row| row.get("root"))?;
        let root: Vec<u8> = root.ok_or(CouncilError::Unreadable("receipt"))?;
        let root = Attested::<ReceiptRoot>::from_bytes(&root).map_err(|_| CouncilError::Unreadable("receipt"))?;
        let judged = self.many(
            "SELECT epoch, sequence, hash, verdict, reason FROM receipt WHERE batch_id = ?1 ORDER BY place",
            params![batch],
            judged,
        )?;
        Receipt::all_of(&root, judged).map_err(|_| CouncilError::Unreadable("receipt"))
    }
}

fn whole(bytes: &[u8]) -> Result<Stored, CouncilError> {
    canonical::read(bytes).map(Stored::Whole).map_err(|_| CouncilError::Unreadable("receipt"))
}

fn judged(row: &Row<'_>) -> Result<Judged, CouncilError> {
    let verdict = u16::try_from(row.get::<u64>("verdict")?).map_err(|_| CouncilError::Unreadable("receipt"))?;
    Ok(Judged {
        record: Link {
            chain: Epoch::from_bytes(row.get("epoch")?),
            sequence: row.get("sequence")?,
            hash: Hash::from_bytes(row.get("hash")?),
        },
        verdict: ReceiptVerdict(verdict),
        reason: row.get("reason")?,
    })
}

impl Writing<'_> {
    /// Keeps the receipts of one answer.
    pub(crate) fn keep_receipts(&self, device: DeviceId, new: &NewReceipts<'_>) -> Result<(), CouncilError> {
        let NewReceipts { receipts, judged } = new;
        let batch = receipts.root.hash();
        self.write(
            "INSERT INTO receipt_batch (batch_id, device_id, root) VALUES (?1, ?2, ?3)",
            params![batch.as_bytes(), device.as_bytes(), receipts.root.to_bytes()],
        )?;
        let rows = (0_u64..).zip(*judged).map(|(place, judged)| {
            named! {
                "device_id" => device.as_bytes(),
                "epoch" => judged.record.chain.as_bytes(),
                "sequence" => judged.record.sequence,
                "hash" => judged.record.hash.as_bytes(),
                "batch_id" => batch.as_bytes(),
                "place" => place,
                "verdict" => u64::from(judged.verdict.0),
                "reason" => judged.reason.as_deref(),
            }
        });
        self.write_rows(Table::named("receipt"), rows.collect(), IfThere::Replace)
    }

    /// Keeps a receipt that was given when a person released a record.
    pub(crate) fn keep_later_receipt(&self, device: DeviceId, receipt: &Receipt) -> Result<(), CouncilError> {
        let Link { chain, sequence, hash } = receipt.record;
        self.write(
            "INSERT INTO later_receipt (device_id, epoch, sequence, hash, receipt) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (device_id, epoch, sequence, hash) DO NOTHING",
            params![device.as_bytes(), chain.as_bytes(), sequence, hash.as_bytes(), canonical::write(receipt)],
        )?;
        Ok(())
    }

    /// Keeps a receipt that a phone showed: one that was given before the database was put back.
    pub(crate) fn keep_shown_receipt(&self, device: DeviceId, receipt: &Receipt) -> Result<(), CouncilError> {
        let Link { chain, sequence, hash } = receipt.record;
        self.write(
            "INSERT INTO receipt (device_id, epoch, sequence, hash, verdict, reason, shown) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (device_id, epoch, sequence, hash) DO NOTHING",
            params![
                device.as_bytes(),
                chain.as_bytes(),
                sequence,
                hash.as_bytes(),
                u64::from(receipt.verdict.0),
                receipt.reason.as_deref(),
                canonical::write(receipt)
            ],
        )?;
        Ok(())
    }
}
