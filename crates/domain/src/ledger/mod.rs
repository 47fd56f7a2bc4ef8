//! What shows that a record is genuine: its envelope, the hash chain of its device and epoch, the
//! seals over that chain, and the commitment that ties a body to its envelope.
//!
//! The chain covers envelopes only. An envelope holds no name, address or free text. It holds a
//! salted hash of the body, and the salt comes from the visit's own random key. When the body and
//! the key are erased, the content is gone for good and the chain still verifies.

mod body;
mod chain;
mod envelope;
mod seal;

pub use crate::hash::{Epoch, Hash, NotAHash};
pub use body::{Body, SCHEMA, VisitKey, decode_acknowledgement, decode_body, encode_acknowledgement, encode_body};
pub use chain::{ChainFault, ChainHead};
pub use envelope::{BadEnvelope, Envelope, RecordKind};
pub use seal::{BadKey, PublicKey, Seal, Signature, SigningKey};
