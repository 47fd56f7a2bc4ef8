//! `POST /v2/sync`: the phone sends its records, and the answer brings receipts and changes.

use minicbor::{Decode, Encode};

use super::{
    Attested, BatchReceipts, Certificate, CouncilId, Grant, Link, Message, Name, Nonce, Receipt, Run, SentSeal,
};
use crate::bytes::Bytes;
use crate::ledger::{Epoch, Hash, PublicKey};
use crate::{AppointmentRef, DeviceId, VisitId};

/// The version of the protocol that this module is about.
pub const PROTOCOL: u16 = 2;

/// How far a request's reckoned time may be from the council's clock, either way, in milliseconds.
/// Beyond it the request fetches nothing.
pub const FRESH_MS: u64 = 10 * 60 * 1000;

/// The most chains that a request may name, in its heads, its runs and its questions.
pub const MOST_CHAINS: usize = 4_000;

/// The most seals in a request.
pub const MOST_SEALS: usize = 8;

/// The most records that a request may ask about because they were set aside.
pub const MOST_ASIDE: usize = 64;

/// The most chains that a phone asks about in a request. Of others, the answer says neither what
/// was erased nor which photos are wanted.
pub const MOST_ASKED: usize = 500;

/// The most photos that an answer asks for again.
pub const MOST_LOST: usize = 2_000;

/// The phone's request.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SyncRequest {
    /// The version of the protocol.
    #[n(0)]
    pub protocol: u16,
    /// The enrolment that sends it, and whose key signed the request.
    #[n(1)]
    pub enrolment: DeviceId,
    /// The enrolment's certificate. Absent only in a request that asks for one: that of a phone
    /// that was enrolled in version 1.
    #[n(2)]
    pub certificate: Option<Attested<Certificate>>,
    /// A random number, which the answer repeats.
    #[n(3)]
    pub nonce: Nonce,
    /// What the phone reckons the council's clock shows: its time at the last contact, and how long
    /// the phone has run since. Milliseconds since 1970, UTC. Absent where the phone was started
    /// since; then the answer fetches nothing, and the phone asks again with the time that it
    /// gives.
    #[n(4)]
    pub reckoned_ms: Option<i64>,
    /// The council's epoch at the last contact.
    #[n(5)]
    pub council_epoch: Epoch,
    /// The cursor of the last pull; 0 before the first.
    #[n(6)]
    pub cursor: u64,
    /// The hash of the Code that the phone holds; see [`crate::conduct::PublishedCode::hash`].
    #[n(7)]
    pub code: Option<String>,
    /// The hash of the council's numbers that the phone holds; see
    /// [`crate::conduct::CouncilNumbers::hash`].
    #[n(8)]
    pub numbers: Option<String>,
    /// The app's version.
    #[n(9)]
    pub app_version: String,
    /// The ends of the chains with records that the phone has no receipt for: those of the batch
    /// first, and 50 others at most. They tell the council what is missing.
    #[n(10)]
    pub heads: Vec<HeadClaim>,
    /// Chains that the phone holds and has receipts for: it asks whether the council does too.
    #[n(11)]
    pub chains: Vec<Epoch>,
    /// The keys of the visits in the batch.
    #[n(12)]
    pub visit_keys: Vec<KeyOfVisit>,
    /// The records, in runs: urgent ones first, then oldest first.
    #[n(13)]
    pub runs: Vec<Run>,
    /// The seals that cover them.
    #[n(14)]
    pub seals: Vec<SentSeal>,
    /// Records that can't go in a run: those of a run that the council could not make again, and
    /// those whose envelope the phone can't read any more.
    #[n(15)]
    pub whole: Vec<WholeRecord>,
    /// Records whose receipt says that they were set aside: the phone asks whether somebody has
    /// released them. [`MOST_ASIDE`] at most; absent where there are none.
    #[n(16)]
    pub set_aside: Option<Vec<Link>>,
    /// How long the phone has run. With the records' own, the council reckons how long ago each was
    /// made, whatever the phone's clock shows.
    #[n(17)]
    pub running: Option<Running>,
    /// How many visits the phone has forgotten since its last contact without a backup mark over
    /// them, because their receipts were older than 30 days. Notes count for nothing in it. Absent
    /// where there are none.
    #[n(18)]
    pub forgotten: Option<u64>,
}

