//! Stable names: how a kind of thing is called in exports, databases, the command line and other
//! systems.
//!
//! A name is said once, where the type says how it is serialized, and everything else asks here. A
//! name that was released never changes and never comes to mean something else.

use serde::Serialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use strum::VariantArray;

/// A kind of thing that has a stable name: an enum without fields.
pub trait StableName: VariantArray + Copy + Serialize + DeserializeOwned {
    /// All of them, in the order in which they are declared, which is the one in which a screen
    /// offers them.
    const ALL: &'static [Self] = Self::VARIANTS;

    /// All of them, one by one.
    fn all() -> impl Iterator<Item = Self> + Clone {
        Self::VARIANTS.iter().copied()
    }

    /// The stable name.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the trait is for enums without fields alone, whose variants all have a name"
    )]
    fn name(self) -> &'static str {
        serde_variant::to_variant_name(&self).expect("a variant without fields has a name")
    }

    /// The one of that name; `None` where there is none, as when a newer program wrote it.
    #[must_use]
    fn from_name(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }
}

impl<T: VariantArray + Copy + Serialize + DeserializeOwned> StableName for T {}
