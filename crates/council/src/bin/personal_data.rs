//! What the council's IT does about personal data: applying retention rules, giving a person their
//! data, erasing it, and proving that nothing else was touched.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use doorstep_council::Service;
use doorstep_council::desk::Actor;
use doorstep_council::records::nightly;
use doorstep_council::records::retention::{self, Due};
use doorstep_council::records::subject_access::{self, HeldCounts, Subject};
use doorstep_council::records::verify;
use doorstep_domain::StableName;

use crate::{arguments, print};

impl arguments::Subject {
    /// The home or the user whose data is meant. The command line makes sure that one is given.
    pub(crate) fn read(&self) -> Subject {
        match (&self.uprn, &self.user) {
            (Some(uprn), _) => Subject::Home { uprn: uprn.clone(), from: self.from, to: self.to },
            (None, user) => Subject::User(user.clone().unwrap_or_default()),
        }
    }
}

pub(crate) fn retention(service: &Service, by: &Actor, apply: bool, json: bool) -> Result<()> {
    let dues = retention::retain(service, by, apply)?;
    if json {
        print(&format!("{}\n", serde_json::json!(dues)));
        return Ok(());
    }
    for Due { rule, before, items } in &dues {
        let name = rule.kind.name().replace('_', " ");
        let over = match (before, items) {
            (Some(before), Some(items)) => format!("{items} from before {before}"),
            (Some(before), None) => format!("those from before {before}, counted nowhere"),
            (None, _) => "kept for ever".to_owned(),
        };
        print(&format!("{name}: {over}. {}.\n", rule.source));
    }
    let what = if apply {
        "That was erased, and is in the audit log. Backups that were made before still hold it: let them expire."
    } else {
        "Nothing was changed. Use --apply to erase what is counted above for good."
    };
    print(&format!("{what}\n"));
    Ok(())
}

fn told(held: &HeldCounts) -> String {
    format!(
        "{} visits, {} photos, {} appointments without a visit, {} signatures under the Code, {} sealed files of \
         their phones; {} visits with an open case",
        held.visits, held.photos, held.appointments, held.acknowledgements, held.sealed_files, held.open_cases
    )
}

pub(crate) fn subject_access(service: &Service, by: &Actor, subject: &Subject, out: &Path) -> Result<()> {
    let held = subject_access::give_access(service, by, subject, out)?;
    print(&format!("{} are in {}. Read READ-ME.txt there first.\n", told(&held), out.display()));
    Ok(())
}

pub(crate) fn erase(service: &Service, by: &Actor, subject: &Subject, because: &str, apply: bool) -> Result<()> {
    if apply {
        let held = subject_access::erase(service, by, subject, because)?;
        print(&format!(
            "Erased: {}. `check-records` proves that nothing else was touched. Backups that were made before still hold it: let them \
             expire.\n",
            told(&held)
        ));
    } else {
        let held = subject_access::held_of(service, subject)?;
        print(&format!("Held: {}. Nothing was changed. Use --apply to erase it for good.\n", told(&held)));
    }
    Ok(())
}

pub(crate) fn check_records(service: &Service, json: bool) -> Result<ExitCode> {
    let checked = verify::check(service)?;
    if json {
        print(&format!("{}\n", serde_json::json!(checked)));
    } else {
        for fault in &checked.faults {
            print(&format!("{fault}\n"));
        }
        for photo in &checked.lost_photos {
            print(&format!("photo {photo}: it was lost, and is asked for from the phone that took it\n"));
        }
        print(&format!(
            "{} records in {} chains: {} with the content that their devices committed to, {} erased, {} set aside. \
             {} have no signature of their device over them yet. {} numbers are not held. {} photos. {} faults.\n",
            checked.records,
            checked.chains,
            checked.content_holds,
            checked.erased,
            checked.set_aside,
            checked.unsealed,
            checked.gaps,
            checked.photos,
            checked.faults.len()
        ));
    }
    if !checked.faults.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    nightly::note_check(service)?;
    Ok(ExitCode::SUCCESS)
}
