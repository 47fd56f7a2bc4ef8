//! What phones say, or leave open, that a person has to look at, and what they have put to rest.
//! What comes after that shows again.

use doorstep_domain::ledger::Epoch;
use doorstep_domain::v2::HeadClass;
use doorstep_domain::{DeviceId, StableName};
use serde::{Deserialize, Serialize};

use super::database::params;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// What somebody has to look at, about a phone or one of its chains.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, schemars::JsonSchema, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// The phone says that it has records which the council does not hold.
    NotReceived,
    /// Two phones use one enrolment, or one was put back from a copy.
    TwoPhones,
    /// The phone has not sealed records for more than a day after the council received them.
    NotSealed,
    /// The phone began more chains than any visitor needs.
    ManyAtOnce,
    /// The council was put back from a copy, and found the phone again by its own signature.
    FoundAgain,
}

/// Something about a whole phone that nobody has put to rest.
#[derive(Debug, Clone)]
pub(crate) struct PhoneMatter {
    pub(crate) matter: Matter,
    pub(crate) device: DeviceId,
    pub(crate) device_name: String,
    pub(crate) visitor_name: String,
    /// How many records or chains it is about; 0 where that says nothing.
    pub(crate) count: u64,
    /// When it last happened, in UTC milliseconds. Put to rest, it is so up to this.
    pub(crate) last_ms: i64,
}

/// Who put something to rest, and why.
#[derive(Debug)]
pub(crate) struct AtRest<'a> {
    pub(crate) device: DeviceId,
    pub(crate) matter: Matter,
    /// The chain that it is about; `None` where it is about the phone.
    pub(crate) chain: Option<Epoch>,
    /// The last record that it is about, or its time in UTC milliseconds.
    pub(crate) up_to: i64,
    pub(crate) at_ms: i64,
    pub(crate) by: &'a str,
    pub(crate) because: &'a str,
}

impl Reading<'_> {
    /// What there is about whole phones that nobody has put to rest, the most recent first. The
    /// notes' chains are counted nowhere.
    pub(crate) fn phone_matters(&self) -> Result<Vec<PhoneMatter>, CouncilError> {
        let rows = self.many(
            "SELECT said.matter, said.device_id, device.name, person.display_name, said.things, said.last_ms
             FROM (SELECT ?1 AS matter, device_id, 0 AS things, two_phones_ms AS last_ms FROM device WHERE two_phones_ms IS NOT NULL
                   UNION ALL SELECT ?2, device_id, unsealed, unsealed_ms FROM device WHERE unsealed > 0
                   UNION ALL SELECT ?5, device_id, 0, found_ms FROM device WHERE found_ms IS NOT NULL
                   UNION ALL SELECT ?3, device_id, count(*), max(many_ms) FROM chain
                             WHERE many_ms IS NOT NULL AND coalesce(class, 0) <> ?4 GROUP BY device_id) AS said
             JOIN device ON device.device_id = said.device_id JOIN person ON person.user_id = device.user_id
             LEFT JOIN at_rest ON at_rest.device_id = said.device_id AND at_rest.matter = said.matter
             WHERE said.last_ms > coalesce(at_rest.up_to, 0)
             ORDER BY said.last_ms DESC, said.device_id, said.matter",
            params![
                Matter::TwoPhones.name(),
                Matter::NotSealed.name(),
                Matter::ManyAtOnce.name(),
                u64::from(HeadClass::NOTE.0),
                Matter::FoundAgain.name()
            ],
            |row| {
                let Some(matter) = Matter::from_name(&row.get::<String>("matter")?) else { return Ok(None) };
                Ok(Some(PhoneMatter {
                    matter,
                    device: DeviceId::from_bytes(row.get("device_id")?),
                    device_name: row.get("name")?,
                    visitor_name: row.get("display_name")?,
                    count: row.get("things")?,
                    last_ms: row.get("last_ms")?,
                }))
            },
        )?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Up to when a person has put a phone's unsealed records to rest, in UTC milliseconds.
    pub(crate) fn unsealed_at_rest(&self) -> Result<Vec<(DeviceId, i64)>, CouncilError> {
        self.many("SELECT device_id, up_to FROM at_rest WHERE matter = ?1", params![Matter::NotSealed.name()], |row| {
            Ok((DeviceId::from_bytes(row.get("device_id")?), row.get("up_to")?))
        })
    }
}

impl Writing<'_> {
    /// Puts something to rest. It never goes back to an earlier record or time.
    pub(crate) fn put_to_rest(&self, rest: &AtRest<'_>) -> Result<(), CouncilError> {
        let chain = rest.chain.map(|chain| chain.as_bytes().to_vec()).unwrap_or_default();
        self.write(
            "INSERT INTO at_rest (device_id, matter, epoch, up_to, at_ms, user_name, because) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (device_id, matter, epoch) DO UPDATE SET
                 up_to = CASE WHEN excluded.up_to > at_rest.up_to THEN excluded.up_to ELSE at_rest.up_to END,
                 at_ms = excluded.at_ms, user_name = excluded.user_name, because = excluded.because",
            params![
                rest.device.as_bytes(),
                rest.matter.name(),
                chain,
                rest.up_to,
                rest.at_ms,
                rest.by,
                rest.because
            ],
        )?;
        Ok(())
    }

    /// Notes what a check found: for each phone, how many records no seal covers that were received
    /// more than a day before, and when the last of them was received (UTC milliseconds).
    pub(crate) fn note_unsealed(&self, found: &[(DeviceId, u64, i64)]) -> Result<(), CouncilError> {
        self.write("UPDATE device SET unsealed = 0, unsealed_ms = NULL WHERE unsealed > 0", params![])?;
        for (device, records, last_ms) in found {
            self.write(
                "UPDATE device SET unsealed = ?2, unsealed_ms = ?3 WHERE device_id = ?1",
                params![device.as_bytes(), *records, *last_ms],
            )?;
        }
        Ok(())
    }
}
