//! Phones: a code that enrols one, and revoking one that is lost.

use chrono::{DateTime, Utc};
use doorstep_domain::DeviceId;
use doorstep_domain::protocol::{EnrolmentCode, Limits};
use serde::Serialize;

use super::{Actor, people};
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::Audited;

/// A code that enrols one phone. It works once, for 10 minutes.
#[derive(Debug, Clone, Serialize)]
pub struct EnrolmentOffer {
    /// The code to type.
    pub code: String,
    /// The user name of the person whose phone it will be.
    pub user: String,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
    /// The text to show as a QR code, for the phone's camera.
    pub qr: String,
}

/// Makes a code that enrols one phone for a person, once, within 10 minutes. The code is only shown
/// here, never in a log or a list. `server` is the address to put into the QR code.
///
/// # Errors
/// [`Refused::NoSuchUser`] when the council does not know the name.
pub fn offer(service: &Service, by: &Actor, user: &str, server: Option<&str>) -> Result<EnrolmentOffer, CouncilError> {
    let now_ms = service.now_ms();
    let expires_ms = now_ms + Limits::CODE_SECONDS * 1000;
    let code = EnrolmentCode::new(service.environment.random(), &service.public_key());
    service.transact(|writing| {
        writing.keep_code(code.hash(), people::known(writing, user)?.id, expires_ms)?;
        writing.audit(now_ms, by.name(), &Audited::EnrolmentOffered { r#for: user })
    })?;
    let server = server.map(|server| format!("&server={server}")).unwrap_or_default();
    Ok(EnrolmentOffer {
        qr: format!("doorstep:enrol?code={code}{server}"),
        code: code.to_string(),
        user: user.to_owned(),
        expires_at: times::from_ms(expires_ms),
    })
}

/// Revokes a phone that is lost, or whose owner left. It can still send the records it holds, but
/// it gets no more data.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such phone.
pub fn revoke(service: &Service, by: &Actor, device: DeviceId) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        writing.device(device)?.ok_or(Refused::NotFound)?;
        writing.revoke_device(device, now_ms)?;
        writing.audit(now_ms, by.name(), &Audited::DeviceRevoked { device })
    })
}
