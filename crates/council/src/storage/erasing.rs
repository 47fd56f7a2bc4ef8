//! Erasing content. Bodies, keys, list rows and pictures are deleted. The envelopes of the records
//! stay, to prove that a record was there and that no other record was altered.

use doorstep_domain::conduct::Appointment;
use doorstep_domain::ledger::{Epoch, Hash};
use doorstep_domain::protocol::decode;
use doorstep_domain::{DeviceId, RecordId, UserId, VisitId};

use super::database::{Conditions, Value, params};
use super::erasing_audit::Sought;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;
use crate::machine::environment::Environment;

/// When a visit was over: its end, or its start if it never ended, but not before the council last
/// heard of it. The first two are the phone's word, whose clock may be years slow.
const OVER: &str = "CASE WHEN coalesce(visit.ended_ms, visit.started_ms) > visit.received_ms
    THEN coalesce(visit.ended_ms, visit.started_ms) ELSE visit.received_ms END";

/// A record in its chain, with everything that is needed to check it.
pub(crate) struct LedgerRow {
    pub(crate) device: [u8; 16],
    pub(crate) epoch: [u8; 16],
    pub(crate) sequence: u64,
    pub(crate) hash: Hash,
    pub(crate) envelope: Vec<u8>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) key: Option<[u8; 32]>,
    pub(crate) erased: bool,
    /// Whether it was set aside and still holds its place in the chain.
    pub(crate) set_aside: bool,
    pub(crate) received_ms: i64,
    /// Whether it is a safeguarding note's. Those are checked, and counted nowhere.
    pub(crate) of_note: bool,
    pub(crate) seal: Option<Vec<u8>>,
    pub(crate) device_key: Vec<u8>,
}

