//! Versions of the Code, and the register of signatures under them. Clause 9 and the
//! Acknowledgement.

use chrono::NaiveDate;
use doorstep_domain::conduct::{Acknowledgement, PublishedCode};
use doorstep_domain::{OrganisationId, RecordId, UserId};

use super::database::{Conditions, Row, params};
use super::order::{Order, Page, SortColumn, Sortable};
use super::people::VISITORS;
use super::search_text;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// A version of the Code in a list.
#[derive(Debug, Clone)]
pub(crate) struct CodeRow {
    pub(crate) code: PublishedCode,
    pub(crate) published_ms: i64,
    pub(crate) published_by: String,
    /// How many people have signed it.
    pub(crate) signed_by: u64,
}

/// A signature, as its record holds it.
#[derive(Debug, Clone)]
pub(crate) struct Acknowledged {
    /// The organisation of the enrolment that it came from.
    pub(crate) organisation_id: OrganisationId,
    pub(crate) record: RecordId,
    pub(crate) user: UserId,
    pub(crate) acknowledgement: Acknowledgement,
    pub(crate) recorded_ms: i64,
    pub(crate) received_ms: i64,
}

/// A signature in the register.
#[derive(Debug, Clone)]
pub(crate) struct RegisterRow {
    pub(crate) user_name: String,
    pub(crate) kept: Acknowledged,
}

/// Which signatures to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct RegisterFilter {
    /// The organisation's name; `None` for all.
    pub(crate) organisation: Option<String>,
    /// The person who signed; `None` for all.
    pub(crate) user: Option<UserId>,
    /// Words to search for in the name.
    pub(crate) words: Option<String>,
}

impl RegisterFilter {
    fn conditions(&self, name: &str) -> Conditions {
        let mut which = Conditions::default();
        which.and_if("organisation.name = ?", self.organisation.as_deref());
        which.and_if("person.user_id = ?", self.user.map(|user| user.as_bytes().to_vec()));
        let pattern = self.words.as_deref().and_then(search_text::pattern);
        which.and_if(&format!("lower({name}) LIKE ? ESCAPE '\\'"), pattern);
        which
    }
}

/// How signatures can be sorted.
pub(crate) static REGISTER: Sortable = Sortable {
    columns: &[
        SortColumn { name: "signed", sql: "recorded_ms", text: false },
        SortColumn { name: "name", sql: "lower(name)", text: true },
        SortColumn { name: "position", sql: "lower(organisation || ' ' || position)", text: true },
        SortColumn { name: "version", sql: "label", text: true },
    ],
    id: "record_id",
    text_id: false,
};

/// How the list of people who have not signed can be sorted.
pub(crate) static NOT_SIGNED: Sortable = Sortable {
    columns: &[
        SortColumn { name: "name", sql: "lower(name)", text: true },
        SortColumn { name: "organisation", sql: "lower(organisation)", text: true },
    ],
    id: "user_id",
    text_id: false,
};

const SIGNATURES: &str = "
    SELECT record_id, user_id, person.user_name, code_hash, label, acknowledgement.name, acknowledgement.position,
           acknowledgement.organisation, acknowledgement.organisation_id, signed, recorded_ms, received_ms
    FROM acknowledgement JOIN person USING (user_id)
        JOIN organisation ON organisation.organisation_id = acknowledgement.organisation_id";

fn register_row(row: &Row<'_>) -> Result<RegisterRow, CouncilError> {
    let signed: String = row.get("signed")?;
    let acknowledgement = Acknowledgement {
        code: row.get("code_hash")?,
        label: row.get("label")?,
        name: row.get("name")?,
        position: row.get("position")?,
        organisation: row.get("organisation")?,
        signed: serde_json::from_str(&signed).map_err(|_| CouncilError::Unreadable("acknowledgement"))?,
    };
    let kept = Acknowledged {
        organisation_id: OrganisationId::from_bytes(row.get("organisation_id")?),
        record: RecordId::from_bytes(row.get("record_id")?),
        user: UserId::from_bytes(row.get("user_id")?),
        acknowledgement,
        recorded_ms: row.get("recorded_ms")?,
        received_ms: row.get("received_ms")?,
    };
    Ok(RegisterRow { user_name: row.get("user_name")?, kept })
}

fn published(row: &Row<'_>) -> Result<(String, String, String), CouncilError> {
    Ok((row.get("label")?, row.get("from_day")?, row.get("text")?))
}

fn code((label, from, text): (String, String, String)) -> Result<PublishedCode, CouncilError> {
    let from = from.parse().map_err(|_| CouncilError::Unreadable("Code of conduct"))?;
    Ok(PublishedCode { label, from, text })
}

