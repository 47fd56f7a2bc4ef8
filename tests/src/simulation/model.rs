//! What the phones said was saved, kept apart from the program, to compare both with it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use doorstep_core::VisitView;
use doorstep_council::Service;
use doorstep_council::records::verify;
use doorstep_domain::conduct::Event;
use doorstep_domain::ledger::Hash;
use doorstep_domain::{RecordId, VisitId};

/// What one phone said was saved.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    /// Every record that the phone said was saved, with its visit and event. A phone that is put
    /// back from a copy loses those that neither the copy nor the council has.
    pub(super) saved: BTreeMap<RecordId, (VisitId, Event)>,
    /// The records of each visit, in the order in which they were saved.
    pub(super) order: BTreeMap<VisitId, Vec<RecordId>>,
    /// What the phone's clock showed when each was saved.
    pub(super) at: BTreeMap<RecordId, DateTime<Utc>>,
    /// Visits of a phone that was put back: what it lost comes between.
    pub(super) reordered: BTreeSet<VisitId>,
    /// Every record that the phone ever said was saved, including those that it lost when it was
    /// put back from a copy. A delayed request may still bring those to the council.
    pub(super) ever_saved: BTreeSet<RecordId>,
    /// Every picture that the phone said was saved. A phone that is put back from a copy loses
    /// those that neither the copy nor the council has.
    pub(super) pictures: BTreeMap<Hash, Vec<u8>>,
    /// Every record that the phone ever struck out.
    pub(super) struck: BTreeSet<RecordId>,
    /// Pictures that were struck out before the council had them: it is never sent them.
    pub(super) struck_pictures: BTreeSet<Hash>,
    /// Every safeguarding note that the phone said was saved.
    pub(super) notes: BTreeSet<String>,
    /// Pictures that rotted on the phone's disk before they were sent: the council refuses them.
    pub(super) rotten_pictures: BTreeSet<Hash>,
    /// Records whose content rotted on the phone's disk before they were sent: the council sets
    /// them aside.
    pub(super) rotten: BTreeSet<RecordId>,
    /// Whether it was revoked: what it sent after that stands apart, also once it was released.
    pub(super) was_revoked: bool,
    /// Files that are no visit: something was said outside of any. No list of visits has them.
    pub(super) files: BTreeSet<VisitId>,
    /// Visits in which something was said while the phone was locked. If it was put back before
    /// anybody read it, that record's id is not known.
    pub(super) unread: BTreeSet<VisitId>,
    /// Visits that the council has erased: nothing of them comes back, but what asks for help.
    pub(super) erased: BTreeSet<VisitId>,
    /// Visits that it had erased before it was put back from a copy. They may be there again until
    /// somebody erases them again.
    pub(super) erased_before_a_copy: BTreeSet<VisitId>,
}

impl Model {
    /// Notes the records of a visit that the phone said were saved.
    pub(super) fn saved(&mut self, view: &VisitView) {
        let visit = view.visit.visit;
        if view.visit.opened_at.is_none() {
            self.files.insert(visit);
        }
        for line in &view.visit.timeline {
            self.saved.entry(line.record).or_insert_with(|| (visit, line.event.clone()));
            if self.ever_saved.insert(line.record) {
                self.order.entry(visit).or_default().push(line.record);
                self.at.insert(line.record, line.at);
            }
        }
    }

    /// As [`Self::saved`], and gives what a tap of this moment says of itself that is not so.
    pub(super) fn saved_now(&mut self, view: &VisitView, now: DateTime<Utc>) -> Vec<String> {
        let mut broken = Vec::new();
        let known = view.visit.timeline.iter().take_while(|line| self.ever_saved.contains(&line.record)).count();
        for line in view.visit.timeline.iter().skip(known) {
            if self.ever_saved.contains(&line.record) {
                broken.push(format!("a tap came before {}, which was there", line.record));
            } else if line.at != now {
                broken.push(format!("a tap of {now} is shown at {}", line.at));
            }
        }
        self.saved(view);
        broken
    }

    /// A record was struck out. If it is a photo, the phone has its picture no more, unless the
    /// council has it too; `may_arrive` is whether it may be on its way.
    pub(super) fn strike_out(&mut self, record: RecordId, council: &Service, may_arrive: bool) {
        self.struck.insert(record);
        let photo = self.saved.get(&record).and_then(|(_, event)| event.photo());
        let Some(sha256) = photo.map(|photo| photo.sha256) else { return };
        self.pictures.remove(&sha256);
        if !may_arrive && verify::picture(council, sha256).is_ok_and(|held| held.is_none()) {
            self.struck_pictures.insert(sha256);
        }
    }

    /// Pictures that were struck out in time, and are with the council all the same, in words.
    pub(super) fn sent_though_struck(&self, council: &Service) -> Vec<String> {
        let is_there = |sha256: &&Hash| verify::picture(council, **sha256).is_ok_and(|held| held.is_some());
        let there = self.struck_pictures.iter().filter(is_there);
        there.map(|sha256| format!("the picture {sha256} was struck out, and was sent")).collect()
    }

    /// The visits to an appointment.
    pub(super) fn visits_to(&self, reference: &str) -> BTreeSet<VisitId> {
        let to_it = |event: &Event| match event {
            Event::Started(started) | Event::Opened(started) => {
                started.appointment.as_ref().is_some_and(|named| named.as_str() == reference)
            }
            _ => false,
        };
        self.saved.values().filter(|(_, event)| to_it(event)).map(|(visit, _)| *visit).collect()
    }

