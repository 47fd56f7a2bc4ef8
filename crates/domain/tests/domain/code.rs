//! The Code as text: its clauses are found, its hash is of the exact text, and a signature is a
//! signature.

use doorstep_domain::conduct::{Acknowledgement, CLAUSES, NotACode, PublishedCode, Signing};

fn published(text: &str) -> PublishedCode {
    PublishedCode { label: "1.0".into(), from: "2025-06-02".parse().unwrap(), text: text.into() }
}

#[test]
fn doorstep_s_own_words_have_every_clause_of_the_table_under_its_number() {
    let sections = PublishedCode::own_words().sections().unwrap();
    for row in CLAUSES {
        let section = sections.iter().find(|section| section.number == row.number);
        assert!(section.is_some_and(|section| !section.paragraphs.is_empty()), "clause {}", row.number);
    }
    assert!(sections.iter().any(|section| section.heading == "Acknowledgement"));
}

#[test]
fn a_council_s_text_is_split_at_its_clauses_and_its_contents_are_passed_over() {
    let text = "Code of conduct\n\n02/06/2025\t1.0\tSomebody\tDraft\n\nContents\n1. Introduction\t3\n3.1 Prior notice\t4\n\n\
                1. Introduction\n\nWords.\n3.1 Prior notice\n- 24 hours is the least.\n24 hours, as said.\n\u{2022} Ask.\nAcknowledgement\nSigned";
    let sections = published(text).sections().unwrap();
    let headings: Vec<_> = sections.iter().map(|section| (section.number.as_str(), section.heading.as_str())).collect();
    assert_eq!(headings, [("1", "Introduction"), ("3.1", "Prior notice"), ("", "Acknowledgement")]);
    assert_eq!(sections[1].paragraphs, ["24 hours is the least.", "24 hours, as said.", "Ask."]);
}

#[test]
fn text_without_a_clause_is_no_code() {
    for text in ["", "Hello", "Call 01664 502 502 now.", "1.2.3 Too deep"] {
        assert_eq!(published(text).sections(), Err(NotACode::NoClauses), "{text}");
    }
}

#[test]
fn searching_finds_every_word_wherever_it_stands() {
    let sections = PublishedCode::own_words().sections().unwrap();
    let found = |words: &str| -> Vec<&str> {
        sections.iter().filter(|section| section.mentions(words)).map(|section| section.number.as_str()).collect()
    };
    assert_eq!(found("SHOES covers"), ["3.3"]);
    assert_eq!(found("gas smell"), ["6.1"]);
    assert!(found("unicorn").is_empty());
}

#[test]
fn the_hash_is_the_one_that_sha256sum_prints() {
    assert_eq!(published("abc").hash(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn a_dot_or_an_empty_name_is_no_signature() {
    let signed = |signed| Acknowledgement {
        code: published("abc").hash(),
        label: "1.0".into(),
        name: "Harriet Swann".into(),
        position: "Housing officer".into(),
        organisation: "Melton Borough Council".into(),
        signed,
    };
    assert!(signed(Signing::Typed("Harriet Swann".into())).check().is_ok());
    assert!(signed(Signing::Drawn(vec![vec![(10, 10), (500, 200), (900, 30)]])).check().is_ok());
    for not in [
        Signing::Typed("  ".into()),
        Signing::Drawn(vec![]),
        Signing::Drawn(vec![vec![(5, 5)]]),
        Signing::Drawn(vec![vec![(5, 5), (6, 6), (1_001, 5)]]),
        Signing::Drawn(vec![vec![(1, 1); 4_001]]),
    ] {
        assert!(signed(not).check().is_err());
    }
}

#[test]
fn somebody_who_drew_nothing_or_a_dot_signs_with_their_name() {
    let stroke = vec![(10, 10), (20, 20), (30, 10)];
    assert_eq!(Signing::of("Ivan", vec![stroke.clone()]), Signing::Drawn(vec![stroke]));
    for nothing in [vec![], vec![vec![(10, 10)]]] {
        assert_eq!(Signing::of("Ivan", nothing), Signing::Typed("Ivan".into()));
    }
}
