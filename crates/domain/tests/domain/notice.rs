//! Notice, clause 3.1: hours that passed, days on the calendar, and what a court would count.

use chrono::{DateTime, Utc};
use doorstep_domain::conduct::{Notice, NoticeMethod, NoticeStanding, VisitKind};

use crate::cast::numbers;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn notice(kind: VisitKind, given: &str, starts: &str) -> Notice {
    Notice::of(kind, at(starts), Some((at(given), NoticeMethod::Letter)), true, &numbers())
}

#[test]
fn exactly_24_hours_meets_the_minimum_and_exactly_48_is_good() {
    for (given, standing) in [
        ("2026-11-22T09:00:00Z", NoticeStanding::Good),
        ("2026-11-22T09:00:01Z", NoticeStanding::MeetsMinimum),
        ("2026-11-23T09:00:00Z", NoticeStanding::MeetsMinimum),
        ("2026-11-23T09:00:01Z", NoticeStanding::Short),
        ("2026-11-24T08:59:59Z", NoticeStanding::Short),
    ] {
        let notice = notice(VisitKind::ResponsiveRepair, given, "2026-11-24T09:00:00Z");
        assert_eq!(notice.standing, standing, "given {given}");
        assert_eq!(notice.needs_agreement(), standing == NoticeStanding::Short);
    }
}

#[test]
fn hours_are_hours_that_passed_across_the_clock_changes() {
    // The same time on the wall the day before: 23 hours when the clocks go forward, 25 when they
    // go back.
    let spring = notice(VisitKind::Inspection, "2027-03-27T08:30:00+00:00", "2027-03-28T08:30:00+01:00");
    assert_eq!((spring.standing, spring.minutes), (NoticeStanding::Short, Some(23 * 60)));
    let autumn = notice(VisitKind::Inspection, "2026-10-24T08:30:00+01:00", "2026-10-25T08:30:00+00:00");
    assert_eq!((autumn.standing, autumn.minutes), (NoticeStanding::MeetsMinimum, Some(25 * 60)));
}

#[test]
fn planned_work_is_known_of_14_days_on_the_calendar_before_and_the_earliest_lawful_day_is_offered() {
    let fortnight = notice(VisitKind::PlannedWork, "2027-03-14T15:54:00Z", "2027-03-28T08:00:00+01:00");
    assert_eq!(fortnight.standing, NoticeStanding::Good);
    let short = notice(VisitKind::PlannedWork, "2027-03-15T00:10:00Z", "2027-03-28T08:00:00+01:00");
    assert_eq!(short.standing, NoticeStanding::Short);
    assert_eq!(short.earliest, Some(at("2027-03-29T00:00:00+01:00")), "midnight in England, two weeks on");
}

#[test]
fn emergencies_and_investigations_need_no_notice_and_say_which_they_are() {
    for (kind, standing) in [
        (VisitKind::EmergencyRepair, NoticeStanding::ExemptEmergency),
        (VisitKind::TenancyInvestigation, NoticeStanding::ExemptInvestigation),
    ] {
        let notice = Notice::of(kind, at("2026-11-24T09:00:00Z"), None, false, &numbers());
        assert_eq!(notice.standing, standing);
        assert!(!notice.needs_agreement());
    }
    let none = Notice::of(VisitKind::SafetyCheck, at("2026-11-24T09:00:00Z"), None, true, &numbers());
    assert_eq!(none.standing, NoticeStanding::NotGiven);
    assert!(none.needs_agreement());
}

#[test]
fn only_writing_of_24_hours_before_counts_in_court() {
    let starts = at("2026-11-24T09:00:00Z");
    let counts = |given: &str, method| {
        Notice::of(VisitKind::SafetyCheck, starts, Some((at(given), method)), true, &numbers()).written
    };
    for method in [NoticeMethod::Letter, NoticeMethod::Email, NoticeMethod::Text] {
        assert!(counts("2026-11-23T09:00:00Z", method), "{method:?}");
        assert!(!counts("2026-11-23T09:00:01Z", method), "{method:?}, too late");
    }
    for method in [NoticeMethod::Phone, NoticeMethod::InPerson] {
        assert!(!counts("2026-11-01T09:00:00Z", method), "{method:?}");
    }
}
