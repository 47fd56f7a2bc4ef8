//! The Code of conduct, one sentence a test.

use doorstep_domain::conduct::{
    About, Basis, Clause, Command, Concern, Event, Finding, LawfulGround, Outcome, RefusalReason, Rule, SealedNote,
    Step, StepState, Validity, fold,
};

use crate::cast::{AtTheDoor, consented};

#[test]
fn entry_without_consent_is_refused_and_cites_3_1() {
    let mut door = AtTheDoor::arrive().arrives_properly();
    let refused = door.says(Command::Enter { basis: None, admitting: None }).unwrap_err();
    assert_eq!((refused.clause, refused.rule), (Clause::C3_1, Rule::ConsentFirst));
    assert_eq!(refused.missing, ["consent"]);
    assert!(door.visit.entry.is_none());
}

#[test]
fn entry_before_id_was_shown_is_refused_and_cites_3_2() {
    let mut door = AtTheDoor::arrive();
    door.does(Step::Introduced);
    door.does(Step::ReasonStated);
    let refused = door.goes_in().unwrap_err();
    assert_eq!(refused.clause, Clause::C3_2);
    assert_eq!(refused.missing, ["id_shown"]);
    door.does(Step::IdShown);
    door.goes_in().expect("with ID shown and consent given they may go in");
    assert!(door.visit.findings.is_empty());
}

#[test]
fn each_step_keeps_its_own_time() {
    let door = AtTheDoor::arrive().arrives_properly();
    let times: Vec<_> = door.visit.steps.values().map(|taken| taken.at).collect();
    assert_eq!(times.len(), 3);
    assert!(times.is_sorted() && times[0] != times[1] && times[1] != times[2]);
}

#[test]
fn a_step_left_out_can_be_admitted_and_shows_as_a_breach() {
    let mut door = AtTheDoor::arrive();
    door.does(Step::Introduced);
    door.does(Step::ReasonStated);
    let Command::Enter { basis, .. } = consented() else { unreachable!() };
    door.says(Command::Enter { basis, admitting: Some("left my card in the van".into()) }).unwrap();
    assert_eq!(door.visit.findings, [Finding::LeftOutBeforeEntry { step: Step::IdShown }]);
    assert_eq!(door.visit.entry.unwrap().admitted.unwrap().words, "left my card in the van");
}

#[test]
fn with_no_suitable_adult_nobody_goes_in() {
    let mut door = AtTheDoor::arrive().arrives_properly();
    door.says(Command::RecordStep {
        step: Step::AdultPresent,
        state: StepState::NotDone { reason: "only a child".into() },
    })
    .unwrap();
    let refused = door.goes_in().unwrap_err();
    assert_eq!((refused.clause, refused.rule), (Clause::C3_1, Rule::NoSuitableAdult));
}

#[test]
fn lawful_entry_needs_the_name_of_who_authorised_it() {
    let lawful = |name: &str| Command::Enter {
        basis: Some(Basis::Lawful {
            ground: LawfulGround::EmergencyRepair,
            authorised_by: name.into(),
            reference: None,
            witness: None,
        }),
        admitting: None,
    };
    let mut door = AtTheDoor::arrive();
    assert_eq!(door.says(lawful("  ")).unwrap_err().rule, Rule::AuthorisationFirst);
    door.says(lawful("Joan Pickering")).expect("the law allows it without consent");
    assert_eq!(door.visit.findings.len(), 3, "what was not done at the door is shown, not hidden");
}

#[test]
fn steps_that_had_no_place_in_a_lawful_entry_are_no_breach() {
    let mut door = AtTheDoor::arrive();
    for step in Step::BEFORE_ENTRY {
        let state = StepState::NotApplicable { reason: Some("nobody home".into()) };
        door.says(Command::RecordStep { step, state }).unwrap();
    }
    door.says(Command::Enter {
        basis: Some(Basis::Lawful {
            ground: LawfulGround::Warrant,
            authorised_by: "Court".into(),
            reference: None,
            witness: None,
        }),
        admitting: None,
    })
    .unwrap();
    assert!(door.visit.findings.is_empty());
}

#[test]
fn a_refusal_ends_the_visit_and_is_respected() {
    let mut door = AtTheDoor::arrive();
    door.says(Command::RefuseEntry {
        reason: RefusalReason::SupportNeeds,
        words: Some(" not without my daughter ".into()),
    })
    .unwrap();
    let ending = door.visit.ending.clone().unwrap();
    assert_eq!(ending.outcome, Outcome::EntryRefused);
    assert_eq!(ending.refusal.unwrap().words.as_deref(), Some("not without my daughter"));
    assert_eq!(door.goes_in().unwrap_err().rule, Rule::VisitEnded, "nobody is asked twice");
}

#[test]
fn the_tenant_s_words_can_be_written_down_after_the_refusal_was_saved() {
    let mut door = AtTheDoor::arrive();
    assert!(door.says(Command::AddRefusalWords { words: "no".into() }).is_err(), "nothing was refused yet");
    door.says(Command::RefuseEntry { reason: RefusalReason::Other, words: None }).unwrap();
    door.says(Command::AddRefusalWords { words: "I have the flu".into() }).unwrap();
    assert_eq!(door.visit.ending.unwrap().refusal.unwrap().words.as_deref(), Some("I have the flu"));
}

