//! What phones of version 2 ask. Nothing in a request is believed beyond what the council has
//! signed itself: whose phone it is, which key it has, and what it was given.

mod enrol;
mod photo;
mod salvage;
mod sync;

use doorstep_domain::DeviceId;
use doorstep_domain::ledger::SigningKey;
use doorstep_domain::protocol::{NoAnswer, ProblemCode};
use doorstep_domain::v2::{Attested, Certificate, Exchange, Message, NotAttested, PROTOCOL, VERSION};

use super::request::{Refusal, known_device, not_signed};
use crate::error::CouncilError;
use crate::service::Service;
use crate::storage::{Audited, Device, Enrolment, Reading};

/// Who finds a phone again, in the audit log: nobody but the council's own signature.
const FOUND_BY: &str = "";

/// An answer, and the phone that it is for.
pub(crate) struct Answered {
    pub(crate) bytes: Vec<u8>,
    pub(crate) device: DeviceId,
}

/// Answers a request of version 2.
///
/// # Errors
/// [`NoAnswer`] says why there is none.
pub(crate) fn ask(service: &Service, exchange: Exchange, request: &[u8]) -> Result<Answered, NoAnswer> {
    let answered = match exchange {
        Exchange::Enrol => enrol::enrol(service, request),
        Exchange::Fetch | Exchange::Send { .. } => sync::sync(service, request),
        Exchange::Photo(sha256) => photo::put_piece(service, sha256, request),
        Exchange::Salvage(sha256) => salvage::put_piece(service, sha256, request),
    };
    Ok(answered?)
}

impl From<NotAttested> for Refusal {
    fn from(_: NotAttested) -> Self {
        Self::No(ProblemCode::Unreadable)
    }
}

/// What a phone has said.
struct Heard<'a, M> {
    message: M,
    device: Device,
    /// The council's key that the phone knows. The answer is signed with it.
    known_key: &'a SigningKey,
}

/// The message and its phone, if the phone's key signed it and the phone shows its own certificate.
/// `said` gives the protocol, the enrolment and the certificate of a message.
fn heard<'a, M: Message>(
    service: &'a Service,
    request: &[u8],
    said: impl Fn(&M) -> (u16, DeviceId, Option<Attested<Certificate>>),
) -> Result<Heard<'a, M>, Refusal> {
    let signed = Attested::<M>::from_bytes(request)?;
    let (protocol, claimed, certificate) = said(&signed.peek()?);
    if protocol != PROTOCOL {
        return Err(Refusal::No(ProblemCode::Unreadable));
    }
    let device = match known_device(service, claimed) {
        Err(Refusal::No(ProblemCode::DeviceNotKnown)) => found_again(service, claimed, &signed, certificate.as_ref())?,
        known => known?,
    };
    let message = signed.hear(&device.key).map_err(|_| not_signed(service, device.id))?;
    let mut signed_by = None;
    if let Some(certificate) = certificate {
        let shown = service.keys.open(|key| certificate.open(key)).ok_or_else(|| not_signed(service, device.id))?;
        if (shown.council, shown.enrolment, shown.key) != (service.council, device.id, device.key) {
            return Err(not_signed(service, device.id));
        }
        signed_by = Some(shown.signed_by);
    }
    let known_key = service.keys.known_to(signed_by, device.enrolled_ms);
    Ok(Heard { message, device, known_key })
}

/// An enrolment that the council does not know, and has signed itself: it was put back from a copy
/// that is older. If the phone has the key that the certificate is for, and the council knows the
/// person and the organisation, it is taken back, for a person to confirm.
fn found_again<M: Message>(
    service: &Service,
    claimed: DeviceId,
    signed: &Attested<M>,
    certificate: Option<&Attested<Certificate>>,
) -> Result<Device, Refusal> {
    let unknown = || Refusal::No(ProblemCode::DeviceNotKnown);
    let shown = certificate.and_then(|shown| service.keys.open(|key| shown.open(key))).ok_or_else(unknown)?;
    if (shown.council, shown.enrolment) != (service.council, claimed) || signed.hear(&shown.key).is_err() {
        return Err(unknown());
    }
    let Certificate { enrolment: device, phone, key, person: user, organisation, from_ms, .. } = shown;
    let now_ms = service.now_ms();
    let found = Enrolment { device, phone, key, user, organisation, from_ms };
    let is_known = service.transact(|writing| {
        if writing.person(user)?.is_none() || !writing.has_organisation(organisation)? {
            return Ok(false);
        }
        writing.find_again(&found, writing.has_left(user)?, now_ms)?;
        writing.audit(now_ms, FOUND_BY, &Audited::DeviceFoundAgain { device })?;
        Ok(true)
    })?;
    if is_known { known_device(service, claimed) } else { Err(unknown()) }
}

/// The certificate of an enrolment.
fn certificate(
    service: &Service,
    reading: &Reading<'_>,
    device: DeviceId,
) -> Result<Attested<Certificate>, CouncilError> {
    let Enrolment { device, phone, key, user, organisation, from_ms } = reading.enrolment(device)?;
    let certificate = Certificate {
        version: VERSION,
        council: service.council,
        enrolment: device,
        phone,
        key,
        person: user,
        organisation,
        from_ms,
        signed_by: service.public_key().fingerprint(),
    };
    Ok(Attested::new(&certificate, &service.keys.signing))
}
