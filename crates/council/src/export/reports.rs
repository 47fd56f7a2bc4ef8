//! One row an answer to a question: so many visits.

use doorstep_domain::StableName;

use super::Column;
use crate::storage::{Count, Question};

pub(super) const COLUMNS: [Column; 4] = [
    Column("question", "outcomes_by_day, refusals_by_reason, notice_kept or id_shown"),
    Column("of", "The day in England, or the organisation; empty where it is about all"),
    Column("answer", "The answer, as in visits: an outcome, a reason, a notice standing, or yes and no"),
    Column("visits", "How many visits"),
];

pub(super) fn row(question: Question, count: &Count) -> Vec<String> {
    vec![question.name().to_owned(), count.of.clone(), count.answer.clone(), count.visits.to_string()]
}
