//! Checks of the promises, at every step and at the end of a world.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use doorstep_core::AppError;
use doorstep_council::records::verify;
use doorstep_domain::{RecordId, VisitId};

use super::promises::PROMISES;
use super::{BOUND, DAY_MS, PHONES, USERS, World};

impl World {
    /// Checks what must hold after a step, and whether a day has ended.
    pub(super) fn keeps_its_promises(&mut self) {
        let which = self.touched;
        let day = self.truth.load(Ordering::SeqCst) / DAY_MS;
        let is_night = std::mem::replace(&mut self.day, day) != day;
        if is_night {
            self.night();
        }
        for promise in PROMISES {
            let mut broken = promise.after_step(self, which);
            if is_night {
                broken.extend(promise.each_night(self));
            }
            self.broken.extend(broken);
        }
    }

    /// Ends all trouble and checks that the council has everything within [`BOUND`] tries.
    pub(super) fn quiesce(&mut self) {
        if !self.broken.is_empty() {
            return;
        }
        self.council_clock.set(0);
        self.restart_council();
        self.import();
        for phone in &self.phones {
            phone.disk.empty();
            phone.line.set_trouble(0);
            let _a_council_that_was_put_back_finds_it_again = phone.app.as_ref().map(doorstep_core::App::sync);
        }
        self.confirm_those_found_again();
        // Once a day each phone asks whether everything is still held.
        self.truth.fetch_add(25 * 3_600_000, Ordering::SeqCst);
        for which in 0..PHONES {
            self.quiesce_phone(which);
        }
        self.release();
        for promise in PROMISES {
            let broken = promise.at_the_end(self);
            self.broken.extend(broken);
        }
    }

    pub(super) fn quiesce_phone(&mut self, which: usize) {
        self.unlock(which);
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some(app) = &phone.app else { return };
        phone.disk.mend();
        phone.disk.empty();
        phone.line.set_trouble(0);
        let left_by_others = || app.status().map_or(u64::MAX, |status| status.left_by_others);
        let mut last = app.sync();
        for _ in 1..BOUND {
            let is_sent = last.as_ref().is_ok_and(|report| report.waiting == 0 && report.photos_waiting == 0);
            if is_sent && left_by_others() == 0 {
                break;
            }
            last = app.sync();
        }
        // With nothing to send, it asks about what it holds.
        if last.is_ok() {
            last = app.sync();
        }
        if left_by_others() > 0 {
            self.broken.push(format!("stuck: {} of former enrolments of {}", left_by_others(), phone.user));
        }
        match last {
            Ok(report) if report.waiting == 0 => {}
            stuck => self.broken.push(format!("stuck: the phone of {} is left with {stuck:?}", phone.user)),
        }
        let set_aside = app.outbox().map(|outbox| outbox.set_aside).unwrap_or_default();
        if !set_aside.is_empty() && !phone.set_aside_expected {
            self.broken.push(format!("set aside without a reason to: {set_aside:?}"));
        }
        // A rotten record must be set aside, unless it reached the council before it rotted, or was
        // erased there.
        let model = &phone.model;
        let is_gone = |record: &RecordId| model.saved.get(record).is_some_and(|(visit, _)| model.is_erased(*visit));
        let lost = |record: &&RecordId| !is_gone(record) && !model.is_held(**record, &self.council);
        if set_aside.is_empty()
            && let Some(lost) = model.rotten.iter().find(lost)
        {
            self.broken.push(format!("a rotten record of {} was not set aside: {lost}", phone.user));
        }
        // A sealed note of a visit that was erased may be left of it.
        let is_gone = |visit: &VisitId| match app.visit(*visit) {
            Ok(view) => view.visit.opened_at.is_none(),
            Err(error) => matches!(error, AppError::NoSuchVisit(_)),
        };
        let has_left = |reference: &String| phone.model.visits_to(reference).iter().any(is_gone);
        let theirs: BTreeSet<String> = self
            .appointments
            .iter()
            .filter(|(_, user)| USERS.get(*user) == Some(&phone.user))
            .map(|(number, _)| format!("WO-{number}"))
            .collect();
        // A visit that is safe elsewhere, or erased, leaves with its appointment.
        let wanted: BTreeSet<String> = theirs.iter().filter(|reference| !has_left(reference)).cloned().collect();
        let views = app.appointments().unwrap_or_default();
        let has: BTreeSet<String> = views.iter().map(|view| view.appointment.reference.to_string()).collect();
        let not_started =
            views.iter().filter(|view| view.visit.is_none()).map(|view| view.appointment.reference.to_string());
        if !wanted.is_subset(&has) {
            self.broken.push(format!("{} was not given {:?}", phone.user, wanted.difference(&has)));
        }
        // In version 1 a phone does not ask what was erased.
        let shown = |visit: &&VisitId| app.visit(**visit).is_ok_and(|view| view.visit.ending.is_some());
        // Where something has come since that asks for help, the visit leaves once it is safe.
        let is_gone_there = |visit: &&VisitId| !verify::holds_content(&self.council, **visit).unwrap_or(true);
        let erased = phone.model.erased.iter().filter(|_| self.updated_at == 0);
        for kept in erased.filter(shown).filter(is_gone_there) {
            self.broken.push(format!("{} still shows {kept}, which was erased", phone.user));
        }
        for kept in not_started.filter(|reference| !theirs.contains(reference)) {
            self.broken.push(format!("{} still has {kept}, which is somebody else's", phone.user));
        }
    }
}
