//! Every clause of the Code of conduct (June 2025), and where in Doorstep it is put into practice.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A numbered clause of the Code, as printed: `3.1`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema,
)]
pub enum Clause {
    /// Prior notice and permission.
    #[serde(rename = "3.1")]
    C3_1,
    /// Identification and communication.
    #[serde(rename = "3.2")]
    C3_2,
    /// Respect for tenants and their homes.
    #[serde(rename = "3.3")]
    C3_3,
    /// Keeping in touch.
    #[serde(rename = "4.1")]
    C4_1,
    /// Appropriate conduct.
    #[serde(rename = "5.1")]
    C5_1,
    /// Privacy and confidentiality.
    #[serde(rename = "5.2")]
    C5_2,
    /// Gifts and personal relationships.
    #[serde(rename = "5.3")]
    C5_3,
    /// Personal and tenant safety.
    #[serde(rename = "6.1")]
    C6_1,
    /// Protection of vulnerable tenants.
    #[serde(rename = "6.2")]
    C6_2,
    /// What is expected of tenants.
    #[serde(rename = "7")]
    C7,
    /// Tenant complaints.
    #[serde(rename = "8.1")]
    C8_1,
    /// Reporting breaches of conduct.
    #[serde(rename = "8.2")]
    C8_2,
    /// Compliance and training.
    #[serde(rename = "9")]
    C9,
    /// Linked policies and procedures.
    #[serde(rename = "10")]
    C10,
}

/// One row of the clause table: what the Code asks, and which rule, screen and tests put it into
/// practice.
#[derive(Debug, Clone, Copy)]
pub struct ClauseRow {
    /// The clause. It can have several rows.
    pub clause: Clause,
    /// Its number as printed.
    pub number: &'static str,
    /// What the Code asks, in our own words.
    pub subject: &'static str,
    /// The name of the item in `conduct` that holds the rule.
    pub rule: &'static str,
    /// The path of the screen, under `ui/field/src`.
    pub screen: &'static str,
    /// The names of the tests that check it.
    pub tests: &'static [&'static str],
}

macro_rules! rows {
    ($($clause:ident $number:literal $subject:literal, $rule:literal, $screen:literal, [$($test:literal),* $(,)?];)*) => {
        /// The clause table, in the order of the Code. A clause can have several rows.
        /// `docs/code-of-conduct.md` is drawn from it. `cargo xtask clauses` checks that each rule,
        /// screen and test exists.
        pub const CLAUSES: &[ClauseRow] = &[$(ClauseRow {
            clause: Clause::$clause,
            number: $number,
            subject: $subject,
            rule: $rule,
            screen: $screen,
            tests: &[$($test),*],
        }),*];
    };
}

