//! What was set aside, and what phones leave open: looking at it, judging it again, releasing it
//! and putting it to rest. Everything of a safeguarding note is for the leads alone.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use doorstep_domain::conduct::{Event, Line};
use doorstep_domain::ledger::{Epoch, Hash, decode_acknowledgement, decode_body};
use doorstep_domain::v2::AnyEnvelope;
use doorstep_domain::{DeviceId, StableName, VisitId};
use serde::{Deserialize, Serialize};

use super::not_received::{AsideRecords, MissingRecords, missing, set_aside};
use super::{Actor, reason};
use crate::access::roles::{ASIDE_DECIDERS, Role};
use crate::device::{Signer, can_be_released, judge_again, receipt_released, release};
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
pub use crate::storage::Matter;
use crate::storage::settings::Belief;
use crate::storage::{
    AsideDecided, AsideDecision, AsideFilter, AsideRecord, AtRest, Audited, Device, PhoneMatter, Reading, Writing,
};

/// The most records of a phone that are shown, and decided about at a time.
const MOST: usize = 200;

/// What waits for somebody to look at it.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AsideList {
    /// Records that the council set aside, by phone and reason.
    pub(crate) records: Vec<AsideRecords>,
    /// Records that phones have and the council has not.
    pub(crate) missing: Vec<MissingRecords>,
    /// What there is about whole phones.
    pub(crate) matters: Vec<MatterRow>,
    /// Whether this person may decide about it.
    pub(crate) may_act: bool,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// Something about a whole phone that somebody has to look at.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct MatterRow {
    /// What it is.
    pub(crate) matter: Matter,
    /// The phone's id.
    pub(crate) device_id: DeviceId,
    /// The phone's name.
    pub(crate) device: String,
    /// The name of the person whose phone it is.
    pub(crate) visitor_name: String,
    /// How many records or chains it is about; 0 where that says nothing.
    #[ts(type = "number")]
    pub(crate) count: u64,
    /// When it last happened, by the council's clock.
    pub(crate) last_at: DateTime<Utc>,
    /// The same time in milliseconds, by which it is put to rest.
    #[ts(type = "number")]
    pub(crate) up_to: i64,
}

impl From<PhoneMatter> for MatterRow {
    fn from(found: PhoneMatter) -> Self {
        let PhoneMatter { matter, device, device_name, visitor_name, count, last_ms } = found;
        let last_at = times::from_ms(last_ms);
        Self { matter, device_id: device, device: device_name, visitor_name, count, last_at, up_to: last_ms }
    }
}

/// The set-aside records of one phone.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AsideOfPhone {
    /// The phone's id.
    pub(crate) device_id: DeviceId,
    /// The name of the person whose phone it is.
    pub(crate) visitor_name: String,
    /// Whether it is revoked, so that what it sends stands apart.
    pub(crate) revoked: bool,
    /// The records, the last received first.
    pub(crate) records: Vec<AsideRow>,
    /// Whether there are more than are shown.
    pub(crate) more: bool,
    /// Whether this person may decide about them.
    pub(crate) may_act: bool,
    /// How many records the last deed was about; `null` when nothing was done.
    #[ts(type = "number | null")]
    pub(crate) done: Option<usize>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

impl AsideOfPhone {
    /// How many records the last deed was about.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.done.unwrap_or(0)
    }
}

/// A record that was set aside.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AsideRow {
    /// Its hash, by which it is known.
    pub(crate) hash: String,
    /// Its number in its chain.
    #[ts(type = "number")]
    pub(crate) sequence: u64,
    /// Why it was set aside, as a stable code.
    pub(crate) reason: String,
    /// When the council received it.
    pub(crate) received_at: DateTime<Utc>,
    /// When it was recorded, by the device's clock; `null` if it can't be read.
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    /// The visit that it says it belongs to; `null` if it can't be read.
    pub(crate) visit: Option<VisitId>,
    /// The address of that visit, if the council has the visit.
    pub(crate) address: Option<String>,
    /// What it says; `null` if it can't be read, was erased, or is for the leads alone.
    pub(crate) line: Option<Line>,
    /// Whether it is a signature under the Code.
    pub(crate) signature: bool,
    /// Whether it is a safeguarding note. Only leads are shown those.
    pub(crate) note: bool,
    /// Whether this person may decide about it: leads about notes, and everybody else about
    /// everything else.
    pub(crate) may_decide: bool,
    /// Whether it can be released.
    pub(crate) can_be_released: bool,
    /// What somebody decided about it; `null` while it waits.
    pub(crate) decided: Option<AsideDecidedRow>,
}

