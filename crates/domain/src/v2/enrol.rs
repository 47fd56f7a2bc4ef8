//! `POST /v2/enrol`: the phone sends a one-time code and its public key, signed by that key, and
//! gets a certificate.

use minicbor::{Decode, Encode};

use super::{Attested, Certificate, CouncilId, Message, Name, Nonce};
use crate::PhoneId;
use crate::ledger::{Epoch, PublicKey};

/// The phone's request. Its own key signs it, so nobody enrols a key that they don't have.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct EnrolRequest {
    /// The version of the protocol.
    #[n(0)]
    pub protocol: u16,
    /// The one-time code, as printed.
    #[n(1)]
    pub code: String,
    /// The installation of the app. It stays the same when somebody enrols again.
    #[n(2)]
    pub phone: PhoneId,
    /// The public half of the key that the phone made for this enrolment.
    #[n(3)]
    pub key: PublicKey,
    /// The phone's name in the council's list of phones.
    #[n(4)]
    pub phone_name: String,
    /// The app's version, which the council's list of phones shows.
    #[n(5)]
    pub app_version: String,
    /// A random number, repeated in the answer.
    #[n(6)]
    pub nonce: Nonce,
}

/// The council's answer, which it signs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct EnrolAnswer {
    /// The version of the protocol.
    #[n(0)]
    pub protocol: u16,
    /// The request's random number.
    #[n(1)]
    pub nonce: Nonce,
    /// The certificate: enrolment, person, organisation and key.
    #[n(2)]
    pub certificate: Attested<Certificate>,
    /// The name that the person signs in with.
    #[n(3)]
    pub user_name: String,
    /// Their name, as people read it.
    #[n(4)]
    pub display_name: String,
    /// Their job title.
    #[n(5)]
    pub position: String,
    /// The name of the organisation that they work for.
    #[n(6)]
    pub organisation: String,
    /// The council's name, which the app shows.
    #[n(7)]
    pub council_name: String,
    /// The council's id.
    #[n(8)]
    pub council: CouncilId,
    /// The council's public key. From now on the phone trusts this key alone.
    #[n(9)]
    pub council_key: PublicKey,
    /// Changes when the council is restored from a backup.
    #[n(10)]
    pub council_epoch: Epoch,
    /// The age recipients to which safeguarding notes are sealed.
    #[n(11)]
    pub safeguarding_keys: Vec<String>,
    /// The council's clock: milliseconds since 1970, UTC.
    #[n(12)]
    pub council_time_ms: i64,
}

impl Message for EnrolRequest {
    const NAME: Name = Name::EnrolRequest;
}

impl Message for EnrolAnswer {
    const NAME: Name = Name::EnrolAnswer;
}
