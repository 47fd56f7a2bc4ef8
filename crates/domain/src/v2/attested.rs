//! Signed bytes: what was said, kept as it came, and the signature over it.

use std::marker::PhantomData;

use minicbor::{Decode, Encode};

use super::{Name, canonical};
use crate::bytes::Bytes;
use crate::ledger::{PublicKey, Signature, SigningKey};

/// Something that is sent under a signature. A newer version may add fields at its end, which an
/// older one passes over.
pub trait Message: Encode<()> + for<'b> Decode<'b, ()> {
    /// What a signature over it is for.
    const NAME: Name;
}

/// Something that is signed, kept, and shown to others later. It has one form of bytes; see
/// [`canonical`].
pub trait Statement: Message {}

/// The signature is not the one that is asked for, or the bytes are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not signed by whom it should be, or can't be read")]
pub struct NotAttested;

/// A message's bytes and its sender's signature. Nothing in it is believed until it is opened with
/// the sender's key.
pub struct Attested<T> {
    payload: Bytes,
    signature: Signature,
    of: PhantomData<fn() -> T>,
}

impl<T: Message> Attested<T> {
    /// Signs a message.
    #[must_use]
    pub fn new(message: &T, key: &SigningKey) -> Self {
        let payload = canonical::write(message);
        let signature = key.sign(T::NAME.text(), &payload);
        Self { payload: Bytes(payload), signature, of: PhantomData }
    }

    /// Reads the message, if this key signed it.
    ///
    /// # Errors
    /// [`NotAttested`] when the signature does not verify, or the message can't be read.
    pub fn hear(&self, key: &PublicKey) -> Result<T, NotAttested> {
        if key.verifies(T::NAME.text(), &self.payload.0, &self.signature) { self.peek() } else { Err(NotAttested) }
    }

    /// Reads the message without checking the signature, to find out whose key to check it with.
    ///
    /// # Errors
    /// [`NotAttested`] when the message can't be read.
    pub fn peek(&self) -> Result<T, NotAttested> {
        minicbor::decode(&self.payload.0).map_err(|_| NotAttested)
    }

    /// The hash by which others name these bytes.
    #[must_use]
    pub fn hash(&self) -> crate::ledger::Hash {
        T::NAME.hash(&[&self.payload.0])
    }
}

impl<T: Statement> Attested<T> {
    /// Reads the statement, if this key signed it and its bytes are the canonical ones.
    ///
    /// # Errors
    /// [`NotAttested`] otherwise.
    pub fn open(&self, key: &PublicKey) -> Result<T, NotAttested> {
        self.hear(key)?;
        canonical::read(&self.payload.0).map_err(|_| NotAttested)
    }
}

impl<T> Attested<T> {
    /// The bytes and the signature, as they are stored and sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::write(self)
    }

    /// Reads stored or sent bytes.
    ///
    /// # Errors
    /// [`NotAttested`] when they are not bytes and a signature, or have something behind them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAttested> {
        canonical::read(bytes).map_err(|_| NotAttested)
    }
}

impl<T> Clone for Attested<T> {
    fn clone(&self) -> Self {
        Self { payload: self.payload.clone(), signature: self.signature, of: PhantomData }
    }
}

impl<T> PartialEq for Attested<T> {
    fn eq(&self, other: &Self) -> bool {
        (&self.payload, self.signature) == (&other.payload, other.signature)
    }
}

impl<T> Eq for Attested<T> {}

impl<T> std::fmt::Debug for Attested<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attested({} bytes)", self.payload.0.len())
    }
}

impl<C, T> Encode<C> for Attested<T> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        context: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(2)?;
        self.payload.encode(e, context)?;
        self.signature.encode(e, context)
    }
}

impl<'b, C, T> Decode<'b, C> for Attested<T> {
    fn decode(d: &mut minicbor::Decoder<'b>, context: &mut C) -> Result<Self, minicbor::decode::Error> {
        match d.array()? {
            Some(2) => {
                let (payload, signature) = (Bytes::decode(d, context)?, Signature::decode(d, context)?);
                Ok(Self { payload, signature, of: PhantomData })
            }
            _ => Err(minicbor::decode::Error::message("expected bytes and a signature")),
        }
    }
}
