//! Asking to be enrolled: in version 2, or in version 1 where the council speaks no other.

use doorstep_domain::ledger::{PublicKey, SigningKey};
use doorstep_domain::protocol::{self, Bytes, Council, EnrolmentCode, NoAnswer, Purpose, Signed, decode, encode};
use doorstep_domain::v2::{self, Attested, Exchange, Nonce};
use doorstep_domain::{DeviceId, PhoneId, UserId};

use crate::environment::Environment;
use crate::error::AppError;
use crate::store::SecondVersion;

/// What the council gives a device that it enrols, in either version.
pub(crate) struct Enrolled {
    pub(crate) device: DeviceId,
    pub(crate) user: UserId,
    pub(crate) user_name: String,
    pub(crate) display_name: String,
    pub(crate) position: String,
    pub(crate) organisation: String,
    pub(crate) council_name: String,
    pub(crate) council_key: PublicKey,
    pub(crate) council_epoch: doorstep_domain::ledger::Epoch,
    pub(crate) safeguarding_keys: Vec<String>,
    pub(crate) council_time_ms: i64,
    /// What the device needs to speak version 2.
    pub(crate) second: Option<SecondVersion>,
}

/// Asks to be enrolled.
pub(crate) fn enrol(
    environment: &Environment,
    council: &dyn Council,
    code: &EnrolmentCode,
    key: &SigningKey,
    phone: PhoneId,
    device_name: &str,
) -> Result<Enrolled, AppError> {
    match second(environment, council, code, key, phone, device_name) {
        // A council of an older version knows nothing at that address.
        Err(AppError::NoAnswer(NoAnswer::NotTheCouncil)) => first(environment, council, code, key, device_name),
        other => other,
    }
}

fn second(
    environment: &Environment,
    council: &dyn Council,
    code: &EnrolmentCode,
    key: &SigningKey,
    phone: PhoneId,
    device_name: &str,
) -> Result<Enrolled, AppError> {
    let nonce = Nonce::from_bytes(environment.random());
    let request = v2::EnrolRequest {
        protocol: v2::PROTOCOL,
        code: code.to_string(),
        phone,
        key: key.public(),
        phone_name: device_name.to_owned(),
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
        nonce,
    };
    let bytes = council.ask(Exchange::Enrol, &Attested::new(&request, key).to_bytes()).map_err(AppError::NoAnswer)?;
    let not_the_council = || AppError::NoAnswer(NoAnswer::NotTheCouncil);
    let signed = Attested::<v2::EnrolAnswer>::from_bytes(&bytes).map_err(|_| not_the_council())?;
    let claimed = signed.peek().map_err(|_| not_the_council())?;
    // The code names the council's key, so another server is found out here, before anything is
    // stored.
    if !code.names(&claimed.council_key) {
        return Err(AppError::AnotherCouncil);
    }
    let answer = signed.hear(&claimed.council_key).map_err(|_| AppError::AnotherCouncil)?;
    let certificate = answer.certificate.open(&answer.council_key).map_err(|_| AppError::AnotherCouncil)?;
    let is_mine = (answer.nonce, certificate.key, certificate.council) == (nonce, key.public(), answer.council);
    if !is_mine {
        return Err(AppError::AnotherCouncil);
    }
    Ok(Enrolled {
        device: certificate.enrolment,
        user: certificate.person,
        user_name: answer.user_name,
        display_name: answer.display_name,
        position: answer.position,
        organisation: answer.organisation,
        council_name: answer.council_name,
        council_key: answer.council_key,
        council_epoch: answer.council_epoch,
        safeguarding_keys: answer.safeguarding_keys,
        council_time_ms: answer.council_time_ms,
        second: Some(SecondVersion::new(answer.council, &answer.certificate)),
    })
}

fn first(
    environment: &Environment,
    council: &dyn Council,
    code: &EnrolmentCode,
    key: &SigningKey,
    device_name: &str,
) -> Result<Enrolled, AppError> {
    let nonce = environment.random::<16>().to_vec();
    let request = protocol::EnrolRequest {
        protocol: protocol::PROTOCOL,
        code: code.to_string(),
        device_key: key.public(),
        device_name: device_name.to_owned(),
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
        nonce: Bytes(nonce.clone()),
    };
    let bytes = council.enrol(&encode(&request)).map_err(AppError::NoAnswer)?;
    let signed: Signed = decode(&bytes).map_err(|_| AppError::NoAnswer(NoAnswer::NotTheCouncil))?;
    let claimed: protocol::EnrolAnswer = signed.peek().map_err(|_| AppError::NoAnswer(NoAnswer::NotTheCouncil))?;
    if !code.names(&claimed.council_key) {
        return Err(AppError::AnotherCouncil);
    }
    let answer: protocol::EnrolAnswer =
        signed.open(Purpose::EnrolAnswer, &claimed.council_key).map_err(|_| AppError::AnotherCouncil)?;
    if answer.nonce.0 != nonce {
        return Err(AppError::AnotherCouncil);
    }
    Ok(Enrolled {
        device: answer.device,
        user: answer.user,
        user_name: answer.user_name,
        display_name: answer.display_name,
        position: answer.position,
        organisation: answer.organisation,
        council_name: answer.council_name,
        council_key: answer.council_key,
        council_epoch: answer.council_epoch,
        safeguarding_keys: answer.safeguarding_keys,
        council_time_ms: answer.council_time_ms,
        second: None,
    })
}
