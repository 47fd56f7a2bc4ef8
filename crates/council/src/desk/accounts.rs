//! Changes to accounts that wait: looking at them, and agreeing or refusing.

use chrono::{DateTime, Utc};
use doorstep_domain::ledger::Hash;
use serde::{Deserialize, Serialize};

use super::Actor;
use crate::access::accounts::{self, WAITS_MS};
use crate::access::roles::{ACCOUNT_DECIDERS, ACCOUNTS, Role};
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{AccountChange, AccountMatter, Audited, LeadsDeed, Reading, WaitingChange};

/// A change to an account that waits.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AccountRow {
    /// The id by which to decide about it.
    pub(crate) change: String,
    /// The user name of the person whose account it is.
    pub(crate) user: String,
    /// The person's name.
    pub(crate) name: String,
    /// What is to change.
    pub(crate) matter: AccountMatter,
    /// The role that they have; `null` for somebody who is new.
    pub(crate) role_now: Option<Role>,
    /// The role that they would have; `null` where the change is about something else.
    pub(crate) role_after: Option<Role>,
    /// The organisation that they belong to; `null` for somebody who is new.
    pub(crate) organisation_now: Option<String>,
    /// The email address that they have; `null` for somebody who is new.
    pub(crate) email_now: Option<String>,
    /// The organisation that they would belong to.
    pub(crate) organisation: String,
    /// The email address that they would have. Whoever has it can sign in with the council's
    /// accounts.
    pub(crate) email: Option<String>,
    /// Whether it is about a safeguarding lead or an administrator: then another lead, or two
    /// administrators, agree.
    pub(crate) guarded: bool,
    /// When it was asked for.
    pub(crate) asked_at: DateTime<Utc>,
    /// Who asked for it, by user name.
    pub(crate) asked_by: String,
    /// When it is dropped if nobody agrees.
    pub(crate) waits_until: DateTime<Utc>,
    /// Who has agreed, by user name.
    pub(crate) agreed: Vec<String>,
    /// Whether whoever looks may agree to it: it is not their own account, and they have not yet.
    pub(crate) may_agree: bool,
    /// Whether whoever looks may refuse it.
    pub(crate) may_refuse: bool,
}

/// The changes to accounts that wait, the oldest first.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AccountList {
    /// The changes. Leads see those about leads and administrators.
    pub(crate) waiting: Vec<AccountRow>,
    /// What was done, after a decision; `null` while it needs another person, or when nothing was
    /// decided.
    pub(crate) done: Option<bool>,
}

/// What somebody decides about a change.
#[derive(Debug, Clone, Copy, Deserialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AccountDecide {
    /// Whether they agree. If not, the change is dropped.
    pub(crate) agree: bool,
}

impl AccountDecide {
    /// Agreeing, or refusing.
    #[must_use]
    pub fn new(agree: bool) -> Self {
        Self { agree }
    }
}

fn row(reading: &Reading<'_>, by: &Actor, waiting: WaitingChange) -> Result<AccountRow, CouncilError> {
    let known = reading.person_by_name(&waiting.user)?;
    let guarded = accounts::is_guarded(known.as_ref(), &waiting.change);
    let agreed = reading.agreed_to(waiting.id)?;
    let is_own = by.name() == waiting.user;
    let decides = by.may_act_as(ACCOUNT_DECIDERS) && (guarded || !by.is(Role::SafeguardingLead));
    let email_now = known.as_ref().map(|person| reading.person_row(person.id)).transpose()?.flatten();
    let email_now = email_now.map(|row| row.email);
    let now = known.as_ref().map(|person| (person.display_name.clone(), person.organisation.name.clone()));
    let (name, organisation, email) = match &waiting.change {
        AccountChange::Role { display_name, organisation, email, .. } => {
            (display_name.clone(), organisation.clone(), Some(email.clone()))
        }
        _ => now.map(|(name, organisation)| (name, organisation, None)).unwrap_or_default(),
    };
    Ok(AccountRow {
        change: waiting.id.to_string(),
        matter: waiting.change.matter(),
        role_now: known.as_ref().map(Role::of),
        role_after: accounts::role_after(&waiting.change),
        organisation_now: known.as_ref().map(|person| person.organisation.name.clone()),
        email_now,
        name,
        organisation,
        email,
        guarded,
        asked_at: times::from_ms(waiting.asked_ms),
        waits_until: times::from_ms(waiting.asked_ms.saturating_add(WAITS_MS)),
        may_agree: decides && !is_own && !agreed.iter().any(|name| name == by.name()),
        may_refuse: decides && !is_own,
        user: waiting.user,
        asked_by: waiting.asked_by,
        agreed,
    })
}

/// The changes that wait.
///
/// # Errors
/// [`Refused::NotFound`] for those who have nothing to do with accounts.
pub fn list(service: &Service, by: &Actor) -> Result<AccountList, CouncilError> {
    by.only(ACCOUNTS)?;
    let after_ms = service.now_ms() - WAITS_MS;
    service.storage.read(|reading| {
        let waiting = reading.waiting_changes(after_ms)?;
        let mut rows = waiting.into_iter().map(|waiting| row(reading, by, waiting)).collect::<Result<Vec<_>, _>>()?;
        rows.retain(|row| row.guarded || !by.is(Role::SafeguardingLead));
        Ok(AccountList { waiting: rows, done: None })
    })
}

/// Agrees to a change, or refuses it. It is made once enough people agree: for the account of a
/// safeguarding lead or an administrator another lead, or two administrators; for others one
/// administrator. Nobody agrees about their own account.
///
/// # Errors
/// [`Refused::WaitsNoMore`], [`Refused::OwnAccount`] or [`Refused::AgreedAlready`]. After an error,
/// nothing has changed.
pub fn decide(
    service: &Service,
    by: &Actor,
    change: Hash,
    &AccountDecide { agree }: &AccountDecide,
) -> Result<AccountList, CouncilError> {
    by.only(ACCOUNT_DECIDERS)?;
    let now_ms = service.now_ms();
    let made = service.transact(|writing| {
        let waiting = writing.waiting_change(change, now_ms - WAITS_MS)?.ok_or(Refused::WaitsNoMore)?;
        let shown = row(writing, by, waiting.clone())?;
        let (of, matter) = (waiting.user.as_str(), shown.matter);
        if by.name() == of {
            return Err(Refused::OwnAccount.into());
        }
        if !shown.may_refuse {
            return Err(Refused::WaitsNoMore.into());
        }
        if !agree {
            writing.forget_waiting_change(change)?;
            let known = writing.person_by_name(of)?;
            if accounts::is_about_a_lead(known.as_ref(), &waiting.change) {
                accounts::tell_leads(service, writing, by, LeadsDeed::ChangeRefused { of: of.to_owned(), matter })?;
            }
            writing.audit(now_ms, by.name(), &Audited::AccountChangeRefused { of, matter })?;
            return Ok(Some(false));
        }
        if !shown.may_agree {
            return Err(Refused::AgreedAlready.into());
        }
        writing.agree_to_change(change, by.name(), now_ms)?;
        writing.audit(now_ms, by.name(), &Audited::AccountChangeAgreed { of, matter })?;
        if !by.is_command_line() && !accounts::is_agreed(writing, &waiting)? {
            return Ok(None);
        }
        accounts::make(service, writing, by, of, &waiting.change)?;
        writing.forget_waiting_change(change)?;
        Ok(Some(true))
    })?;
    Ok(AccountList { done: made, ..list(service, by)? })
}
