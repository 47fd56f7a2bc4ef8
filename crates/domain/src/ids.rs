//! Ids. Each kind is a type of its own, so that code can't pass a device's id as a visit's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not a UUID, so it can't be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not an id: {0}")]
pub struct BadId(String);

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
        #[ts(type = "string")]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a time-ordered id (UUID version 7, RFC 9562) from milliseconds since 1970
            /// (UTC) and ten random bytes.
            #[must_use]
            pub fn from_parts(unix_ms: u64, random: &[u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, random).into_uuid())
            }

            /// The sixteen bytes, as they are stored and sent.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Reads sixteen stored bytes back.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                Uuid::parse_str(text.trim()).map(Self).map_err(|_| BadId(text.chars().take(60).collect()))
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(self.as_bytes())?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                crate::hash::sixteen_bytes(d).map(Self::from_bytes)
            }
        }
    };
}

identity!(
    /// One attendance at a property, planned or not.
    VisitId
);
identity!(
    /// One record. The id stays the same when the record is issued again in a new epoch.
    RecordId
);
identity!(
    /// One enrolment of one phone. Enrolling again makes a new one.
    DeviceId
);
identity!(
    /// One installation of the app on one phone. It stays the same when somebody enrols again.
    PhoneId
);
identity!(
    /// A person who may sign in or carry a phone.
    UserId
);
identity!(
    /// The council, or a contractor firm.
    OrganisationId
);

/// The reference of an appointment, as the housing system gave it to the council.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema,
)]
#[ts(type = "string")]
#[serde(try_from = "String", into = "String")]
pub struct AppointmentRef(String);

/// Text that can't be an appointment's reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a reference has 1 to 40 letters, digits, or any of - _ . /")]
pub struct BadAppointmentRef;

impl AppointmentRef {
    /// The reference as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AppointmentRef {
    type Error = BadAppointmentRef;

    fn try_from(text: String) -> Result<Self, BadAppointmentRef> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        if text.is_empty() || text.len() > 40 || !text.chars().all(allowed) {
            return Err(BadAppointmentRef);
        }
        Ok(Self(text))
    }
}

impl FromStr for AppointmentRef {
    type Err = BadAppointmentRef;

    fn from_str(text: &str) -> Result<Self, BadAppointmentRef> {
        Self::try_from(text.trim().to_owned())
    }
}

impl<C> minicbor::Encode<C> for AppointmentRef {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for AppointmentRef {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::try_from(d.str()?.to_owned()).map_err(minicbor::decode::Error::message)
    }
}

impl From<AppointmentRef> for String {
    fn from(reference: AppointmentRef) -> Self {
        reference.0
    }
}

impl fmt::Display for AppointmentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Unique Property Reference Number: the key of a home in every council's data. 1 to 12 digits,
/// kept as text, since a leading zero may matter to the system that sent it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema,
)]
#[ts(type = "string")]
#[serde(try_from = "String", into = "String")]
pub struct Uprn(String);

/// Text that can't be a UPRN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a UPRN has 1 to 12 digits")]
pub struct BadUprn;

impl Uprn {
    /// The number as text, with any leading zeros.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Uprn {
    type Error = BadUprn;

    fn try_from(text: String) -> Result<Self, BadUprn> {
        if text.is_empty() || text.len() > 12 || !text.chars().all(|c| c.is_ascii_digit()) {
            return Err(BadUprn);
        }
        Ok(Self(text))
    }
}

impl From<Uprn> for String {
    fn from(uprn: Uprn) -> Self {
        uprn.0
    }
}

impl fmt::Display for Uprn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
