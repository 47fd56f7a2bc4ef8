//! Enrolling a phone by its one-time code.

use doorstep_domain::DeviceId;
use doorstep_domain::protocol::{
    EnrolAnswer, EnrolRequest, EnrolmentCode, PROTOCOL, ProblemCode, Purpose, Signed, decode, encode,
};

use super::request::{Refusal, only_this_protocol};
use super::sync::epoch;
use crate::error::CouncilError;
use crate::service::{EPOCH, NAME, Service};
use crate::storage::{Audited, Device};

/// How many characters of a phone's name and app version are stored.
const LONGEST_NAME: usize = 80;

/// Enrols a phone. The answer tells the phone who its user is and which keys the council has. The
/// same phone gets the same answer again while the code's time lasts, because the first may have
/// been lost.
pub(super) fn enrol(service: &Service, request: &[u8]) -> Result<Vec<u8>, Refusal> {
    let request: EnrolRequest = decode(request)?;
    only_this_protocol(request.protocol)?;
    let code: EnrolmentCode = request.code.parse().map_err(|_| Refusal::No(ProblemCode::CodeNotValid))?;
    let now_ms = service.now_ms();
    let device_id = DeviceId::from_parts(service.environment.unix_ms(), &service.environment.random());
    let answer = service.transact(|writing| {
        let again = writing.enrolled_with(code.hash(), &request.device_key, now_ms)?;
        let device = match again {
            Some((id, user)) => Device { id, user, key: request.device_key, revoked: false },
            None => {
                let Some(user) = writing.user_of_code(code.hash(), now_ms)? else { return Ok(None) };
                Device { id: device_id, user, key: request.device_key, revoked: false }
            }
        };
        let Device { id: device_id, user, .. } = device;
        let person = writing.person(user)?.ok_or(CouncilError::Unreadable("person"))?;
        if again.is_none() {
            let (name, version) = (shortened(&request.device_name), shortened(&request.app_version));
            writing.use_code(code.hash(), now_ms)?;
            writing.keep_device(&device, &name, &version, code.hash(), now_ms)?;
            writing.audit(now_ms, &person.user_name, &Audited::DeviceEnrolled { device: device_id })?;
        }
        Ok(Some(EnrolAnswer {
            protocol: PROTOCOL,
            nonce: request.nonce.clone(),
            device: device_id,
            user,
            user_name: person.user_name,
            display_name: person.display_name,
            position: person.position,
            organisation: person.organisation.name,
            council_name: writing.meta(NAME)?,
            council_key: service.public_key(),
            council_epoch: epoch(&writing.meta(EPOCH)?)?,
            safeguarding_keys: service.keys.safeguarding_recipients(),
            council_time_ms: now_ms,
        }))
    })?;
    let answer = answer.ok_or(Refusal::No(ProblemCode::CodeNotValid))?;
    tracing::info!(device.id = %device_id, "A device was enrolled.");
    Ok(encode(&Signed::new(Purpose::EnrolAnswer, &answer, &service.keys.signing)))
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_NAME).collect()
}
