#![doc = include_str!("../README.md")]

pub mod conduct;
pub mod england;
pub mod ledger;
pub mod local_address;
pub mod protocol;
pub mod v2;

mod bytes;
mod hash;
mod ids;
mod names;

pub use ids::{
    AppointmentRef, BadAppointmentRef, BadId, BadUprn, DeviceId, OrganisationId, PhoneId, RecordId, Uprn, UserId,
    VisitId,
};
pub use names::{Named, StableName};
