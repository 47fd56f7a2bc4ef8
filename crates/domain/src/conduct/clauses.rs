//! Every clause of the Code of conduct (June 2025), and the part of Doorstep that carries it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A numbered clause of the Code, as printed: `3.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
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

/// One row of the clause table: what the clause is about, and where Doorstep holds it.
#[derive(Debug, Clone, Copy)]
pub struct ClauseRow {
    /// The clause.
    pub clause: Clause,
    /// Its number as printed.
    pub number: &'static str,
    /// Its subject, in our own words.
    pub subject: &'static str,
    /// The item that carries it, or `None` while nothing does.
    pub rule: Option<&'static str>,
}

macro_rules! rows {
    ($($clause:ident $number:literal $subject:literal $rule:expr;)*) => {
        /// Every numbered clause of the Code, in its order.
        pub const CLAUSES: &[ClauseRow] = &[
            $(ClauseRow { clause: Clause::$clause, number: $number, subject: $subject, rule: $rule },)*
        ];
    };
}

rows! {
    C3_1 "3.1" "Notice, consent to enter, and respecting a refusal" Some("conduct::Visit::decide, conduct::RefusalReason");
    C3_2 "3.2" "Introducing yourself, saying why, showing ID" Some("conduct::Step, conduct::Visit::decide");
    C3_3 "3.3" "Care for the home: shoe covers" Some("conduct::Step::ShoeCovers");
    C4_1 "4.1" "Keeping the tenant informed" None;
    C5_1 "5.1" "Appropriate conduct" None;
    C5_2 "5.2" "Privacy: encrypted at rest, sealed notes, no names in logs" Some("conduct::SealedNote");
    C5_3 "5.3" "Gifts and conflicts of interest" None;
    C6_1 "6.1" "Unsafe conditions and lone working" None;
    C6_2 "6.2" "Safeguarding" Some("conduct::ConcernKind::Safeguarding");
    C7 "7" "Aggression, and a home that is not fit to work in" None;
    C8_1 "8.1" "Complaints" None;
    C8_2 "8.2" "Reporting breaches" Some("conduct::Finding");
    C9 "9" "Being bound by the Code" None;
    C10 "10" "Linked policies" None;
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
