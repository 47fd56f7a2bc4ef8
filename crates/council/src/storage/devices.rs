//! Devices (phones), and the codes with which they are enrolled.

use doorstep_domain::ledger::{Hash, PublicKey};
use doorstep_domain::protocol::Limits;
use doorstep_domain::v2::PROTOCOL;
use doorstep_domain::{DeviceId, OrganisationId, PhoneId, UserId};

use super::database::{Conditions, params};
use super::order::{Order, Page, SortColumn, Sortable};
use super::people::NAMED;
use super::search_text;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;
use crate::machine::times::CLOCKS_APART_MS;

/// An enrolled phone.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) user: UserId,
    /// The organisation of the enrolment: what comes from it is that organisation's, wherever its
    /// person works today.
    pub(crate) organisation: OrganisationId,
    pub(crate) key: PublicKey,
    pub(crate) enrolled_ms: i64,
    pub(crate) revoked: bool,
    /// Whether what it sends stands apart until a person releases it: it was lost, or its person
    /// left.
    pub(crate) apart: bool,
    /// Whether it was found again after a restore, and nobody has confirmed it: it may have been
    /// revoked since the copy was made.
    pub(crate) unconfirmed: bool,
}

/// A phone that is being enrolled.
pub(crate) struct NewDevice<'a> {
    pub(crate) device: &'a Device,
    /// The installation of the app. `None` for one that speaks version 1.
    pub(crate) phone: Option<PhoneId>,
    pub(crate) name: &'a str,
    pub(crate) app_version: &'a str,
    pub(crate) code: Hash,
    pub(crate) protocol: u16,
}

/// What an enrolment's certificate says of it.
pub(crate) struct Enrolment {
    pub(crate) device: DeviceId,
    pub(crate) phone: PhoneId,
    pub(crate) key: PublicKey,
    pub(crate) user: UserId,
    pub(crate) organisation: OrganisationId,
    pub(crate) from_ms: i64,
}

/// A phone in the list.
#[derive(Debug, Clone)]
pub(crate) struct DeviceRow {
    pub(crate) id: DeviceId,
    pub(crate) name: String,
    pub(crate) app_version: String,
    pub(crate) user_name: String,
    pub(crate) display_name: String,
    pub(crate) organisation: String,
    pub(crate) enrolled_ms: i64,
    pub(crate) contact_ms: i64,
    pub(crate) revoked_ms: Option<i64>,
    /// When its seals last showed two phones.
    pub(crate) two_phones_ms: Option<i64>,
}

/// How phones can be sorted.
pub(crate) static DEVICES: Sortable = Sortable {
    columns: &[
        SortColumn { name: "heard", sql: "contact_ms", text: false },
        SortColumn { name: "whose", sql: "lower(display_name)", text: true },
        SortColumn { name: "device", sql: "lower(device_name)", text: true },
        SortColumn { name: "enrolled", sql: "enrolled_ms", text: false },
    ],
    id: "device_id",
    text_id: false,
};

/// How long a request is remembered, in milliseconds.
const NONCES_MS: i64 = 7 * 24 * 60 * 60 * 1000;

