//! Versions of appointments, as they were given to phones. A record gives the hash of the grant,
//! and the grant that of the version, so a visit shows what its visitor was given.

use std::collections::BTreeMap;

use doorstep_domain::conduct::{Appointment, Visit};
use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::decode;
use doorstep_domain::v2::{Nonce, version_hash};
use doorstep_domain::{AppointmentRef, UserId, VisitId};

use super::batch::{IfThere, named};
use super::database::params;
use super::tables::Table;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;
use crate::machine::environment::Environment;

/// One version of an appointment: the bytes that are given, and what its hash is made with.
#[derive(Debug, Clone)]
pub(crate) struct AppointmentVersion {
    pub(crate) reference: AppointmentRef,
    pub(crate) appointment: Vec<u8>,
    pub(crate) salt: Nonce,
    pub(crate) hash: Hash,
}

impl Reading<'_> {
    /// The appointments of visits as their visitors were given them: what is in their rows already,
    /// or the version that their first record shows the council's grant for, or else the
    /// appointment as it is today, if the council gave it to this person. Visits without one are
    /// left out.
    pub(super) fn given<'v>(
        &self,
        visits: impl IntoIterator<Item = &'v Visit>,
    ) -> Result<BTreeMap<VisitId, Appointment>, CouncilError> {
        let with_one: Vec<&Visit> = visits.into_iter().filter(|visit| visit.appointment.is_some()).collect();
        let ids = || with_one.iter().map(|visit| visit.visit.as_bytes());
        let mut given: BTreeMap<VisitId, Appointment> = BTreeMap::new();
        let versions = self.among(
            "SELECT visit_id, appointment FROM visit_given JOIN appointment_version USING (version_hash) WHERE visit_id IN ({})",
            ids(),
            |row| Ok((VisitId::from_bytes(row.get("visit_id")?), row.get::<Vec<u8>>("appointment")?)),
        )?;
        given.extend(versions.into_iter().filter_map(|(visit, bytes)| Some((visit, decode(&bytes).ok()?))));
        let held = self.among(
            "SELECT visit_id, given FROM visit WHERE visit_id IN ({}) AND given IS NOT NULL",
            ids(),
            |row| Ok((VisitId::from_bytes(row.get("visit_id")?), row.get::<String>("given")?)),
        )?;
        given.extend(held.into_iter().filter_map(|(visit, text)| Some((visit, serde_json::from_str(&text).ok()?))));
        for visit in &with_one {
            let (Some(reference), Some(actor)) = (&visit.appointment, visit.actor) else { continue };
            if given.get(&visit.visit).is_some_and(|given| given.reference == *reference) {
                continue;
            }
            given.remove(&visit.visit);
            let today: Option<String> = self.one(
                "SELECT appointment FROM feed JOIN appointment ON appointment.appointment_ref = feed.appointment_ref
                 WHERE feed.user_id = ?1 AND feed.appointment_ref = ?2",
                params![actor.as_bytes(), reference.as_str()],
                |row| row.get("appointment"),
            )?;
            if let Some(today) = today.and_then(|text| serde_json::from_str(&text).ok()) {
                given.insert(visit.visit, today);
            }
        }
        // What was known of other visits to the home is no part of this one.
        for appointment in given.values_mut() {
            appointment.known_attempts.clear();
        }
        Ok(given)
    }
}

impl Writing<'_> {
    /// The versions of these appointments. One that was given before in the same bytes is the same
    /// version; the others are kept as new ones.
    pub(crate) fn versions_of(
        &self,
        appointments: Vec<(AppointmentRef, Vec<u8>)>,
        environment: &Environment,
    ) -> Result<Vec<AppointmentVersion>, CouncilError> {
        let mut known: BTreeMap<(String, Vec<u8>), (Nonce, Hash)> = BTreeMap::new();
        self.among(
            "SELECT appointment_ref, appointment, salt, version_hash FROM appointment_version WHERE appointment_ref IN ({})",
            appointments.iter().map(|(reference, _)| reference.as_str()),
            |row| {
                let version = (Nonce::from_bytes(row.get("salt")?), Hash::from_bytes(row.get("version_hash")?));
                known.insert((row.get("appointment_ref")?, row.get("appointment")?), version);
                Ok(())
            },
        )?;
        let mut new = Vec::new();
        let versions = appointments.into_iter().map(|(reference, appointment)| {
            let key = (reference.as_str().to_owned(), appointment);
            let (salt, hash) = *known.entry(key.clone()).or_insert_with(|| {
                let salt = Nonce::from_bytes(environment.random());
                let hash = version_hash(&salt, &key.1);
                new.push(named! {
                    "version_hash" => hash.as_bytes(),
                    "appointment_ref" => reference.as_str(),
                    "salt" => salt.as_bytes(),
                    "appointment" => key.1.as_slice(),
                });
                (salt, hash)
            });
            AppointmentVersion { reference, appointment: key.1, salt, hash }
        });
        let versions = versions.collect();
        self.write_rows(Table::named("appointment_version"), new, IfThere::Fail)?;
        Ok(versions)
    }

    /// Notes which version of its appointment a visit's visitor was given. The first that was said
    /// stays.
    pub(crate) fn visit_was_given(&self, visit: VisitId, version: Hash) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO visit_given (visit_id, version_hash) VALUES (?1, ?2) ON CONFLICT (visit_id) DO NOTHING",
            params![visit.as_bytes(), version.as_bytes()],
        )?;
        Ok(())
    }

    /// Notes that a person was given an appointment, where the council no longer knows it: they
    /// have shown its grant. What is known already stays.
    pub(crate) fn was_given(&self, user: UserId, reference: &AppointmentRef) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO feed (user_id, appointment_ref, version, withdrawn) VALUES (?1, ?2, 0, 1)
             ON CONFLICT (user_id, appointment_ref) DO NOTHING",
            params![user.as_bytes(), reference.as_str()],
        )?;
        Ok(())
    }
}