/// What somebody decided about a record that was set aside.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AsideDecidedRow {
    /// The decision.
    pub(crate) decision: AsideDecision,
    /// When, by the council's clock.
    pub(crate) at: DateTime<Utc>,
    /// The user name of who decided; empty for the council itself.
    pub(crate) by: String,
    /// Why.
    pub(crate) because: String,
}

/// What can be done about set-aside records. Each needs a reason, of up to 500 characters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, schemars::JsonSchema, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub enum AsideDeed {
    /// Judge them by what the council knows today. Those that pass count as if they had passed when
    /// they came.
    JudgeAgain,
    /// Let them count as what their phone says.
    Release,
    /// Leave them as they are, and show them no more as waiting.
    PutToRest,
}

/// A deed about records of one phone.
#[derive(Debug, Deserialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AsideDecide {
    deed: AsideDeed,
    /// The records' hashes.
    records: Vec<String>,
    because: String,
}

impl AsideDecide {
    /// A deed about the records with these hashes.
    #[must_use]
    pub fn new(deed: AsideDeed, records: Vec<String>, because: String) -> Self {
        Self { deed, records, because }
    }
}

/// Puts something about a phone to rest.
#[derive(Debug, Deserialize, schemars::JsonSchema, ts_rs::TS)]
pub struct RestRequest {
    matter: Matter,
    device_id: DeviceId,
    /// The chain, where it is about one.
    #[serde(default)]
    chain: Option<String>,
    /// Up to which record or time, as the list gives it. What comes later shows again.
    #[ts(type = "number")]
    up_to: i64,
    because: String,
}

impl RestRequest {
    /// Puts a matter of a phone, or of one of its chains, to rest.
    #[must_use]
    pub fn new(matter: Matter, device_id: DeviceId, chain: Option<String>, up_to: i64, because: String) -> Self {
        Self { matter, device_id, chain, up_to, because }
    }
}

fn shows_notes(by: &Actor) -> bool {
    by.is(Role::SafeguardingLead)
}

/// What waits for somebody to look at it.
///
/// # Errors
/// [`CouncilError`] when the database fails.
pub fn list(service: &Service, by: &Actor) -> Result<AsideList, CouncilError> {
    service.storage.read(|reading| whole(service, reading, by))
}

fn whole(service: &Service, reading: &Reading<'_>, by: &Actor) -> Result<AsideList, CouncilError> {
    Ok(AsideList {
        records: set_aside(reading, by)?,
        missing: missing(reading, by)?,
        matters: reading.phone_matters()?.into_iter().map(MatterRow::from).collect(),
        may_act: by.may_act_as(ASIDE_DECIDERS) && !shows_notes(by),
        as_of: times::from_ms(service.now_ms()),
    })
}