impl Reading<'_> {
    /// A page of phones. `whose` limits them to people whose name or user name contains these
    /// words.
    pub(crate) fn devices(
        &self,
        whose: Option<&str>,
        order: &Order,
        most: usize,
    ) -> Result<Page<DeviceRow>, CouncilError> {
        let mut which = Conditions::default();
        let pattern = whose.and_then(search_text::pattern);
        which.and_if(NAMED, pattern);
        let listed = format!(
            "SELECT device_id, device.name AS device_name, app_version, user_name, display_name,
                    organisation.name AS organisation, enrolled_ms, contact_ms, revoked_ms,
                    CASE WHEN two_phones_ms > coalesce((SELECT up_to FROM at_rest WHERE at_rest.device_id = device.device_id
                        AND matter = 'two_phones'), 0) THEN two_phones_ms END AS two_phones_ms
             FROM device JOIN person USING (user_id)
                 JOIN organisation ON organisation.organisation_id = coalesce(device.organisation_id, person.organisation_id){}",
            which.text()
        );
        self.page(&listed, which, order, most, |row| {
            Ok(DeviceRow {
                id: DeviceId::from_bytes(row.get("device_id")?),
                name: row.get("device_name")?,
                app_version: row.get("app_version")?,
                user_name: row.get("user_name")?,
                display_name: row.get("display_name")?,
                organisation: row.get("organisation")?,
                enrolled_ms: row.get("enrolled_ms")?,
                contact_ms: row.get("contact_ms")?,
                revoked_ms: row.get("revoked_ms")?,
                two_phones_ms: row.get("two_phones_ms")?,
            })
        })
    }

    pub(crate) fn device(&self, id: DeviceId) -> Result<Option<Device>, CouncilError> {
        let row = self.one(
            "SELECT device.user_id, coalesce(device.organisation_id, person.organisation_id) AS organisation_id, public_key,
                    enrolled_ms, revoked_ms IS NOT NULL AS revoked, apart,
                    found_ms IS NOT NULL AND NOT EXISTS (SELECT 1 FROM at_rest WHERE at_rest.device_id = device.device_id
                        AND matter = 'found_again' AND up_to >= found_ms) AS unconfirmed
             FROM device JOIN person ON person.user_id = device.user_id WHERE device_id = ?1",
            params![id.as_bytes()],
            |row| {
                Ok((
                    UserId::from_bytes(row.get("user_id")?),
                    OrganisationId::from_bytes(row.get("organisation_id")?),
                    row.get::<Vec<u8>>("public_key")?,
                    row.get::<i64>("enrolled_ms")?,
                    row.get::<bool>("revoked")?,
                    row.get::<bool>("apart")?,
                    row.get::<bool>("unconfirmed")?,
                ))
            },
        )?;
        row.map(|(user, organisation, key, enrolled_ms, revoked, apart, unconfirmed)| {
            let key = PublicKey::from_slice(&key).map_err(|_| CouncilError::Unreadable("device key"))?;
            Ok(Device { id, user, organisation, key, enrolled_ms, revoked, apart, unconfirmed })
        })
        .transpose()
    }

    /// What the certificate of an enrolment says. A phone that was enrolled in version 1 is known
    /// by its enrolment.
    pub(crate) fn enrolment(&self, device: DeviceId) -> Result<Enrolment, CouncilError> {
        let row = self.one(
            "SELECT phone_id, public_key, user_id, coalesce(device.organisation_id, person.organisation_id) AS organisation_id,
                    enrolled_ms
             FROM device JOIN person USING (user_id) WHERE device_id = ?1",
            params![device.as_bytes()],
            |row| {
                Ok(Enrolment {
                    device,
                    phone: PhoneId::from_bytes(row.get::<Option<_>>("phone_id")?.unwrap_or(*device.as_bytes())),
                    key: PublicKey::from_slice(&row.get::<Vec<u8>>("public_key")?)
                        .map_err(|_| CouncilError::Unreadable("device key"))?,
                    user: UserId::from_bytes(row.get("user_id")?),
                    organisation: OrganisationId::from_bytes(row.get("organisation_id")?),
                    from_ms: row.get("enrolled_ms")?,
                })
            },
        )?;
        row.ok_or(CouncilError::Unreadable("device"))
    }

    /// When any of the phones with a phone's key or of its person was first enrolled, in UTC
    /// milliseconds.
    pub(crate) fn first_enrolled(&self, device: &Device) -> Result<i64, CouncilError> {
        let first = self.one(
            "SELECT min(enrolled_ms) AS first_ms FROM device WHERE public_key = ?1 OR user_id = ?2",
            params![device.key.as_bytes().as_slice(), device.user.as_bytes()],
            |row| row.get::<Option<i64>>("first_ms"),
        )?;
        first.flatten().ok_or(CouncilError::Unreadable("device"))
    }

    /// When the council last heard from any of a person's phones, in UTC milliseconds.
    pub(crate) fn last_contact(&self, user: UserId) -> Result<Option<i64>, CouncilError> {
        let last = self.one(
            "SELECT max(contact_ms) AS last_ms FROM device WHERE user_id = ?1",
            params![user.as_bytes()],
            |row| row.get::<Option<i64>>("last_ms"),
        )?;
        Ok(last.flatten())
    }

    /// The person for whom an enrolment code was made; `None` if it was used, expired or never
    /// existed, or the person has left.
    pub(crate) fn user_of_code(&self, code: Hash, now_ms: i64) -> Result<Option<UserId>, CouncilError> {
        self.one(
            "SELECT user_id FROM enrolment_code JOIN person USING (user_id)
             WHERE code_hash = ?1 AND used_ms IS NULL AND expires_ms > ?2 AND expires_ms <= ?3 AND left_ms IS NULL",
            params![code.as_bytes(), now_ms, latest(now_ms)],
            |row| Ok(UserId::from_bytes(row.get("user_id")?)),
        )
    }

    /// The phone that this key was enrolled as with this code, while the code's time lasts and the
    /// phone is not revoked. The answer to its first request may have been lost.
    pub(crate) fn enrolled_with(
        &self,
        code: Hash,
        key: &PublicKey,
        now_ms: i64,
    ) -> Result<Option<(DeviceId, UserId)>, CouncilError> {
        self.one(
            "SELECT device_id, device.user_id FROM device JOIN enrolment_code USING (code_hash)
             WHERE code_hash = ?1 AND public_key = ?2 AND expires_ms > ?3 AND expires_ms <= ?4 AND revoked_ms IS NULL",
            params![code.as_bytes(), key.as_bytes(), now_ms, latest(now_ms)],
            |row| Ok((DeviceId::from_bytes(row.get("device_id")?), UserId::from_bytes(row.get("user_id")?))),
        )
    }
}

