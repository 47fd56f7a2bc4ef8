//! The ids of cases.

use doorstep_domain::conduct::CaseKind;
use doorstep_domain::ledger::Hash;
use doorstep_domain::{RecordId, StableName};

/// A case's id. It is made from the kind of case and the record, so a record that comes twice opens
/// no second case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseId([u8; 16]);

impl CaseId {
    /// The id of the case of this kind that a record opens.
    pub(crate) fn of(kind: CaseKind, record: RecordId) -> Self {
        let hash = Hash::of("doorstep-case-v1", &[kind.name().as_bytes(), record.as_bytes()]);
        let mut id = [0; 16];
        id.iter_mut().zip(hash.as_bytes()).for_each(|(byte, of)| *byte = *of);
        Self(id)
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl std::fmt::Display for CaseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// Why a text could not be read as a case's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the id of a case: an id has 32 characters, 0 to 9 and a to f")]
pub struct BadCaseId;

impl std::str::FromStr for CaseId {
    type Err = BadCaseId;

    fn from_str(text: &str) -> Result<Self, BadCaseId> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| BadCaseId)?;
        bytes.try_into().map(Self).map_err(|_| BadCaseId)
    }
}
