//! Hashes and epochs as types of fixed size.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

/// A random number that marks one chain of records. A device makes a new one when it is enrolled,
/// restored from a copy, or forked. The council has one too, and changes it after a restore.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch([u8; 16]);

/// 32 random bytes: a salt, or a number that is used once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce([u8; 32]);

/// The council's id: sixteen bytes of a hash of its first key, which is random. It is in everything
/// that is signed in version 2, so that nothing said at one council serves at another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CouncilId([u8; 16]);

impl Hash {
    /// Hashes the parts, one after the other, behind the name of what the hash is for. The name
    /// keeps a hash made for one use from serving as another.
    #[must_use]
    pub fn of(domain: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(domain.as_bytes());
        hasher.update([0]);
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// Hashes the parts as version 2 does: each behind its length, four bytes, the greatest first.
    /// So no two lists of parts give the same bytes.
    #[must_use]
    pub fn framed(domain: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        frame(domain, parts, |bytes| hasher.update(bytes));
        Self(hasher.finalize().into())
    }

    /// The plain SHA-256 of a file, as `sha256sum` prints it. A photo's file is named by it.
    #[must_use]
    pub fn of_file(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// Gives the bytes of a framed list of parts, one piece after the other.
pub(crate) fn frame(domain: &str, parts: &[&[u8]], mut take: impl FnMut(&[u8])) {
    take(domain.as_bytes());
    take(&[0]);
    for part in parts {
        // A part is never longer than a message, which is a few megabytes.
        take(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        take(part);
    }
}

/// The text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a hash: 64 digits, 0 to 9 and a to f")]
pub struct NotAHash;

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        Self::from_hex(text).ok_or(NotAHash)
    }
}

macro_rules! fixed_bytes {
    ($name:ident, $length:literal) => {
        impl $name {
            /// The bytes, as they are stored and sent.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Reads stored bytes back.
            #[must_use]
            pub fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// Reads stored bytes back; `None` when their number is wrong.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// Reads the text that it is written as, in hexadecimal; `None` when it is another.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> {
                Self::from_slice(&data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let bytes = d.bytes()?;
                Self::from_slice(bytes)
                    .ok_or_else(|| minicbor::decode::Error::message(concat!("expected ", $length, " bytes")))
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": concat!("^([0-9a-f]{2}){", $length, "}$") })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = String::deserialize(deserializer)?;
                    let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
                    return Self::from_slice(&bytes).ok_or_else(|| serde::de::Error::custom("wrong length"));
                }
                let bytes = crate::protocol::Bytes::deserialize(deserializer)?;
                Self::from_slice(&bytes.0).ok_or_else(|| serde::de::Error::custom("wrong length"))
            }
        }
    };
}

fixed_bytes!(Hash, 32);
fixed_bytes!(Epoch, 16);
fixed_bytes!(Nonce, 32);
fixed_bytes!(CouncilId, 16);

pub(crate) fn sixteen_bytes(d: &mut minicbor::Decoder<'_>) -> Result<[u8; 16], minicbor::decode::Error> {
    d.bytes()?.try_into().map_err(|_| minicbor::decode::Error::message("expected 16 bytes"))
}
