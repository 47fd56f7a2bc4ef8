//! Tells an address on this machine from one on another machine.

use std::net::IpAddr;

/// Whether the host in an address is this machine: `localhost` or a loopback address. A name that
/// only starts that way, such as `localhost.example`, is another machine.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_like_this_machine_is_another() {
        for here in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.0.1", "[::1]", "::1"] {
            assert!(is_this_machine(here), "{here}");
        }
        for not in ["localhost.attacker.example", "127.0.0.1.attacker.example", "10.0.0.1", "[::1", "", "0.0.0.0"] {
            assert!(!is_this_machine(not), "{not}");
        }
    }
}