/// When a code that is made now ends, and a minute for clocks that are apart. One that ends later
/// was made while the clock was wrong.
fn latest(now_ms: i64) -> i64 {
    now_ms + Limits::CODE_SECONDS * 1000 + CLOCKS_APART_MS
}

impl Writing<'_> {
    /// Keeps a code. Other codes of the same person that were not used stop working.
    pub(crate) fn keep_code(&self, code: Hash, user: UserId, expires_ms: i64) -> Result<(), CouncilError> {
        self.forget_codes_of(user)?;
        self.write(
            "INSERT INTO enrolment_code (code_hash, user_id, expires_ms) VALUES (?1, ?2, ?3)",
            params![code.as_bytes(), user.as_bytes(), expires_ms],
        )?;
        Ok(())
    }

    /// Forgets a person's codes that were not used.
    pub(crate) fn forget_codes_of(&self, user: UserId) -> Result<(), CouncilError> {
        self.write("DELETE FROM enrolment_code WHERE user_id = ?1 AND used_ms IS NULL", params![user.as_bytes()])?;
        Ok(())
    }

    pub(crate) fn use_code(&self, code: Hash, now_ms: i64) -> Result<(), CouncilError> {
        self.write("UPDATE enrolment_code SET used_ms = ?2 WHERE code_hash = ?1", params![code.as_bytes(), now_ms])?;
        Ok(())
    }

    pub(crate) fn keep_device(&self, new: &NewDevice<'_>, now_ms: i64) -> Result<(), CouncilError> {
        let Device { id, user, organisation, key, .. } = new.device;
        self.write(
            "INSERT INTO device (device_id, user_id, public_key, name, app_version, enrolled_ms, contact_ms, code_hash,
                 phone_id, organisation_id, protocol)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10)",
            params![
                id.as_bytes(),
                user.as_bytes(),
                key.as_bytes(),
                new.name,
                new.app_version,
                now_ms,
                new.code.as_bytes(),
                new.phone.map(|phone| *phone.as_bytes()),
                organisation.as_bytes(),
                u64::from(new.protocol)
            ],
        )?;
        Ok(())
    }

    /// Takes a phone back that the council enrolled after the copy was made that it was put back
    /// from. `apart` says that its person has left since.
    pub(crate) fn find_again(&self, found: &Enrolment, apart: bool, now_ms: i64) -> Result<(), CouncilError> {
        let Enrolment { device, phone, key, user, organisation, from_ms } = found;
        self.write(
            "INSERT INTO device (device_id, user_id, public_key, name, app_version, enrolled_ms, contact_ms,
                 phone_id, organisation_id, protocol, found_ms, apart, revoked_ms)
             VALUES (?1, ?2, ?3, 'Found again', '', ?4, ?5, ?6, ?7, ?8, ?5, ?9, ?10) ON CONFLICT (device_id) DO NOTHING",
            params![
                device.as_bytes(),
                user.as_bytes(),
                key.as_bytes(),
                *from_ms,
                now_ms,
                phone.as_bytes(),
                organisation.as_bytes(),
                u64::from(PROTOCOL),
                apart,
                apart.then_some(now_ms)
            ],
        )?;
        Ok(())
    }

    /// Ends the enrolments of a person who moves to another organisation. What their phones still
    /// send is the first organisation's, and does not stand apart.
    pub(crate) fn revoke_phones_of(&self, user: UserId, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "UPDATE device SET revoked_ms = ?2 WHERE user_id = ?1 AND revoked_ms IS NULL",
            params![user.as_bytes(), now_ms],
        )?;
        Ok(())
    }

    /// Notes the app's version and the protocol that a phone speaks now.
    pub(crate) fn speaks(&self, device: DeviceId, protocol: u16, app_version: &str) -> Result<(), CouncilError> {
        self.write(
            "UPDATE device SET protocol = ?2, app_version = ?3 WHERE device_id = ?1 AND (protocol <> ?2 OR app_version <> ?3)",
            params![device.as_bytes(), u64::from(protocol), app_version],
        )?;
        Ok(())
    }

    /// Revokes a phone: it may still send what it holds, which stands apart, and is given nothing
    /// more.
    pub(crate) fn revoke_device(&self, device: DeviceId, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "UPDATE device SET revoked_ms = coalesce(revoked_ms, ?2), apart = 1 WHERE device_id = ?1",
            params![device.as_bytes(), now_ms],
        )?;
        Ok(())
    }

    /// Notes that two phones use an enrolment, or that one was put back from a copy.
    pub(crate) fn mark_two_phones(&self, device: DeviceId, now_ms: i64) -> Result<(), CouncilError> {
        self.write("UPDATE device SET two_phones_ms = ?2 WHERE device_id = ?1", params![device.as_bytes(), now_ms])?;
        Ok(())
    }

    /// Notes that a request was answered. `false` if it was answered before, in the last week: then
    /// it was sent again, by a bad line or by somebody who recorded it.
    pub(crate) fn note_request(&self, device: DeviceId, nonce: &[u8], now_ms: i64) -> Result<bool, CouncilError> {
        // A phone chooses how long its nonce is, and not how much is kept.
        let nonce = Hash::of("doorstep-request-nonce-v1", &[nonce]);
        self.write("DELETE FROM request_nonce WHERE at_ms < ?1", params![now_ms - NONCES_MS])?;
        let noted = self.write(
            "INSERT INTO request_nonce (device_id, nonce, at_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![device.as_bytes(), nonce.as_bytes(), now_ms],
        )?;
        Ok(noted > 0)
    }

    pub(crate) fn heard_from(&self, device: DeviceId, now_ms: i64) -> Result<(), CouncilError> {
        self.write("UPDATE device SET contact_ms = ?2 WHERE device_id = ?1", params![device.as_bytes(), now_ms])?;
        Ok(())
    }
}
