//! A client that signs in to the console and sends the requests that its pages send, without a
//! browser.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestCouncil};

/// How long a request may take. It is long because an export can have a million rows.
const PATIENCE: Duration = Duration::from_secs(600);

/// Signs somebody in, and returns the cookie of their session for requests that are written by
/// hand: its name and its value.
///
/// # Panics
/// When they can't sign in.
#[must_use]
pub fn session_cookie(council: &TestCouncil, user: &str) -> String {
    let answer =
        ConsoleClient::nobody(council).sends("POST", "/api/session", &json!({ "user": user, "password": PASSWORD }));
    let cookie = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
    cookie.and_then(|cookie| cookie.split(';').next()).expect("a session has a cookie").to_owned()
}

/// Somebody at a desk: a cookie store of their own, or the token of another system.
#[derive(Debug)]
pub struct ConsoleClient {
    client: Client,
    council: SocketAddr,
    token: Option<String>,
}

impl ConsoleClient {
    /// Somebody who has signed in.
    ///
    /// # Panics
    /// When they can't.
    #[must_use]
    pub fn of(user: &str, council: &TestCouncil) -> Self {
        Self::at(user, council.address())
    }

    /// Somebody who has signed in at one of several processes of a council.
    ///
    /// # Panics
    /// When they can't.
    #[must_use]
    pub fn at(user: &str, council: SocketAddr) -> Self {
        let console = Self::nobody_at(council);
        assert_eq!(console.signs_in(user, PASSWORD), StatusCode::OK, "{user} can't sign in");
        console
    }

    /// Somebody who has not signed in.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    #[must_use]
    pub fn nobody(council: &TestCouncil) -> Self {
        Self::nobody_at(council.address())
    }

    /// Somebody who has not signed in, at one of several processes of a council.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    #[must_use]
    pub fn nobody_at(council: SocketAddr) -> Self {
        // This fails when another test has installed it already, which is fine.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().cookie_store(true).timeout(PATIENCE).build();
        Self { client: client.expect("a client can be made"), council, token: None }
    }

    /// Another system, with its token.
    #[must_use]
    pub fn with_token(token: &str, council: &TestCouncil) -> Self {
        Self { token: Some(token.to_owned()), ..Self::nobody(council) }
    }

    /// Reads an `OData` feed as a spreadsheet does, with HTTP Basic authentication and at most
    /// `rows` rows a page.
    ///
    /// # Panics
    /// When the council does not answer.
    #[must_use]
    pub fn refreshes(&self, address: &str, password: &str, rows: usize) -> Response {
        let request = self.client.get(format!("http://{}{address}", self.council));
        let request =
            request.basic_auth("anybody", Some(password)).header("prefer", format!("odata.maxpagesize={rows}"));
        request.send().expect("the council answers")
    }

    /// Tries to sign in.
    #[must_use]
    pub fn signs_in(&self, user: &str, password: &str) -> StatusCode {
        self.sends("POST", "/api/session", &json!({ "user": user, "password": password })).status()
    }

    /// Sends a request without a body, with the header that the console adds.
    ///
    /// # Panics
    /// When the council does not answer.
    #[must_use]
    pub fn asks(&self, method: &str, address: &str) -> Response {
        self.request(method, address).header("x-doorstep", "1").send().expect("the council answers")
    }

    /// Asks for something as a page does that loads itself again, though nobody may be there.
    ///
    /// # Panics
    /// When the council does not answer.
    #[must_use]
    pub fn asks_by_itself(&self, address: &str) -> Response {
        self.request("GET", address).header("x-doorstep", "by-itself").send().expect("the council answers")
    }

    /// Tries to sign in, with a header that says for whom a proxy speaks.
    ///
    /// # Panics
    /// When the council does not answer.
    #[must_use]
    pub fn signs_in_through(&self, user: &str, password: &str, forwarded_for: &str) -> StatusCode {
        let request = self.request("POST", "/api/session").header("x-doorstep", "1");
        let request = request.header("x-forwarded-for", forwarded_for);
        let said = json!({ "user": user, "password": password });
        request.json(&said).send().expect("the council answers").status()
    }

    /// Sends JSON, with the header that the console adds.
    ///
    /// # Panics
    /// When the council does not answer.
    #[must_use]
    pub fn sends(&self, method: &str, address: &str, said: &Value) -> Response {
        let request = self.request(method, address).header("x-doorstep", "1").json(said);
        request.send().expect("the council answers")
    }

    /// Sends a table, as the console does with a file.
    ///
    /// # Panics
    /// When the council does not answer.
    #[must_use]
    pub fn sends_table(&self, address: &str, table: &str) -> Response {
        let request = self.request("POST", address).header("x-doorstep", "1").header("content-type", "text/csv");
        request.body(table.to_owned()).send().expect("the council answers")
    }

    /// Sends a request without the console's own header, as a form on another site would.
    ///
    /// # Panics
    /// When the council does not answer.
    #[must_use]
    pub fn is_made_to_send(&self, method: &str, address: &str) -> StatusCode {
        self.request(method, address).send().expect("the council answers").status()
    }

    /// The JSON at an address.
    ///
    /// # Panics
    /// When the answer is not 200, or not JSON.
    #[must_use]
    pub fn reads(&self, address: &str) -> Value {
        let answer = self.asks("GET", address);
        assert_eq!(answer.status(), StatusCode::OK, "{address}");
        answer.json().expect("an answer is JSON")
    }

    /// Sends JSON and returns the JSON of the answer, or `null` when the answer has none.
    ///
    /// # Panics
    /// When the status is not one of success.
    pub fn does(&self, method: &str, address: &str, said: &Value) -> Value {
        let answer = self.sends(method, address, said);
        let (status, text) = (answer.status(), answer.text().expect("an answer is text"));
        assert!(status.is_success(), "{method} {address}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    fn request(&self, method: &str, address: &str) -> RequestBuilder {
        let method: Method = method.parse().expect("that is a method");
        let request = self.client.request(method, format!("http://{}{address}", self.council));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}
