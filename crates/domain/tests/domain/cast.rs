//! A visitor at a door, for the tests.

use chrono::{DateTime, TimeDelta, Utc};
use doorstep_domain::conduct::{
    Basis, Command, ConsentBy, Event, Happened, Notice, NoticeMethod, Numbers, Refused, Started, Step, StepState,
    Visit, VisitKind, fold,
};
use doorstep_domain::{DeviceId, RecordId, UserId, VisitId, england};

pub(crate) fn nine_o_clock() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_510_800, 0).unwrap()
}

/// Somebody at a door. Each thing that they say is decided, recorded and folded, a minute apart.
pub(crate) struct AtTheDoor {
    pub(crate) facts: Vec<Happened>,
    pub(crate) visit: Visit,
    id: VisitId,
}

impl AtTheDoor {
    pub(crate) fn arrive() -> Self {
        Self::arrive_after(None)
    }

    /// Arrives at the door of somebody who had such notice.
    pub(crate) fn arrive_after(notice: Option<Notice>) -> Self {
        let id = VisitId::from_parts(1, &[1; 10]);
        let mut door = Self { facts: Vec::new(), visit: Visit::new(id), id };
        door.record(Event::Started(Started {
            appointment: Some("WO-1".parse().unwrap()),
            uprn: Some(String::from("100030000001").try_into().unwrap()),
            visit_kind: VisitKind::ResponsiveRepair,
            address: None,
            purpose: None,
            notice,
        }));
        door
    }

    pub(crate) fn says(&mut self, command: Command) -> Result<RecordId, Refused> {
        let events = self.visit.decide(command)?;
        let mut last = RecordId::from_bytes([0; 16]);
        for event in events {
            last = self.record(event);
        }
        Ok(last)
    }

    pub(crate) fn does(&mut self, step: Step) -> RecordId {
        self.says(Command::RecordStep { step, state: StepState::Done }).unwrap()
    }

    pub(crate) fn arrives_properly(mut self) -> Self {
        for step in Step::BEFORE_ENTRY {
            self.does(step);
        }
        self
    }

    pub(crate) fn goes_in(&mut self) -> Result<RecordId, Refused> {
        self.says(consented())
    }

    pub(crate) fn record(&mut self, event: Event) -> RecordId {
        let number = self.facts.len() as u64 + 1;
        let record = RecordId::from_parts(number, &[2; 10]);
        self.facts.push(Happened {
            record,
            device: DeviceId::from_bytes([3; 16]),
            order: number,
            at: nine_o_clock() + TimeDelta::minutes(number as i64),
            doubt: None,
            actor: UserId::from_bytes([4; 16]),
            event,
        });
        self.visit = fold(self.id, &self.facts);
        record
    }
}

/// Notice of a repair, so many hours before, by telephone.
pub(crate) fn notice_of(hours: i64) -> Notice {
    let given = (nine_o_clock() - TimeDelta::hours(hours), NoticeMethod::Phone);
    Notice::of(VisitKind::ResponsiveRepair, nine_o_clock(), Some(given), true, &numbers())
}

pub(crate) fn short_notice() -> Notice {
    notice_of(6)
}

pub(crate) fn numbers() -> Numbers {
    Numbers::shipped(england::day(nine_o_clock()))
}

pub(crate) fn consented() -> Command {
    Command::Enter { basis: Some(Basis::Consented { by: ConsentBy::Tenant }), admitting: None }
}
