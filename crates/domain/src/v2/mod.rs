#![doc = include_str!("README.md")]

pub mod canonical;
pub mod merkle;
pub mod padding;

mod any;
mod attested;
mod certificate;
mod enrol;
mod envelope;
mod exchange;
mod grant;
mod name;
mod note;
mod photo;
mod receipt;
mod run;
mod salvage;
mod seal;
mod sync;

pub use crate::hash::{CouncilId, Nonce};
pub use any::AnyEnvelope;
pub use attested::{Attested, Message, NotAttested, Statement};
pub use certificate::Certificate;
pub use enrol::{EnrolAnswer, EnrolRequest};
pub use envelope::{Envelope, Link, Salt, VERSION};
pub use exchange::Exchange;
pub use grant::{Grant, version_hash};
pub use name::Name;
pub use note::Note;
pub use photo::{Held, PhotoAnswer, PhotoRequest};
pub use receipt::{BatchReceipts, Judged, Receipt, ReceiptLeaf, ReceiptRoot, ReceiptVerdict, VerdictRun};
pub use run::{MadeRecord, Run, RunRecord};
pub use salvage::{SalvageAnswer, SalvageRequest, SealedStore};
pub use seal::{HEADS, Seal, SealContents, SentSeal};
pub use sync::{
    Changes, FRESH_MS, Given, HeadClaim, HeadClass, KeyOfVisit, MOST_ASIDE, MOST_ASKED, MOST_CHAINS, MOST_LOST,
    MOST_SEALS, Mark, PROTOCOL, Running, SealMark, Standing, SyncAnswer, SyncRequest, WholeRecord,
};
