//! What was set aside, and what phones leave open: looking at it, and deciding about it.

use axum::extract::State;
use doorstep_domain::DeviceId;

use crate::desk::set_aside::{self, AsideDecide, AsideList, AsideOfPhone, RestRequest};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn list(State(service): State<Service>, By(by): By) -> Result<Json<AsideList>, WebProblem> {
    ask(service, move |service| set_aside::list(service, &by)).await.map(Json)
}

pub(crate) async fn put_to_rest(
    State(service): State<Service>,
    By(by): By,
    Json(request): Json<RestRequest>,
) -> Result<Json<AsideList>, WebProblem> {
    ask(service, move |service| set_aside::put_to_rest(service, &by, &request)).await.map(Json)
}

pub(crate) async fn show(
    State(service): State<Service>,
    By(by): By,
    Path(device): Path<String>,
) -> Result<Json<AsideOfPhone>, WebProblem> {
    let device: DeviceId = device.parse().map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| set_aside::read(service, &by, device)).await.map(Json)
}

/// Decides about records of a phone, and shows them as they are afterwards.
pub(crate) async fn decide(
    State(service): State<Service>,
    By(by): By,
    Path(device): Path<String>,
    Json(request): Json<AsideDecide>,
) -> Result<Json<AsideOfPhone>, WebProblem> {
    let device: DeviceId = device.parse().map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| set_aside::decide(service, &by, device, &request)).await.map(Json)
}
