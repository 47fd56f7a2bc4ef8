//! What must hold in every world: one list, to which later parts add theirs.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_council::desk::concerns;
use doorstep_council::desk::{Actor, cases, visits};
use doorstep_council::records::verify::{self, Checked};
use doorstep_domain::conduct::Event;
use doorstep_domain::{RecordId, VisitId};
use serde_json::Value;

use super::World;

/// Something that must hold.
pub(super) trait Promise: Sync {
    /// What breaks it after a step in which something happened to one phone, in words.
    fn after_step(&self, _world: &World, _phone: usize) -> Vec<String> {
        Vec::new()
    }

    /// What breaks it at the end of a day, whatever is on its way.
    fn each_night(&self, _world: &World) -> Vec<String> {
        Vec::new()
    }

    /// What breaks it once all trouble is over and the council has everything.
    fn at_the_end(&self, world: &World) -> Vec<String> {
        self.each_night(world)
    }
}

/// Everything that must hold.
pub(super) const PROMISES: &[&dyn Promise] = &[
    &StaysOnThePhone,
    &ReachesTheCouncil,
    &NotesReachTheLeads,
    &InOrder,
    &HelpIsCalled,
    &IsWhole,
    &IsListed,
    &NothingIsMissing,
];

/// Saved records stay on the phone.
struct StaysOnThePhone;

impl Promise for StaysOnThePhone {
    fn after_step(&self, world: &World, which: usize) -> Vec<String> {
        let Some(phone) = world.phones.get(which) else { return Vec::new() };
        let Some(app) = &phone.app else { return Vec::new() };
        // While it is locked, its journal has what it can send, and its database the rest.
        if world.is_locked(which) || phone.was_put_back {
            return Vec::new();
        }
        let there = app.status().map(|status| status.records).unwrap_or(0);
        // A phone that was put back may have fewer: the model counts what the council still holds.
        let saved = phone.model.records().saturating_sub(phone.left_behind.unwrap_or(0));
        let has_lost = there < u64::try_from(saved).unwrap_or(u64::MAX);
        let words = || format!("the phone of {} has {there} records of {}", phone.user, phone.model.records());
        has_lost.then(words).into_iter().collect()
    }
}

/// What was saved is with the council as it was saved: once, and unless it was erased.
struct ReachesTheCouncil;

impl Promise for ReachesTheCouncil {
    fn at_the_end(&self, world: &World) -> Vec<String> {
        let mut broken = Vec::new();
        for phone in &world.phones {
            broken.extend(phone.model.differences(&world.council));
            broken.extend(phone.model.missing_pictures(&world.council));
            broken.extend(phone.model.sent_though_struck(&world.council));
        }
        broken
    }
}

/// Every safeguarding note is with the leads, once.
struct NotesReachTheLeads;

impl Promise for NotesReachTheLeads {
    fn at_the_end(&self, world: &World) -> Vec<String> {
        let held = world.safeguarding_notes();
        let notes: BTreeSet<String> = held.iter().cloned().collect();
        let mut broken = Vec::new();
        if notes.len() != held.len() {
            broken.push("a safeguarding note is held twice".to_owned());
        }
        for phone in &world.phones {
            broken.extend(phone.model.notes.difference(&notes).map(|lost| format!("lost: {lost} of {}", phone.user)));
        }
        broken
    }
}

/// What the council shows of a visit is in the order in which it was recorded, with the times that
/// the phone's clock showed, and each record once.
struct InOrder;

impl Promise for InOrder {
    fn each_night(&self, world: &World) -> Vec<String> {
        let mut broken = Vec::new();
        for phone in &world.phones {
            for (visit, saved) in &phone.model.order {
                let Ok(Some(held)) = verify::listed_visit(&world.council, *visit) else { continue };
                let mut seen = BTreeSet::new();
                broken.extend(
                    held.timeline
                        .iter()
                        .filter(|line| !seen.insert(line.record))
                        .map(|line| format!("doubled: {} of {visit}", line.record)),
                );
                for line in &held.timeline {
                    if let Some(at) = phone.model.at.get(&line.record).filter(|at| **at != line.at) {
                        broken.push(format!("the time of {} is {} and was {at}", line.record, line.at));
                    }
                }
                if phone.model.reordered.contains(visit) {
                    continue;
                }
                let known: BTreeMap<RecordId, usize> = saved.iter().copied().zip(0..).collect();
                let places: Vec<usize> =
                    held.timeline.iter().filter_map(|line| known.get(&line.record)).copied().collect();
                if !places.is_sorted() {
                    broken.push(format!("out of order: {visit} as {places:?}"));
                }
            }
        }
        broken
    }
}