/// Puts something about a phone or one of its chains to rest.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such phone or chain, or [`Refused::NoReason`].
pub fn put_to_rest(service: &Service, by: &Actor, request: &RestRequest) -> Result<AsideList, CouncilError> {
    by.only(ASIDE_DECIDERS)?;
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let because = reason(&request.because)?;
        let device = writing.device(request.device_id)?.ok_or(Refused::NotFound)?;
        let chain = match (request.matter, request.chain.as_deref()) {
            (Matter::NotReceived, Some(chain)) => Some(Epoch::from_hex(chain).ok_or(Refused::NotFound)?),
            (Matter::NotReceived, None) => return Err(Refused::NotFound.into()),
            (Matter::TwoPhones | Matter::NotSealed | Matter::ManyAtOnce | Matter::FoundAgain, _) => None,
        };
        // What is missing of a note is for the leads alone, and its line of the log would tell.
        let of_note = match chain {
            Some(chain) => writing.is_of_note(device.id, chain)?,
            None => false,
        };
        // Leads put what is missing of notes to rest, and everybody else everything else.
        if of_note != shows_notes(by) {
            return Err(Refused::NotFound.into());
        }
        let known = match chain {
            Some(chain) => writing.claimed(device.id, chain)?,
            None => {
                let matters = writing.phone_matters()?.into_iter();
                matters
                    .filter(|found| (found.device, found.matter) == (device.id, request.matter))
                    .map(|found| found.last_ms)
                    .next()
            }
        };
        // What comes after what is known now shows again.
        let up_to = request.up_to.min(known.ok_or(Refused::NotFound)?);
        writing.put_to_rest(&AtRest {
            device: device.id,
            matter: request.matter,
            chain,
            up_to,
            at_ms: now_ms,
            by: by.name(),
            because,
        })?;
        if !of_note {
            let (matter, chain) = (request.matter.name(), chain.map(|chain| chain.to_string()));
            writing.audit(now_ms, by.name(), &Audited::PutToRest { device: device.id, matter, chain, because })?;
        }
        whole(service, writing, by)
    })
}

/// The set-aside records of one phone. The reading is written to the audit log, unless all that
/// there is are notes.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such phone.
pub fn read(service: &Service, by: &Actor, device: DeviceId) -> Result<AsideOfPhone, CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let phone = writing.device(device)?.ok_or(Refused::NotFound)?;
        let shown = of_phone(service, writing, by, &phone, None)?;
        if shown.records.iter().any(|record| !record.note) {
            writing.audit(now_ms, by.name(), &Audited::SetAsideRead { device })?;
        }
        Ok(shown)
    })
}

/// Decides about set-aside records of one phone, and shows them as they are afterwards. Nothing is
/// changed unless all of it can be.
///
/// # Errors
/// [`Refused::NotFound`] when one of the records is not there to be decided about,
/// [`Refused::NoReason`], or [`Refused::NotToBeReleased`].
pub fn decide(
    service: &Service,
    by: &Actor,
    device: DeviceId,
    request: &AsideDecide,
) -> Result<AsideOfPhone, CouncilError> {
    by.only(ASIDE_DECIDERS)?;
    let now_ms = service.now_ms();
    let hashes: Option<BTreeSet<Hash>> = request.records.iter().map(|hash| hash.parse().ok()).collect();
    let hashes: Vec<Hash> = hashes.into_iter().flatten().collect();
    if hashes.is_empty() || hashes.len() > MOST {
        return Err(Refused::NotFound.into());
    }
    service.transact(|writing| {
        let because = reason(&request.because)?;
        let phone = writing.device(device)?.ok_or(Refused::NotFound)?;
        let filter = AsideFilter { device, of_notes: shows_notes(by), waiting: true };
        let records = writing.aside_with(filter, &hashes)?;
        // Leads decide about notes, and everybody else about everything else.
        let theirs = records.iter().all(|record| record.of_note == shows_notes(by));
        if records.len() != hashes.len() || !theirs {
            return Err(Refused::NotFound.into());
        }
        let visits = records.iter().filter_map(|record| AnyEnvelope::from_bytes(&record.envelope));
        let visits = visits.map(|envelope| envelope.visit).collect();
        let done = act(service, writing, by, (&phone, request.deed), records, because)?;
        if !shows_notes(by) {
            let what = Audited::SetAsideDecided { device, deed: request.deed.name(), records: done, visits, because };
            writing.audit(now_ms, by.name(), &what)?;
        }
        of_phone(service, writing, by, &phone, Some(done))
    })
}

