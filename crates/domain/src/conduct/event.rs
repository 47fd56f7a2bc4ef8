//! Immutable facts of a visit. Events are the body of records: a variant or field, once released, keeps its name and
//! meaning for ever; new ones are added.

use serde::{Deserialize, Serialize};

use super::{Admission, Basis, RefusalReason, SealedNote, Step, StepState, VisitKind};
use crate::{AppointmentRef, RecordId, Uprn};

/// One fact of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
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
    /// An earlier record was a mistake. Both stay.
    StruckOut {
        /// The record that was a mistake.
        record: RecordId,
        /// Why.
        reason: String,
    },
}

/// What a visit begins with. It names the home by its key alone: name and address stay in the appointment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Started {
    /// The appointment, where there is one.
    pub appointment: Option<AppointmentRef>,
    /// The home.
    pub uprn: Uprn,
    /// Why somebody comes, by kind.
    pub visit_kind: VisitKind,
}

/// How a visit ended by the visitor's leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// What was to be done is done.
    Completed,
    /// Somebody has to come again.
    FurtherVisitNeeded,
}

impl Event {
    /// Whether it overtakes everything else that waits to be sent.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        matches!(self, Self::ConcernSealed(_))
    }

    /// Whether nobody but the safeguarding leads may learn of it.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        matches!(self, Self::ConcernSealed(_))
    }
}

/// Bytes as one CBOR byte string, not an array of numbers.
pub(crate) mod bytes {
    use serde::de::{Deserializer, Error, SeqAccess, Visitor};
    use serde::ser::Serializer;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}
