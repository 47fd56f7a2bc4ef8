//! Builds the `WHERE` of a statement from only the conditions that are asked for, so that an index
//! can serve it.

use super::placeholders::rewrite;
use super::value::Value;

/// Conditions that must all hold, with the values of their placeholders.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    /// Adds a condition. Each `?` in it stands for the next of the values.
    pub(crate) fn and<V: Into<Value>>(&mut self, condition: &str, values: impl IntoIterator<Item = V>) {
        self.text.push_str(if self.text.is_empty() { " WHERE (" } else { " AND (" });
        let before = self.values.len();
        self.values.extend(values.into_iter().map(Into::into));
        let mut number = before;
        self.text.push_str(&rewrite(condition, |_| {
            number += 1;
            format!("?{number}")
        }));
        self.text.push(')');
    }

    /// Adds a condition, if there is a value for it.
    pub(crate) fn and_if<V: Into<Value>>(&mut self, condition: &str, value: Option<V>) {
        if let Some(value) = value {
            self.and(condition, [value]);
        }
    }

    /// Adds a condition that has no value.
    pub(crate) fn and_that(&mut self, condition: &str) {
        self.and(condition, [Value::Null; 0]);
    }

    /// Adds a value, and returns the placeholder for it, such as `?4`.
    pub(crate) fn placeholder(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// `WHERE` and the conditions; empty if there are none.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The values, in the order of their placeholders.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_in_the_order_of_their_values() {
        let mut conditions = Conditions::default();
        assert_eq!(conditions.text(), "");
        conditions.and_if("outcome = ?", Some("no_answer"));
        conditions.and_if("entry = ?", None::<&str>);
        conditions.and_that("ended_ms IS NULL");
        conditions.and("(started_ms, visit_id) < (?, ?)", [Value::from(7_i64), Value::from([1_u8; 16])]);
        let limit = conditions.placeholder(50_i64);
        assert_eq!(
            conditions.text(),
            " WHERE (outcome = ?1) AND (ended_ms IS NULL) AND ((started_ms, visit_id) < (?2, ?3))"
        );
        assert_eq!((limit.as_str(), conditions.values().len()), ("?4", 4));
    }
}