/// Whoever says that something is dangerous is on the list of concerns, and has a case, which is
/// open unless they take it back.
struct HelpIsCalled;

impl Promise for HelpIsCalled {
    fn at_the_end(&self, world: &World) -> Vec<String> {
        let by = Actor::command_line();
        let concerns = pages(
            |after| {
                concerns::list(&world.council, &by, query(after))
                    .map(|list| serde_json::to_value(list).unwrap_or_default())
            },
            "concerns",
        );
        let cases = |state: &'static str| {
            let page = |after: Option<String>| {
                let asked = serde_json::from_value(serde_json::json!({ "after": after, "state": state }));
                cases::list(&world.council, &by, &asked.unwrap_or_default())
                    .map(|list| serde_json::to_value(list).unwrap_or_default())
            };
            pages(page, "cases").map(|cases| named(&cases, "visit"))
        };
        let (listed, open, closed) = match (concerns, cases("open"), cases("closed")) {
            (Ok(concerns), Ok(open), Ok(closed)) => (named(&concerns, "record"), open, closed),
            (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => return vec![error],
        };
        let mut broken = Vec::new();
        for Raised { phone, record, visit, is_taken_back } in raised(world) {
            let visit = visit.to_string();
            if !listed.contains(&record.to_string()) {
                broken.push(format!("the concern {record} of {phone} is on no list"));
            }
            if !(open.contains(&visit) || is_taken_back && closed.contains(&visit)) {
                broken.push(format!("the concern {record} of {phone} opened no case"));
            }
        }
        broken.extend(taken_back(world).filter(|visit| open.contains(&visit.to_string())).map(|visit| {
            format!("everything that was said to be dangerous in {visit} was taken back, and a case is open")
        }));
        broken
    }
}

fn named(rows: &[Value], column: &str) -> BTreeSet<String> {
    rows.iter().filter_map(|row| row[column].as_str()).map(str::to_owned).collect()
}

/// Something that was said to be dangerous.
struct Raised {
    phone: &'static str,
    record: RecordId,
    visit: VisitId,
    is_taken_back: bool,
}

fn is_raised(event: &Event) -> bool {
    matches!(event, Event::ConcernRaised(concern) if concern.kind().is_urgent())
}

/// The concerns that phones said were saved and that reached the council, but for those that were
/// erased or put back with the phone.
fn raised(world: &World) -> impl Iterator<Item = Raised> {
    world.phones.iter().flat_map(|phone| {
        let model = &phone.model;
        model
            .saved
            .iter()
            .filter(|(record, (visit, event))| {
                is_raised(event) && !model.is_erased(*visit) && !model.rotten.contains(record)
            })
            .map(|(record, (visit, _))| Raised {
                phone: phone.user,
                record: *record,
                visit: *visit,
                is_taken_back: model.struck.contains(record),
            })
    })
}

/// The visits and files in which all that was said to be dangerous was taken back, on phones of
/// which the council has everything.
fn taken_back(world: &World) -> impl Iterator<Item = VisitId> {
    let phones = world.phones.iter().filter(|phone| !phone.was_put_back && phone.model.rotten.is_empty());
    phones.flat_map(|phone| {
        let model = &phone.model;
        let of = |visit: VisitId| model.saved.iter().filter(move |(_, (of, _))| *of == visit);
        let is_taken_back = move |visit: &VisitId| {
            let mut said = of(*visit).filter(|(_, (_, event))| is_raised(event)).peekable();
            said.peek().is_some()
                && said.all(|(record, _)| model.struck.contains(record))
                // An alarm, or whatever else the visit says, has its own case.
                && of(*visit).all(|(_, (_, event))| is_raised(event) || matches!(event, Event::StruckOut { .. }))
        };
        let visits: BTreeSet<VisitId> = model.saved.values().map(|(visit, _)| *visit).collect();
        visits.into_iter().filter(is_taken_back)
    })
}

