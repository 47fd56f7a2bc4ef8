//! Homes where nobody got in, and the evidence about such a home. Clause 3.1.

use chrono::{DateTime, Utc};
use doorstep_domain::conduct::{Attempt, CaseOutcome, Counting};
use doorstep_domain::{StableName, Uprn};
use serde::{Deserialize, Serialize};

use super::not_received::{MissingRecords, missing};
use super::visits::VisitDetail;
use super::{Actor, PAGE, said};
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::{NAME, Service};
use crate::storage::{
    Audited, FoldedVisit, HOMES, HomeStanding, NoAccessRow, Page, Reading, TimesStanding, VisitRow, settings,
};

/// An attempt to get in, with a supervisor's decision about it.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct NoAccessAttempt {
    /// The attempt, from its records.
    #[serde(flatten)]
    pub(crate) attempt: Attempt,
    /// Whether it counts towards enforcement, with the supervisor's decision if there is one. It
    /// counts only if the council knows that it was at this home.
    pub(crate) decided: Counting,
    /// How the council knows that it was at this home.
    pub(crate) home: HomeStanding,
    /// How the council sees its times. In doubt, it does not count in court.
    pub(crate) times: TimesStanding,
}

impl NoAccessAttempt {
    /// Whether it is a step towards enforcement.
    pub(crate) fn counts(&self) -> bool {
        self.decided == Counting::Counts && self.home.counts()
    }
}

/// A home where nobody got in.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct NoAccessHome {
    /// The home's Unique Property Reference Number, as text.
    pub(crate) uprn: String,
    /// The address on one line; empty if it is not known.
    pub(crate) address: String,
    /// The attempts, oldest first.
    pub(crate) attempts: Vec<NoAccessAttempt>,
    /// How many of them count towards enforcement. A valid refusal never does.
    pub(crate) counting: usize,
    /// How many of those also count in court: the tenant had 24 hours' notice in writing.
    pub(crate) in_court: usize,
}

/// A page of homes.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct NoAccessList {
    /// The homes on this page. Unless another order is asked for, the last attempt is first.
    pub(crate) homes: Vec<NoAccessHome>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// How many attempts come before the next letter goes out.
    pub(crate) attempts_before_letter: u32,
    /// Records that phones have and the council has not: there may be attempts in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// Which homes to list, and in which order.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct NoAccessQuery {
    organisation: Option<String>,
    /// `last` for the last attempt, `attempts` for how many, or `where`. A `-` in front reverses
    /// the order.
    sort: Option<String>,
    after: Option<String>,
}

/// A page of homes where nobody got in. People at a firm see only their firm's attempts.
///
/// # Errors
/// [`Refused::NoSuchPage`] when the order or the place can't be read.
pub fn list(service: &Service, by: &Actor, query: NoAccessQuery) -> Result<NoAccessList, CouncilError> {
    let organisation = by.firm().map(str::to_owned).or_else(|| said(query.organisation));
    let order = HOMES.order(query.sort.as_deref(), "-last", query.after.as_deref())?;
    let now_ms = service.now_ms();
    service.storage.read(|reading| {
        let Page { rows, next } = reading.no_access(organisation.as_deref(), by.firm(), &order, PAGE)?;
        Ok(NoAccessList {
            homes: rows.into_iter().map(|row| home(reading, row)).collect::<Result<_, _>>()?,
            next,
            attempts_before_letter: settings::of_the_door(reading, now_ms)?.attempts_before_letter,
            missing: missing(reading, by)?,
            as_of: times::from_ms(now_ms),
        })
    })
}

/// The evidence about a home where nobody got in, for a meeting, a solicitor or a court.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct EvidencePack {
    /// The home, its attempts and how they count.
    pub(crate) home: NoAccessHome,
    /// The visits behind the attempts, oldest first.
    pub(crate) visits: Vec<VisitDetail>,
    /// How many attempts come before the next letter.
    pub(crate) attempts_before_letter: u32,
    /// The name of the person who asked for it.
    pub(crate) made_by: String,
    /// The council's name, for the head of the pack.
    pub(crate) council_name: String,
    /// Records that phones have and the council has not: there may be attempts in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// The evidence about a home where nobody got in. The reading is written to the audit log.
///
/// # Errors
/// [`Refused::NotFound`] when there were no attempts at this home.
pub fn evidence(service: &Service, by: &Actor, uprn: &Uprn) -> Result<EvidencePack, CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let pack = pack(writing, uprn, by, now_ms)?.ok_or(Refused::NotFound)?;
        writing.audit(now_ms, by.name(), &Audited::EvidenceMade { uprn })?;
        Ok(pack)
    })
}

fn pack(reading: &Reading<'_>, uprn: &Uprn, by: &Actor, now_ms: i64) -> Result<Option<EvidencePack>, CouncilError> {
    let rows = reading.visits_without_access(uprn, None)?;
    // Evidence from which a visit is missing would be worse than none.
    let rows = rows.into_iter().map(FoldedVisit::unfolded).collect::<Result<Vec<_>, _>>();
    let rows = rows.map_err(|_| Refused::UnreadableVisit)?;
    let mut visits = Vec::with_capacity(rows.len());
    for row in &rows {
        visits.push(VisitDetail::of(reading, by, row.clone())?);
    }
    if visits.is_empty() {
        return Ok(None);
    }
    let address = reading.address_of_home(uprn)?.unwrap_or_default();
    Ok(Some(EvidencePack {
        home: home(reading, NoAccessRow { uprn: uprn.clone(), address, visits: rows })?,
        visits,
        attempts_before_letter: settings::of_the_door(reading, now_ms)?.attempts_before_letter,
        made_by: by.display_name().to_owned(),
        council_name: reading.meta(NAME)?,
        missing: missing(reading, by)?,
        as_of: times::from_ms(now_ms),
    }))
}

/// An attempt with what the council knows of it and a supervisor has decided; `None` for a visit
/// that is none. An attempt that they count also counts in court if the tenant had 24 hours' notice
/// in writing.
pub(crate) fn decided(reading: &Reading<'_>, row: &VisitRow) -> Result<Option<NoAccessAttempt>, CouncilError> {
    let Some(mut attempt) = row.visit.attempt() else { return Ok(None) };
    let decision = match attempt.counting {
        Counting::ToBeDecided => reading.refusal_decision(attempt.visit)?,
        Counting::Counts | Counting::ValidRefusal => None,
    };
    let decided = attempt.decided(decision.as_deref().and_then(CaseOutcome::from_name));
    let (home, times) = (HomeStanding::of(&row.columns), TimesStanding::of(row));
    attempt.in_court = home.is_proven(times) && decided.in_court(row.visit.notice.as_ref());
    Ok(Some(NoAccessAttempt { attempt, decided, home, times }))
}

fn home(reading: &Reading<'_>, row: NoAccessRow) -> Result<NoAccessHome, CouncilError> {
    let attempts = row.visits.iter().map(|visit| decided(reading, visit)).collect::<Result<Vec<_>, _>>()?;
    let attempts: Vec<NoAccessAttempt> = attempts.into_iter().flatten().collect();
    let counts = attempts.iter().filter(|attempt| attempt.counts());
    Ok(NoAccessHome {
        uprn: row.uprn.to_string(),
        address: row.address,
        counting: counts.clone().count(),
        in_court: counts.filter(|attempt| attempt.attempt.in_court).count(),
        attempts,
    })
}
