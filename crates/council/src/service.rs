//! The council as a device sees it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorstep_domain::conduct::{CodeSection, CouncilNumbers, PublishedCode};
use doorstep_domain::ledger::{Epoch, Hash, PublicKey};
use doorstep_domain::protocol::{
    BlobAnswer, BlobRequest, Changes, Council, DeviceState, EnrolAnswer, EnrolRequest, EnrolmentCode, NoAnswer,
    PROTOCOL, ProblemCode, Purpose, Signed, SyncAnswer, SyncRequest, decode, encode,
};
use doorstep_domain::{DeviceId, VisitId};

use crate::access::openid::Provider;
use crate::device::ingest;
use crate::device::photo_upload::take_piece;
use crate::error::CouncilError;
use crate::machine::environment::Environment;
use crate::machine::keys::Keys;
use crate::machine::times;
use crate::storage::DatabaseAt;
use crate::storage::photo_store::{Album, PhotosAt};
use crate::storage::settings;
use crate::storage::{CaseId, Device, Storage};

pub(crate) const EPOCH: &str = "council_epoch";
pub(crate) const NAME: &str = "council_name";

/// The council's service over one data folder and one database. It holds no state of its own: any number may run.
#[derive(Clone)]
pub struct Service {
    pub(crate) storage: Arc<Storage>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) album: Album,
    pub(crate) environment: Environment,
    pub(crate) data: PathBuf,
    pub(crate) asks_for_second_factor: bool,
    pub(crate) public_address: Option<String>,
    pub(crate) provider: Option<Arc<Provider>>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("data", &self.data).finish_non_exhaustive()
    }
}

impl Service {
    /// Opens a data folder that `init` has made, and the database that goes with it.
    ///
    /// # Errors
    /// [`CouncilError`] says what is wrong with it.
    pub fn open(data: &Path, database: &DatabaseAt, environment: Environment) -> Result<Self, CouncilError> {
        if !Keys::are_in(data) {
            return Err(CouncilError::NotInitialised(data.to_owned()));
        }
        let keys = Arc::new(Keys::read(data)?);
        let storage = Arc::new(Storage::at(data, database)?);
        if !storage.read(|reading| reading.has_meta(NAME))? {
            return Err(CouncilError::NotInitialised(data.to_owned()));
        }
        Ok(Self {
            storage,
            keys,
            album: Album::at(data, &PhotosAt::InTheDataFolder)?,
            environment,
            data: data.to_owned(),
            asks_for_second_factor: true,
            public_address: None,
            provider: None,
        })
    }

    /// For trying the console out: a password alone signs in.
    #[must_use]
    pub fn without_second_factor(self) -> Self {
        Self { asks_for_second_factor: false, ..self }
    }

    /// Keeps photos elsewhere than in the data folder.
    ///
    /// # Errors
    /// [`CouncilError::BadSetting`] when that can't be.
    pub fn with_photos(self, photos: &PhotosAt) -> Result<Self, CouncilError> {
        Ok(Self { album: Album::at(&self.data, photos)?, ..self })
    }

    /// Where people and phones reach the service.
    #[must_use]
    pub fn reached_at(self, public_address: Option<String>) -> Self {
        Self { public_address, ..self }
    }

    /// Lets people sign in with the council's own accounts too.
    #[must_use]
    pub fn with_provider(self, provider: Option<Provider>) -> Self {
        Self { provider: provider.map(Arc::new), ..self }
    }