impl Reading<'_> {
    /// The version in force on a day: of those that apply from that day or earlier, the newest.
    pub(crate) fn code_in_force(&self, day: NaiveDate) -> Result<Option<PublishedCode>, CouncilError> {
        self.one(
            "SELECT label, from_day, text FROM code WHERE from_day <= ?1 ORDER BY from_day DESC, published_ms DESC LIMIT 1",
            params![day.to_string()],
            published,
        )?
        .map(code)
        .transpose()
    }

    /// Every version, newest first.
    pub(crate) fn codes(&self) -> Result<Vec<CodeRow>, CouncilError> {
        let rows = self.many(
            "SELECT label, from_day, text, published_ms, published_by,
                    (SELECT count(DISTINCT user_id) FROM acknowledgement WHERE acknowledgement.code_hash = code.code_hash) AS signed_by
             FROM code ORDER BY from_day DESC, published_ms DESC",
            params![],
            |row| Ok((published(row)?, row.get("published_ms")?, row.get("published_by")?, row.get("signed_by")?)),
        )?;
        rows.into_iter()
            .map(|(text, published_ms, published_by, signed_by)| {
                Ok(CodeRow { code: code(text)?, published_ms, published_by, signed_by })
            })
            .collect()
    }

    /// A page of the register.
    pub(crate) fn acknowledgements(
        &self,
        filter: &RegisterFilter,
        order: &Order,
        most: usize,
    ) -> Result<Page<RegisterRow>, CouncilError> {
        let which = filter.conditions("acknowledgement.name");
        self.page(&format!("{SIGNATURES}{}", which.text()), which, order, most, register_row)
    }

    /// Calls `each` for every signature that fits the filter, newest first.
    pub(crate) fn each_acknowledgement(
        &self,
        filter: &RegisterFilter,
        mut each: impl FnMut(RegisterRow) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let which = filter.conditions("acknowledgement.name");
        let sql = format!("{SIGNATURES}{} ORDER BY recorded_ms DESC, record_id DESC", which.text());
        self.connection.query_at_length(&sql, which.values(), &mut |row| {
            each(register_row(row)?)?;
            Ok(true)
        })
    }

    /// A page of visitors who have not signed a version, each with name and organisation.
    pub(crate) fn not_signed(
        &self,
        code_hash: &str,
        filter: &RegisterFilter,
        order: &Order,
        most: usize,
    ) -> Result<Page<(String, String)>, CouncilError> {
        let mut which = filter.conditions("display_name");
        which.and_that(VISITORS);
        which.and(
            "NOT EXISTS (SELECT 1 FROM acknowledgement WHERE acknowledgement.user_id = person.user_id AND code_hash = ?)",
            [code_hash],
        );
        let listed = format!(
            "SELECT user_id, display_name AS name, organisation.name AS organisation
             FROM person JOIN organisation USING (organisation_id){}",
            which.text()
        );
        self.page(&listed, which, order, most, |row| Ok((row.get("name")?, row.get("organisation")?)))
    }

    /// How many visitors, of one organisation or of all, have signed a version, and how many have
    /// not.
    pub(crate) fn signed_counts(
        &self,
        code_hash: &str,
        organisation: Option<&str>,
    ) -> Result<(u64, u64), CouncilError> {
        let mut which = Conditions::default();
        let hash = which.placeholder(code_hash);
        which.and_that(VISITORS);
        which.and_if("organisation.name = ?", organisation);
        let sql = format!(
            "SELECT count(*) AS visitors, coalesce(sum(CASE WHEN EXISTS (SELECT 1 FROM acknowledgement
                 WHERE acknowledgement.user_id = person.user_id AND code_hash = {hash}) THEN 1 ELSE 0 END), 0) AS signed
             FROM person JOIN organisation USING (organisation_id){}",
            which.text()
        );
        let counts =
            self.one(&sql, which.values(), |row| Ok((row.get::<u64>("visitors")?, row.get::<u64>("signed")?)))?;
        let (visitors, signed) = counts.unwrap_or_default();
        Ok((signed, visitors.saturating_sub(signed)))
    }
}

impl Writing<'_> {
    /// Publishes a version. Publishing the same text again changes its label and the day from which
    /// it applies.
    pub(crate) fn keep_published_code(&self, code: &PublishedCode, now_ms: i64, by: &str) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO code (code_hash, label, from_day, text, published_ms, published_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (code_hash) DO UPDATE SET label = excluded.label, from_day = excluded.from_day,
                 published_ms = excluded.published_ms, published_by = excluded.published_by",
            params![code.hash(), &code.label, code.from.to_string(), &code.text, now_ms, by],
        )?;
        Ok(())
    }

    pub(crate) fn keep_acknowledgement(&self, kept: &Acknowledged) -> Result<(), CouncilError> {
        let signed = serde_json::to_string(&kept.acknowledgement.signed)
            .map_err(|_| CouncilError::Unreadable("acknowledgement"))?;
        self.write(
            "INSERT INTO acknowledgement (record_id, user_id, code_hash, label, name, position, organisation, signed, recorded_ms, received_ms,
                 organisation_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (record_id) DO NOTHING",
            params![
                kept.record.as_bytes(),
                kept.user.as_bytes(),
                &kept.acknowledgement.code,
                &kept.acknowledgement.label,
                &kept.acknowledgement.name,
                &kept.acknowledgement.position,
                &kept.acknowledgement.organisation,
                signed,
                kept.recorded_ms,
                kept.received_ms,
                kept.organisation_id.as_bytes()
            ],
        )?;
        Ok(())
    }
}
