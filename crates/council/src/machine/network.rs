//! The network that somebody is in.

use std::net::IpAddr;

use super::keys::Keys;

/// A network from which people sign in: one IPv4 address, or one IPv6 network of 64 bits, as a home
/// or an office has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network([u8; 16]);

impl Network {
    /// The network that an address is in.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped().octets()),
            IpAddr::V6(address) => Self((address.to_bits() >> 64 << 64).to_be_bytes()),
        }
    }

    /// What is stored of it. Whoever has the database alone can't tell which network it is.
    pub(crate) fn hash(&self, keys: &Keys) -> [u8; 32] {
        keys.keyed_hash("doorstep-network-v1", &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_with_many_addresses_is_one_network_and_its_neighbour_another() {
        let network = |address: &str| Network::of(address.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::3"), network("2001:db8:1:2:ffff::4"));
        assert_ne!(network("2001:db8:1:2::3"), network("2001:db8:1:3::3"));
        assert_ne!(network("203.0.113.7"), network("203.0.113.8"));
        assert_eq!(network("203.0.113.7"), network("::ffff:203.0.113.7"));
    }
}
