//! Which tables a person may export, and what their columns mean. The tables themselves are in
//! `export`.

use doorstep_domain::StableName;
use serde::Serialize;

use super::Actor;
use crate::access::roles::{AUDIT, CASES, DESKS, Role};
use crate::export::ExportTable;

/// A table that can be exported, and what its columns mean.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct TableMeaning {
    /// The table's stable name.
    pub(crate) table: &'static str,
    /// Its columns, in order.
    pub(crate) columns: Vec<TableColumn>,
}

/// A column of an exported table.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct TableColumn {
    /// The stable name.
    pub(crate) name: &'static str,
    /// What it means, and which values it can have.
    pub(crate) meaning: String,
}

/// What each column means, for the tables that this person may export.
#[must_use]
pub fn dictionary(by: &Actor) -> Vec<TableMeaning> {
    let meaning = |what: ExportTable| TableMeaning {
        table: what.name(),
        columns: what
            .columns()
            .iter()
            .map(|column| TableColumn { name: column.name, meaning: column.whole_meaning() })
            .collect(),
    };
    tables_for(by).map(meaning).collect()
}

/// The tables that a person may export.
pub(crate) fn tables_for(by: &Actor) -> impl Iterator<Item = ExportTable> {
    ExportTable::all().filter(move |what| by.may_act_as(roles_for(*what)))
}

/// Who may export a table.
fn roles_for(what: ExportTable) -> &'static [Role] {
    match what {
        ExportTable::Audit => AUDIT,
        ExportTable::Cases => CASES,
        ExportTable::Visits
        | ExportTable::Steps
        | ExportTable::NoAccess
        | ExportTable::Concerns
        | ExportTable::Acknowledgements
        | ExportTable::Reports => DESKS,
    }
}
