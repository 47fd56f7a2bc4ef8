//! What phones have and the council does not hold, and what it set aside, counted for lists that
//! may be incomplete.

use doorstep_domain::v2::HeadClass;

use super::database::params;
use super::transaction::Reading;
use crate::error::CouncilError;

/// How many of a phone's gaps are listed one by one. A phone can say that it has any number of
/// chains, and must not fill everybody's pages with them.
const OF_A_PHONE: u64 = 5;

/// A run of records that a device says it has and that the council does not hold.
pub(crate) struct Missing {
    pub(crate) visitor_name: String,
    pub(crate) device: String,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) said_ms: i64,
    /// The address of the visit, if the council holds its start. In version 1 a chain has many
    /// visits, and says none.
    pub(crate) address: Option<String>,
    /// In the last line of a phone: how many more gaps it has than are listed.
    pub(crate) others: u64,
}

/// How many records of one device were set aside for one reason. It leaves out what they say.
pub(crate) struct SetAsideCount {
    pub(crate) visitor_name: String,
    pub(crate) device: String,
    pub(crate) reason: String,
    pub(crate) records: u64,
    pub(crate) last_ms: i64,
}

/// The chains of which a device says that it has more than the council holds. Forked ones are left
/// out, and notes' chains where `?1` is 0.
const GAPS: &str = "FROM chain WHERE claimed > high_water AND forked = 0 AND (?1 = 1 OR coalesce(class, 0) <> ?2)";

impl Reading<'_> {
    /// How many records were set aside, by device and reason, the most recent first. Those of
    /// notes' chains are counted for the leads alone.
    pub(crate) fn set_aside_counts(&self, of_notes: bool) -> Result<Vec<SetAsideCount>, CouncilError> {
        self.many(
            "SELECT person.display_name, device.name, reason, count(*) AS records, max(received_ms) AS last_ms
             FROM set_aside JOIN device USING (device_id) JOIN person USING (user_id) LEFT JOIN chain USING (device_id, epoch)
             WHERE ?1 = 1 OR coalesce(class, 0) <> ?2
             GROUP BY person.display_name, device.device_id, device.name, reason ORDER BY last_ms DESC",
            params![of_notes, u64::from(HeadClass::NOTE.0)],
            |row| {
                Ok(SetAsideCount {
                    visitor_name: row.get("display_name")?,
                    device: row.get("name")?,
                    reason: row.get("reason")?,
                    records: row.get("records")?,
                    last_ms: row.get("last_ms")?,
                })
            },
        )
    }

    /// What devices say that they have and the council does not hold, such as "Phone 12, visit to 5
    /// Ash Grove: 4 to 6 not received". Gaps in notes' chains are listed for the leads alone.
    pub(crate) fn missing(&self, of_notes: bool) -> Result<Vec<Missing>, CouncilError> {
        let sql = format!(
            "SELECT person.display_name, device.name, high_water + 1 AS first, claimed AS last, claimed_ms, place, of_phone,
                    (SELECT coalesce(appointment.address, visit.address) FROM record JOIN visit ON visit.visit_id = record.visit_id
                     LEFT JOIN feed ON feed.user_id = visit.user_id AND feed.appointment_ref = visit.appointment_ref
                     LEFT JOIN appointment ON appointment.appointment_ref = feed.appointment_ref
                     WHERE record.device_id = gaps.device_id AND record.epoch = gaps.epoch AND gaps.class = ?3 LIMIT 1) AS address
             FROM (SELECT device_id, epoch, class, high_water, claimed, claimed_ms,
                          row_number() OVER (PARTITION BY device_id ORDER BY claimed_ms, epoch) AS place,
                          count(*) OVER (PARTITION BY device_id) AS of_phone {GAPS}) AS gaps
             JOIN device ON device.device_id = gaps.device_id JOIN person ON person.user_id = device.user_id
             WHERE place <= ?4 ORDER BY claimed_ms, gaps.device_id, place"
        );
        let classes = [HeadClass::NOTE, HeadClass::VISIT].map(|class| u64::from(class.0));
        self.many(&sql, params![of_notes, classes[0], classes[1], OF_A_PHONE], |row| {
            let (place, of_phone): (u64, u64) = (row.get("place")?, row.get("of_phone")?);
            Ok(Missing {
                visitor_name: row.get("display_name")?,
                device: row.get("name")?,
                first: row.get("first")?,
                last: row.get("last")?,
                said_ms: row.get("claimed_ms")?,
                address: row.get("address")?,
                others: if place == OF_A_PHONE { of_phone.saturating_sub(OF_A_PHONE) } else { 0 },
            })
        })
    }

    /// How many records devices say that they have and the council does not hold, without those of
    /// notes.
    pub(crate) fn missing_records(&self) -> Result<u64, CouncilError> {
        let mut records: u64 = 0;
        let sql = format!("SELECT high_water, claimed {GAPS}");
        self.connection.query(&sql, params![false, u64::from(HeadClass::NOTE.0)], &mut |row| {
            let (held, said): (u64, u64) = (row.get("high_water")?, row.get("claimed")?);
            records = records.saturating_add(said.saturating_sub(held));
            Ok(())
        })?;
        Ok(records)
    }
}
