//! Checks every record that has a place in a chain: that it is the one that its device made, and
//! how many numbers are missing before it.

use std::collections::{BTreeMap, HashSet};

use doorstep_domain::conduct::Visit;
use doorstep_domain::ledger::{Epoch, Hash, PublicKey, Seal, VisitKey};
use doorstep_domain::v2::{AnyEnvelope, Link};
use doorstep_domain::{DeviceId, VisitId, protocol};
use serde::Serialize;

use super::backup::is_store_away;
use crate::error::CouncilError;
use crate::service::Service;
use crate::storage::{HeldSeal, LedgerRow, RawRecord};

/// The result of [`check`]. Records of safeguarding notes are checked like all others, and counted
/// in none of these numbers but that of the seals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Records that have a place in a chain, kept or set aside.
    pub records: u64,
    /// Chains that have at least one record.
    pub chains: u64,
    /// Records whose content is held and is what the device committed to.
    pub content_holds: u64,
    /// Records whose content was erased, by a retention rule or on request.
    pub erased: u64,
    /// Records that were set aside and hold their place in the chain.
    pub set_aside: u64,
    /// Seals that hold: signed by the device and, in version 1, over the record that is held. One
    /// can be over a safeguarding note alone, so their number is told to nobody (clause 6.2).
    #[serde(skip)]
    pub seals: u64,
    /// Records that no seal covers: their phone has not signed them yet.
    pub unsealed: u64,
    /// Numbers that are missing before the last held number of each chain.
    pub gaps: u64,
    /// Photos whose file was read and is the one that was sent.
    pub photos: u64,
    /// Photos that an earlier check or backup found to be lost, and that no phone has sent again.
    pub lost_photos: Vec<Hash>,
    /// What is wrong, in words: with records, each with its device and number, and with the audit
    /// log.
    pub faults: Vec<String>,
}

/// Ends of chains that a seal of version 2 covers, each with its device.
type Sealed = HashSet<(DeviceId, Link)>;

/// The record before, in the same chain.
struct Before {
    device: [u8; 16],
    epoch: [u8; 16],
    sequence: u64,
    hash: Hash,
    /// How many records up to this one have no seal over them yet.
    unsealed: Unsealed,
}

/// Records that no seal covers.
#[derive(Debug, Clone, Copy, Default)]
struct Unsealed {
    records: u64,
    /// Those that were received more than a day ago, without a safeguarding note.
    old: u64,
    /// When the last of those was received, in UTC milliseconds.
    last_ms: i64,
}

impl Unsealed {
    fn and(self, other: Self) -> Self {
        Self {
            records: self.records + other.records,
            old: self.old + other.old,
            last_ms: self.last_ms.max(other.last_ms),
        }
    }
}

/// How long the council waits for the seal of a record that it received, in milliseconds. After
/// that it is a fault, until a person puts it to rest.
const SEAL_MS: i64 = 24 * 60 * 60 * 1000;

impl Checked {
    /// Checks a seal of version 2, and notes what it covers.
    fn take_seal(&mut self, held: HeldSeal, sealed: &mut Sealed) {
        let made = held
            .seal
            .zip(held.key)
            .filter(|(seal, key)| seal.contents.enrolment == held.device && seal.verified(key).is_some());
        match made {
            Some((seal, _)) => {
                self.seals += 1;
                sealed.extend(seal.contents.heads.into_iter().map(|head| (held.device, head)));
            }
            None => self.faults.push(format!("device {}, seal {}: it is not the device's", held.device, held.number)),
        }
    }

