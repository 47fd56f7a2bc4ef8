//! The kinds of rows that the journal keeps, and how a row of each is put back.

/// A kind of row. Its place in [`KINDS`] is what the journal calls it, so kinds are only added at
/// the end, and so are the columns of one.
pub(super) struct Kind {
    pub(super) table: &'static str,
    pub(super) key: &'static [&'static str],
    pub(super) columns: &'static [&'static str],
    /// What a row is put back with where it is there already; `None` leaves that one as it is.
    pub(super) update: Update,
    /// Which events touch it.
    pub(super) on: &'static [&'static str],
    /// Which rows of the table, in SQL; `row` stands for the row.
    pub(super) only: Option<&'static str>,
}

/// How a row is put back that is there already.
#[derive(PartialEq, Eq)]
pub(super) enum Update {
    /// As the image says.
    AsItSays,
    /// As this SQL says; `?1`, `?2` ... are the values of the image.
    By(&'static str),
    /// Not at all: rows of this kind never change.
    Never,
    /// As the image says, and it is never inserted: another kind holds the rest of the row.
    PartOfARow,
}

const ALWAYS: &[&str] = &["INSERT", "UPDATE", "DELETE"];

/// The kinds of rows that the journal keeps: what is needed to send, and to bring back what a
/// council may ask for again. Appointments and half-typed texts are not among them.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        table: "setting",
        key: &["name"],
        columns: &["value"],
        update: Update::AsItSays,
        on: ALWAYS,
        only: Some(
            "row.name IN ('enrolment', 'former_enrolments', 'seals', 'phone', 'code', 'code_signed', 'numbers',
                 'running_since_contact', 'ended', 'ask_anew', 'safe_elsewhere')",
        ),
    },
    Kind {
        table: "chain",
        key: &["only"],
        columns: &["epoch", "sequence", "hash", "last_order"],
        // Within an epoch it never goes back: while the database was locked, the journal may have
        // lacked the end of it.
        update: Update::By(
            "hash = CASE WHEN epoch <> ?2 OR ?3 >= sequence THEN ?4 ELSE hash END,
             sequence = CASE WHEN epoch <> ?2 THEN ?3 ELSE max(sequence, ?3) END,
             epoch = ?2, last_order = max(last_order, ?5)",
        ),
        on: ALWAYS,
        only: None,
    },
    Kind {
        table: "visit_key",
        key: &["visit_id"],
        columns: &["key"],
        update: Update::AsItSays,
        on: ALWAYS,
        only: None,
    },
    Kind {
        table: "visit_chain",
        key: &["chain"],
        columns: &[
            "enrolment",
            "person",
            "class",
            "visit_id",
            "said_visit_id",
            "sequence",
            "hash",
            "continues",
            "appointment_grant",
            "sealed",
            "began",
            "is_open",
        ],
        // A chain only grows, and one that was closed stays closed.
        update: Update::By(
            "hash = CASE WHEN ?7 >= sequence THEN ?8 ELSE hash END, sequence = max(sequence, ?7),
             appointment_grant = coalesce(?10, appointment_grant), sealed = max(sealed, ?11), is_open = min(is_open, ?13)",
        ),
        on: ALWAYS,
        only: None,
    },
    Kind {
        table: "seal",
        key: &["epoch", "sequence"],
        columns: &["seal"],
        update: Update::AsItSays,
        on: ALWAYS,
        only: None,
    },
    Kind {
        table: "chain_seal",
        key: &["epoch", "number"],
        columns: &["root", "seal", "waits"],
        update: Update::AsItSays,
        on: ALWAYS,
        only: None,
    },
    Kind {
        table: "receipt",
        key: &["receipt_id"],
        columns: &["council_time_ms", "answer", "form"],
        update: Update::AsItSays,
        on: ALWAYS,
        only: None,
    },
    Kind {
        table: "record",
        key: &["epoch", "sequence"],
        columns: &[
            "record_id",
            "hash",
            "visit_id",
            "recorded_at_ms",
            "urgent",
            "envelope",
            "body",
            "version",
        ],
        update: Update::Never,
        on: &["INSERT", "DELETE"],
        only: None,
    },
    Kind {
        table: "record",
        key: &["epoch", "sequence"],
        columns: &[
            "state",
            "reason",
            "receipt_id",
            "receipt_place",
            "receipt_verdict",
            "receipt_reason",
            "sent_whole",
            "forgotten",
        ],
        update: Update::PartOfARow,
        on: &["UPDATE"],
        only: None,
    },
    Kind {
        table: "photo",
        key: &["photo_id"],
        columns: &["sha256", "visit_id", "size", "held", "state", "reason", "complete_ms"],
        update: Update::AsItSays,
        on: ALWAYS,
        only: None,
    },
    Kind {
        table: "photo_file",
        key: &["photo_id"],
        columns: &["file"],
        update: Update::AsItSays,
        on: ALWAYS,
        only: None,
    },
];

impl Kind {
    pub(super) fn all_columns(&self) -> impl Iterator<Item = &'static str> {
        self.key.iter().chain(self.columns).copied()
    }

    /// SQL that compares the key with the first parameters.
    pub(super) fn is_key(&self) -> String {
        let compared = self.key.iter().zip(1..).map(|(column, place)| format!("{column} = ?{place}"));
        compared.collect::<Vec<_>>().join(" AND ")
    }

    /// SQL that updates the row of an image; `None` where rows never change.
    pub(super) fn to_update(&self, given: usize) -> Option<String> {
        let set = match self.update {
            Update::Never => return None,
            Update::By(set) => set.to_owned(),
            Update::AsItSays | Update::PartOfARow => {
                let set = self.all_columns().zip(1..=given).skip(self.key.len());
                set.map(|(column, place)| format!("{column} = ?{place}")).collect::<Vec<_>>().join(", ")
            }
        };
        Some(format!("UPDATE {} SET {set} WHERE {}", self.table, self.is_key()))
    }

    /// SQL that inserts the row of an image. A record begins as one that waits.
    pub(super) fn to_insert(&self, given: usize) -> String {
        let mut columns: Vec<&str> = self.all_columns().take(given).collect();
        let mut values: Vec<String> = (1..=given).map(|place| format!("?{place}")).collect();
        if self.update == Update::Never {
            columns.push("state");
            values.push("'waiting'".to_owned());
        }
        format!("INSERT INTO {} ({}) VALUES ({})", self.table, columns.join(", "), values.join(", "))
    }
}
