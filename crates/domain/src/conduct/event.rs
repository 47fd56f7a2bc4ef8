//! Events: what happened in a visit. An event is the body of a record, and never changes. A variant
//! or field that was released keeps its name and meaning for ever. New ones can be added.

use serde::{Deserialize, Serialize};

use super::{
    Admission, Basis, Cancellation, Clause, Concern, ConsentBy, Declaration, FollowUp, Leaving, LoneWorking, Notice,
    NoticeAgreement, NoticeMethod, Photo, RefusalReason, SealedNote, Step, StepState, TenantSignature,
    ToldOfCancellation, VisitKind, WithdrawalReason,
};
use crate::{AppointmentRef, RecordId, Uprn};

/// One fact of a visit.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::EnumDiscriminants, ts_rs::TS, schemars::JsonSchema,
)]
#[strum_discriminants(
    name(EventKind),
    doc = "What a fact is about, by its stable name.",
    derive(Serialize, strum::VariantArray),
    serde(rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The visit started: the visitor set out, or was at the door.
    Started(Started),
    /// The visitor recorded a step of the checklist.
    StepRecorded {
        /// The step of the checklist. A later record of the same step replaces it.
        step: Step,
        /// Whether it was done.
        state: StepState,
    },
    /// The visitor went in. Clause 3.1.
    Entered {
        /// What allowed the visitor to go in.
        basis: Basis,
        /// What the visitor says was left out before going in; `None` when nothing was.
        admitted: Option<Admission>,
    },
    /// The tenant refused entry.
    EntryRefused {
        /// Why the tenant refused.
        reason: RefusalReason,
        /// The tenant's own words.
        words: Option<String>,
    },
    /// The tenant's own words, written down after the refusal was saved.
    RefusalWordsAdded {
        /// What the tenant said, as the visitor wrote it down.
        words: String,
    },
    /// Nobody answered the door.
    NoAnswer,
    /// A concern that only the safeguarding leads may read, or know of. Clause 6.2.
    ConcernSealed(SealedNote),
    /// The visitor left.
    Left(Leaving),
    /// The visit's file was opened before the visitor set out, so that something could be recorded
    /// in it. This event and all below are new in schema 2.
    Opened(Started),
    /// The tenant was told who comes and why, before the visit. Clause 3.1.
    ToldWhoAndWhy {
        /// How the tenant was told.
        means: NoticeMethod,
    },
    /// The tenant agreed to the visit at short notice. Clause 3.1.
    NoticeAgreed(NoticeAgreement),
    /// The visitor knows the tenant. Clause 5.3.
    KnowsTenant(Declaration),
    /// The visitor works alone. Clause 6.1.
    LoneWorking(LoneWorking),
    /// "I am safe." Clause 6.1.
    SafeSaid,
    /// The visit does not go ahead. Clause 3.2.
    Cancelled(Cancellation),
    /// The tenant was told that the visit does not go ahead. Clause 3.2.
    ToldOfCancellation(ToldOfCancellation),
    /// Somebody took back their consent to the visitor being there. Clause 3.1.
    ConsentWithdrawn {
        /// Who took it back.
        by: ConsentBy,
        /// What they said.
        words: Option<String>,
    },
    /// What would make the next visit work: who should be there, when, how to knock. Clause 3.1.
    NextVisitNeeds {
        /// What is needed, in words.
        needs: String,
    },
    /// Whether a card was left at a door that nobody opened.
    CardLeft {
        /// Whether a card was left.
        left: bool,
    },
    /// After more than one visit without access: does something seem wrong? Clause 6.2.
    WelfareAnswered {
        /// Whether something seems wrong.
        worried: bool,
        /// Why, in words that anybody at the council may read.
        words: Option<String>,
    },
    /// A concern that is not sealed. Clauses 5.3, 6.1, 7, 8.1 and 8.2.
    ConcernRaised(Concern),
    /// The visitor left at once. Clause 7.
    LeftNow,
    /// Why the visitor left at once.
    WithdrawalExplained {
        /// Why the visitor left.
        reason: WithdrawalReason,
        /// What happened, in words.
        words: Option<String>,
    },
    /// What comes next. Clause 4.1.
    FollowUpAgreed(FollowUp),
    /// The tenant signed, which is their choice. It does not say that all was well.
    TenantSigned(TenantSignature),
    /// A photo was taken. Its picture is sent separately, after this record.
    PhotoTaken(Photo),
    /// An earlier record was a mistake, and was struck out. It stays visible.
    StruckOut {
        /// The record that was a mistake.
        record: RecordId,
        /// Why it was a mistake.
        reason: String,
    },
}

/// What is known when a visit begins. If there is an appointment, the home is given only by its
/// UPRN. The tenant's name and the address stay in the appointment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Started {
    /// The appointment, if there is one.
    pub appointment: Option<AppointmentRef>,
    /// The home; `None` for a visit without an appointment whose UPRN is not known.
    pub uprn: Option<Uprn>,
    /// The kind of visit. It decides how much notice the tenant must have. Clause 3.1.
    pub visit_kind: VisitKind,
    /// The address, if there is no appointment to hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Why somebody comes, in words, if there is no appointment to hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The notice that the tenant had, as the app showed it to the visitor; `None` when there is no
    /// appointment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
}

impl EventKind {
    /// The clause of the Code behind an event. `None` for an event that only says how the visit
    /// went, and for a step or a concern, which have clauses of their own.
    #[must_use]
    pub fn clause(self) -> Option<Clause> {
        match self {
            Self::Entered
            | Self::EntryRefused
            | Self::NoAnswer
            | Self::ToldWhoAndWhy
            | Self::NoticeAgreed
            | Self::ConsentWithdrawn
            | Self::NextVisitNeeds => Some(Clause::C3_1),
            Self::Cancelled | Self::ToldOfCancellation => Some(Clause::C3_2),
            Self::FollowUpAgreed => Some(Clause::C4_1),
            Self::PhotoTaken => Some(Clause::C5_2),
            Self::KnowsTenant => Some(Clause::C5_3),
            Self::LoneWorking | Self::SafeSaid => Some(Clause::C6_1),
            Self::ConcernSealed | Self::WelfareAnswered => Some(Clause::C6_2),
            Self::LeftNow | Self::WithdrawalExplained => Some(Clause::C7),
            Self::Started
            | Self::Opened
            | Self::StepRecorded
            | Self::ConcernRaised
            | Self::RefusalWordsAdded
            | Self::Left
            | Self::CardLeft
            | Self::TenantSigned
            | Self::StruckOut => None,
        }
    }
}

impl Event {
    /// Whether its record is sent before all others.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::ConcernSealed(_) | Self::LeftNow => true,
            Self::ConcernRaised(concern) => concern.kind().is_urgent(),
            _ => false,
        }
    }

    /// Whether nobody but the safeguarding leads may learn of it.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        matches!(self, Self::ConcernSealed(_))
    }

    /// The photo, if the event is about one.
    #[must_use]
    pub fn photo(&self) -> Option<&Photo> {
        match self {
            Self::PhotoTaken(photo) => Some(photo),
            _ => None,
        }
    }

    /// Whether it is left out of the visit that everybody sees. That is so for a sealed note, and
    /// for a breach, which the visitor's own firm never sees. Clauses 6.2 and 8.2.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        match self {
            Self::ConcernSealed(_) => true,
            Self::ConcernRaised(concern) => concern.kind() == super::ConcernKind::Breach,
            _ => false,
        }
    }
}