rows! {
    C3_1 "3.1" "24 to 48 hours' notice of a repair; short notice needs the tenant's agreement", "Notice",
        "lib/visit/Before.svelte", [
        "exactly_24_hours_meets_the_minimum_and_exactly_48_is_good",
        "hours_are_hours_that_passed_across_the_clock_changes",
        "going_in_at_short_notice_waits_for_the_tenant_s_express_agreement",
    ];
    C3_1 "3.1" "Emergencies and tenancy investigations need no notice", "NoticeStanding", "lib/visit/Before.svelte",
        ["emergencies_and_investigations_need_no_notice_and_say_which_they_are"];
    C3_1 "3.1" "The tenant knows who comes and why", "Before", "lib/visit/Before.svelte",
        ["a_tenant_who_was_not_told_who_comes_and_why_is_a_finding_until_they_are_told"];
    C3_1 "3.1" "Two weeks' notice of planned work", "Notice", "lib/visit/Before.svelte",
        ["planned_work_is_known_of_14_days_on_the_calendar_before_and_the_earliest_lawful_day_is_offered"];
    C3_1 "3.1" "Consent to enter, which can be taken back; or a lawful entry", "Basis", "lib/visit/Door.svelte", [
        "no_sequence_of_commands_reaches_entry_without_consent_or_a_lawful_basis",
        "consent_can_be_taken_back_by_those_who_gave_it_and_only_inside",
        "lawful_entry_needs_the_name_of_who_authorised_it",
    ];
    C3_1 "3.1" "A refusal is respected, and a valid one never counts towards enforcement", "RefusalReason",
        "routes/visit/[visit]/refused/+page.svelte", [
        "a_refusal_ends_the_visit_and_is_respected",
        "a_valid_refusal_never_counts_towards_enforcement",
        "no_answer_counts_and_counts_in_court_after_written_notice_alone",
    ];
    C3_1 "3.1" "No suitable adult: do not go in", "Outcome", "routes/visit/[visit]/no-access/+page.svelte",
        ["a_child_alone_is_its_own_outcome"];
    C3_2 "3.2" "ID worn, introduced, reason stated, ID shown, in that order, before going in", "Step",
        "lib/visit/Door.svelte",
        ["whoever_went_in_with_consent_had_done_the_three_steps_or_admits_it"];
    C3_2 "3.2" "A visit that can't go ahead: the tenant is told, with an apology and a new time", "Cancellation",
        "routes/visit/[visit]/cancel/+page.svelte",
        ["a_visit_called_off_stays_to_be_done_until_the_tenant_was_told", "a_tenant_who_calls_it_off_knows"];
    C3_3 "3.3" "Care for the home", "Phase", "lib/visit/Leaving.svelte",
        ["what_should_be_done_never_blocks_and_is_a_finding_when_it_was_not"];
    C3_3 "3.3" "Photos before and after the work, and of damage", "PhotoPurpose", "lib/visit/Photos.svelte", [
        "a_photo_reaches_the_council_without_the_place_that_the_camera_wrote_into_it",
        "a_large_photo_goes_on_where_it_stopped",
    ];
    C4_1 "4.1" "What comes next is agreed and explained", "FollowUp", "lib/visit/FollowUp.svelte",
        ["leaving_unfinished_needs_a_follow_up_that_is_explained", "a_tenant_signs_if_they_wish_and_a_dot_is_no_signature"];
    C5_1 "5.1" "Appropriate conduct: a declaration at the end, with room for what happened", "Step",
        "lib/visit/Leaving.svelte", ["what_should_be_done_never_blocks_and_is_a_finding_when_it_was_not"];
    C5_2 "5.2" "Privacy: encrypted at rest, nothing in the clear, names hidden while somebody looks on", "SealedNote",
        "routes/+page.svelte", [
        "nothing_that_was_typed_is_readable_in_the_files",
        "what_is_owed_to_a_tenant_stays_on_the_list_and_what_is_half_typed_survives_a_kill",
    ];
    C5_2 "5.2" "Photos hold a picture and nothing else, and one taken by mistake is gone", "PlainJpeg",
        "lib/visit/Photos.svelte", [
        "what_is_no_photo_is_refused_with_a_message_and_nothing_is_recorded",
        "a_photo_that_was_struck_out_before_it_was_sent_is_gone_from_the_phone_and_never_sent",
    ];
    C5_3 "5.3" "Gifts, and knowing the tenant", "Declaration", "lib/visit/KnowsTenant.svelte", [
        "knowing_the_tenant_is_told_to_the_line_manager_and_to_the_council",
        "a_concern_can_be_raised_after_the_visit",
    ];
    C6_1 "6.1" "Unsafe conditions: what to do first, then the report, whose clock runs from when it was seen", "Hazard",
        "routes/concern/+page.svelte",
        [
        "concerns_cite_their_clause_and_those_with_a_clock_overtake_the_rest",
        "something_urgent_that_stays_unsent_for_a_quarter_of_an_hour_is_to_be_phoned_in",
    ];
    C6_1 "6.1" "Working alone", "LoneWorking", "lib/visit/Alone.svelte",
        ["working_alone_with_the_device_off_is_a_finding", "somebody_alone_and_overdue_is_reminded_until_they_are_safe"];
    C6_2 "6.2" "Safeguarding: sealed to the leads", "ConcernKind", "routes/concern/+page.svelte",
        ["a_sealed_note_opens_for_a_lead_alone_and_its_length_tells_nothing"];
    C7 "7" "Aggression, smoke, a home not fit to work in: leave now", "WithdrawalReason", "routes/visit/[visit]/left-now/+page.svelte",
        ["leaving_at_once_is_no_refusal_and_needs_no_reason"];
    C8_1 "8.1" "Complaints: what is wrong, what was put right, what the tenant was told", "About",
        "routes/concern/+page.svelte",
        ["concerns_cite_their_clause_and_those_with_a_clock_overtake_the_rest"];
    C8_2 "8.2" "Breaches, never shown to one's own firm", "Event", "routes/concern/+page.svelte",
        ["a_breach_is_no_line_of_the_visit_that_the_visitor_s_own_firm_sees"];
    C9 "9" "A copy for everybody, readable and searchable offline; signed before a visit starts", "Acknowledgement",
        "routes/sign/+page.svelte", [
        "no_visit_starts_before_the_code_was_signed_but_an_emergency",
        "a_new_version_of_the_code_asks_for_a_new_signature_and_both_are_in_the_register",
    ];
    C10 "10" "Linked policies, listed with the Code", "PublishedCode", "routes/code/+page.svelte",
        ["doorstep_s_own_words_have_every_clause_of_the_table_under_its_number"];
}

impl Clause {
    /// The number as printed in the Code.
    #[must_use]
    pub fn number(self) -> &'static str {
        CLAUSES.iter().find(|row| row.clause == self).map_or("", |row| row.number)
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number())
    }
}

impl FromStr for Clause {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        CLAUSES.iter().find(|row| row.number == text).map(|row| row.clause).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clause_number_reads_back_as_the_clause() {
        for row in CLAUSES {
            assert_eq!(row.number.parse(), Ok(row.clause));
            assert_eq!(serde_json::to_value(row.clause).unwrap(), row.number);
        }
    }
}
