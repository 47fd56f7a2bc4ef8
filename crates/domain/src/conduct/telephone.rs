//! Whom to ring. The numbers that the app dials, and that its messages name, come from here.

/// The emergency services.
pub const EMERGENCY: &str = "999";

/// The national gas emergency line.
pub const GAS: &str = "0800 111 999";

/// The council, as its Code gives the number.
pub const COUNCIL: &str = "01664 502 502";

/// All of them, each with the name that screens know it by.
pub const ALL: [(&str, &str); 3] = [("emergency", EMERGENCY), ("gas", GAS), ("council", COUNCIL)];
