//! What makes a record trustworthy: its envelope, the hash chain of its device and epoch, the seals
//! over that chain, and the commitment that ties a body to its envelope without being part of it.
//!
//! The chain covers envelopes; an envelope holds no name, address or free text. A body is tied to
//! its envelope by a salted hash whose salt comes from the visit's own random key: erase body and
//! key, and the chain still verifies while the content is gone for good.

mod body;
mod chain;
mod envelope;
mod seal;

pub use crate::hash::{Epoch, Hash, NotAHash};
pub use body::{Body, SCHEMA, VisitKey, decode_acknowledgement, decode_body, encode_acknowledgement, encode_body};
pub use chain::{ChainFault, ChainHead};
pub use envelope::{BadEnvelope, Envelope, RecordKind};
pub use seal::{BadKey, PublicKey, Seal, Signature, SigningKey};
