//! The links of the audit log. Each line is linked to the one before by a hash, so that whoever
//! alters or removes a line alters every link after it. Once a day the newest link is mailed to the
//! auditors. What a line says is only committed to, so that it can be erased while the links stay
//! right.
//!
//! A line is written without a link, and linked within the next minute together with those beside
//! it. If each were linked as it is written, people would wait for one another.

use chrono::NaiveDate;
use doorstep_domain::ledger::Hash;

use super::audit::Audited;
use super::database::{Row, params};
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;
use crate::machine::environment::Environment;

/// Where the links begin, after the lines that a retention rule erased: the place and link of the
/// last of these.
const BEGINS: &str = "audit_links_begin_after";
/// The last day of which the logs were closed.
const CLOSED: &str = "audit_log_closed_on";

/// The action of a line that commits to the end of the leads' own log.
const CLOSED_ACTION: &str = "logs_closed";
/// The action of a line that says where the log begins now.
const BEGINS_ACTION: &str = "log_begins";

/// What such a line says.
#[derive(serde::Deserialize)]
struct LogBegins {
    after: i64,
    link: String,
}

/// Who did what the service does by itself.
pub(crate) const OF_ITSELF: &str = "Doorstep";

/// Lines that can be about somebody: what the logs say of each other is not.
const OF_SOMEBODY: &str = "action NOT IN ('logs_closed', 'log_begins')";

/// How far a line can be written before another that is linked before it, in milliseconds: whatever
/// writes both takes less.
const APART_MS: i64 = 60 * 60 * 1000;

/// Lines about sealed notes from earlier versions are shown to nobody, so they have no place among
/// the others: a gap would tell that there is one (clause 6.2).
const CAN_BE_LINKED: &str = "action <> 'safeguarding_note_read'";

/// Lines that are older than a moment (`?1`) and have no line before them that is kept.
const BEFORE_ALL_KEPT: &str = "at_ms < ?1 AND (place IS NULL OR place < (
        SELECT coalesce(min(kept.place), 9223372036854775807) FROM audit AS kept
        WHERE kept.at_ms >= ?1 AND kept.place IS NOT NULL))";

/// A line's place in the log, and its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AuditPlace {
    /// 1 for the first line that was ever linked.
    pub(crate) place: i64,
    /// When the line was written, by the council's clock.
    pub(crate) at_ms: i64,
    /// It commits to the line and to every line before it.
    pub(crate) link: Hash,
}

/// What a check of the audit log's links found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AuditLinks {
    /// How many lines have a link.
    pub(crate) lines: u64,
    /// How many of those say less than was written, because somebody was erased.
    pub(crate) erased: u64,
    /// The first line that does not follow from the one before it, or does not say what was
    /// written. `None` when the whole log holds.
    pub(crate) altered: Option<AuditPlace>,
    /// The oldest line that is kept.
    pub(crate) first: Option<AuditPlace>,
    /// The newest line that has a link.
    pub(crate) last: Option<AuditPlace>,
    /// The line with the link that was looked for.
    pub(crate) found: Option<AuditPlace>,
}

fn commitment(salt: &[u8], user_name: &str, detail: &str) -> Hash {
    Hash::framed("doorstep-audit-line-v1", &[salt, user_name.as_bytes(), detail.as_bytes()])
}

/// The link of a line that comes after one with the link `before`.
fn link(before: Hash, (place, number, at_ms): (i64, i64, i64), action: &str, commitment: Hash) -> Hash {
    let (place, number, at_ms) = (place.to_be_bytes(), number.to_be_bytes(), at_ms.to_be_bytes());
    let parts = [before.as_bytes().as_slice(), &place, &number, &at_ms, action.as_bytes(), commitment.as_bytes()];
    Hash::framed("doorstep-audit-link-v1", &parts)
}

/// The place and link before the first line.
fn beginning(said: Option<&str>) -> (i64, Hash) {
    let begins = said.and_then(|said| {
        let (place, link) = said.split_once(' ')?;
        Some((place.parse().ok()?, link.parse().ok()?))
    });
    begins.unwrap_or((0, Hash::from_bytes([0; 32])))
}

/// What the check of one line needs of those before it.
struct Before {
    place: i64,
    link: Hash,
    /// The largest number so far, and when that line was written.
    newest: (i64, i64),
    /// Where the log begins, by the last line that says so.
    begins: (i64, Hash),
}

