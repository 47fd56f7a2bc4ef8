//! The list of tables, each with its key, its columns, and which columns can hold personal data.
//! This is the only such list: it is used to write, copy, back up and clean up rows. A test
//! compares it with the two databases.

use serde::Serialize;

/// A column of a table, alike in both databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Column {
    /// The column's name, the same in SQLite and PostgreSQL.
    pub name: &'static str,
    /// Whether it can hold personal data. What is erased from such a column must also disappear
    /// from the database's files.
    pub personal: bool,
}

/// A table, alike in both databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Table {
    /// The table's name, the same in SQLite and PostgreSQL.
    pub name: &'static str,
    /// The columns of its primary key.
    pub key: &'static [&'static str],
    /// All its columns, those of the key included.
    pub columns: &'static [Column],
}

macro_rules! column {
    ($name:literal) => {
        Column { name: $name, personal: false }
    };
    (* $name:literal) => {
        Column { name: $name, personal: true }
    };
}

macro_rules! tables {
    (@columns [$($done:expr),*]) => { &[$($done),*] };
    (@columns [$($done:expr),*] * $name:literal $($rest:tt)*) => {
        tables!(@columns [$($done,)* column!(* $name)] $($rest)*)
    };
    (@columns [$($done:expr),*] $name:literal $($rest:tt)*) => {
        tables!(@columns [$($done,)* column!($name)] $($rest)*)
    };
    ($($table:literal ($($key:literal),+): [$($columns:tt)+];)+) => {
        &[$(Table { name: $table, key: &[$($key),+], columns: tables!(@columns [] $($columns)+) }),+]
    };
}

