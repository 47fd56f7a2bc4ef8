//! Phones: listing them, a code that enrols one, and revoking one that is lost.

use chrono::{DateTime, Utc};
use doorstep_domain::DeviceId;
use doorstep_domain::protocol::{EnrolmentCode, Limits};
use serde::{Deserialize, Serialize};

use super::appointments::{Visitor, visitors};
use super::not_received::{AsideRecords, MissingRecords, missing, set_aside};
use super::{Actor, PAGE, people};
use crate::access::roles::ROSTER;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, DEVICES, DeviceRow};

/// How many phones are read at a time.
const AT_ONCE: usize = 500;

/// A phone in the list.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct PhoneRow {
    /// The phone's id.
    pub device: String,
    /// The name that the phone gave itself when it was enrolled.
    pub name: String,
    /// The version of the app: in version 1 of the protocol the one with which it was enrolled, and
    /// in version 2 the one that was heard from last.
    pub app_version: String,
    /// The user name of the person whose phone it is.
    pub user: String,
    /// The name of the person whose phone it is.
    pub user_display_name: String,
    /// The organisation that the person works for.
    pub organisation: String,
    /// When it was enrolled.
    pub enrolled_at: DateTime<Utc>,
    /// When it was last heard from.
    pub contact_at: DateTime<Utc>,
    /// When it was revoked; `null` when it was not.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When its seals last showed that two phones use this enrolment, or that it was put back from
    /// a copy; `null` when they never did.
    pub two_phones_at: Option<DateTime<Utc>>,
}

impl From<DeviceRow> for PhoneRow {
    fn from(row: DeviceRow) -> Self {
        Self {
            device: row.id.to_string(),
            name: row.name,
            app_version: row.app_version,
            user: row.user_name,
            user_display_name: row.display_name,
            organisation: row.organisation,
            enrolled_at: times::from_ms(row.enrolled_ms),
            contact_at: times::from_ms(row.contact_ms),
            revoked_at: row.revoked_ms.map(times::from_ms),
            two_phones_at: row.two_phones_ms.map(times::from_ms),
        }
    }
}

/// A page of phones.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct PhoneList {
    /// The phones on this page. Unless another order is asked for, the one that was heard from last
    /// is first.
    pub(crate) phones: Vec<PhoneRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// The people who can be given a phone.
    pub(crate) visitors: Vec<Visitor>,
    /// Records that phones have and the council has not.
    pub(crate) missing: Vec<MissingRecords>,
    /// Records that the council set aside.
    pub(crate) set_aside: Vec<AsideRecords>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// Which phones to list, and in which order.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct PhoneQuery {
    q: Option<String>,
    /// `heard`, `whose`, `device` or `enrolled`. A `-` in front reverses the order.
    sort: Option<String>,
    after: Option<String>,
}

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

/// A page of phones.
///
/// # Errors
/// [`Refused::NoSuchPage`] when the order or the place can't be read.
pub fn list(service: &Service, by: &Actor, query: &PhoneQuery) -> Result<PhoneList, CouncilError> {
    let order = DEVICES.order(query.sort.as_deref(), "-heard", query.after.as_deref())?;
    by.looked_for(service, "phones", query.q.as_deref())?;
    service.storage.read(|reading| {
        let page = reading.devices(query.q.as_deref(), &order, PAGE)?;
        Ok(PhoneList {
            phones: page.rows.into_iter().map(PhoneRow::from).collect(),
            next: page.next,
            visitors: visitors(reading, None)?,
            missing: missing(reading, by)?,
            set_aside: set_aside(reading, by)?,
            as_of: times::from_ms(service.now_ms()),
        })
    })
}

/// Every phone, the one that was heard from last first. With `words`, only those of people whose
/// name or user name contains them.
///
/// # Errors
/// [`CouncilError`] when the database fails.
pub fn all(service: &Service, by: &Actor, words: Option<&str>) -> Result<Vec<PhoneRow>, CouncilError> {
    by.only(ROSTER)?;
    by.looked_for(service, "phones", words)?;
    let (mut phones, mut after) = (Vec::new(), None);
    loop {
        let order = DEVICES.order(None, "-heard", after.as_deref())?;
        let page = service.storage.read(|reading| reading.devices(words, &order, AT_ONCE))?;
        phones.extend(page.rows.into_iter().map(PhoneRow::from));
        after = page.next;
        if after.is_none() {
            return Ok(phones);
        }
    }
}

/// Makes a code that enrols one phone for a person, once, within 10 minutes. The code is only shown
/// here, never in a log or a list. `server` is the address to put into the QR code.
///
/// # Errors
/// [`Refused::NoSuchUser`] when the council does not know the name, [`Refused::HasLeft`].
pub fn offer(service: &Service, by: &Actor, user: &str, server: Option<&str>) -> Result<EnrolmentOffer, CouncilError> {
    let now_ms = service.now_ms();
    let expires_ms = now_ms + Limits::CODE_SECONDS * 1000;
    let code = EnrolmentCode::new(service.environment.random(), &service.public_key());
    service.transact(|writing| {
        let person = people::known(writing, user)?;
        if writing.has_left(person.id)? {
            return Err(Refused::HasLeft.into());
        }
        writing.keep_code(code.hash(), person.id, expires_ms)?;
        writing.audit(now_ms, by.name(), &Audited::EnrolmentOffered { r#for: user })
    })?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", &code.to_string());
    query.extend_pairs(server.map(|server| ("server", server)));
    Ok(EnrolmentOffer {
        qr: format!("doorstep:enrol?{}", query.finish()),
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