impl Reading<'_> {
    /// Calls `each` for every record that has a place in a chain, device by device, in order.
    pub(crate) fn each_in_the_ledger(
        &self,
        mut each: impl FnMut(LedgerRow) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let sql = "
            SELECT held.device_id, held.epoch, held.sequence, held.hash, held.envelope, held.set_aside, body.body, visit_key.key,
                   erased.erased_ms, seal.seal, device.public_key, held.received_ms, held.of_note
            FROM (SELECT device_id, epoch, sequence, hash, record_id, visit_id, envelope, received_ms, of_note, 0 AS set_aside FROM record
                  UNION ALL SELECT device_id, epoch, sequence, hash, NULL, NULL, envelope, received_ms, coalesce(of_note, 1), 1
                            FROM set_aside WHERE holds_place = 1) AS held
            JOIN device ON device.device_id = held.device_id
            LEFT JOIN body ON body.record_id = held.record_id
            LEFT JOIN visit_key ON visit_key.visit_id = held.visit_id
            LEFT JOIN erased ON erased.visit_id = held.visit_id
            LEFT JOIN seal ON seal.device_id = held.device_id AND seal.epoch = held.epoch AND seal.sequence = held.sequence
            ORDER BY held.device_id, held.epoch, held.sequence";
        self.connection.query_at_length(sql, params![], &mut |row| {
            each(LedgerRow {
                device: row.get("device_id")?,
                epoch: row.get("epoch")?,
                sequence: row.get("sequence")?,
                hash: Hash::from_bytes(row.get("hash")?),
                envelope: row.get("envelope")?,
                body: row.get("body")?,
                key: row.get("key")?,
                erased: row.get::<Option<i64>>("erased_ms")?.is_some(),
                set_aside: row.get("set_aside")?,
                received_ms: row.get("received_ms")?,
                of_note: row.get("of_note")?,
                seal: row.get("seal")?,
                device_key: row.get("public_key")?,
            })?;
            Ok(true)
        })
    }

    fn visit_ids(&self, sql: &str, values: &[Value]) -> Result<Vec<VisitId>, CouncilError> {
        self.many(sql, values, |row| Ok(VisitId::from_bytes(row.get("visit_id")?)))
    }

    /// Visits that were over before a moment, and whose cases were all closed before it. A visit
    /// whose first record never came has no row in the list of visits. It counts as over when the
    /// council last received a record of it.
    pub(crate) fn visits_over_before(&self, before_ms: i64) -> Result<Vec<VisitId>, CouncilError> {
        let sql = format!(
            "SELECT visit_id FROM (
                 SELECT visit_id, {OVER} AS over_ms FROM visit
                 UNION ALL
                 SELECT record.visit_id, max(record.received_ms) FROM record JOIN body ON body.record_id = record.record_id
                 WHERE NOT EXISTS (SELECT 1 FROM visit WHERE visit.visit_id = record.visit_id)
                   AND NOT EXISTS (SELECT 1 FROM acknowledgement WHERE acknowledgement.record_id = record.record_id)
                   AND NOT EXISTS (SELECT 1 FROM sealed_concern WHERE sealed_concern.record_id = record.record_id)
                 GROUP BY record.visit_id
                 UNION ALL
                 SELECT visit_id, max(received_ms) FROM set_aside
                 WHERE visit_id IS NOT NULL AND of_note = 0 AND length(body) > 0
                   AND NOT EXISTS (SELECT 1 FROM visit WHERE visit.visit_id = set_aside.visit_id)
                 GROUP BY visit_id
             ) AS known
             WHERE NOT EXISTS (SELECT 1 FROM case_file
                 WHERE case_file.visit_id = known.visit_id AND (closed_ms IS NULL OR closed_ms >= ?1))
             GROUP BY visit_id HAVING max(over_ms) < ?1
             ORDER BY max(over_ms), visit_id"
        );
        self.visit_ids(&sql, params![before_ms])
    }

    /// The pictures that this visit names, and no other visit whose firm has sent them too.
    pub(crate) fn pictures_of_no_other(&self, visit: VisitId) -> Result<Vec<Hash>, CouncilError> {
        self.many(
            "SELECT sha256 FROM photo WHERE visit_id = ?1 AND NOT EXISTS (
                 SELECT 1 FROM photo AS other JOIN blob ON blob.sha256 = other.sha256 AND blob.organisation_id = other.organisation_id
                 WHERE other.sha256 = photo.sha256 AND other.visit_id <> photo.visit_id AND complete_ms IS NOT NULL)",
            params![visit.as_bytes()],
            |row| Ok(Hash::from_bytes(row.get("sha256")?)),
        )
    }

    /// Visits to a home (its UPRN) that started in a span. A bound that is `None` does not limit
    /// them.
    pub(crate) fn visits_at(
        &self,
        uprn: &str,
        from_ms: Option<i64>,
        to_ms: Option<i64>,
    ) -> Result<Vec<VisitId>, CouncilError> {
        let mut which = Conditions::default();
        which.and("(visit.uprn = ? OR visit.given_uprn = ?)", [uprn, uprn]);
        which.and_if("visit.started_ms >= ?", from_ms);
        which.and_if("visit.started_ms < ?", to_ms);
        let sql = format!(
            "SELECT visit.visit_id FROM visit{}
             ORDER BY visit.started_ms, visit.visit_id",
            which.text()
        );
        let mut visits = self.visit_ids(&sql, which.values())?;
        // When a visit was that nobody has taken, only its phone says.
        visits.extend(
            self.aside_visits_at(uprn)?.into_iter().filter(|visit| !visits.contains(visit)).collect::<Vec<_>>(),
        );
        Ok(visits)
    }

    /// The visits of one visitor, the oldest first.
    pub(crate) fn visits_by(&self, user: UserId) -> Result<Vec<VisitId>, CouncilError> {
        self.visit_ids(
            "SELECT visit_id FROM visit WHERE user_id = ?1 ORDER BY started_ms, visit_id",
            params![user.as_bytes()],
        )
    }

    /// Pictures that came whole, and for which every visit that names them was over before a moment
    /// and has no case.
    pub(crate) fn pictures_over_before(&self, before_ms: i64, now_ms: i64) -> Result<Vec<Hash>, CouncilError> {
        let sql = format!(
            "SELECT photo.sha256 FROM photo JOIN blob USING (sha256, organisation_id) LEFT JOIN visit ON visit.visit_id = photo.visit_id
             WHERE (complete_ms IS NOT NULL OR lost_ms IS NOT NULL)
             GROUP BY photo.sha256
             HAVING max(coalesce({OVER}, ?2)) < ?1 AND max(CASE WHEN EXISTS
                 (SELECT 1 FROM case_file WHERE case_file.visit_id = photo.visit_id) THEN 1 ELSE 0 END) = 0
             ORDER BY photo.sha256"
        );
        self.many(&sql, params![before_ms, now_ms], |row| Ok(Hash::from_bytes(row.get("sha256")?)))
    }

    /// Sealed notes that were written, and received, before a moment and are not erased yet. The
    /// phone's clock alone makes nothing old.
    pub(crate) fn notes_before(&self, before_ms: i64) -> Result<Vec<(RecordId, VisitId)>, CouncilError> {
        self.many(
            "SELECT record_id, visit_id FROM sealed_concern WHERE recorded_ms < ?1 AND received_ms < ?1
             ORDER BY recorded_ms, record_id",
            params![before_ms],
            |row| Ok((RecordId::from_bytes(row.get("record_id")?), VisitId::from_bytes(row.get("visit_id")?))),
        )
    }

    fn record_ids(&self, sql: &str, values: &[Value]) -> Result<Vec<RecordId>, CouncilError> {
        self.many(sql, values, |row| Ok(RecordId::from_bytes(row.get("record_id")?)))
    }

    /// Signatures under the Code that were made, and received, before a moment, and that a later
    /// signature replaced or whose signer had left by that moment.
    pub(crate) fn acknowledgements_over_before(&self, before_ms: i64) -> Result<Vec<RecordId>, CouncilError> {
        self.record_ids(
            "SELECT record_id FROM acknowledgement JOIN person USING (user_id)
             WHERE recorded_ms < ?1 AND received_ms < ?1 AND (person.left_ms < ?1 OR EXISTS (SELECT 1 FROM acknowledgement AS later
                 WHERE later.user_id = acknowledgement.user_id AND later.recorded_ms > acknowledgement.recorded_ms))
             ORDER BY recorded_ms, record_id",
            params![before_ms],
        )
    }

    /// Somebody's signatures under the Code.
    pub(crate) fn acknowledgements_by(&self, user: UserId) -> Result<Vec<RecordId>, CouncilError> {
        let sql = "SELECT record_id FROM acknowledgement WHERE user_id = ?1 ORDER BY recorded_ms, record_id";
        self.record_ids(sql, params![user.as_bytes()])
    }

    /// The references of appointments that ended before a moment and had no visit, at one home or
    /// at all.
    pub(crate) fn appointments_over_before(
        &self,
        before_ms: i64,
        uprn: Option<&str>,
    ) -> Result<Vec<String>, CouncilError> {
        let mut which = Conditions::default();
        which.and("window_end_ms < ?", [before_ms]);
        which.and_if("uprn = ?", uprn);
        which.and_that(
            "NOT EXISTS (SELECT 1 FROM visit
                         WHERE visit.appointment_ref = appointment.appointment_ref AND visit.given IS NOT NULL)",
        );
        let sql = format!("SELECT appointment_ref FROM appointment{} ORDER BY appointment_ref", which.text());
        self.many(&sql, which.values(), |row| row.get("appointment_ref"))
    }
}

