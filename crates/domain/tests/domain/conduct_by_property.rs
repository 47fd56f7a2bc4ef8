//! The Code of conduct, against any sequence of commands.

use doorstep_domain::StableName;
use doorstep_domain::conduct::{
    About, Basis, CancelReason, CancelledBy, Command, Concern, ConsentBy, Event, LawfulGround, NoticeAgreement,
    NoticeMethod, RefusalReason, SealedNote, Step, StepState, Visit, fold,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::cast::{self, AtTheDoor};

/// A command in which a record is named by its place among those that exist.
#[derive(Debug, Clone)]
enum Said {
    Command(Command),
    StrikeOut(Index),
}

fn step_state() -> impl Strategy<Value = StepState> {
    prop_oneof![
        3 => Just(StepState::Done),
        1 => ".{0,4}".prop_map(|reason| StepState::NotDone { reason }),
        1 => proptest::option::of(".{0,4}").prop_map(|reason| StepState::NotApplicable { reason }),
    ]
}

fn basis() -> impl Strategy<Value = Option<Basis>> {
    prop_oneof![
        1 => Just(None),
        3 => prop_oneof![Just(ConsentBy::Tenant), Just(ConsentBy::HouseholdAdult), Just(ConsentBy::TrustedAdult)]
            .prop_map(|by| Some(Basis::Consented { by })),
        1 => (prop_oneof![Just(LawfulGround::Warrant), Just(LawfulGround::EmergencyRepair)], "[ a-z]{0,3}")
            .prop_map(|(ground, authorised_by)| Some(Basis::Lawful { ground, authorised_by, reference: None, witness: None })),
    ]
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        6 => (proptest::sample::select(Step::ALL.to_vec()), step_state())
            .prop_map(|(step, state)| Said::Command(Command::RecordStep { step, state })),
        3 => (basis(), proptest::option::of("[ a-z]{0,3}"))
            .prop_map(|(basis, admitting)| Said::Command(Command::Enter { basis, admitting })),
        1 => proptest::sample::select(RefusalReason::ALL.to_vec())
            .prop_map(|reason| Said::Command(Command::RefuseEntry { reason, words: None })),
        1 => Just(Said::Command(Command::NoAnswer)),
        1 => proptest::collection::vec(any::<u8>(), 0..3)
            .prop_map(|sealed| Said::Command(Command::RaiseSealedConcern { note: SealedNote { sealed } })),
        1 => any::<bool>().prop_map(|further_visit_needed| Said::Command(Command::Leave { further_visit_needed })),
        1 => Just(Said::Command(Command::LeaveNow)),
        1 => proptest::sample::select(CancelReason::ALL.to_vec())
            .prop_map(|reason| Said::Command(Command::Cancel { by: CancelledBy::Visitor, reason, words: None })),
        1 => "[ a-z]{0,3}".prop_map(|words| Said::Command(Command::RaiseConcern(Concern {
            about: About::Breach,
            words,
            noticed_at: cast::nine_o_clock(),
        }))),
        1 => Just(Said::Command(Command::AgreeToNotice(NoticeAgreement {
            by: ConsentBy::Tenant,
            asked: NoticeMethod::Phone,
        }))),
        1 => Just(Said::Command(Command::WithdrawConsent { by: ConsentBy::Tenant, words: None })),
        1 => any::<bool>().prop_map(|left| Said::Command(Command::LeaveCard { left })),
        2 => any::<Index>().prop_map(Said::StrikeOut),
    ]
}

fn live_through(story: &[Said]) -> AtTheDoor {
    let mut door = AtTheDoor::arrive_after(Some(cast::short_notice()));
    for said in story {
        let command = match said {
            Said::Command(command) => command.clone(),
            Said::StrikeOut(which) => {
                Command::StrikeOut { record: which.get(&door.facts).record, reason: "a mistake".into() }
            }
        };
        // A refusal is an answer, and what follows shows that it changed nothing.
        let before = door.visit.clone();
        if door.says(command).is_err() {
            assert_eq!(door.visit, before, "a refused command changed the visit");
        }
    }
    door
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_commands_reaches_entry_without_consent_or_a_lawful_basis(story in proptest::collection::vec(said(), 0..30)) {
        let door = live_through(&story);
        if let Some(entry) = &door.visit.entry {
            let stands = match &entry.basis {
                Basis::Consented { .. } => true,
                Basis::Lawful { authorised_by, .. } => !authorised_by.trim().is_empty(),
            };
            prop_assert!(stands, "{:?}", entry.basis);
        }
    }

    #[test]
    fn whoever_went_in_with_consent_had_done_the_three_steps_or_admits_it(story in proptest::collection::vec(said(), 0..30)) {
        let door = live_through(&story);
        // Looked at as it stood when they went in: a correction may come later, and then it shows
        // as a finding.
        for (index, fact) in door.facts.iter().enumerate() {
            if let Event::Entered { basis: Basis::Consented { .. }, admitted } = &fact.event {
                let before = fold(door.visit.visit, &door.facts[..index]);
                let missing = before.missing_before_entry();
                prop_assert_eq!(admitted.clone().map(|a| a.missing).unwrap_or_default(), missing);
                prop_assert!(admitted.is_some() || !before.agreement_missing(), "short notice, and no agreement");
            }
        }
    }

    #[test]
    fn what_was_decided_can_always_be_applied_and_changes_only_what_it_names(story in proptest::collection::vec(said(), 0..30)) {
        let door = live_through(&story);
        let open = door.facts.iter().filter(|fact| !fact.event.is_apart()).count();
        prop_assert_eq!(door.visit.timeline.len(), open, "every fact but one that is kept apart is a line of the timeline");
        prop_assert!(door.visit.started_at.is_some());
    }

    #[test]
    fn a_visit_that_goes_on_fact_by_fact_is_the_one_that_is_folded_anew(story in proptest::collection::vec(said(), 0..30)) {
        let door = live_through(&story);
        let mut visit = Visit::new(door.visit.visit);
        for (index, fact) in door.facts.iter().enumerate() {
            visit = visit.followed_by(std::slice::from_ref(fact), &door.facts[..=index]);
            prop_assert_eq!(&visit, &fold(visit.visit, &door.facts[..=index]));
        }
    }

    #[test]
    fn any_order_of_arrival_and_any_repetition_folds_to_the_same_visit(
        story in proptest::collection::vec(said(), 0..20),
        order in proptest::collection::vec(any::<Index>(), 0..60),
    ) {
        let door = live_through(&story);
        let mut arrived: Vec<_> = order.iter().map(|which| which.get(&door.facts).clone()).collect();
        arrived.extend(door.facts.iter().rev().cloned());
        prop_assert_eq!(fold(door.visit.visit, &arrived), door.visit);
    }
}
