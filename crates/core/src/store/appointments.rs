//! Appointments, as the council gave them.

use doorstep_domain::AppointmentRef;
use doorstep_domain::conduct::Appointment;
use doorstep_domain::v2::{Attested, Grant};
use rusqlite::{Row, params};

use super::{Reading, StoreError, Writing};

fn appointment(row: &Row<'_>) -> rusqlite::Result<Option<Appointment>> {
    let text: String = row.get("appointment")?;
    Ok(serde_json::from_str(&text).ok())
}

impl Reading<'_> {
    /// All appointments on the device, in the order of their windows.
    pub(crate) fn appointments(&self) -> Result<Vec<Appointment>, StoreError> {
        let rows = self.many(
            "SELECT appointment FROM appointment ORDER BY window_start_ms, appointment_ref",
            [],
            appointment,
        )?;
        rows.into_iter().map(|row| row.ok_or(StoreError::Unreadable("appointment"))).collect()
    }

    pub(crate) fn appointment(&self, reference: &AppointmentRef) -> Result<Option<Appointment>, StoreError> {
        self.one(
            "SELECT appointment FROM appointment WHERE appointment_ref = ?1",
            params![reference.as_str()],
            appointment,
        )?
        .map(|row| row.ok_or(StoreError::Unreadable("appointment")))
        .transpose()
    }
}

impl Reading<'_> {
    /// The council's word that it gave an appointment to this enrolment.
    pub(super) fn grant_of(&self, reference: &AppointmentRef) -> Result<Option<Attested<Grant>>, StoreError> {
        let grant: Option<Option<Vec<u8>>> = self.one(
            "SELECT appointment_grant FROM appointment WHERE appointment_ref = ?1",
            params![reference.as_str()],
            |row| row.get("appointment_grant"),
        )?;
        Ok(grant.flatten().and_then(|bytes| Attested::from_bytes(&bytes).ok()))
    }
}

impl Writing<'_> {
    /// Keeps an appointment, with the council's word that it gave it, which there is in version 2.
    /// One of which the visit has left this device is not kept again.
    pub(crate) fn keep_appointment(
        &self,
        appointment: &Appointment,
        grant: Option<&Attested<Grant>>,
    ) -> Result<(), StoreError> {
        let window_start_ms = appointment.window_start.timestamp_millis();
        if self.is_finished(appointment.reference.as_str(), window_start_ms)? {
            return Ok(());
        }
        let text = serde_json::to_string(appointment).map_err(|_| StoreError::Unreadable("appointment"))?;
        self.write(
            "INSERT INTO appointment (appointment_ref, window_start_ms, appointment, appointment_grant) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (appointment_ref) DO UPDATE SET window_start_ms = excluded.window_start_ms,
                 appointment = excluded.appointment, appointment_grant = excluded.appointment_grant",
            params![
                appointment.reference.as_str(),
                window_start_ms,
                text,
                grant.map(Attested::to_bytes)
            ],
        )?;
        Ok(())
    }

    /// Removes an appointment that is no longer the device's, and the personal data in it. It stays
    /// if this device has a visit to it.
    pub(crate) fn withdraw_appointment(&self, reference: &AppointmentRef) -> Result<(), StoreError> {
        self.write(
            "DELETE FROM appointment WHERE appointment_ref = ?1
             AND NOT EXISTS (SELECT 1 FROM visit WHERE visit.appointment_ref = appointment.appointment_ref)",
            params![reference.as_str()],
        )?;
        Ok(())
    }

    /// Removes every appointment to which this device has no visit, before a snapshot is stored.
    pub(crate) fn withdraw_all_appointments(&self) -> Result<(), StoreError> {
        self.write(
            "DELETE FROM appointment
             WHERE NOT EXISTS (SELECT 1 FROM visit WHERE visit.appointment_ref = appointment.appointment_ref)",
            [],
        )?;
        Ok(())
    }
}
