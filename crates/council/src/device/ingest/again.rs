//! Records that were set aside, once somebody has looked at them: judged again by what the council
//! knows today, or released to count as what their phone says.

use std::collections::BTreeSet;

use doorstep_domain::protocol::SetAsideReason;
use doorstep_domain::v2::AnyEnvelope;
use doorstep_domain::{RecordId, StableName, VisitId};

use super::arrived::{Arrived, Times};
use super::cases::Cases;
use super::judge::{Content, content_of};
use super::{Outcome, keep_content, project, store};
use crate::error::CouncilError;
use crate::storage::{AsideDecided, AsideRecord, Device, Reading, Writing};

/// What a record says that can be released.
pub(crate) struct Released {
    envelope: AnyEnvelope,
    content: Content,
}

impl Released {
    /// The record's id. Two with one id can't both be released.
    pub(crate) fn record(&self) -> RecordId {
        self.envelope.record
    }
}

/// Judges records of one phone again. Those that pass now are kept as if they had passed when they
/// came; the others are set aside as before. Gives those that passed.
pub(crate) fn judge_again(
    writing: &Writing<'_>,
    device: &Device,
    records: &[AsideRecord],
    now_ms: i64,
) -> Result<Vec<AsideRecord>, CouncilError> {
    for record in records {
        writing.take_from_aside(record)?;
    }
    let arrived: Vec<Arrived<'_>> = records.iter().map(Arrived::again).collect();
    let outcomes = store(writing, device, &arrived, &[], now_ms)?;
    let passed = records.iter().zip(outcomes).filter(|(_, outcome)| match outcome {
        Outcome::Known | Outcome::Stored | Outcome::NotUnderstood => true,
        Outcome::SetAside(_) | Outcome::Apart => false,
    });
    Ok(passed.map(|(record, _)| record.clone()).collect())
}

/// What a record says, if it can be released: it can be read, it is what its visit's key commits
/// to, the council knows the person in whose name it is, and it holds no other record with its id.
/// `None` if it can't.
pub(crate) fn can_be_released(reading: &Reading<'_>, record: &AsideRecord) -> Result<Option<Released>, CouncilError> {
    let Some(envelope) = AnyEnvelope::from_bytes(&record.envelope) else { return Ok(None) };
    let key = reading.visit_keys([envelope.visit])?.pop().map(|(_, key)| key);
    let Some(content) = content_of(&envelope, &record.body, key.as_ref()) else { return Ok(None) };
    let is_known = match envelope.actor {
        Some(actor) => reading.person(actor)?.is_some(),
        None => true,
    };
    let is_here = !reading.commitments([envelope.record])?.is_empty() || reading.is_released(envelope.record)?;
    let is_clash = record.reason == SetAsideReason::RecordIdClash.name();
    Ok((is_known && !is_here && !is_clash).then_some(Released { envelope, content }))
}

/// Lets records of one phone count as what it says. They stay where they are, beside their chains.
pub(crate) fn release(
    writing: &Writing<'_>,
    device: &Device,
    records: Vec<(AsideRecord, Released)>,
    decided: &AsideDecided,
) -> Result<(), CouncilError> {
    let mut visits: BTreeSet<VisitId> = BTreeSet::new();
    let mut cases = Cases::released(writing)?;
    for (record, Released { envelope, content }) in records {
        writing.decide_aside(&record, decided)?;
        let times = Times { received_ms: record.received_ms, earliest_ms: record.earliest_ms };
        if keep_content(writing, device, &envelope, content, (times, &mut cases))? {
            visits.insert(envelope.visit);
        }
    }
    project::fold_visits(writing, device, &visits)
}
