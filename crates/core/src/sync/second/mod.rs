//! One round of a sync in version 2. A record counts as received only by a receipt that stands
//! alone and that the council has signed for a hash which this device holds.

mod answer;
mod request;

use doorstep_domain::protocol::NoAnswer;
use doorstep_domain::v2::{Attested, Exchange, SyncAnswer};

use self::answer::apply;
use self::request::Sent;
use super::Contact;
use super::enrolled::enrolled;
use super::round::{CouncilKeys, Round};
use crate::error::AppError;
use crate::store::{Enrolment, SecondVersion};

/// Sends one batch of an enrolment's records, checks the answer, and stores what it changes.
pub(super) fn run(contact: &Contact<'_>, enrolment: Enrolment) -> Result<Round, AppError> {
    let Contact { store, environment, key, .. } = *contact;
    let sent = store.transact(environment, |writing| Sent::read(writing, environment, enrolment.clone(), key))?;
    let answer = ask(contact, &sent)?;
    let council = sent.enrolment.second.as_ref().map(|second| second.council);
    if council.is_some_and(|council| council != answer.council) {
        return Err(AppError::NoAnswer(NoAnswer::NotTheCouncil));
    }
    store.transact(environment, |writing| apply(writing, environment, &sent, &answer))
}

/// Asks a council that the device has spoken version 1 with for a certificate, without sending any
/// record. From then on the device speaks version 2 with it.
pub(super) fn introduce(contact: &Contact<'_>) -> Result<(), AppError> {
    let Contact { store, environment, .. } = *contact;
    let enrolment = store.read(enrolled)?;
    let sent = Sent::nothing(environment, enrolment);
    let answer = ask(contact, &sent)?;
    let certificate = answer.certificate.as_ref().ok_or(AppError::NoAnswer(NoAnswer::NotTheCouncil))?;
    let council = CouncilKeys::of(&sent.enrolment)?.and(answer.council_keys.as_deref());
    let said = council.open(|key| certificate.open(key));
    let is_mine = said.is_ok_and(|said| {
        (said.council, said.enrolment, said.key) == (answer.council, sent.enrolment.device, contact.key.public())
    });
    if !is_mine {
        return Err(AppError::NoAnswer(NoAnswer::NotTheCouncil));
    }
    store.transact(environment, |writing| {
        // A visit may have begun meanwhile, in version 1: it ends in it.
        let mut enrolment = enrolled(writing)?;
        enrolment.second = Some(SecondVersion::new(answer.council, certificate));
        // Everything is pulled anew, with the council's word for each appointment.
        enrolment.cursor = 0;
        Ok(writing.set_enrolment(&enrolment)?)
    })
}

/// Sends a request, and gives the council's signed answer to it.
fn ask(contact: &Contact<'_>, sent: &Sent) -> Result<SyncAnswer, AppError> {
    let request = &sent.request;
    let exchange = match sent.records() {
        0 => Exchange::Fetch,
        _ => Exchange::Send { note: sent.note },
    };
    let bytes = Attested::new(request, contact.key).to_bytes();
    let bytes = contact.council.ask(exchange, &bytes).map_err(AppError::NoAnswer)?;
    let council = CouncilKeys::of(&sent.enrolment)?;
    let heard = Attested::<SyncAnswer>::from_bytes(&bytes).and_then(|signed| council.open(|key| signed.hear(key)));
    let answer = heard.map_err(|_| AppError::NoAnswer(NoAnswer::NotTheCouncil))?;
    if (answer.enrolment, answer.nonce) == (request.enrolment, request.nonce) {
        Ok(answer)
    } else {
        Err(AppError::NoAnswer(NoAnswer::NotTheCouncil))
    }
}
