//! `POST /v2/enrol`.

use doorstep_domain::protocol::ProblemCode;
use doorstep_domain::v2::{Attested, EnrolAnswer, EnrolRequest, PROTOCOL};

use super::{Answered, certificate};
use crate::device::enrol::{Asking, enrolled};
use crate::device::request::Refusal;
use crate::service::{NAME, Service};

/// Enrols a phone that has signed its request with the key that it enrols.
pub(super) fn enrol(service: &Service, request: &[u8]) -> Result<Answered, Refusal> {
    let signed = Attested::<EnrolRequest>::from_bytes(request)?;
    let request = signed.peek()?;
    if request.protocol != PROTOCOL {
        return Err(Refusal::No(ProblemCode::Unreadable));
    }
    let request = signed.hear(&request.key).map_err(|_| Refusal::No(ProblemCode::NotSigned))?;
    let asking = Asking {
        code: &request.code,
        key: request.key,
        phone: Some(request.phone),
        name: &request.phone_name,
        app_version: &request.app_version,
        protocol: PROTOCOL,
    };
    let (device, answer) = enrolled(service, &asking, |writing, device, person, now_ms| {
        let answer = EnrolAnswer {
            protocol: PROTOCOL,
            nonce: request.nonce,
            certificate: certificate(service, writing, device)?,
            user_name: person.user_name.clone(),
            display_name: person.display_name.clone(),
            position: person.position.clone(),
            organisation: person.organisation.name.clone(),
            council_name: writing.meta(NAME)?,
            council: service.council,
            council_key: service.public_key(),
            council_epoch: service.council_epoch(writing)?,
            safeguarding_keys: service.keys.safeguarding_recipients(),
            council_time_ms: now_ms,
        };
        Ok((device, answer))
    })?;
    Ok(Answered { bytes: Attested::new(&answer, &service.keys.signing).to_bytes(), device })
}