/// A line as it was written.
struct Line {
    number: i64,
    at_ms: i64,
    user_name: String,
    action: String,
    detail: String,
}

impl Line {
    fn of(row: &Row<'_>) -> Result<Self, CouncilError> {
        Ok(Self {
            number: row.get("audit_id")?,
            at_ms: row.get("at_ms")?,
            user_name: row.get("user_name")?,
            action: row.get("action")?,
            detail: row.get("detail")?,
        })
    }
}

impl AuditLinks {
    /// Checks the next line.
    fn take(&mut self, row: &Row<'_>, before: &mut Before, look_for: Option<Hash>) -> Result<(), CouncilError> {
        let line = Line::of(row)?;
        let place: i64 = row.get("place")?;
        let hash =
            |column| Ok::<_, CouncilError>(row.get::<Option<Vec<u8>>>(column)?.and_then(|it| Hash::from_slice(&it)));
        let (committed, linked) = (hash("commitment")?, hash("link")?);
        let salt = row.get::<Option<Vec<u8>>>("salt")?;
        let says = match (&salt, committed) {
            (Some(salt), Some(committed)) => commitment(salt, &line.user_name, &line.detail) == committed,
            // What the logs say of each other is about nobody, and never erased.
            (None, _) => ![CLOSED_ACTION, BEGINS_ACTION].contains(&line.action.as_str()),
            (Some(_), None) => false,
        };
        let follows = before.place.checked_add(1) == Some(place)
            && committed.zip(linked).is_some_and(|(committed, linked)| {
                link(before.link, (place, line.number, line.at_ms), &line.action, committed) == linked
            });
        // Whoever puts a line in among old ones can only have it linked behind the newest.
        let (number, at_ms) = before.newest;
        let in_order = line.number > number || at_ms.saturating_sub(line.at_ms) <= APART_MS;
        if line.action == BEGINS_ACTION {
            before.begins = serde_json::from_str::<LogBegins>(&line.detail)
                .ok()
                .and_then(|said| Some((said.after, said.link.parse().ok()?)))
                .unwrap_or(before.begins);
        }
        let found = AuditPlace { place, at_ms: line.at_ms, link: linked.unwrap_or(before.link) };
        self.lines += 1;
        self.erased += u64::from(salt.is_none());
        if !(says && follows && in_order) {
            self.altered.get_or_insert(found);
        }
        // A link behind a line that was altered proves nothing.
        if self.altered.is_none() && look_for.is_some() && look_for == linked {
            self.found = Some(found);
        }
        self.first.get_or_insert(found);
        self.last = Some(found);
        (before.place, before.link) = (place, found.link);
        before.newest = before.newest.max((line.number, line.at_ms));
        Ok(())
    }
}

impl Reading<'_> {
    fn beginning_of_links(&self) -> Result<(i64, Hash), CouncilError> {
        let said = if self.has_meta(BEGINS)? { Some(self.meta(BEGINS)?) } else { None };
        Ok(beginning(said.as_deref()))
    }

    /// The last place that is taken, and the last link. Somebody may have taken a link away: then
    /// it is that of a line before, and the check shows where.
    fn last_link(&self) -> Result<Option<(i64, Hash)>, CouncilError> {
        let sql = "SELECT link, (SELECT max(place) FROM audit) AS place FROM audit
                   WHERE place IS NOT NULL AND link IS NOT NULL ORDER BY audit.place DESC LIMIT 1";
        self.one(sql, params![], |row| Ok((row.get("place")?, Hash::from_bytes(row.get("link")?))))
    }

    /// Checks every link of the audit log, from the oldest line that is kept to the newest, and
    /// looks for one of them.
    pub(crate) fn audit_links(&self, look_for: Option<Hash>) -> Result<AuditLinks, CouncilError> {
        let (mut links, begins) = (AuditLinks::default(), self.beginning_of_links()?);
        let newest = (i64::MIN, i64::MIN);
        let mut before = Before { place: begins.0, link: begins.1, newest, begins: beginning(None) };
        let sql = "SELECT * FROM audit WHERE place IS NOT NULL ORDER BY place";
        self.connection.query_at_length(sql, params![], &mut |row| {
            links.take(row, &mut before, look_for)?;
            Ok(true)
        })?;
        // Where the log begins is not believed unless a line of the log says so too.
        if before.begins != begins {
            (links.altered, links.found) = (links.first, None);
        }
        Ok(links)
    }

    /// How many lines of the audit log a retention rule would erase that keeps those from a moment
    /// on.
    pub(crate) fn audit_lines_before(&self, before_ms: i64) -> Result<u64, CouncilError> {
        let sql = format!(
            "SELECT count(*) AS lines FROM audit
             WHERE at_ms < ?1 AND ((user_name <> '' OR detail <> '{{}}') AND {OF_SOMEBODY} OR {BEFORE_ALL_KEPT})"
        );
        self.one(&sql, params![before_ms], |row| row.get("lines"))?.ok_or(CouncilError::Unreadable("audit"))
    }
}