/// A question for one page of a list.
fn query<Q: serde::de::DeserializeOwned + Default>(after: Option<String>) -> Q {
    serde_json::from_value(serde_json::json!({ "after": after })).unwrap_or_default()
}

/// All rows of a list that has pages.
fn pages<E: std::fmt::Display>(
    page: impl Fn(Option<String>) -> Result<Value, E>,
    rows: &str,
) -> Result<Vec<Value>, String> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let read = page(after).map_err(|error| format!("a list can't be read: {error}"))?;
        all.extend(read[rows].as_array().cloned().unwrap_or_default());
        match read["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => return Ok(all),
        }
    }
}

/// The council's own check of all that it holds finds nothing wrong.
struct IsWhole;

impl Promise for IsWhole {
    fn each_night(&self, world: &World) -> Vec<String> {
        checked(world).map_or_else(|error| vec![error], faults)
    }

    fn at_the_end(&self, world: &World) -> Vec<String> {
        let checked = match checked(world) {
            Ok(checked) => checked,
            Err(error) => return vec![error],
        };
        // A phone that was put back may have lost its newest seals, and what it had sent with them.
        let knows_its_seals = world.phones.iter().all(|phone| !phone.was_put_back);
        let unsealed = Some(checked.unsealed).filter(|records| *records > 0 && knows_its_seals);
        let mut broken = faults(checked);
        broken.extend(unsealed.map(|records| format!("{records} records have no seal over them")));
        broken
    }
}

fn checked(world: &World) -> Result<Checked, String> {
    verify::check(&world.council).map_err(|error| format!("the council's records can't be checked: {error}"))
}

/// A seal comes with the next request, and a phone may be away for days: that alone is no fault.
fn faults(checked: Checked) -> Vec<String> {
    let faults = checked.faults.into_iter().filter(|fault| !fault.contains("no seal covers"));
    faults.map(|fault| format!("check-records: {fault}")).collect()
}

/// The list of visits has each visit with a start, once.
struct IsListed;

impl Promise for IsListed {
    fn at_the_end(&self, world: &World) -> Vec<String> {
        let by = Actor::command_line();
        let listed = pages(
            |after| {
                visits::list(&world.council, &by, &query(after))
                    .map(|list| serde_json::to_value(list).unwrap_or_default())
            },
            "visits",
        );
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) => return vec![error],
        };
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for visit in listed.iter().filter_map(|row| row["visit"].as_str()) {
            *times.entry(visit).or_default() += 1;
        }
        let mut broken: Vec<String> = times
            .iter()
            .filter(|(_, times)| **times > 1)
            .map(|(visit, _)| format!("{visit} is listed twice"))
            .collect();
        for phone in &world.phones {
            let started = phone.model.saved.values().filter(|(_, event)| matches!(event, Event::Started(_)));
            let wanted = started.map(|(visit, _)| *visit).filter(|visit| !phone.model.is_erased(*visit));
            let wanted = wanted.filter(|visit| {
                phone.model.rotten.iter().all(|record| phone.model.saved.get(record).is_none_or(|(of, _)| of != visit))
            });
            let unlisted = wanted.filter(|visit| !times.contains_key(visit.to_string().as_str()));
            broken.extend(unlisted.map(|visit| format!("the visit {visit} of {} is on no list", phone.user)));
        }
        broken
    }
}

/// Once a phone has sent everything, nothing of it counts as missing.
struct NothingIsMissing;

impl Promise for NothingIsMissing {
    fn at_the_end(&self, world: &World) -> Vec<String> {
        if world
            .phones
            .iter()
            .any(|phone| !phone.model.rotten.is_empty() || phone.was_put_back || phone.left_behind.is_some())
        {
            return Vec::new();
        }
        match cases::list(&world.council, &Actor::command_line(), &query(None)) {
            Ok(list) => {
                let list = serde_json::to_value(list).unwrap_or_default();
                let missing = list["missing"].as_array().cloned().unwrap_or_default();
                missing.into_iter().map(|missing| format!("nobody has what the council misses: {missing}")).collect()
            }
            Err(error) => vec![format!("what is missing can't be read: {error}")],
        }
    }
}
