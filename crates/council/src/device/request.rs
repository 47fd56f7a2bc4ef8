//! Who a phone's request is from, and why one is not answered.

use doorstep_domain::DeviceId;
use doorstep_domain::protocol::{NoAnswer, ProblemCode, Unreadable};

use crate::error::CouncilError;
use crate::service::Service;
use crate::storage::Device;

/// Seconds after which a phone tries again when the council failed.
const TRY_AGAIN_SECONDS: u64 = 30;

/// Why a device is not answered.
pub(super) enum Refusal {
    /// Its request is not one that can be answered.
    No(ProblemCode),
    /// The council failed.
    Failed(CouncilError),
}

impl From<Unreadable> for Refusal {
    fn from(_: Unreadable) -> Self {
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
                Self::Busy { retry_after: TRY_AGAIN_SECONDS }
            }
        }
    }
}

/// The device that a request claims to be from; its signature is still to be checked.
pub(super) fn known_device(service: &Service, claimed: DeviceId) -> Result<Device, Refusal> {
    let device = service.storage.read(|reading| reading.device(claimed))?;
    device.ok_or(Refusal::No(ProblemCode::DeviceNotKnown))
}