impl Reading<'_> {
    /// What the tenants of these visits and appointments were found by, in all that the council was
    /// ever told of them.
    pub(crate) fn sought_of(&self, visits: &[VisitId], appointments: &[String]) -> Result<Vec<Sought>, CouncilError> {
        let mut references = appointments.to_vec();
        let mut sought = Vec::new();
        for visit in visits {
            let found = self.one(
                "SELECT words, uprn, appointment_ref FROM visit WHERE visit_id = ?1",
                params![visit.as_bytes()],
                |row| {
                    references.extend(row.get::<Option<String>>("appointment_ref")?);
                    let names = row.get::<Option<String>>("uprn")?.unwrap_or_default();
                    Ok(Sought { names, also: row.get("words")? })
                },
            )?;
            sought.extend(found);
        }
        for reference in references {
            let now = self.many(
                "SELECT appointment FROM appointment WHERE appointment_ref = ?1",
                params![reference.as_str()],
                |row| row.get::<String>("appointment"),
            )?;
            let given = self.many(
                "SELECT appointment FROM appointment_version WHERE appointment_ref = ?1",
                params![reference.as_str()],
                |row| row.get::<Option<Vec<u8>>>("appointment"),
            )?;
            sought.extend(now.iter().filter_map(|text| serde_json::from_str(text).ok()).map(|now| sought_in(&now)));
            sought.extend(given.iter().flatten().filter_map(|given| decode(given).ok()).map(|given| sought_in(&given)));
        }
        Ok(sought)
    }
}

fn sought_in(appointment: &Appointment) -> Sought {
    let telephone = appointment.tenant_phone.clone().unwrap_or_default();
    let digits: String = telephone.chars().filter(char::is_ascii_digit).collect();
    let (uprn, reference) = (appointment.uprn.as_str(), appointment.reference.as_str());
    let names = [appointment.tenant_name.as_str(), uprn, reference, &telephone, &digits].join(" ");
    Sought { names, also: appointment.address_line() }
}