    /// The council was put back from a copy: it no longer knows what it has erased since.
    pub(super) fn council_put_back(&mut self) {
        self.erased_before_a_copy.append(&mut self.erased);
    }

    pub(super) fn is_erased(&self, visit: VisitId) -> bool {
        self.erased.contains(&visit) || self.erased_before_a_copy.contains(&visit)
    }

    /// How many records the phone must still have, safeguarding notes included.
    pub(super) fn records(&self) -> usize {
        self.saved.len() + self.notes.len()
    }

    /// After the phone was put back from a copy: keeps what that copy had, and what the council had
    /// received by then.
    pub(super) fn put_back(&mut self, copy: &Self, council: &Service, all_notes: &BTreeSet<String>) {
        let before = std::mem::replace(self, copy.clone());
        self.ever_saved = before.ever_saved;
        self.unread.extend(before.unread);
        self.reordered.extend(before.order.keys());
        self.reordered.extend(before.reordered);
        self.at = before.at;
        // What the council has erased is not put back with the phone.
        self.erased = before.erased;
        self.erased_before_a_copy.extend(before.erased_before_a_copy);
        self.files.extend(before.files);
        self.was_revoked |= before.was_revoked;
        self.struck.extend(before.struck);
        for (record, (visit, event)) in before.saved {
            if held(council, visit).contains_key(&record) || (self.files.contains(&visit) && has_file(council, visit)) {
                self.saved.insert(record, (visit, event));
            }
        }
        self.pictures.extend(
            before
                .pictures
                .into_iter()
                .filter(|(sha256, _)| verify::picture(council, *sha256).is_ok_and(|held| held.is_some())),
        );
        self.notes.extend(before.notes.intersection(all_notes).cloned());
    }

    /// Pictures that the council does not hold as they were saved, in words. A picture may be
    /// missing if it or its record rotted on the phone, but the council must not hold another in
    /// its place.
    pub(super) fn missing_pictures(&self, council: &Service) -> Vec<String> {
        let is_erased = |sha256: Hash| {
            let of_erased = self.saved.values().filter(|(visit, _)| self.is_erased(*visit));
            of_erased.filter_map(|(_, event)| event.photo()).any(|photo| photo.sha256 == sha256)
        };
        let record_rotted = |sha256: Hash| {
            let rotten = self.rotten.iter().filter_map(|record| self.saved.get(record));
            rotten.filter_map(|(_, event)| event.photo()).any(|photo| photo.sha256 == sha256)
        };
        let fault = |(sha256, picture): (&Hash, &Vec<u8>)| match verify::picture(council, *sha256) {
            Ok(Some(held)) if held == *picture => None,
            Ok(None) if is_erased(*sha256) => None,
            Ok(None) if self.rotten_pictures.contains(sha256) || record_rotted(*sha256) => None,
            Ok(None) => Some(format!("the council has no picture {sha256}")),
            Ok(Some(_)) => Some(format!("the council has another picture under {sha256}")),
            Err(error) => Some(format!("the picture {sha256} can't be read: {error}")),
        };
        self.pictures.iter().filter_map(fault).collect()
    }

    /// Whether the council holds a record as it was saved.
    pub(super) fn is_held(&self, record: RecordId, council: &Service) -> bool {
        self.saved.get(&record).is_some_and(|(visit, event)| held(council, *visit).get(&record) == Some(event))
    }

    /// Records that the council has lost or altered, or that were never saved, in words.
    pub(super) fn differences(&self, council: &Service) -> Vec<String> {
        let mut differences = Vec::new();
        let visits: BTreeSet<VisitId> = self.saved.values().map(|(visit, _)| *visit).collect();
        for visit in visits {
            if self.files.contains(&visit) {
                let lost = Some(visit).filter(|visit| !self.was_revoked && !has_file(council, *visit));
                differences.extend(lost.map(|visit| format!("lost: what was said outside of a visit, {visit}")));
                continue;
            }
            let held = held(council, visit);
            if self.is_erased(visit) {
                let came_back = held.values().filter(|event| !event.is_urgent());
                let came_back = came_back.filter(|_| self.erased.contains(&visit));
                differences.extend(came_back.map(|event| format!("erased, and there again: {visit}: {event:?}")));
                continue;
            }
            for (record, (_, event)) in self.saved.iter().filter(|(_, (of, _))| *of == visit) {
                match held.get(record) {
                    _ if self.rotten.contains(record) => {}
                    None => differences.push(format!("lost: {record} of {visit}: {event:?}")),
                    Some(other) if other != event => {
                        differences.push(format!("altered: {record}: {event:?} is {other:?}"))
                    }
                    Some(_) => {}
                }
            }
            let is_unknown = |record: &&RecordId| !self.ever_saved.contains(record) && !self.unread.contains(&visit);
            for record in held.keys().filter(is_unknown) {
                differences.push(format!("never saved: {record} of {visit}"));
            }
        }
        differences
    }
}

fn held(council: &Service, visit: VisitId) -> BTreeMap<RecordId, Event> {
    match verify::listed_visit(council, visit) {
        Ok(Some(visit)) => visit.timeline.into_iter().map(|line| (line.record, line.event)).collect(),
        _ => BTreeMap::new(),
    }
}

fn has_file(council: &Service, visit: VisitId) -> bool {
    verify::holds_content(council, visit).unwrap_or(false)
}