    /// The council's public key, which devices pin.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.keys.signing.public()
    }

    /// After the database was restored from a copy: a new epoch, by which devices know to send again what they still hold
    /// and to pull anew.
    ///
    /// # Errors
    /// [`CouncilError`] when it can't be written.
    pub fn begin_epoch(&self) -> Result<(), CouncilError> {
        let epoch = Epoch::from_bytes(self.environment.random());
        self.storage.transact(&self.environment, |writing| writing.set_meta(EPOCH, &epoch.to_string()))
    }

    pub(crate) fn publish_code(&self, code: &PublishedCode, by: &str) -> Result<Vec<CodeSection>, CouncilError> {
        let sections = code.sections().map_err(CouncilError::NotACode)?;
        let now_ms = self.environment.clock.now_ms();
        self.storage.transact(&self.environment, |writing| {
            writing.keep_published_code(code, now_ms, by)?;
            let detail = serde_json::json!({ "code": code.hash(), "label": code.label, "from": code.from });
            writing.audit(now_ms, by, "code_published", &detail)
        })?;
        Ok(sections)
    }

    pub(crate) fn epoch(text: &str) -> Result<Epoch, CouncilError> {
        data_encoding::HEXLOWER
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| Epoch::from_slice(&bytes))
            .ok_or(CouncilError::Unreadable("council epoch"))
    }

    /// What no request brings about, but the clock: whoever works alone and is overdue becomes a case. Clause 6.1. Any number of
    /// processes may look; each case is opened once. A visit that can't be read or dealt with keeps nobody else waiting.
    ///
    /// # Errors
    /// [`CouncilError`] when the database fails, or the first that went wrong with one visit; the next look tries all of it again.
    pub fn look_at_the_clock(&self) -> Result<(), CouncilError> {
        let now_ms = self.environment.clock.now_ms();
        let overdue = self.storage.read(|reading| {
            let patience_ms = i64::from(settings::of_the_door(reading, now_ms)?.safe_reminder_minutes) * 60_000;
            reading.alone_before(now_ms.saturating_sub(patience_ms))
        })?;
        each_by_itself(overdue, |visit| self.open_if_overdue(visit, now_ms))
    }

    fn open_if_overdue(&self, visit: VisitId, now_ms: i64) -> Result<(), CouncilError> {
        let visit = self.storage.read(|reading| reading.visit(visit, None))?.map(|row| row.visit);
        let Some((visit, opened)) = visit.and_then(|visit| visit.overdue().map(|opened| (visit, opened))) else {
            return Ok(());
        };
        if self.storage.read(|reading| reading.case(CaseId::of(opened.kind, opened.record)))?.is_some() {
            return Ok(());
        }
        self.storage.transact(&self.environment, |writing| writing.open_case(&opened, visit.visit, visit.actor, now_ms))
    }

    fn try_enrol(&self, request: &[u8]) -> Result<Vec<u8>, Refusal> {
        let request: EnrolRequest = decode(request)?;
        let code: EnrolmentCode = request.code.parse().map_err(|_| Refusal::No(ProblemCode::CodeNotValid))?;
        let now_ms = self.environment.clock.now_ms();
        let device_id = DeviceId::from_parts(self.environment.unix_ms(), &self.environment.random());
        let answer = self.storage.transact(&self.environment, |writing| {
            let Some(user) = writing.user_of_code(code.hash(), now_ms)? else { return Ok(None) };
            let person = writing.person(user)?.ok_or(CouncilError::Unreadable("person"))?;
            writing.use_code(code.hash(), now_ms)?;
            let device = Device { id: device_id, user, key: request.device_key, revoked: false };
            writing.keep_device(&device, &shortened(&request.device_name), &shortened(&request.app_version), now_ms)?;
            let detail = serde_json::json!({ "device": device_id });
            writing.audit(now_ms, &person.user_name, "device_enrolled", &detail)?;
            Ok(Some(EnrolAnswer {
                protocol: PROTOCOL,
                nonce: request.nonce.clone(),
                device: device_id,
                user,
                user_name: person.user_name,
                display_name: person.display_name,
                position: person.position,
                organisation: person.organisation.name,
                council_name: writing.meta(NAME)?,
                council_key: self.public_key(),
                council_epoch: Self::epoch(&writing.meta(EPOCH)?)?,
                safeguarding_keys: self.keys.safeguarding_recipients(),
                council_time_ms: now_ms,
            }))
        })?;
        let answer = answer.ok_or(Refusal::No(ProblemCode::CodeNotValid))?;
        tracing::info!(device.id = %device_id, "A device was enrolled.");
        Ok(encode(&Signed::new(Purpose::EnrolAnswer, &answer, &self.keys.signing)))
    }

    fn device(&self, claimed: DeviceId) -> Result<Device, Refusal> {
        let device = self.storage.read(|reading| reading.device(claimed))?;
        device.ok_or(Refusal::No(ProblemCode::DeviceNotKnown))
    }

    fn try_put_blob(&self, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, Refusal> {
        let signed: Signed = decode(request)?;
        let device = self.device(signed.peek::<BlobRequest>()?.device)?;
        let request: BlobRequest =
            signed.open(Purpose::BlobRequest, &device.key).map_err(|_| Refusal::No(ProblemCode::NotSigned))?;
        if request.sha256 != sha256 {
            return Err(Refusal::No(ProblemCode::Unreadable));
        }
        let now_ms = self.environment.clock.now_ms();
        // The answer is made and signed only after it is on disk.
        let state = take_piece(&self.storage, &self.environment, &self.album, &request, now_ms)?;
        let answer = BlobAnswer { protocol: PROTOCOL, device: device.id, nonce: request.nonce, sha256, state };
        Ok(encode(&Signed::new(Purpose::BlobAnswer, &answer, &self.keys.signing)))
    }

    fn try_sync(&self, request: &[u8]) -> Result<Vec<u8>, Refusal> {
        let signed: Signed = decode(request)?;
        let device = self.device(signed.peek::<SyncRequest>()?.device)?;
        let request: SyncRequest =
            signed.open(Purpose::SyncRequest, &device.key).map_err(|_| Refusal::No(ProblemCode::NotSigned))?;
        let now_ms = self.environment.clock.now_ms();
        // One transaction; the answer is made and signed only after it is on disk.
        let answer = self.storage.transact(&self.environment, |writing| {
            let receipts = ingest::ingest(writing, &device, &request, now_ms)?;
            let council_epoch = Self::epoch(&writing.meta(EPOCH)?)?;
            let device_state = match device.revoked {
                true => DeviceState::Revoked,
                false if writing.is_forked(device.id, request.head.epoch)? => DeviceState::Forked,
                false => DeviceState::Active,
            };
            let snapshot = request.cursor == 0
                || request.council_epoch != council_epoch
                || request.cursor > writing.feed_end(device.user)?;
            let cursor = if snapshot { 0 } else { request.cursor };
            let (appointments, cursor, more) = match device_state {
                DeviceState::Revoked => (Vec::new(), 0, false),
                DeviceState::Active | DeviceState::Forked => writing.changes(device.user, cursor, snapshot)?,
            };
            // A device that says nothing holds the empty table.
            let numbers = writing.council_numbers()?.for_the_door();
            let held = request.numbers.clone().unwrap_or_else(|| CouncilNumbers::default().hash());
            Ok(SyncAnswer {
                protocol: PROTOCOL,
                device: device.id,
                nonce: request.nonce.clone(),
                council_epoch,
                council_time_ms: now_ms,
                receipts,
                high_water: writing.high_water(device.id)?,
                backup_mark: None,
                device_state,
                changes: Changes {
                    snapshot,
                    appointments,
                    safeguarding_keys: self.keys.safeguarding_recipients(),
                    code: writing
                        .code_in_force(times::day(now_ms))?
                        .filter(|code| request.code.as_deref() != Some(&code.hash()))
                        .filter(|_| device_state != DeviceState::Revoked)
                        .map(Box::new),
                    numbers: Some(numbers).filter(|numbers| numbers.hash() != held),
                    cursor,
                    more,
                },
            })
        })?;
        tracing::info!(device.id = %device.id, records = answer.receipts.len(), "A device was answered.");
        Ok(encode(&Signed::new(Purpose::SyncAnswer, &answer, &self.keys.signing)))
    }
}