    /// Checks a record. Returns whether a seal covers it and all before it in its chain.
    fn take(&mut self, row: &LedgerRow, before: Option<&Before>, sealed: &Sealed) -> bool {
        // That there is a note must not show in any count (clause 6.2).
        let counts = u64::from(!row.of_note);
        self.records += counts;
        let device = DeviceId::from_bytes(row.device);
        let link = Link { chain: Epoch::from_bytes(row.epoch), sequence: row.sequence, hash: row.hash };
        let mut is_sealed = sealed.contains(&(device, link));
        let mut fault = |what: &str| self.faults.push(format!("device {device}, record {}: {what}", row.sequence));
        if AnyEnvelope::hash(&row.envelope) != row.hash {
            fault("its envelope was altered");
            return is_sealed;
        }
        if row.set_aside {
            self.set_aside += counts;
        } else {
            match AnyEnvelope::from_bytes(&row.envelope) {
                None => fault("its envelope can't be read"),
                Some(envelope) => {
                    let expected = before.filter(|before| before.sequence + 1 == row.sequence);
                    let follows = expected.is_none_or(|before| before.hash == envelope.previous);
                    if !(follows && envelope.begins) {
                        fault("it does not follow the one before it");
                    }
                    match (&row.body, row.key.map(VisitKey::from_bytes)) {
                        (Some(body), Some(key)) if envelope.commit(&key, body) == envelope.commitment => {
                            self.content_holds += counts;
                        }
                        (Some(_), _) => fault("its content is not what the device committed to"),
                        (None, _) if row.erased => self.erased += counts,
                        (None, _) => fault("its content is missing, and nothing says that it was erased"),
                    }
                }
            }
        }
        if let Some(seal) = &row.seal {
            let seal: Option<Seal> = protocol::decode(seal).ok();
            let key = PublicKey::from_slice(&row.device_key).ok();
            match seal.zip(key) {
                Some((seal, key)) if seal.is_signed_by(device, &key) => {
                    // A seal over a different record does not prove the held one.
                    if seal.hash == row.hash {
                        self.seals += 1;
                        is_sealed = true;
                    } else {
                        self.faults
                            .push(format!("device {device}, record {}: its device signed another", row.sequence));
                    }
                }
                _ => {
                    self.faults.push(format!("device {device}, record {}: its seal is not the device's", row.sequence))
                }
            }
        }
        match before {
            Some(before) => {
                let gap = row.sequence.saturating_sub(before.sequence).saturating_sub(1);
                self.gaps = self.gaps.saturating_add(gap.saturating_mul(counts));
            }
            None => {
                self.chains += counts;
                self.gaps = self.gaps.saturating_add(row.sequence.saturating_sub(1).saturating_mul(counts));
            }
        }
        is_sealed
    }
}

/// Checks every record that has a place in a chain, and the audit log. This may take long; the
/// service keeps running. It notes how many records of each phone have no seal for too long, for
/// people to look at. A photo whose file is gone is asked for again from the phone that took it.
///
/// # Errors
/// [`CouncilError`] when the database can't be read. What is wrong with records is not an error; it
/// is in [`Checked::faults`].
pub fn check(service: &Service) -> Result<Checked, CouncilError> {
    let before_ms = service.now_ms() - SEAL_MS;
    let (mut checked, of_phones, at_rest) = service.storage.read_at_length(|reading| {
        let (mut checked, mut sealed) = (Checked::default(), Sealed::default());
        reading.each_seal(|seal| {
            checked.take_seal(seal, &mut sealed);
            Ok(())
        })?;
        let mut of_phones: BTreeMap<DeviceId, Unsealed> = BTreeMap::new();
        let mut leave = |device: [u8; 16], unsealed: Unsealed| {
            let of_phone = of_phones.entry(DeviceId::from_bytes(device)).or_default();
            *of_phone = of_phone.and(unsealed);
        };
        let mut before: Option<Before> = None;
        reading.each_in_the_ledger(|row| {
            let LedgerRow { device, epoch, sequence, hash, .. } = row;
            // A chain ends where another begins: what no seal covers there is not signed.
            let same = before.take_if(|before| (before.device, before.epoch) == (device, epoch));
            if let Some(other) = before.take() {
                leave(other.device, other.unsealed);
            }
            // A seal behind a gap says nothing about what is before it.
            let same = match same {
                Some(before) if before.sequence.saturating_add(1) != sequence => {
                    leave(before.device, before.unsealed);
                    Some(Before { unsealed: Unsealed::default(), ..before })
                }
                same => same,
            };
            let is_sealed = checked.take(&row, same.as_ref(), &sealed);
            let this = Unsealed { records: u64::from(!row.of_note), ..Unsealed::default() };
            let this = match row.received_ms < before_ms && !row.of_note {
                true => Unsealed { old: 1, last_ms: row.received_ms, ..this },
                false => this,
            };
            let unsealed = match is_sealed {
                true => Unsealed::default(),
                false => same.map_or_else(Unsealed::default, |before| before.unsealed).and(this),
            };
            before = Some(Before { device, epoch, sequence, hash, unsealed });
            Ok(())
        })?;
        if let Some(last) = before {
            leave(last.device, last.unsealed);
        }
        Ok((checked, of_phones, reading.unsealed_at_rest()?))
    })?;
    checked.unsealed = of_phones.values().map(|unsealed| unsealed.records).sum();
    let at_rest: BTreeMap<DeviceId, i64> = at_rest.into_iter().collect();
    let old: Vec<(DeviceId, u64, i64)> = of_phones
        .into_iter()
        .filter(|(_, unsealed)| unsealed.old > 0)
        .map(|(device, unsealed)| (device, unsealed.old, unsealed.last_ms))
        .collect();
    for (device, records, last_ms) in &old {
        if at_rest.get(device).is_none_or(|up_to| last_ms > up_to) {
            checked.faults.push(format!("device {device}: no seal covers {records} records for more than a day"));
        }
    }
    service.transact(|writing| writing.note_unsealed(&old))?;
    for lost in service.storage.read(|reading| reading.lost_blobs())? {
        // It may be there again, without any phone.
        match service.photos.read_whole(lost) {
            Ok(_) => service.transact(|writing| writing.find_blob(lost, service.now_ms()))?,
            Err(_) => checked.lost_photos.push(lost),
        }
    }
    let mut bad = Vec::new();
    for sha256 in service.storage.read(|reading| reading.whole_blobs())? {
        match service.photos.read_whole(sha256) {
            Ok(_) => checked.photos += 1,
            Err(photo) => bad.push(photo),
        }
    }
    checked.faults.extend(bad.iter().map(ToString::to_string));
    if !is_store_away(&bad, checked.photos) {
        service.transact(|writing| writing.lose_photos(&bad, service.now_ms()))?;
    }
    let log = service.storage.read_at_length(|reading| reading.audit_links(None))?;
    if let Some(altered) = log.altered {
        checked.faults.push(format!("audit log, line {}: it does not follow from the one before it", altered.place));
    }
    Ok(checked)
}