/// Does the deed. Gives how many records it changed.
fn act(
    service: &Service,
    writing: &Writing<'_>,
    by: &Actor,
    (phone, deed): (&Device, AsideDeed),
    records: Vec<AsideRecord>,
    because: &str,
) -> Result<usize, CouncilError> {
    let now_ms = service.now_ms();
    let decided =
        |decision| AsideDecided { decision, at_ms: now_ms, by: by.name().to_owned(), because: because.to_owned() };
    let taken = match deed {
        AsideDeed::PutToRest => {
            records.iter().try_for_each(|record| writing.decide_aside(record, &decided(AsideDecision::AtRest)))?;
            return Ok(records.len());
        }
        AsideDeed::JudgeAgain => judge_again(writing, phone, &records, now_ms)?,
        AsideDeed::Release => {
            let (mut released, mut ids) = (Vec::with_capacity(records.len()), BTreeSet::new());
            for record in &records {
                if let Some(says) = can_be_released(writing, record)?
                    && ids.insert(says.record())
                {
                    released.push((record.clone(), says));
                }
            }
            if released.len() < records.len() {
                return Err(Refused::NotToBeReleased(records.len() - released.len()).into());
            }
            release(writing, phone, released, &decided(AsideDecision::Released))?;
            records
        }
    };
    receipt_released(writing, phone, &taken, &Signer::of(service, writing)?, now_ms)?;
    Ok(taken.len())
}

fn of_phone(
    service: &Service,
    reading: &Reading<'_>,
    by: &Actor,
    phone: &Device,
    done: Option<usize>,
) -> Result<AsideOfPhone, CouncilError> {
    let filter = AsideFilter { device: phone.id, of_notes: shows_notes(by), waiting: false };
    let mut found = reading.aside_of(filter, MOST + 1)?;
    let more = found.len() > MOST;
    found.truncate(MOST);
    let (visitor, belief) = (reading.person(phone.user)?, Belief::of(reading)?);
    Ok(AsideOfPhone {
        device_id: phone.id,
        visitor_name: visitor.map(|person| person.display_name).unwrap_or_default(),
        revoked: phone.revoked,
        records: found.into_iter().map(|record| row(reading, by, &belief, record)).collect::<Result<_, _>>()?,
        more,
        may_act: by.may_act_as(ASIDE_DECIDERS),
        done,
        as_of: times::from_ms(service.now_ms()),
    })
}

fn row(reading: &Reading<'_>, by: &Actor, belief: &Belief, record: AsideRecord) -> Result<AsideRow, CouncilError> {
    let envelope = AnyEnvelope::from_bytes(&record.envelope);
    let can_be_released = record.decided.is_none() && can_be_released(reading, &record)?.is_some();
    let visit = envelope.as_ref().map(|envelope| envelope.visit);
    let listed = visit.map(|visit| reading.visit(visit, None)).transpose()?.flatten();
    let recorded_at = envelope.as_ref().map(|envelope| times::from_ms(envelope.recorded_at_ms));
    let event = decode_body(&record.body).map(|body| body.event).filter(|event| !is_for_leads(event));
    let line = envelope.as_ref().zip(event).filter(|_| !record.of_note).map(|(envelope, event)| Line {
        record: envelope.record,
        at: times::from_ms(envelope.recorded_at_ms),
        doubt: belief.doubt(times::from_ms(envelope.recorded_at_ms), record.earliest_ms, record.received_ms),
        event,
        struck: None,
    });
    Ok(AsideRow {
        hash: record.hash.to_string(),
        sequence: record.place.sequence,
        signature: line.is_none() && decode_acknowledgement(&record.body).is_some(),
        reason: record.reason,
        received_at: times::from_ms(record.received_ms),
        recorded_at,
        visit: visit.filter(|_| !record.of_note),
        address: listed.map(|row| row.address()).filter(|_| !record.of_note),
        line,
        note: record.of_note,
        may_decide: record.of_note == shows_notes(by) && record.decided.is_none(),
        can_be_released,
        decided: record.decided.map(|decided| AsideDecidedRow {
            decision: decided.decision,
            at: times::from_ms(decided.at_ms),
            by: decided.by,
            because: decided.because,
        }),
    })
}

fn is_for_leads(event: &Event) -> bool {
    matches!(event, Event::ConcernSealed(_))
}
