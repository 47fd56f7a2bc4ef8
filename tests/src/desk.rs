//! Somebody at a desk, without a browser: signed in to the console, asking what its pages ask.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestCouncil};

/// A table of a million rows takes its time.
const PATIENCE: Duration = Duration::from_secs(600);

/// Somebody at a desk.
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
    pub fn of(user: &str, town: &TestCouncil) -> Self {
        Self::at(user, town.address())
    }

    /// Somebody who has signed in at one of several processes of a council.
    ///
    /// # Panics
    /// When they can't.
    #[must_use]
    pub fn at(user: &str, council: SocketAddr) -> Self {
        let clerk = Self::nobody_at(council);
        assert_eq!(clerk.signs_in(user, PASSWORD), StatusCode::OK, "{user} can't sign in");
        clerk
    }

    /// Somebody who has not signed in.
    ///
    /// # Panics
    /// When there is no client to be had.
    #[must_use]
    pub fn nobody(town: &TestCouncil) -> Self {
        Self::nobody_at(town.address())
    }

    /// Somebody who has not signed in, at one of several processes of a council.
    ///
    /// # Panics
    /// When there is no client to be had.
    #[must_use]
    pub fn nobody_at(council: SocketAddr) -> Self {
        // Another test may have done so before.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().cookie_store(true).timeout(PATIENCE).build();
        Self { client: client.expect("a client can be made"), council, token: None }
    }

    /// Another system, with its token.
    #[must_use]
    pub fn with_token(token: &str, town: &TestCouncil) -> Self {
        Self { token: Some(token.to_owned()), ..Self::nobody(town) }
    }

    /// Asks as a spreadsheet does, with a name and a password, for so many rows at a time.
    ///
    /// # Panics
    /// When nobody answers.
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

    /// Asks, with what the console adds, and without a body.
    ///
    /// # Panics
    /// When nobody answers.
    #[must_use]
    pub fn asks(&self, method: &str, address: &str) -> Response {
        self.request(method, address).header("x-doorstep", "1").send().expect("the council answers")
    }

    /// Sends JSON, with what the console adds.
    ///
    /// # Panics
    /// When nobody answers.
    #[must_use]
    pub fn sends(&self, method: &str, address: &str, said: &Value) -> Response {
        let request = self.request(method, address).header("x-doorstep", "1").json(said);
        request.send().expect("the council answers")
    }

    /// What another site's form would send: without the console's own header.
    ///
    /// # Panics
    /// When nobody answers.
    #[must_use]
    pub fn is_made_to_send(&self, method: &str, address: &str) -> StatusCode {
        self.request(method, address).send().expect("the council answers").status()
    }

    /// What stands at an address.
    ///
    /// # Panics
    /// When it is nothing, or nothing for them.
    #[must_use]
    pub fn reads(&self, address: &str) -> Value {
        let answer = self.asks("GET", address);
        assert_eq!(answer.status(), StatusCode::OK, "{address}");
        answer.json().expect("an answer is JSON")
    }

    /// Does something, and returns what came of it.
    ///
    /// # Panics
    /// When it is not done.
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
