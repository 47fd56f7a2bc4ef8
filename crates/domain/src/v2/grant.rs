//! What the council signs about an appointment that it gives to an enrolment.

use minicbor::{Decode, Encode};

use super::{CouncilId, Message, Name, Nonce, Statement};
use crate::ledger::Hash;
use crate::{AppointmentRef, DeviceId};

/// One version of an appointment was given to one enrolment. The first record of a visit gives the
/// grant's hash, and the grant is sent with it. So the link between a visit and an appointment
/// stands if the council signed it, whatever has become of the appointment since.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Grant {
    /// The version of this layout.
    #[n(0)]
    pub version: u8,
    /// The council that signed it.
    #[n(1)]
    pub council: CouncilId,
    /// The enrolment that the appointment was given to.
    #[n(2)]
    pub enrolment: DeviceId,
    /// The appointment's reference.
    #[n(3)]
    pub reference: AppointmentRef,
    /// The hash of the version that was given; see [`version_hash`].
    #[n(4)]
    pub given: Hash,
    /// When it was given, by the council's clock: milliseconds since 1970, UTC.
    #[n(5)]
    pub given_ms: i64,
}

impl Message for Grant {
    const NAME: Name = Name::Grant;
}

impl Statement for Grant {}

/// The hash of one version of an appointment. The salt is erased with the appointment; after that
/// nobody can find out from the hash whose home it was.
#[must_use]
pub fn version_hash(salt: &Nonce, appointment: &[u8]) -> Hash {
    Name::Appointment.hash(&[salt.as_bytes(), appointment])
}