/// Does something for each, and goes on past one that fails, or panics: a bad row is no reason to leave the others waiting. The
/// first failure is the answer.
pub(crate) fn each_by_itself<T>(
    all: impl IntoIterator<Item = T>,
    mut work: impl FnMut(T) -> Result<(), CouncilError>,
) -> Result<(), CouncilError> {
    let mut first = Ok(());
    for one in all {
        // What a panic leaves behind is a transaction that was not committed, and the database rolls it back.
        let done = catch_unwind(AssertUnwindSafe(|| work(one))).unwrap_or(Err(CouncilError::Panicked));
        first = first.and(done);
    }
    first
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Why a device is not answered.
enum Refusal {
    No(ProblemCode),
    Failed(CouncilError),
}

impl From<doorstep_domain::protocol::Unreadable> for Refusal {
    fn from(_: doorstep_domain::protocol::Unreadable) -> Self {
        Self::No(ProblemCode::Unreadable)
    }
}

impl From<CouncilError> for Refusal {
    fn from(error: CouncilError) -> Self {
        Self::Failed(error)
    }
}

impl From<Refusal> for NoAnswer {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::No(code) => Self::Refused(code),
            Refusal::Failed(error) => {
                tracing::error!(%error, "A device could not be answered.");
                Self::Busy { retry_after: 30 }
            }
        }
    }
}

impl Council for Service {
    fn enrol(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        Ok(self.try_enrol(request)?)
    }

    fn sync(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        Ok(self.try_sync(request)?)
    }

    fn put_blob(&self, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        Ok(self.try_put_blob(sha256, request)?)
    }
}
