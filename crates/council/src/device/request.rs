//! Finding the phone that sent a request, and refusing a request.

use doorstep_domain::DeviceId;
use doorstep_domain::protocol::{NoAnswer, PROTOCOL, ProblemCode, Unreadable};

use crate::error::CouncilError;
use crate::machine::rates::{Later, RefusalOf};
use crate::service::Service;
use crate::storage::{Audited, Device};

/// How many seconds a phone waits before it tries again, when the council failed.
const TRY_AGAIN_SECONDS: u64 = 30;

/// Refuses a request of another version of the protocol.
pub(super) fn only_this_protocol(said: u16) -> Result<(), Refusal> {
    if said == PROTOCOL { Ok(()) } else { Err(Refusal::No(ProblemCode::Unreadable)) }
}

/// Why a device's request gets no answer.
pub(super) enum Refusal {
    /// The phone sends too much. It tries again after this many seconds.
    Later { seconds: u64 },
    /// The request is refused, with this code.
    No(ProblemCode),
    /// The council failed. The phone tries again later.
    Failed(CouncilError),
}

impl From<Later> for Refusal {
    fn from(Later { seconds }: Later) -> Self {
        Self::Later { seconds }
    }
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
            Refusal::Later { seconds } => Self::Busy { retry_after: seconds },
            Refusal::Failed(error) => {
                tracing::error!(%error, "A device could not be answered.");
                Self::Busy { retry_after: TRY_AGAIN_SECONDS }
            }
        }
    }
}

/// Refuses a request that the key of the device that it names has not signed. Somebody else may
/// have written it, so the audit log notes it.
pub(super) fn not_signed(service: &Service, device: DeviceId) -> Refusal {
    let noted = || {
        let now_ms = service.now_ms();
        service.transact(|writing| writing.audit(now_ms, "", &Audited::SignatureRefused { device }))
    };
    match if service.rates.may_note_refusal(RefusalOf::Machines) { noted() } else { Ok(()) } {
        Ok(()) => Refusal::No(ProblemCode::NotSigned),
        Err(error) => Refusal::Failed(error),
    }
}

/// The device that a request claims to be from. The caller must still check the signature.
pub(super) fn known_device(service: &Service, claimed: DeviceId) -> Result<Device, Refusal> {
    let device = service.storage.read(|reading| reading.device(claimed))?;
    device.ok_or(Refusal::No(ProblemCode::DeviceNotKnown))
}
