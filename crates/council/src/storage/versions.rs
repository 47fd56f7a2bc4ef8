//! Versions of appointments, as they were given to phones. A record gives the hash of the grant,
//! and the grant that of the version, so a visit shows what its visitor was given.

use std::collections::BTreeMap;

use doorstep_domain::ledger::Hash;
use doorstep_domain::v2::{Nonce, version_hash};
use doorstep_domain::{AppointmentRef, UserId};

use super::batch::{IfThere, named};
use super::database::params;
use super::tables::Table;
use super::transaction::Writing;
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
