//! Phones: listing them, making a code that enrols one, and revoking one that is lost.

use axum::extract::State;
use chrono::{DateTime, Utc};
use doorstep_domain::DeviceId;
use serde::{Deserialize, Serialize};

use crate::desk::phones::{self, PhoneList, PhoneQuery};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::WebProblem;
use crate::service::Service;

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

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<PhoneQuery>,
) -> Result<Json<PhoneList>, WebProblem> {
    ask(service, move |service| phones::list(service, &by, &query)).await.map(Json)
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