/// How long a phone has run when it made a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Running {
    /// A number for the start of the phone that `monotonic_ms` counts from, as in its records.
    #[n(0)]
    pub boot: u64,
    /// Milliseconds since the phone started.
    #[n(1)]
    pub monotonic_ms: u64,
}

/// A record with all its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct WholeRecord {
    /// The name of its chain. It is in the envelope too; it stands here so that a record whose
    /// envelope can't be read has a place.
    #[n(0)]
    pub chain: Epoch,
    /// Its number in the chain.
    #[n(1)]
    pub sequence: u64,
    /// The envelope's bytes, as the phone keeps them.
    #[n(2)]
    pub envelope: Bytes,
    /// The body's bytes, as the phone keeps them.
    #[n(3)]
    pub body: Bytes,
    /// The grant that the record gives the hash of.
    #[n(4)]
    pub grant: Option<Attested<Grant>>,
}

/// What a chain is for. Its notes' chains are told by nobody but their phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct HeadClass(#[n(0)] pub u16);

impl HeadClass {
    /// A visit's records.
    pub const VISIT: Self = Self(1);
    /// One safeguarding note. It shows to leads alone, in lists of what is missing too.
    pub const NOTE: Self = Self(2);
    /// A person's signatures under the Code.
    pub const REGISTER: Self = Self(3);
}

/// The end of a chain as the phone says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct HeadClaim {
    /// What the chain is for.
    #[n(0)]
    pub class: HeadClass,
    /// Its last record.
    #[n(1)]
    pub head: Link,
}

/// The key of a visit, with which the council checks the bodies of the visit's records.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct KeyOfVisit {
    /// The visit's id.
    #[n(0)]
    pub visit: VisitId,
    /// The 32 bytes of its key.
    #[n(1)]
    pub key: Bytes,
}

impl std::fmt::Debug for KeyOfVisit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyOfVisit({})", self.visit)
    }
}

/// The council's answer, which it signs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SyncAnswer {
    /// The version of the protocol.
    #[n(0)]
    pub protocol: u16,
    /// The enrolment that asked.
    #[n(1)]
    pub enrolment: DeviceId,
    /// The request's random number.
    #[n(2)]
    pub nonce: Nonce,
    /// The council's id.
    #[n(3)]
    pub council: CouncilId,
    /// Changes when the council is restored from a backup.
    #[n(4)]
    pub council_epoch: Epoch,
    /// The council's clock: milliseconds since 1970, UTC.
    #[n(5)]
    pub council_time_ms: i64,
    /// How the council sees the enrolment.
    #[n(6)]
    pub standing: Standing,
    /// The certificate, for a phone that has none.
    #[n(7)]
    pub certificate: Option<Attested<Certificate>>,
    /// Receipts for the records that are new, in the order in which they were sent: those of the
    /// runs, then those that came whole.
    #[n(8)]
    pub receipts: Option<BatchReceipts>,
    /// The receipts that were given before for records that came again, and those that were given
    /// since for records that the phone asks about.
    #[n(9)]
    pub earlier: Vec<Receipt>,
    /// The runs that the council could not make again, by their places in the request. It took
    /// nothing of them; the phone sends their records whole.
    #[n(10)]
    pub unfit: Vec<u32>,
    /// What the council holds of the chains that the request names. Those that it holds exactly to
    /// the end that the request gives among its heads are left out.
    #[n(11)]
    pub marks: Vec<Mark>,
    /// The last of the enrolment's seals that the council holds.
    #[n(12)]
    pub seal_mark: Option<SealMark>,
    /// Where two phones use one enrolment: the number of the last seal that both have.
    #[n(13)]
    pub common_seal: Option<u64>,
    /// Everything that has a receipt of this time or an earlier one, and that the council has held
    /// ever since, is in a backup that was restored in a drill and found whole. Absent in an epoch
    /// of the council without such a backup.
    #[n(14)]
    pub backup_mark_ms: Option<i64>,
    /// What changed since the cursor. Absent where the request was not fresh: it came before, or
    /// its time is not the council's. The phone asks again at once with the time of this answer.
    #[n(15)]
    pub changes: Option<Changes>,
    /// The council's public keys, for a phone that knows a former one, which then signed this
    /// answer: the one that signs from now on first, then those that signed before. The phone goes
    /// by these alone from then on, and shows the certificate that comes with them.
    #[n(16)]
    pub council_keys: Option<Vec<PublicKey>>,
    /// Visits of the chains that the request names which the council has erased: the phone erases
    /// what their records say. Absent where there are none.
    #[n(17)]
    pub erased: Option<Vec<VisitId>>,
    /// Photos that records of the chains name which the phone asks about, and that the council has
    /// not got whole: the phone sends again those that it believed to be there. [`MOST_LOST`] at
    /// most, and then the phone forgets nothing until it has asked again; absent where there are
    /// none.
    #[n(18)]
    pub lost_photos: Option<Vec<Hash>>,
}