impl Writing<'_> {
    /// Erases what a visit's records say, its cases, its rows in lists and its appointment. Sealed
    /// notes stay, because they have their own rule.
    pub(crate) fn erase_visit(&self, visit: VisitId, now_ms: i64, rule: &str) -> Result<(), CouncilError> {
        let id = visit.as_bytes();
        self.write(
            "DELETE FROM body WHERE record_id IN (SELECT record_id FROM record WHERE visit_id = ?1)
             AND record_id NOT IN (SELECT record_id FROM sealed_concern WHERE visit_id = ?1)",
            params![id],
        )?;
        self.erase_set_aside(visit)?;
        self.erase_reasons_about(visit)?;
        self.forget_key_without_notes(visit)?;
        // Only the appointment that its visitor was given: a phone can name any.
        let appointment: Option<String> = self.one(
            "SELECT appointment_ref FROM visit WHERE visit_id = ?1 AND given IS NOT NULL",
            params![id],
            |row| row.get("appointment_ref"),
        )?;
        self.forget_blobs_of(visit)?;
        for sql in [
            "DELETE FROM photo WHERE visit_id = ?1",
            "DELETE FROM notice WHERE case_id IN (SELECT case_id FROM case_file WHERE visit_id = ?1)",
            "DELETE FROM case_line WHERE case_id IN (SELECT case_id FROM case_file WHERE visit_id = ?1)",
            "DELETE FROM case_file WHERE visit_id = ?1",
            "DELETE FROM concern WHERE visit_id = ?1",
            "DELETE FROM visit_given WHERE visit_id = ?1",
            "DELETE FROM visit_decision WHERE visit_id = ?1",
            "DELETE FROM visit WHERE visit_id = ?1",
        ] {
            self.write(sql, params![id])?;
        }
        if let Some(appointment) = appointment {
            self.erase_appointment(&appointment)?;
        }
        self.note_erased(visit, now_ms, rule)
    }

    /// Erases why somebody decided as they did about a visit or its chains. That they did stays.
    fn erase_reasons_about(&self, visit: VisitId) -> Result<(), CouncilError> {
        let chains = self.many(
            "SELECT device_id, epoch FROM record WHERE visit_id = ?1
             UNION SELECT device_id, epoch FROM set_aside WHERE visit_id = ?1",
            params![visit.as_bytes()],
            |row| Ok((DeviceId::from_bytes(row.get("device_id")?), Epoch::from_bytes(row.get("epoch")?))),
        )?;
        for (device, chain) in chains {
            self.write(
                "UPDATE at_rest SET because = '' WHERE device_id = ?1 AND epoch = ?2",
                params![device.as_bytes(), chain.as_bytes()],
            )?;
            self.forget_reasons(&chain.to_string())?;
        }
        self.forget_reasons(&visit.to_string())
    }

    fn note_erased(&self, visit: VisitId, now_ms: i64, rule: &str) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO erased (visit_id, erased_ms, rule) VALUES (?1, ?2, ?3) ON CONFLICT (visit_id) DO NOTHING",
            params![visit.as_bytes(), now_ms, rule],
        )?;
        Ok(())
    }

    /// Deletes a visit's key, unless a body of the visit is still held. Without the key, nobody can
    /// test a guess at an erased body against its commitment.
    fn forget_key_without_notes(&self, visit: VisitId) -> Result<(), CouncilError> {
        self.write(
            "DELETE FROM visit_key WHERE visit_id = ?1
             AND NOT EXISTS (SELECT 1 FROM record JOIN body USING (record_id) WHERE visit_id = ?1)
             AND NOT EXISTS (SELECT 1 FROM set_aside WHERE visit_id = ?1 AND length(body) > 0)",
            params![visit.as_bytes()],
        )?;
        Ok(())
    }

    /// Erases a sealed note.
    pub(crate) fn erase_note(
        &self,
        record: RecordId,
        visit: VisitId,
        now_ms: i64,
        rule: &str,
    ) -> Result<(), CouncilError> {
        self.write("DELETE FROM body WHERE record_id = ?1", params![record.as_bytes()])?;
        self.write("DELETE FROM sealed_concern WHERE record_id = ?1", params![record.as_bytes()])?;
        self.erase_aside_note(record)?;
        self.forget_key_without_notes(visit)?;
        self.note_erased(visit, now_ms, rule)
    }

    /// Erases a signature under the Code.
    pub(crate) fn erase_acknowledgement(&self, record: RecordId, now_ms: i64, rule: &str) -> Result<(), CouncilError> {
        let id = record.as_bytes();
        let file = self.one("SELECT visit_id FROM record WHERE record_id = ?1 LIMIT 1", params![id], |row| {
            Ok(VisitId::from_bytes(row.get("visit_id")?))
        })?;
        self.write("DELETE FROM body WHERE record_id = ?1", params![id])?;
        self.write("DELETE FROM acknowledgement WHERE record_id = ?1", params![id])?;
        if let Some(file) = file {
            self.forget_key_without_notes(file)?;
            self.note_erased(file, now_ms, rule)?;
        }
        Ok(())
    }

    /// Erases an appointment, and its place in the feed that phones pull from. The phones that were
    /// given it are given all others anew, and drop it.
    pub(crate) fn erase_appointment(&self, reference: &str) -> Result<(), CouncilError> {
        self.write(
            "UPDATE feed_end SET version = version + 1, floor = version + 1
             WHERE user_id IN (SELECT user_id FROM feed WHERE appointment_ref = ?1)",
            params![reference],
        )?;
        self.write("DELETE FROM feed WHERE appointment_ref = ?1", params![reference])?;
        self.write("DELETE FROM appointment_version WHERE appointment_ref = ?1", params![reference])?;
        self.write("DELETE FROM appointment WHERE appointment_ref = ?1", params![reference])?;
        Ok(())
    }

    /// Erases lines of the audit log that are older than a moment, and the lines about who read a
    /// safeguarding note.
    pub(crate) fn erase_audit_lines(
        &self,
        environment: &Environment,
        before_ms: i64,
        now_ms: i64,
    ) -> Result<(), CouncilError> {
        self.write("DELETE FROM note_reading WHERE at_ms < ?1", params![before_ms])?;
        self.erase_linked_lines(environment, before_ms, now_ms)?;
        self.erase_leads_log_before(before_ms)
    }

    /// Replaces a person's user name by `name`, and erases their other details. Envelopes hold no
    /// names. What the person did stays, under the new name.
    pub(crate) fn erase_person(&self, user: UserId, name_before: &str, name: &str) -> Result<(), CouncilError> {
        let id = user.as_bytes();
        for table in
            ["session", "known_browser", "known_network", "enrolment_code", "notice", "passkey", "passkey_ceremony"]
        {
            self.write(&format!("DELETE FROM {table} WHERE user_id = ?1"), params![id])?;
        }
        self.write("UPDATE device SET name = '' WHERE user_id = ?1", params![id])?;
        self.erase_aside_signatures(user)?;
        let devices = self.many("SELECT device_id FROM device WHERE user_id = ?1", params![id], |row| {
            Ok(DeviceId::from_bytes(row.get("device_id")?))
        })?;
        for device in devices {
            for sql in [
                "UPDATE at_rest SET because = '' WHERE device_id = ?1",
                "UPDATE set_aside SET because = '' WHERE device_id = ?1 AND because IS NOT NULL",
            ] {
                self.write(sql, params![device.as_bytes()])?;
            }
            self.forget_reasons(&device.to_string())?;
        }
        self.write(
            "UPDATE person SET user_name = ?2, display_name = 'Erased', position = '', email = '', password_hash = NULL,
                 totp_secret = NULL, totp_confirmed_ms = NULL, totp_last_step = NULL, openid_subject = NULL
             WHERE user_id = ?1",
            params![id, name],
        )?;
        for sql in [
            "UPDATE audit SET user_name = ?2, salt = NULL WHERE user_name = ?1",
            "UPDATE note_reading SET user_name = ?2 WHERE user_name = ?1",
            "UPDATE set_aside SET decided_by = ?2 WHERE decided_by = ?1",
            "UPDATE at_rest SET user_name = ?2 WHERE user_name = ?1",
            "UPDATE visit_decision SET user_name = ?2 WHERE user_name = ?1",
            "UPDATE case_line SET user_name = ?2 WHERE user_name = ?1",
            "UPDATE case_line SET subject = ?2 WHERE subject = ?1",
            "UPDATE code SET published_by = ?2 WHERE published_by = ?1",
            "UPDATE council_number SET entered_by = ?2 WHERE entered_by = ?1",
        ] {
            self.write(sql, params![name_before, name])?;
        }
        self.rename_in_audit(name_before, name)?;
        self.erase_from_changes(name_before, name)?;
        self.erase_from_leads_log(name_before)
    }
}
