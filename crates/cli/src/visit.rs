//! Carries out the subcommands of `visit`.

use std::fs;

use anyhow::{Context, Result};
use chrono::Utc;
use doorstep_core::{App, Unplanned, VisitView};
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{
    Basis, Command, Concern, Declaration, FollowUp, LoneWorking, NoticeAgreement, Signing, StepState, TenantSignature,
    ToldOfCancellation,
};
use serde_json::json;

use crate::arguments::{self, LeaveOutcome, SayArguments, StepSaid, VisitArguments, VisitChoice};
use crate::{tell, words};

/// The visit that the arguments name. Opens the appointment's visit if none is open.
fn visit_of(app: &App, which: &VisitChoice) -> Result<VisitId> {
    match (which.visit, &which.appointment) {
        (Some(visit), _) => Ok(visit),
        (None, Some(appointment)) => Ok(app.open_visit(appointment)?.visit.visit.visit),
        (None, None) => anyhow::bail!("say which visit, or which appointment"),
    }
}

pub(crate) fn visit(app: &App, arguments: VisitArguments, as_json: bool) -> Result<()> {
    let after = match arguments {
        VisitArguments::Start { appointment } => app.start_visit(&appointment)?.visit,
        VisitArguments::StartUnplanned { kind, purpose, uprn, address } => {
            let uprn = uprn.map(TryInto::try_into).transpose()?;
            app.start_unplanned(Unplanned { visit_kind: kind, purpose, uprn, address })?.visit
        }
        VisitArguments::Show { visit } => app.visit(visit)?,
        VisitArguments::Notice { which, agreed_by, asked, told } => {
            let visit = visit_of(app, &which)?;
            if let Some(means) = told {
                app.act(visit, Command::TellWhoAndWhy { means })?;
            }
            if let Some(by) = agreed_by {
                app.act(visit, Command::AgreeToNotice(NoticeAgreement { by, asked }))?;
            }
            let view = app.visit(visit)?;
            tell(as_json, &view, || words::notice(&view));
            return Ok(());
        }
        VisitArguments::Cancel { which, by, reason, words, told, apologised, new_time } => {
            let visit = visit_of(app, &which)?;
            if let (Some(by), Some(reason)) = (by, reason) {
                app.act(visit, Command::Cancel { by, reason, words })?;
            } else if told.is_none() {
                anyhow::bail!("say who called it off and why (--by, --reason), or how the tenant was told (--told)");
            }
            if let Some(means) = told {
                app.act(visit, Command::TellOfCancellation(ToldOfCancellation { means, apologised, new_time }))?;
            }
            app.visit(visit)?
        }
        VisitArguments::KnowsTenant { which, relation, line_manager, council_contact, hand_over } => {
            let declaration = Declaration { relation, line_manager, council_contact, hand_over };
            app.act(visit_of(app, &which)?, Command::DeclareKnowsTenant(declaration))?.visit
        }
        VisitArguments::Alone { which, device_off, expected_end } => {
            let lone = LoneWorking { device_on: !device_off, expected_end };
            app.act(visit_of(app, &which)?, Command::WorkAlone(lone))?.visit
        }
        VisitArguments::Concern { visit, concern } => return raise(app, Some(visit), &concern, as_json),
        VisitArguments::Flag { visit, kind, note } => {
            return raise(app, Some(visit), &arguments::ConcernArguments::of_words(kind, note), as_json);
        }
        VisitArguments::LeaveNow { visit, reason, words } => leave_now(app, visit, reason, words)?,
        VisitArguments::Photo { visit, purpose, file } => {
            let picture =
                fs::read(&file).with_context(|| format!("{} can't be read; no photo was added", file.display()))?;
            app.add_photo(visit, purpose, &picture)?.visit
        }
        VisitArguments::Correct { record, reason } => app.strike_out(record, &reason)?.visit,
        VisitArguments::Say(said) => {
            let (visit, command) = command(said);
            app.act(visit, command)?.visit
        }
    };
    tell(as_json, &after, || words::visit(&after));
    Ok(())
}

/// Leaves at once if the visit is open, and then records the reason if there is one.
fn leave_now(
    app: &App,
    visit: VisitId,
    reason: Option<doorstep_domain::conduct::WithdrawalReason>,
    words: Option<String>,
) -> Result<VisitView> {
    let mut view = app.visit(visit)?;
    if view.visit.ending.is_none() {
        view = app.act(visit, Command::LeaveNow)?.visit;
    }
    match reason {
        Some(reason) => Ok(app.act(visit, Command::ExplainWithdrawal { reason, words })?.visit),
        None => Ok(view),
    }
}

/// Raises a concern, in a visit or by itself.
pub(crate) fn raise(
    app: &App,
    visit: Option<VisitId>,
    concern: &arguments::ConcernArguments,
    as_json: bool,
) -> Result<()> {
    let sealed = match concern.about() {
        None => {
            app.flag_safeguarding(visit, &concern.words)?;
            true
        }
        Some(about) => {
            let noticed_at = concern.noticed_at.unwrap_or_else(now);
            app.raise_concern(visit, Concern { about, words: concern.words.clone(), noticed_at })?;
            false
        }
    };
    tell(as_json, &json!({ "saved": true }), || words::raised(concern.kind, sealed));
    Ok(())
}

fn now() -> chrono::DateTime<Utc> {
    doorstep_core::Clock::now(&doorstep_core::SystemClock).utc()
}

/// Turns a subcommand into the visit and the one command to record in it.
fn command(said: SayArguments) -> (VisitId, Command) {
    match said {
        SayArguments::Safe { visit } => (visit, Command::SaySafe),
        SayArguments::Step { visit, step, said, reason } => {
            let state = match said {
                StepSaid::Done => StepState::Done,
                StepSaid::NotDone => StepState::NotDone { reason: reason.unwrap_or_default() },
                StepSaid::NotApplicable => StepState::NotApplicable { reason },
            };
            (visit, Command::RecordStep { step, state })
        }
        SayArguments::Enter { visit, consent_by, lawful, authorised_by, reference, witness, admit_breach } => {
            let basis = match (consent_by, lawful) {
                (Some(by), _) => Some(Basis::Consented { by }),
                (None, Some(ground)) => {
                    let authorised_by = authorised_by.unwrap_or_default();
                    Some(Basis::Lawful { ground, authorised_by, reference, witness })
                }
                (None, None) => None,
            };
            (visit, Command::Enter { basis, admitting: admit_breach })
        }
        SayArguments::WithdrawConsent { visit, by, words } => (visit, Command::WithdrawConsent { by, words }),
        SayArguments::Refuse { visit, reason, words } => (visit, Command::RefuseEntry { reason, words }),
        SayArguments::NextTime { visit, needs } => (visit, Command::AddNextVisitNeeds { needs }),
        SayArguments::NoAnswer { visit } => (visit, Command::NoAnswer),
        SayArguments::Card { visit, not_left } => (visit, Command::LeaveCard { left: !not_left }),
        SayArguments::Welfare { visit, worried, words } => (visit, Command::AnswerWelfare { worried, words }),
        SayArguments::FollowUp { visit, what, who, when, tenant_not_told } => {
            (visit, Command::AgreeFollowUp(FollowUp { what, who, when, tenant_told: !tenant_not_told }))
        }
        SayArguments::Sign { visit, name } => {
            let signed = Signing::Typed(name.clone());
            (visit, Command::TakeSignature(TenantSignature { name, signed }))
        }
        SayArguments::Leave { visit, outcome } => {
            (visit, Command::Leave { further_visit_needed: matches!(outcome, LeaveOutcome::FurtherVisitNeeded) })
        }
    }
}
