//! Today.

use axum::extract::State;

use crate::desk::today::{self, TodayBoard};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::Json;
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn show(State(service): State<Service>, By(by): By) -> Result<Json<TodayBoard>, WebProblem> {
    ask(service, move |service| today::board(service, &by)).await.map(Json)
}
