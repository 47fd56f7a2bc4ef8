//! Decisions about what phones say.

use anyhow::Result;
use doorstep_council::desk::Actor;
use doorstep_council::desk::accounts::{self, AccountDecide};
use doorstep_council::desk::set_aside::{self, AsideDecide, RestRequest};
use doorstep_council::desk::visits::{self, DecideVisit};

use crate::arguments::DecidingCommand;
use crate::{print, service};

/// Decides, and prints what came of it.
pub(crate) fn run(command: DecidingCommand, by: &Actor) -> Result<()> {
    match command {
        DecidingCommand::DecideVisit { data, visit, decision, because } => {
            visits::decide(&service(&data)?, by, visit, &DecideVisit::new(decision, because))?;
            print("The decision is kept with the visit.\n");
        }
        DecidingCommand::DecideAccount { data, change, refuse } => {
            accounts::decide(&service(&data)?, by, change, &AccountDecide::new(!refuse))?;
            print(if refuse { "The change is dropped.\n" } else { "The account was changed.\n" });
        }
        DecidingCommand::DecideSetAside { data, device, deed, records, because } => {
            let of = records.len();
            let decide = AsideDecide::new(deed, records, because);
            let done = set_aside::decide(&service(&data)?, by, device, &decide)?.changed();
            print(&format!("{done} of {of} records changed. The others are set aside as before.\n"));
        }
        DecidingCommand::PutToRest { data, device, matter, chain, up_to, because } => {
            let rest = RestRequest::new(matter, device, chain, up_to, because);
            set_aside::put_to_rest(&service(&data)?, by, &rest)?;
            print("It is put to rest.\n");
        }
    }
    Ok(())
}
