//! One row for each answer to a question, with the number of visits.

use doorstep_domain::StableName;

use super::columns::ColumnKind::{Number, Text};
use super::columns::{ColumnKind, Drawn, column};
use crate::storage::{Count, Question};

/// A question, and an answer to it.
pub(super) struct AnswerRow {
    pub(super) question: Question,
    pub(super) count: Count,
}

pub(super) const COLUMNS: &[Drawn<AnswerRow>] = &[
    column("question", ColumnKind::one_of::<Question>(), "What was asked", |row| row.question.name().to_owned()),
    column("of", Text, "The day in England, or the organisation; empty if the answer is about all visits", |row| {
        row.count.of.clone()
    }),
    column(
        "answer",
        Text,
        "The answer, as in visits: an outcome, a reason, a notice standing; of id_shown yes or no, counted where somebody came to the door",
        |row| row.count.answer.clone(),
    ),
    column("visits", Number, "How many visits", |row| row.count.visits.to_string()),
];