/// Every table, in the order in which rows are copied: a table comes after the tables that it
/// refers to. A star marks a column that can hold personal data. A backup names a table by its
/// place here, so add new tables at the end.
pub(crate) const TABLES: &[Table] = tables! {
    "meta" ("name"): [
        "name" "value"
    ];
    "organisation" ("organisation_id"): [
        "organisation_id" "name" "kind"
    ];
    "person" ("user_id"): [
        "user_id" *"user_name" *"display_name" "organisation_id" "role" *"position" *"email"
        *"password_hash" "left_ms" *"totp_secret" "totp_confirmed_ms" "totp_last_step"
        *"openid_subject" "password_given_ms"
    ];
    "known_browser" ("token_hash"): [
        "token_hash" "user_id" "seen_ms"
    ];
    "session" ("token_hash"): [
        "token_hash" "user_id" "created_ms" "seen_ms" *"browser" "proved_ms"
    ];
    "sign_in_try" ("whose"): [
        "whose" "tries" "last_ms"
    ];
    "device" ("device_id"): [
        "device_id" "user_id" "public_key" *"name" "app_version" "enrolled_ms" "contact_ms"
        "revoked_ms" "code_hash" "phone_id" "organisation_id" "protocol"
        "two_phones_ms" "apart" "unsealed" "unsealed_ms" "found_ms"
    ];
    "enrolment_code" ("code_hash"): [
        "code_hash" "user_id" "expires_ms" "used_ms"
    ];
    "appointment" ("appointment_ref"): [
        "appointment_ref" "user_id" "window_start_ms" "window_end_ms" *"uprn" *"tenant_name"
        *"address" *"appointment" *"words" "cancelled_ms" *"cancelled_because"
    ];
    "api_token" ("token_hash"): [
        "token_hash" "name" "made_ms" "revoked_ms" "may"
    ];
    "feed_end" ("user_id"): [
        "user_id" "version" "floor"
    ];
    "feed" ("user_id", "appointment_ref"): [
        "user_id" "appointment_ref" "version" "withdrawn"
    ];
    "chain" ("device_id", "epoch"): [
        "device_id" "epoch" "high_water" "claimed" "claimed_ms" "forked" "class" "counted"
        "many_ms"
    ];
    "record" ("device_id", "epoch", "sequence"): [
        "device_id" "epoch" "sequence" "hash" "record_id" "commitment" "visit_id" "received_ms"
        "envelope" "earliest_ms" "of_note"
    ];
    "body" ("record_id"): [
        "record_id" *"body"
    ];
    "visit_key" ("visit_id"): [
        "visit_id" *"key"
    ];
    "seal" ("device_id", "epoch", "sequence"): [
        "device_id" "epoch" "sequence" "seal"
    ];
    "set_aside" ("device_id", "epoch", "sequence", "hash"): [
        "device_id" "epoch" "sequence" "hash" "reason" "holds_place" "received_ms" "envelope"
        *"body" "record_id" "visit_id" "of_note" "decided" "decided_ms" *"decided_by" *"because"
        "earliest_ms" "alone_until_ms"
    ];
    "visit" ("visit_id"): [
        "visit_id" "started_ms" "appointment_ref" *"uprn" "visit_kind" "user_id" "organisation_id"
        "outcome" "ended_ms" "received_ms" *"folded" *"words" *"address" "entry" "alone_until_ms"
        "day" "refusal_reason" "notice_standing" "id_shown" "fold_version" *"given" *"given_uprn"
        "home_given"
    ];
    "sealed_concern" ("record_id"): [
        "record_id" "visit_id" "recorded_ms" "received_ms"
    ];
    "note_reading" ("record_id", "at_ms", "user_name"): [
        "record_id" "at_ms" *"user_name"
    ];
    "audit" ("audit_id"): [
        "audit_id" "at_ms" *"user_name" "action" *"detail" "place" *"salt" "commitment" "link"
    ];
    "code" ("code_hash"): [
        "code_hash" "label" "from_day" "text" "published_ms" *"published_by"
    ];
    "acknowledgement" ("record_id"): [
        "record_id" "user_id" "code_hash" "label" *"name" *"position" "organisation" *"signed"
        "recorded_ms" "received_ms" "organisation_id"
    ];
    "concern" ("record_id"): [
        "record_id" "visit_id" "user_id" "kind" "noticed_ms" "recorded_ms" "received_ms" *"struck"
        *"concern" "organisation_id"
    ];
    "case_file" ("case_id"): [
        "case_id" "kind" "visit_id" "record_id" "user_id" "opened_ms" "received_ms" "owner_id"
        "due_step" "due_ms" "closed_ms" "outcome" "told_due_ms" "told_late_ms" "unconfirmed"
    ];
    "case_line" ("case_id", "number"): [
        "case_id" "number" "at_ms" *"user_name" "action" *"subject" *"words"
    ];
    "photo" ("sha256", "visit_id"): [
        "sha256" "visit_id" "struck" "refused" "size" "aside" "organisation_id"
    ];
    "blob" ("sha256", "organisation_id"): [
        "sha256" "organisation_id" "size" "held" "complete_ms" "lost_ms"
    ];
    "blob_piece" ("sha256", "organisation_id", "at"): [
        "sha256" "organisation_id" "at" *"piece"
    ];
    "notice" ("notice_id"): [
        "notice_id" "user_id" "about" "case_id" "detail" "made_ms" "next_ms" "tries" "sent_ms"
    ];
    "erased" ("visit_id"): [
        "visit_id" "erased_ms" "rule"
    ];
    "council_number" ("name", "from_day"): [
        "name" "from_day" "value" "source" "entered_ms" *"entered_by"
    ];
    "request_nonce" ("device_id", "nonce"): [
        "device_id" "nonce" "at_ms"
    ];
    "device_seal" ("device_id", "epoch", "number", "root"): [
        "device_id" "epoch" "number" "root" "received_ms" "seal"
    ];
    "receipt_batch" ("batch_id"): [
        "batch_id" "device_id" "root"
    ];
    "receipt" ("device_id", "epoch", "sequence", "hash"): [
        "device_id" "epoch" "sequence" "hash" "batch_id" "place" "verdict" "reason"
        "shown"
    ];
    "appointment_version" ("version_hash"): [
        "version_hash" "appointment_ref" *"salt" *"appointment"
    ];
    "at_rest" ("device_id", "matter", "epoch"): [
        "device_id" "matter" "epoch" "up_to" "at_ms" *"user_name" *"because"
    ];
    "visit_given" ("visit_id"): [
        "visit_id" "version_hash"
    ];
    "visit_decision" ("visit_id", "about"): [
        "visit_id" "about" "decision" *"seen" "at_ms" *"user_name" *"because"
    ];
    "later_receipt" ("device_id", "epoch", "sequence", "hash"): [
        "device_id" "epoch" "sequence" "hash" "receipt"
    ];
    "account_change" ("change_id"): [
        "change_id" *"user_name" "kind" *"detail" "asked_ms" *"asked_by"
    ];
    "account_agreed" ("change_id", "user_name"): [
        "change_id" *"user_name" "at_ms"
    ];
    "leads_log" ("number"): [
        "number" "at_ms" "record_id" "commitment" "link" *"salt" *"line"
    ];
    "leads_log_head" ("commitment"): [
        "commitment" "number" "link" "salt"
    ];
    "known_network" ("user_id", "network"): [
        "user_id" *"network" "seen_ms"
    ];
    "passkey" ("credential_id"): [
        *"credential_id" "user_id" *"name" "transports" *"fixed" *"changing" "made_ms" "used_ms"
    ];
    "passkey_ceremony" ("ceremony_id"): [
        "ceremony_id" "user_id" "makes_one" "asked" "at_ms"
    ];
    "backup_made" ("backup_id"): [
        "backup_id" "council_epoch" "made_ms" "verified_ms"
    ];
    "salvage" ("device_id", "sha256"): [
        "device_id" "sha256" "size" "held" "started_ms" "complete_ms" "taken_ms" "erased_ms"
    ];
    "salvage_piece" ("device_id", "sha256", "at"): [
        "device_id" "sha256" "at" *"piece"
    ];
};

/// The tables whose number of rows would tell of a safeguarding note (clause 6.2).
pub const OF_NOTES: [&str; 7] =
    ["sealed_concern", "note_reading", "leads_log", "leads_log_head", "record", "chain", "device_seal"];

impl Table {
    /// The table with this name. Panics if there is none.
    #[expect(clippy::panic, reason = "the name stands in the program, and each is used by a test of both databases")]
    pub(crate) fn named(name: &str) -> &'static Self {
        TABLES.iter().find(|table| table.name == name).unwrap_or_else(|| panic!("there is no table {name}"))
    }

    /// The names of its columns, in the order in which they are listed here.
    pub(crate) fn column_names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_known_by_columns_of_its_own_table_and_no_name_is_there_twice() {
        let mut names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLES.len());
        for table in TABLES {
            let columns = table.column_names();
            assert!(!table.key.is_empty() && table.key.iter().all(|key| columns.contains(key)), "{}", table.name);
        }
        let is_personal = |name| Table::named(name).columns.iter().any(|column| column.personal);
        assert!(is_personal("session"), "what a browser says of itself");
        assert!(!is_personal("seal"));
    }
}
