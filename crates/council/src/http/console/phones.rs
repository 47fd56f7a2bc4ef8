//! Phones: listing them, making a code that enrols one, and revoking one that is lost.

use axum::extract::State;
use chrono::{DateTime, Utc};
use doorstep_domain::DeviceId;
use serde::{Deserialize, Serialize};

use super::appointments::{Visitor, visitors};
use super::not_received::{AsideRecords, MissingRecords, missing, set_aside};
use crate::desk::phones::{self, PhoneRow};
use crate::http::PAGE;
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::WebProblem;
use crate::machine::times;
use crate::service::Service;
use crate::storage::DEVICES;

/// A page of phones.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct PhoneList {
    /// The phones on this page. Unless another order is asked for, the one that was heard from last
    /// is first.
    pub(crate) phones: Vec<PhoneRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// The people who can be given a phone.
    pub(crate) visitors: Vec<Visitor>,
    /// Records that phones have and the council has not.
    pub(crate) missing: Vec<MissingRecords>,
    /// Records that the council set aside.
    pub(crate) set_aside: Vec<AsideRecords>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// A code that enrols one phone.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct PhoneOffer {
    /// The code to type.
    pub(crate) code: String,
    /// When it stops working.
    pub(crate) expires_at: DateTime<Utc>,
    /// The code and the council's address as a QR code, SVG.
    pub(crate) qr: String,
}

/// A request for a code that enrols a phone of this user.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct OfferFor {
    user: String,
    /// The address at which phones reach the council, as the browser knows it.
    server: String,
}

/// The filters in the page's address.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct PhoneQuery {
    q: Option<String>,
    /// `heard`, `whose`, `device` or `enrolled`. A `-` in front reverses the order.
    sort: Option<String>,
    after: Option<String>,
}

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<PhoneQuery>,
) -> Result<Json<PhoneList>, WebProblem> {
    let order = DEVICES.order(query.sort.as_deref(), "-heard", query.after.as_deref())?;
    ask(service, move |service| {
        let now_ms = service.now_ms();
        service.storage.read(|reading| {
            let page = reading.devices(query.q.as_deref(), &order, PAGE)?;
            let phones = page.rows.into_iter().map(PhoneRow::from);
            Ok(PhoneList {
                phones: phones.collect(),
                next: page.next,
                visitors: visitors(reading, None)?,
                missing: missing(reading, &by)?,
                set_aside: set_aside(reading, &by)?,
                as_of: times::from_ms(now_ms),
            })
        })
    })
    .await
    .map(Json)
}

pub(crate) async fn offer(
    State(service): State<Service>,
    By(by): By,
    Json(OfferFor { user, server }): Json<OfferFor>,
) -> Result<Json<PhoneOffer>, WebProblem> {
    let offer = ask(service, move |service| phones::offer(service, &by, &user, Some(&server))).await?;
    let image = qrcode::QrCode::new(offer.qr.as_bytes()).map_err(|_| WebProblem::Internal)?;
    let qr = image.render::<qrcode::render::svg::Color<'_>>().min_dimensions(280, 280).build();
    Ok(Json(PhoneOffer { code: offer.code, expires_at: offer.expires_at, qr }))
}

pub(crate) async fn revoke(
    State(service): State<Service>,
    By(by): By,
    Path(device): Path<String>,
) -> Result<(), WebProblem> {
    let device: DeviceId = device.parse().map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| phones::revoke(service, &by, device)).await
}
