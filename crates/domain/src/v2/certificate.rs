//! What the council signs about an enrolment: whose it is, and on which key.

use minicbor::{Decode, Encode};

use super::{CouncilId, Message, Name, Statement};
use crate::ledger::{Hash, PublicKey};
use crate::{DeviceId, OrganisationId, PhoneId, UserId};

/// One person, in one organisation, on one key. Every record of an enrolment is this person's and
/// this organisation's, whenever it arrives. A phone shows its certificate with each request, so
/// that a council that was restored from an older backup can find its own signature.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Certificate {
    /// The version of this layout.
    #[n(0)]
    pub version: u8,
    /// The council that signed it.
    #[n(1)]
    pub council: CouncilId,
    /// The enrolment.
    #[n(2)]
    pub enrolment: DeviceId,
    /// The phone that it is on.
    #[n(3)]
    pub phone: PhoneId,
    /// The public half of the phone's key.
    #[n(4)]
    pub key: PublicKey,
    /// The person who carries the phone.
    #[n(5)]
    pub person: UserId,
    /// The organisation that they work for.
    #[n(6)]
    pub organisation: OrganisationId,
    /// When the enrolment began, by the council's clock: milliseconds since 1970, UTC.
    #[n(7)]
    pub from_ms: i64,
    /// The fingerprint of the council's key that signed it; see [`PublicKey::fingerprint`].
    #[n(8)]
    pub signed_by: Hash,
}

impl Message for Certificate {
    const NAME: Name = Name::Certificate;
}

impl Statement for Certificate {}