impl Writing<'_> {
    /// Links at most this many lines that have no link yet. Returns how many there were.
    pub(crate) fn link_audit_lines(&self, environment: &Environment, most: usize) -> Result<usize, CouncilError> {
        let waiting = self.many(
            &format!("SELECT * FROM audit WHERE place IS NULL AND {CAN_BE_LINKED} ORDER BY audit_id LIMIT {most}"),
            params![],
            Line::of,
        )?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let (mut place, mut before) = self.last_link()?.map_or_else(|| self.beginning_of_links(), Ok)?;
        let linked = waiting.len();
        for line in waiting {
            place = place.saturating_add(1);
            let salt: [u8; 32] = environment.random();
            let committed = commitment(&salt, &line.user_name, &line.detail);
            before = link(before, (place, line.number, line.at_ms), &line.action, committed);
            self.write(
                "UPDATE audit SET place = ?2, salt = ?3, commitment = ?4, link = ?5 WHERE audit_id = ?1",
                params![line.number, place, salt, committed.as_bytes(), before.as_bytes()],
            )?;
        }
        Ok(linked)
    }

    /// Once a day: commits to the end of the leads' own log in a line of this one, and tells the
    /// auditors the newest link. The leads' log is only committed to, since its length would tell
    /// whether there are notes (clause 6.2).
    pub(crate) fn close_logs_of_the_day(
        &self,
        environment: &Environment,
        day: NaiveDate,
        now_ms: i64,
    ) -> Result<(), CouncilError> {
        let closed = if self.has_meta(CLOSED)? { self.meta(CLOSED)?.parse().ok() } else { None };
        // Another process may be a day ahead for a moment.
        if closed.is_some_and(|closed: NaiveDate| closed == day || Some(closed) == day.succ_opt()) {
            return Ok(());
        }
        let leads = self.close_leads_log(environment)?;
        self.audit(now_ms, OF_ITSELF, &Audited::LogsClosed { day, leads: leads.to_string() })?;
        while self.link_audit_lines(environment, usize::from(u16::MAX))? > 0 {}
        if let Some((place, link)) = self.last_link()? {
            self.tell_auditors(place, link, now_ms)?;
        }
        self.set_meta(CLOSED, &day.to_string())
    }

    /// Erases lines of the audit log that are older than a moment. If the clock once was wrong, a
    /// younger line may stand before one of them: then it stays without what it says, so that the
    /// links stay right.
    pub(super) fn erase_linked_lines(
        &self,
        environment: &Environment,
        before_ms: i64,
        now_ms: i64,
    ) -> Result<(), CouncilError> {
        while self.link_audit_lines(environment, usize::from(u16::MAX))? > 0 {}
        let sql = format!(
            "SELECT place, link FROM audit WHERE place IS NOT NULL AND {BEFORE_ALL_KEPT} ORDER BY place DESC LIMIT 1"
        );
        let last = self
            .one(&sql, params![before_ms], |row| Ok((row.get::<i64>("place")?, Hash::from_bytes(row.get("link")?))))?;
        if let Some((after, link)) = last {
            self.set_meta(BEGINS, &format!("{after} {link}"))?;
            self.audit(now_ms, OF_ITSELF, &Audited::LogBegins { after, link: link.to_string() })?;
            while self.link_audit_lines(environment, usize::from(u16::MAX))? > 0 {}
        }
        self.write(&format!("DELETE FROM audit WHERE {BEFORE_ALL_KEPT}"), params![before_ms])?;
        let sql =
            format!("UPDATE audit SET user_name = '', detail = '{{}}', salt = NULL WHERE at_ms < ?1 AND {OF_SOMEBODY}");
        self.write(&sql, params![before_ms])?;
        Ok(())
    }
}
