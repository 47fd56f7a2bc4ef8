//! Photos: taking one, looking at it, and choosing on which network they are sent.

use std::sync::atomic::Ordering;

use doorstep_domain::VisitId;
use doorstep_domain::conduct::{Command, Photo, PhotoPurpose};
use doorstep_domain::ledger::Hash;

use super::App;
use super::visits::Known;
use crate::store::Reading;
use crate::sync::enrolled;
use crate::view::Acted;
use crate::{AppError, picture};

const ON_WIFI_ONLY: &str = "photos_on_wifi_only";

/// Whether the network charges for data, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// It does not charge for data: Wi-Fi or a cable, for example.
    Unmetered,
    /// It may charge for data, or nothing is known about it.
    MeteredOrUnknown,
}

impl App {
    /// Adds a photo to a visit. `file` is the camera's JPEG or PNG, from which this makes a new
    /// file that holds only the picture. When this returns `Ok`, the picture and its record are on
    /// disk, encrypted.
    ///
    /// # Errors
    /// [`AppError::NotAPhoto`] when the file can't be kept as a photo; otherwise as [`App::act`].
    pub fn add_photo(&self, visit: VisitId, purpose: PhotoPurpose, file: &[u8]) -> Result<Acted, AppError> {
        self.signed_in()?;
        let picture = picture::make(file)?;
        let photo = Photo {
            sha256: Hash::of_file(&picture.file),
            purpose,
            bytes: u32::try_from(picture.file.len()).unwrap_or(u32::MAX),
            width: picture.size.width,
            height: picture.size.height,
        };
        self.store().transact_if_room(&self.environment, |writing| {
            let enrolment = enrolled(writing)?;
            self.may_go_on(writing, Some(visit))?;
            let before = Known::of(writing, visit)?;
            writing.keep_photo(visit, &photo, &picture.file)?;
            let after = self.decide_and_record(writing, &enrolment, before, Command::TakePhoto(photo))?;
            self.acted(writing, after)
        })
    }

    /// The picture of a photo, as a JPEG.
    ///
    /// # Errors
    /// [`AppError::NoSuchPhoto`] when it is not on this device, or not any more;
    /// [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn photo(&self, sha256: Hash) -> Result<Vec<u8>, AppError> {
        self.signed_in()?;
        self.store().read(|reading| {
            self.may_go_on(reading, reading.under_way()?)?;
            reading.photo_file(sha256)?.ok_or(AppError::NoSuchPhoto)
        })
    }

    /// Sets whether photos are only sent on a network that does not charge for data. Records are
    /// sent on any network.
    ///
    /// # Errors
    /// [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn send_photos_on_wifi_only(&self, only: bool) -> Result<(), AppError> {
        self.signed_in()?;
        self.store().transact(&self.environment, |writing| Ok(writing.set(ON_WIFI_ONLY, &only)?))
    }

    /// Tells the core which kind of network the device is on. The app's window calls this.
    pub fn set_network(&self, network: Network) {
        self.unmetered.store(network == Network::Unmetered, Ordering::SeqCst);
    }

    pub(super) fn on_wifi_only(&self, reading: &Reading<'_>) -> Result<bool, AppError> {
        Ok(reading.setting(ON_WIFI_ONLY)?.unwrap_or(false))
    }

    pub(super) fn photos_may_go(&self) -> Result<bool, AppError> {
        let only = self.store().read(|reading| self.on_wifi_only(reading))?;
        Ok(!only || self.unmetered.load(Ordering::SeqCst))
    }
}
