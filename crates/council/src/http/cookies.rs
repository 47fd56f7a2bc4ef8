//! The console's cookies, and what a request says about the browser. No script can read the
//! cookies, and requests from other sites do not carry them.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};

use super::problem::WebProblem;
use crate::access::session::{Browser, MOST_KNOWN, NewSession, TokenHash};
use crate::access::token::token_hash;
use crate::machine::network::Network;
use crate::service::Service;

/// The cookie with a session's token.
const SESSION: &str = "doorstep_session";
/// The cookie with the tokens of a browser from which people have signed in before.
const KNOWN_BROWSER: &str = "doorstep_browser";
/// What stands between them.
const BETWEEN: &str = ".";
/// How many letters a token has.
const TOKEN: usize = 64;
/// What a cookie's name begins with where there is TLS. A browser then only takes it over TLS, from
/// this host itself.
const OF_THIS_HOST: &str = "__Host-";

/// The value of a cookie that came with a request.
pub(crate) fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    // A browser may send each cookie in a header of its own.
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut cookies = cookies.flat_map(|cookies| cookies.split(';'));
    cookies.find_map(|cookie| Some(cookie.trim().strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

/// The name of a cookie, with TLS or without it.
pub(crate) fn name_of(cookie: &str, over_tls: bool) -> String {
    format!("{}{cookie}", if over_tls { OF_THIS_HOST } else { "" })
}

/// The name of the cookie with a session's token, for the API's document.
pub(crate) fn session_name(over_tls: bool) -> String {
    name_of(SESSION, over_tls)
}

fn token(service: &Service, headers: &HeaderMap, cookie: &str) -> Option<TokenHash> {
    value(headers, &name_of(cookie, service.is_over_tls())).map(|value| token_hash(&value))
}

/// The hash of the session token in a request.
pub(crate) fn session(service: &Service, headers: &HeaderMap) -> Option<TokenHash> {
    token(service, headers, SESSION)
}

/// The tokens of a browser from which people have signed in before.
fn known_browser(service: &Service, headers: &HeaderMap) -> Vec<String> {
    let value = value(headers, &name_of(KNOWN_BROWSER, service.is_over_tls())).unwrap_or_default();
    let is_token = |token: &&str| token.len() == TOKEN && token.bytes().all(|letter| letter.is_ascii_hexdigit());
    value.split(BETWEEN).filter(is_token).take(MOST_KNOWN).map(str::to_owned).collect()
}

/// The cookies that a browser gets when a session begins.
pub(crate) fn of_session(opened: &NewSession, over_tls: bool) -> Vec<String> {
    let secure = if over_tls { "; Secure" } else { "" };
    let kept = |cookie: &str, value: &str, age: &str| {
        format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{age}{secure}", name_of(cookie, over_tls))
    };
    let known = opened.known_browser.as_ref();
    let known = known.map(|tokens| kept(KNOWN_BROWSER, &tokens.join(BETWEEN), "; Max-Age=31536000"));
    std::iter::once(kept(SESSION, &opened.token, "")).chain(known).collect()
}

/// The cookie that removes the session token from the browser.
pub(crate) fn end_of_session(over_tls: bool) -> String {
    let secure = if over_tls { "; Secure" } else { "" };
    format!("{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}", name_of(SESSION, over_tls))
}

/// The browser that a request came from.
pub(crate) struct FromBrowser(pub(crate) Browser);

impl FromRequestParts<Service> for FromBrowser {
    type Rejection = WebProblem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, WebProblem> {
        let headers = &parts.headers;
        let name = headers.get(header::USER_AGENT).and_then(|said| said.to_str().ok()).unwrap_or_default();
        Ok(Self(Browser {
            tokens: known_browser(service, headers),
            name: name.chars().take(200).collect(),
            address: address_of(service, headers, &parts.extensions),
            network: network_of(service, headers, &parts.extensions),
            session: session(service, headers),
        }))
    }
}

/// The address of whoever sent a request. `None` where a test calls the router by itself.
pub(crate) fn address_of(service: &Service, headers: &HeaderMap, known: &Extensions) -> Option<IpAddr> {
    let ConnectInfo(peer) = known.get::<ConnectInfo<SocketAddr>>()?;
    Some(address(service, headers, peer.ip()))
}

/// The network of whoever sent a request. `None` where all of them may be behind one proxy: one
/// that the settings don't name, or one on this machine.
fn network_of(service: &Service, headers: &HeaderMap, known: &Extensions) -> Option<Network> {
    let ConnectInfo(peer) = known.get::<ConnectInfo<SocketAddr>>()?;
    let peer = peer.ip().to_canonical();
    let address = address(service, headers, peer);
    let is_of_a_proxy = address == peer && (peer.is_loopback() || service.behind_proxy || is_proxy(service, peer));
    (!is_of_a_proxy).then(|| Network::of(address))
}

fn is_proxy(service: &Service, peer: IpAddr) -> bool {
    service.proxies.contains(&peer)
}

/// The address of whoever sent a request: the other end of the connection. Only a proxy that the
/// settings name is believed when it says for whom it speaks: it adds that address at the end of
/// `X-Forwarded-For`. So it is with several in a row.
fn address(service: &Service, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    // Some proxies add the port.
    let read = |text: &str| text.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    let lists = headers.get_all("x-forwarded-for").iter().rev().filter_map(|said| said.to_str().ok());
    let mut address = peer.to_canonical();
    for said in lists.flat_map(|said| said.rsplit(',')) {
        // What stands before the first that is no proxy can be anybody's invention.
        let Some(before) = read(said.trim()).filter(|_| is_proxy(service, address)) else { break };
        address = IpAddr::to_canonical(&before);
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_in_whichever_header_it_comes() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "doorstep_browser=known; theme=dark".parse().unwrap());
        headers.append(header::COOKIE, "doorstep_session=token".parse().unwrap());
        let found = [KNOWN_BROWSER, SESSION, "theme", "other"].map(|name| value(&headers, name));
        assert_eq!(found, [Some("known".into()), Some("token".into()), Some("dark".into()), None]);
    }
}
