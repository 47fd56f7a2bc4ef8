//! Stable names: what a kind of thing is called in exports, databases, the command line and other
//! systems.
//!
//! Each name is written once, in the way the type is serialized, and everything else gets it from
//! here. A released name never changes, and never gets another meaning.

use serde::Serialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use strum::VariantArray;

/// A kind of thing that has a stable name: an enum without fields.
pub trait StableName: VariantArray + Copy + Serialize + DeserializeOwned {
    /// All of them, in the order of their declaration. Screens offer them in the same order.
    const ALL: &'static [Self] = Self::VARIANTS;

    /// An iterator over [`StableName::ALL`].
    fn all() -> impl Iterator<Item = Self> + Clone {
        Self::VARIANTS.iter().copied()
    }

    /// The stable name, as the variant is serialized.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the trait is for enums without fields alone, whose variants all have a name"
    )]
    fn name(self) -> &'static str {
        serde_variant::to_variant_name(&self).expect("a variant without fields has a name")
    }

    /// Looks up a variant by its stable name; `None` when this version does not know the name,
    /// because a newer version wrote it, for example.
    #[must_use]
    fn from_name(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }
}

impl<T: VariantArray + Copy + Serialize + DeserializeOwned> StableName for T {}

/// A stable name as it is stored. A newer version may have written one that this version does not
/// know: it is shown as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named<T> {
    /// A name that this version knows.
    Known(T),
    /// A name that only a newer version knows.
    Unknown(String),
}

impl<T: StableName> Named<T> {
    /// Reads a stored name.
    #[must_use]
    pub fn read(name: String) -> Self {
        T::from_name(&name).map_or(Self::Unknown(name), Self::Known)
    }

    /// The name, known or not.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Known(known) => known.name(),
            Self::Unknown(name) => name,
        }
    }

    /// What the name stands for; `None` if only a newer version knows.
    #[must_use]
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(known) => Some(*known),
            Self::Unknown(_) => None,
        }
    }
}

/// As the name alone.
impl<T: StableName> Serialize for Named<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
