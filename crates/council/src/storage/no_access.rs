//! Homes where nobody got in, and the visits in which nobody did.

use doorstep_domain::{Uprn, VisitId};

use super::database::{Conditions, Row, params};
use super::order::{Order, Page, SortColumn, Sortable};
use super::transaction::Reading;
use super::visits::{FoldedVisit, OF_ORGANISATION, OLDEST_FIRST, SELECT, VisitRow};
use crate::error::CouncilError;

/// How homes where nobody got in can be sorted.
pub(crate) static HOMES: Sortable = Sortable {
    columns: &[
        SortColumn { name: "last", sql: "last_ms", text: false },
        SortColumn { name: "attempts", sql: "attempts", text: false },
        SortColumn { name: "where", sql: "lower(address)", text: true },
    ],
    id: "uprn",
    text_id: true,
};

/// A home where nobody got in.
#[derive(Debug, Clone)]
pub(crate) struct NoAccessRow {
    pub(crate) uprn: Uprn,
    pub(crate) address: String,
    /// The visits in which nobody got in, the oldest first.
    pub(crate) visits: Vec<VisitRow>,
}

impl Reading<'_> {
    /// The address of a home, as the council knows it from an appointment there. What a phone says
    /// is none.
    pub(crate) fn address_of_home(&self, uprn: &Uprn) -> Result<Option<String>, CouncilError> {
        let address = self.one(
            "SELECT coalesce((SELECT max(appointment.address) FROM appointment WHERE appointment.uprn = ?1),
                             (SELECT max(visit.address) FROM visit WHERE visit.uprn = ?1 AND home_given = 1)) AS address",
            params![uprn.as_str()],
            |row| row.get::<Option<String>>("address"),
        )?;
        Ok(address.flatten())
    }

    /// Visits to a home in which nobody got in, by one organisation or by all, the oldest first.
    pub(crate) fn visits_without_access(
        &self,
        uprn: &Uprn,
        organisation: Option<&str>,
    ) -> Result<Vec<FoldedVisit>, CouncilError> {
        let mut which = Conditions::default();
        which.and_that("visit.outcome IN ('entry_refused', 'no_answer', 'no_suitable_adult')");
        which.and("visit.uprn = ?", [uprn.as_str()]);
        which.and_if(OF_ORGANISATION, organisation);
        self.many(&format!("{SELECT}{}{OLDEST_FIRST}", which.text()), which.values(), FoldedVisit::from_row)
    }

    /// A page of homes where nobody got in. `bound_to` limits the attempts shown to one
    /// organisation's, for somebody who may see no others.
    pub(crate) fn no_access(
        &self,
        organisation: Option<&str>,
        bound_to: Option<&str>,
        order: &Order,
        most: usize,
    ) -> Result<Page<NoAccessRow>, CouncilError> {
        let mut which = Conditions::default();
        which.and_that(
            "visit.outcome IN ('entry_refused', 'no_answer', 'no_suitable_adult') AND visit.uprn IS NOT NULL",
        );
        which.and_if("organisation.name = ?", organisation);
        let listed = format!(
            "SELECT visit.uprn AS uprn, max(visit.started_ms) AS last_ms, count(*) AS attempts,
                    coalesce((SELECT max(appointment.address) FROM appointment WHERE appointment.uprn = visit.uprn),
                             max(CASE WHEN visit.home_given = 1 THEN visit.address END), '') AS address
             FROM visit
             LEFT JOIN organisation ON organisation.organisation_id = visit.organisation_id{}
             GROUP BY visit.uprn",
            which.text()
        );
        let home = |row: &Row<'_>| {
            let uprn: String = row.get("uprn")?;
            Ok((Uprn::try_from(uprn).map_err(|_| CouncilError::Unreadable("UPRN"))?, row.get::<String>("address")?))
        };
        let Page { rows, next } = self.page(&listed, which, order, most, home)?;
        let rows = rows.into_iter().map(|(uprn, address)| {
            let visits = self.visits_without_access(&uprn, bound_to)?;
            // A visit that can't be read stops no list.
            let visits = visits.into_iter().filter_map(|found| found.unfolded().ok()).collect();
            Ok(NoAccessRow { uprn, address, visits })
        });
        Ok(Page { rows: rows.collect::<Result<_, CouncilError>>()?, next })
    }

    /// The stable name of what a supervisor decided about a refusal; `None` if nobody has decided
    /// yet.
    pub(crate) fn refusal_decision(&self, visit: VisitId) -> Result<Option<String>, CouncilError> {
        let outcome = self.one(
            "SELECT outcome FROM case_file WHERE visit_id = ?1 AND kind = 'refusal_decision' AND closed_ms IS NOT NULL
             ORDER BY closed_ms DESC LIMIT 1",
            params![visit.as_bytes()],
            |row| row.get::<Option<String>>("outcome"),
        )?;
        Ok(outcome.flatten())
    }
}
