//! Immutable facts of a visit. Events are the body of records: a variant or field, once released,
//! keeps its name and meaning for ever; new ones are added.

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
    /// The visitor set out, or stands before the door.
    Started(Started),
    /// Something was said of a step.
    StepRecorded {
        /// Which step.
        step: Step,
        /// What was said of it.
        state: StepState,
    },
    /// The visitor went in. Clause 3.1.
    Entered {
        /// On what footing.
        basis: Basis,
        /// What was left out before it, by the visitor's own word.
        admitted: Option<Admission>,
    },
    /// The tenant refused entry.
    EntryRefused {
        /// Why.
        reason: RefusalReason,
        /// The tenant's own words.
        words: Option<String>,
    },
    /// The tenant's own words, written down after the refusal was saved.
    RefusalWordsAdded {
        /// The words.
        words: String,
    },
    /// Nobody answered the door.
    NoAnswer,
    /// A concern that only the safeguarding leads may read, or know of. Clause 6.2.
    ConcernSealed(SealedNote),
    /// The visitor left.
    Left(Leaving),
    /// The visit's file was opened before setting out, since something was to be said of it. Schema
    /// 2, as all that follow.
    Opened(Started),
    /// The tenant was told who comes and why, before the visit. Clause 3.1.
    ToldWhoAndWhy {
        /// How.
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
    /// The tenant was told so. Clause 3.2.
    ToldOfCancellation(ToldOfCancellation),
    /// Somebody took back their consent to the visitor being there. Clause 3.1.
    ConsentWithdrawn {
        /// Who.
        by: ConsentBy,
        /// Their words.
        words: Option<String>,
    },
    /// What would make the next visit work: who should be there, when, how to knock. Clause 3.1.
    NextVisitNeeds {
        /// What, in words.
        needs: String,
    },
    /// Whether a card was left at a door that nobody opened.
    CardLeft {
        /// Whether it was.
        left: bool,
    },
    /// After more than one visit without access: does something seem wrong? Clause 6.2.
    WelfareAnswered {
        /// Whether it does.
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
        /// Why.
        reason: WithdrawalReason,
        /// What happened, in words.
        words: Option<String>,
    },
    /// What comes next. Clause 4.1.
    FollowUpAgreed(FollowUp),
    /// The tenant signed.
    TenantSigned(TenantSignature),
    /// A photo was taken. Its picture travels apart, after this.
    PhotoTaken(Photo),
    /// An earlier record was a mistake. Both stay.
    StruckOut {
        /// The record that was a mistake.
        record: RecordId,
        /// Why.
        reason: String,
    },
}

/// What a visit begins with. Where there is an appointment it names the home by its key alone: name
/// and address stay there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Started {
    /// The appointment, where there is one.
    pub appointment: Option<AppointmentRef>,
    /// The home; `None` where a visit without an appointment knows its address alone.
    pub uprn: Option<Uprn>,
    /// Why somebody comes, by kind.
    pub visit_kind: VisitKind,
    /// The address, where there is no appointment to hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Why somebody comes, in words, where there is no appointment to hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The notice that the tenant had, as it was shown to the visitor; `None` where there was no
    /// appointment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
}

impl EventKind {
    /// The clause of the Code behind a fact; none behind one that only says how the visit went, and
    /// behind a step or a concern, which have clauses of their own.
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
    /// Whether it overtakes everything else that waits to be sent.
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

    /// The photo that it tells of.
    #[must_use]
    pub fn photo(&self) -> Option<&Photo> {
        match self {
            Self::PhotoTaken(photo) => Some(photo),
            _ => None,
        }
    }

    /// Whether it stays out of the visit that everybody sees: a sealed note, and a breach, which
    /// the visitor's own firm is never shown. Clauses 6.2 and 8.2.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        match self {
            Self::ConcernSealed(_) => true,
            Self::ConcernRaised(concern) => concern.kind() == super::ConcernKind::Breach,
            _ => false,
        }
    }
}
