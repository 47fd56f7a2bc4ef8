//! What ties the answer of a provider of accounts to the browser that asked it.

use std::fmt;

use super::session::TokenHash;
use super::token::token_hash;
use crate::machine::environment::Environment;

/// The most bytes of the address of a page to which somebody goes back.
const LONGEST_PAGE: usize = 500;

/// What a browser keeps in a cookie while a person signs in at the provider. It ties the provider's
/// answer to this browser.
pub(crate) struct Attempt {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    /// The hash of the session that this browser has until now, in hexadecimal; empty without one.
    /// Its cookie does not come back from another site.
    before: String,
    /// The page of the console on which they were, in hexadecimal.
    page: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}.{}", self.state, self.nonce, self.verifier, self.before, self.page)
    }
}

impl Attempt {
    /// An attempt that begins on this page of the console, in a browser that has this session.
    pub(super) fn new(environment: &Environment, before: Option<&TokenHash>, page: &str) -> Self {
        let random = || data_encoding::HEXLOWER.encode(&environment.random::<32>());
        let before = before.map(|hash| data_encoding::HEXLOWER.encode(hash)).unwrap_or_default();
        let page = data_encoding::HEXLOWER.encode(own_page(page).as_bytes());
        Self { state: random(), nonce: random(), verifier: random(), before, page }
    }

    /// The page of the console to which they go back.
    pub(crate) fn page(&self) -> String {
        let page = data_encoding::HEXLOWER.decode(self.page.as_bytes()).ok();
        own_page(&page.and_then(|page| String::from_utf8(page).ok()).unwrap_or_default()).to_owned()
    }

    /// The session that this browser had until now.
    pub(super) fn session_before(&self) -> Option<TokenHash> {
        data_encoding::HEXLOWER.decode(self.before.as_bytes()).ok()?.try_into().ok()
    }

    /// Reads the cookie's value. `None` when it is not one of ours.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::to_owned);
        let attempt = Self {
            state: parts.next()?,
            nonce: parts.next()?,
            verifier: parts.next()?,
            before: parts.next()?,
            page: parts.next()?,
        };
        parts.next().is_none().then_some(attempt)
    }

    /// Whether the `state` in the provider's answer belongs to this attempt.
    pub(crate) fn is(&self, state: &str) -> bool {
        // Compares hashes, so that the time it takes reveals nothing.
        !state.is_empty() && token_hash(&self.state) == token_hash(state)
    }
}

/// The page, if it is one of the console's own; otherwise its first page. An address of another
/// site, in whichever way a browser reads it, is none.
fn own_page(page: &str) -> &str {
    let is_plain = page.len() <= LONGEST_PAGE && page.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_own = page.starts_with('/') && !page.starts_with("//") && !page.starts_with("/api/");
    if is_plain && is_own { page } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_the_console_is_gone_back_to() {
        for own in ["/", "/visits?q=Oakham+Road", "/cases/0f3a", "/phones"] {
            let attempt = Attempt::read(&Attempt::new(&Environment::real(), None, own).to_string()).unwrap();
            assert_eq!(attempt.page(), own);
        }
        let long = format!("/{}", "x".repeat(LONGEST_PAGE));
        for other in
            ["", "//example.com", "/\\example.com", "https://example.com", "/a\r\nb", "/api/exports/visits.csv", &long]
        {
            assert_eq!(own_page(other), "/", "{other}");
        }
        assert_eq!(Attempt::read("a.b.c.d.zz").unwrap().page(), "/");
    }
}
