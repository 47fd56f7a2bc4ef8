//! Enrolling a phone by its one-time code.

use doorstep_domain::ledger::PublicKey;
use doorstep_domain::protocol::{
    EnrolAnswer, EnrolRequest, EnrolmentCode, PROTOCOL, ProblemCode, Purpose, Signed, decode, encode,
};
use doorstep_domain::{DeviceId, PhoneId};

use super::request::{Refusal, only_this_protocol};
use crate::error::CouncilError;
use crate::service::{NAME, Service};
use crate::storage::{Audited, Device, NewDevice, Person, Writing};

/// How many characters of a phone's name and app version are stored.
const LONGEST_NAME: usize = 80;

/// What a phone says when it asks to be enrolled, in either version.
pub(super) struct Asking<'a> {
    pub(super) code: &'a str,
    pub(super) key: PublicKey,
    /// The installation of the app. `None` for one that speaks version 1.
    pub(super) phone: Option<PhoneId>,
    pub(super) name: &'a str,
    pub(super) app_version: &'a str,
    pub(super) protocol: u16,
}

/// Enrols a phone. The answer tells the phone who its user is and which keys the council has. The
/// same phone gets the same answer again while the code's time lasts, because the first may have
/// been lost.
pub(super) fn enrol(service: &Service, request: &[u8]) -> Result<Vec<u8>, Refusal> {
    let request: EnrolRequest = decode(request)?;
    only_this_protocol(request.protocol)?;
    let asking = Asking {
        code: &request.code,
        key: request.device_key,
        phone: None,
        name: &request.device_name,
        app_version: &request.app_version,
        protocol: PROTOCOL,
    };
    let answer = enrolled(service, &asking, |writing, device, person, now_ms| {
        Ok(EnrolAnswer {
            protocol: PROTOCOL,
            nonce: request.nonce.clone(),
            device,
            user: person.id,
            user_name: person.user_name.clone(),
            display_name: person.display_name.clone(),
            position: person.position.clone(),
            organisation: person.organisation.name.clone(),
            council_name: writing.meta(NAME)?,
            council_key: service.public_key(),
            council_epoch: service.council_epoch(writing)?,
            safeguarding_keys: service.keys.safeguarding_recipients(),
            council_time_ms: now_ms,
        })
    })?;
    Ok(encode(&Signed::new(Purpose::EnrolAnswer, &answer, &service.keys.signing)))
}

/// Enrols a phone, and makes the answer in the same transaction: from the device's id, its person,
/// and the council's time in UTC milliseconds.
pub(super) fn enrolled<T>(
    service: &Service,
    asking: &Asking<'_>,
    mut answer: impl FnMut(&Writing<'_>, DeviceId, &Person, i64) -> Result<T, CouncilError>,
) -> Result<T, Refusal> {
    let code: EnrolmentCode = asking.code.parse().map_err(|_| Refusal::No(ProblemCode::CodeNotValid))?;
    if !asking.key.is_plain() {
        return Err(Refusal::No(ProblemCode::Unreadable));
    }
    let now_ms = service.now_ms();
    let new_id = DeviceId::from_parts(service.environment.unix_ms(), &service.environment.random());
    let enrolled = service.transact(|writing| {
        let again = writing.enrolled_with(code.hash(), &asking.key, now_ms)?;
        let Some((id, user)) = again.map_or_else(
            || Ok::<_, CouncilError>(writing.user_of_code(code.hash(), now_ms)?.map(|user| (new_id, user))),
            |known| Ok(Some(known)),
        )?
        else {
            return Ok(None);
        };
        let person = writing.person(user)?.ok_or(CouncilError::Unreadable("person"))?;
        if again.is_none() {
            writing.use_code(code.hash(), now_ms)?;
            let new = NewDevice {
                device: &Device {
                    id,
                    user,
                    organisation: person.organisation.id,
                    key: asking.key,
                    enrolled_ms: now_ms,
                    revoked: false,
                    apart: false,
                    unconfirmed: false,
                },
                phone: asking.phone,
                name: &shortened(asking.name),
                app_version: &shortened(asking.app_version),
                code: code.hash(),
                protocol: asking.protocol,
            };
            writing.keep_device(&new, now_ms)?;
            writing.audit(now_ms, &person.user_name, &Audited::DeviceEnrolled { device: id })?;
        }
        Ok(Some((id, answer(writing, id, &person, now_ms)?)))
    })?;
    let (device, answer) = enrolled.ok_or(Refusal::No(ProblemCode::CodeNotValid))?;
    tracing::info!(device.id = %device, "A device was enrolled.");
    Ok(answer)
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_NAME).collect()
}