/// A held record, to compare with the device's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRecord {
    /// The record's number.
    pub sequence: u64,
    /// The envelope, byte for byte.
    pub envelope: Vec<u8>,
    /// The body, if it has not been erased.
    pub body: Option<Vec<u8>>,
}

/// Whether the content of any record of a visit is held, and not their envelopes alone.
///
/// # Errors
/// [`CouncilError`] when the database can't be read.
pub fn holds_content(service: &Service, visit: VisitId) -> Result<bool, CouncilError> {
    service.storage.read(|reading| reading.holds_content(visit))
}

/// Every record that is held of one device, kept or set aside.
///
/// # Errors
/// [`CouncilError`] when the database can't be read.
pub fn held_of(service: &Service, device: DeviceId) -> Result<Vec<HeldRecord>, CouncilError> {
    let held = service.storage.read(|reading| reading.held_of(device))?;
    let shown = |held: RawRecord| HeldRecord { sequence: held.sequence, envelope: held.envelope, body: held.body };
    Ok(held.into_iter().map(shown).collect())
}

/// How many records are kept, and how many are set aside.
///
/// # Errors
/// [`CouncilError`] when the database can't be read.
pub fn counts(service: &Service) -> Result<(u64, u64), CouncilError> {
    service.storage.read(|reading| reading.record_counts())
}

/// A visit as lists and exports have it, for comparing with its records.
///
/// # Errors
/// [`CouncilError`] when the database can't be read.
pub fn listed_visit(service: &Service, visit: VisitId) -> Result<Option<Visit>, CouncilError> {
    Ok(service.storage.read(|reading| reading.visit(visit, None))?.map(|row| row.visit))
}

/// A photo's picture, once all of it is here, for comparing with its name, which is its hash.
///
/// # Errors
/// [`CouncilError`] when the database or the file can't be read.
pub fn picture(service: &Service, sha256: Hash) -> Result<Option<Vec<u8>>, CouncilError> {
    match service.storage.read(|reading| reading.is_whole(sha256))? {
        true => service.photos.read(sha256),
        false => Ok(None),
    }
}
