//! What phones have and the council does not hold, counted for lists that may be incomplete.

use std::collections::BTreeMap;

use doorstep_domain::DeviceId;
use doorstep_domain::ledger::Epoch;
use doorstep_domain::v2::HeadClass;

use super::database::params;
use super::transaction::Reading;
use crate::error::CouncilError;

/// How many of a phone's gaps are listed one by one. A phone can say that it has any number of
/// chains, and must not fill everybody's pages with them.
const OF_A_PHONE: u64 = 5;

/// How many records at most are counted as missing of one phone.
const COUNTED_OF_A_PHONE: u64 = 10_000;

/// A run of records that a device says it has and that the council does not hold.
pub(crate) struct Missing {
    pub(crate) device_id: DeviceId,
    pub(crate) chain: Epoch,
    /// Whether the chain is a note's. Only leads are given those.
    pub(crate) note: bool,
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

/// The chains of which a device says that it has more than the council holds. Forked ones are left
/// out, and what a person has put to rest, and notes' chains where `?1` is 0.
const GAPS: &str = "
    FROM chain LEFT JOIN at_rest ON at_rest.device_id = chain.device_id AND at_rest.epoch = chain.epoch AND at_rest.matter = 'not_received'
    WHERE claimed > high_water AND claimed > coalesce(up_to, 0) AND forked = 0 AND (?1 = 1 OR coalesce(class, 0) <> ?2)";

/// The last record of a chain before its gap: the council holds it and all before it, or a person
/// has put what is missing up to it to rest.
const SETTLED: &str = "CASE WHEN coalesce(up_to, 0) > high_water THEN up_to ELSE high_water END";

impl Reading<'_> {
    /// What devices say that they have and the council does not hold, such as "Phone 12, visit to 5
    /// Ash Grove: 4 to 6 not received". Gaps in notes' chains are listed for the leads alone.
    pub(crate) fn missing(&self, of_notes: bool) -> Result<Vec<Missing>, CouncilError> {
        let sql = format!(
            "SELECT person.display_name, device.name, gaps.device_id, gaps.epoch, CASE WHEN gaps.class = ?2 THEN 1 ELSE 0 END AS note, settled + 1 AS first, claimed AS last, claimed_ms,
                    place, of_phone,
                    (SELECT visit.address FROM record JOIN visit ON visit.visit_id = record.visit_id
                     WHERE record.device_id = gaps.device_id AND record.epoch = gaps.epoch AND gaps.class = ?3 LIMIT 1) AS address
             FROM (SELECT chain.device_id, chain.epoch, class, {SETTLED} AS settled, claimed, claimed_ms,
                          row_number() OVER (PARTITION BY chain.device_id ORDER BY claimed_ms, chain.epoch) AS place,
                          count(*) OVER (PARTITION BY chain.device_id) AS of_phone {GAPS}) AS gaps
             JOIN device ON device.device_id = gaps.device_id JOIN person ON person.user_id = device.user_id
             WHERE place <= ?4 ORDER BY claimed_ms, gaps.device_id, place"
        );
        let classes = [HeadClass::NOTE, HeadClass::VISIT].map(|class| u64::from(class.0));
        self.many(&sql, params![of_notes, classes[0], classes[1], OF_A_PHONE], |row| {
            let (place, of_phone): (u64, u64) = (row.get("place")?, row.get("of_phone")?);
            Ok(Missing {
                device_id: DeviceId::from_bytes(row.get("device_id")?),
                chain: Epoch::from_bytes(row.get("epoch")?),
                note: row.get("note")?,
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

    /// The last record that a device says one of its chains has; `None` if there is no such chain.
    pub(crate) fn claimed(&self, device: DeviceId, chain: Epoch) -> Result<Option<i64>, CouncilError> {
        self.one(
            "SELECT claimed FROM chain WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), chain.as_bytes()],
            |row| row.get("claimed"),
        )
    }

    /// How many records devices say that they have and the council does not hold, without those of
    /// notes, and at most [`COUNTED_OF_A_PHONE`] of each: what one says hides nobody else's.
    pub(crate) fn missing_records(&self) -> Result<u64, CouncilError> {
        let mut of_phones: BTreeMap<[u8; 16], u64> = BTreeMap::new();
        let sql = format!("SELECT chain.device_id AS device_id, {SETTLED} AS settled, claimed {GAPS}");
        self.connection.query(&sql, params![false, u64::from(HeadClass::NOTE.0)], &mut |row| {
            let (held, said): (u64, u64) = (row.get("settled")?, row.get("claimed")?);
            let records = of_phones.entry(row.get("device_id")?).or_default();
            *records = records.saturating_add(said.saturating_sub(held)).min(COUNTED_OF_A_PHONE);
            Ok(())
        })?;
        Ok(of_phones.into_values().sum())
    }
}
