//! Checks that nobody on the network can read what is sent to an address.

use doorstep_domain::local_address::is_this_machine;
use reqwest::Url;

/// Whether an address is safe to send to: it uses TLS, or it is on this machine.
pub(crate) fn is_safe(address: &Url) -> bool {
    let here = || address.host_str().is_some_and(is_this_machine);
    address.scheme() == "https" || (address.scheme() == "http" && here())
}

/// Whether an address is safe to send to: `https://` anywhere, or `http://` on this machine. A text
/// that is not an address is not safe.
#[must_use]
pub fn is_safe_address(address: &str) -> bool {
    Url::parse(address).is_ok_and(|address| is_safe(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_like_this_machine_is_another() {
        for safe in [
            "https://council.example",
            "http://localhost:8080",
            "http://127.0.0.1",
            "http://127.8.0.1/x",
            "http://[::1]:1",
        ] {
            assert!(is_safe_address(safe), "{safe}");
        }
        for not in [
            "http://council.example",
            "http://localhost.attacker.example",
            "http://127.0.0.1.attacker.example",
            "ftp://localhost",
            "localhost",
            "",
        ] {
            assert!(!is_safe_address(not), "{not}");
        }
    }
}