#[test]
fn the_reasons_that_the_code_names_are_valid_and_others_are_for_a_supervisor() {
    for reason in [RefusalReason::SupportNeeds, RefusalReason::NoSuitableAdult, RefusalReason::NoIdentification] {
        assert_eq!(reason.validity(), Validity::Valid);
    }
    assert_eq!(RefusalReason::Other.validity(), Validity::SupervisorDecides);
}

#[test]
fn a_child_alone_is_its_own_outcome() {
    let mut door = AtTheDoor::arrive();
    door.says(Command::RefuseEntry { reason: RefusalReason::NoSuitableAdult, words: None }).unwrap();
    assert_eq!(door.visit.ending.unwrap().outcome, Outcome::NoSuitableAdult);
}

#[test]
fn once_inside_entry_can_t_have_been_refused() {
    let mut door = AtTheDoor::arrive().arrives_properly();
    door.goes_in().unwrap();
    for command in [Command::NoAnswer, Command::RefuseEntry { reason: RefusalReason::Other, words: None }, consented()]
    {
        assert_eq!(door.says(command).unwrap_err().rule, Rule::AlreadyInside);
    }
}

#[test]
fn not_done_needs_a_reason() {
    let mut door = AtTheDoor::arrive();
    let refused = door
        .says(Command::RecordStep { step: Step::ShoeCovers, state: StepState::NotDone { reason: " ".into() } })
        .unwrap_err();
    assert_eq!((refused.clause, refused.rule), (Clause::C3_3, Rule::ReasonFirst));
}

#[test]
fn shoe_covers_never_stand_in_the_way_but_are_seen() {
    let mut door = AtTheDoor::arrive().arrives_properly();
    let state = StepState::NotDone { reason: "tenant said no need".into() };
    door.says(Command::RecordStep { step: Step::ShoeCovers, state }).unwrap();
    door.goes_in().unwrap();
    assert_eq!(door.visit.findings, [Finding::NotDone { step: Step::ShoeCovers }]);
}

#[test]
fn a_sealed_concern_is_in_no_timeline_and_changes_nothing_that_can_be_seen() {
    let mut door = AtTheDoor::arrive().arrives_properly();
    let before = door.visit.clone();
    door.says(Command::RaiseSealedConcern { note: SealedNote { sealed: b"age-encryption.org/v1".to_vec() } }).unwrap();
    assert_eq!(door.visit, before, "a visit with a sealed concern looks like one without");
}

#[test]
fn a_concern_can_be_raised_after_the_visit_has_ended() {
    let mut door = AtTheDoor::arrive();
    door.says(Command::NoAnswer).unwrap();
    door.says(Command::RaiseSealedConcern { note: SealedNote { sealed: vec![1] } })
        .expect("it is never too late to say");
}

#[test]
fn nothing_was_seen_later_than_now() {
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    let seen = |at: &str| Concern {
        about: About::Conflict,
        words: "We went to school together".into(),
        noticed_at: at.parse().unwrap(),
    };
    assert_eq!(seen("2026-11-24T12:00:00Z").happened_by(now), Ok(()));
    let refused = seen("2026-11-24T12:00:01Z").happened_by(now).unwrap_err();
    assert_eq!((refused.rule, refused.clause), (Rule::TimeToCome, Clause::C5_3));
}

#[test]
fn a_mistake_is_struck_out_and_both_stay_visible() {
    let mut door = AtTheDoor::arrive();
    let tapped = door.says(Command::NoAnswer).unwrap();
    door.says(Command::StrikeOut { record: tapped, reason: "wrong button".into() }).unwrap();
    assert!(door.visit.ending.is_none(), "the visit goes on");
    let struck = door.visit.timeline.iter().find(|line| line.record == tapped).unwrap();
    assert_eq!(struck.struck.as_ref().unwrap().reason, "wrong button");
    let again = door.says(Command::StrikeOut { record: tapped, reason: "again".into() }).unwrap_err();
    assert_eq!(again.rule, Rule::NothingToCorrect);
}

#[test]
fn striking_out_the_entry_shuts_the_door_again() {
    let mut door = AtTheDoor::arrive().arrives_properly();
    let entry = door.goes_in().unwrap();
    door.says(Command::StrikeOut { record: entry, reason: "she said wait".into() }).unwrap();
    assert!(door.visit.entry.is_none());
}

#[test]
fn two_endings_are_both_kept_and_shown_as_a_contradiction() {
    let mut door = AtTheDoor::arrive();
    door.record(Event::NoAnswer);
    door.record(Event::EntryRefused { reason: RefusalReason::Other, words: None });
    assert_eq!(door.visit.ending.as_ref().unwrap().outcome, Outcome::NoAnswer);
    assert_eq!(door.visit.findings, [Finding::ContradictoryOutcome { also: Outcome::EntryRefused }]);
}

#[test]
fn a_visit_that_is_told_backwards_and_twice_is_the_same_visit() {
    let mut door = AtTheDoor::arrive().arrives_properly();
    door.goes_in().unwrap();
    door.says(Command::Leave { further_visit_needed: true }).unwrap();
    let mut told: Vec<_> = door.facts.iter().rev().cloned().collect();
    told.extend(door.facts.clone());
    assert_eq!(fold(door.visit.visit, &told), door.visit);
}
