//! The cases that concerns open. A phone can say any number of times that something is dangerous,
//! and must not hide everybody else's cases. What it says beyond a bound is on the list of concerns
//! all the same, and the phone is marked.

use doorstep_domain::conduct::{CaseKind, CaseOpened, Concern};
use doorstep_domain::{DeviceId, RecordId, UserId, VisitId};

use super::arrived::Times;
use crate::error::CouncilError;
use crate::storage::settings::Belief;
use crate::storage::{CaseId, Device, Writing};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How many cases the concerns of one visit open: more than a home has dangers.
const MOST_OF_A_VISIT: u64 = 50;

/// How many cases the concerns of one phone open in a day, by the council's clock: more than
/// anybody meets, and enough for what somebody brings home from months without signal.
const MOST_IN_A_DAY: u64 = 200;

/// What decides whether a concern opens a case, and from when its deadline runs.
pub(super) struct Cases {
    belief: Belief,
    /// `None` where a person decides.
    bound: Option<Bound>,
}

/// How many more cases a phone may open.
struct Bound {
    device: DeviceId,
    now_ms: i64,
    /// How many more today; `None` until that is counted.
    left: Option<u64>,
}

/// A concern, and who said it in which record.
pub(super) struct Said<'a> {
    pub(super) concern: &'a Concern,
    pub(super) record: RecordId,
    pub(super) visit: VisitId,
    pub(super) user: UserId,
    pub(super) recorded_ms: i64,
    pub(super) times: Times,
    /// Whether its record was taken, and not set aside.
    pub(super) is_confirmed: bool,
}

impl Cases {
    /// Of what a phone sends.
    pub(super) fn of_phone(writing: &Writing<'_>, device: &Device, now_ms: i64) -> Result<Self, CouncilError> {
        let bound = Bound { device: device.id, now_ms, left: None };
        Ok(Self { belief: Belief::of(writing)?, bound: Some(bound) })
    }

    /// Of what a person releases.
    pub(super) fn released(writing: &Writing<'_>) -> Result<Self, CouncilError> {
        Ok(Self { belief: Belief::of(writing)?, bound: None })
    }

    /// Opens the case that a concern asks for, if it asks for one.
    pub(super) fn open(&mut self, writing: &Writing<'_>, said: &Said<'_>) -> Result<(), CouncilError> {
        let Said { concern, record, visit, user, recorded_ms, times, is_confirmed } = *said;
        let Some(kind) = CaseKind::of_concern(concern) else { return Ok(()) };
        if let Some(bound) = &mut self.bound
            && writing.case(CaseId::of(kind, record))?.is_none()
            && !bound.has_room(writing, visit)?
        {
            return writing.mark_many_of(record, times.received_ms);
        }
        let opened_at = self.belief.start_of(concern, recorded_ms, times.earliest_ms, times.received_ms);
        let opened = CaseOpened { kind, record, opened_at };
        match is_confirmed {
            true => writing.open_case(&opened, visit, Some(user), times.received_ms),
            false => writing.open_unconfirmed_case(&opened, visit, user, times.received_ms),
        }
    }
}

impl Bound {
    /// Takes room for one more case, if there is any.
    fn has_room(&mut self, writing: &Writing<'_>, visit: VisitId) -> Result<bool, CouncilError> {
        let left = match self.left {
            Some(left) => left,
            None => MOST_IN_A_DAY.saturating_sub(writing.cases_since(self.device, self.now_ms - DAY_MS)?),
        };
        let has_room = left > 0 && writing.cases_in(self.device, visit)? < MOST_OF_A_VISIT;
        self.left = Some(left - u64::from(has_room));
        Ok(has_room)
    }
}