/// How the council sees an enrolment. A newer council may say what an older phone does not know;
/// the phone goes on as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Standing(#[n(0)] pub u16);

impl Standing {
    /// All is well.
    pub const ACTIVE: Self = Self(1);
    /// The phone was lost, or its person left. It can still send what it holds, and gets nothing
    /// new.
    pub const REVOKED: Self = Self(2);
    /// Two phones use this enrolment, or one was put back from a copy. The phone begins a new chain
    /// of seals.
    pub const TWO_PHONES: Self = Self(3);
}

/// Which records of one chain the council holds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Mark {
    /// The name of the chain.
    #[n(0)]
    pub chain: Epoch,
    /// The council holds every record up to this number; 0 for none.
    #[n(1)]
    pub sequence: u64,
    /// Runs of records that it holds beyond that, each as its first and last number.
    #[n(2)]
    pub above: Vec<(u64, u64)>,
    /// The hash of the record with that number.
    #[n(3)]
    pub hash: Option<Hash>,
}

/// The last seal that the council holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SealMark {
    /// The name of the chain of seals.
    #[n(0)]
    pub epoch: Epoch,
    /// The seal's number.
    #[n(1)]
    pub number: u64,
    /// Its root.
    #[n(2)]
    pub root: Hash,
}

/// What is new for the phone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Changes {
    /// `true`: these are all the appointments, and the phone drops the others. `false`: these are
    /// the changes since the cursor.
    #[n(0)]
    pub snapshot: bool,
    /// Appointments that are the enrolment's.
    #[n(1)]
    pub given: Vec<Given>,
    /// Appointments that are no longer the enrolment's.
    #[n(2)]
    pub withdrawn: Vec<AppointmentRef>,
    /// The age recipients to which safeguarding notes are sealed from now on.
    #[n(3)]
    pub safeguarding_keys: Vec<String>,
    /// The cursor for the next pull.
    #[n(4)]
    pub cursor: u64,
    /// Whether there are more changes to ask for.
    #[n(5)]
    pub more: bool,
    /// The Code that is in force, as in version 1; absent when the phone holds it already.
    #[n(6)]
    pub code: Option<Bytes>,
    /// The council's own numbers, as in version 1; absent when the phone holds them already.
    #[n(7)]
    pub numbers: Option<Bytes>,
    /// The public half of the council's recovery key, an age recipient. The phone seals the key of
    /// what it keeps to send to it. Absent where the council has none.
    #[n(8)]
    pub recovery_key: Option<String>,
}

/// An appointment that is given to an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Given {
    /// The appointment, as in version 1.
    #[n(0)]
    pub appointment: Bytes,
    /// The salt of this version's hash; see [`super::version_hash`].
    #[n(1)]
    pub salt: Nonce,
    /// The council's word that it gave it.
    #[n(2)]
    pub grant: Attested<Grant>,
}

impl Message for SyncRequest {
    const NAME: Name = Name::Request;
}

impl Message for SyncAnswer {
    const NAME: Name = Name::Answer;
}
