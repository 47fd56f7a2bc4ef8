//! Receipts: the council's signed word that it holds a record. Each stands alone. Those of one
//! answer are the leaves of one small tree, whose root the council signs once.

use minicbor::{Decode, Encode};

use super::merkle::{self, Tree};
use super::{Attested, CouncilId, Link, Message, Name, Nonce, NotAttested, Statement, VERSION, canonical};
use crate::DeviceId;
use crate::ledger::{Epoch, Hash, PublicKey, SigningKey};

/// What the council did with a record. A newer council may say what an older phone does not know;
/// the phone keeps that as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct ReceiptVerdict(#[n(0)] pub u16);

impl ReceiptVerdict {
    /// The council stored it.
    pub const STORED: Self = Self(1);
    /// The council stored it, and this version of the service can't read it. A later one will.
    pub const NOT_UNDERSTOOD: Self = Self(2);
    /// The council keeps it apart, for a person to look at. The reason says why.
    pub const SET_ASIDE: Self = Self(3);
}

/// What the council decided about one record of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The record.
    pub record: Link,
    /// What the council did with it.
    pub verdict: ReceiptVerdict,
    /// Why it was set aside, as a stable code.
    pub reason: Option<String>,
}

/// A receipt as it stands alone: everything that the council says about one record.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ReceiptLeaf {
    /// Whose word it is: the council's id. Once there is a log, the log's name.
    #[n(0)]
    pub origin: CouncilId,
    /// The council's epoch.
    #[n(1)]
    pub council_epoch: Epoch,
    /// The enrolment that sent the record.
    #[n(2)]
    pub enrolment: DeviceId,
    /// The record.
    #[n(3)]
    pub record: Link,
    /// What the council did with it.
    #[n(4)]
    pub verdict: ReceiptVerdict,
    /// Why it was set aside, as a stable code.
    #[n(5)]
    pub reason: Option<String>,
    /// When it was received, by the council's clock: milliseconds since 1970, UTC.
    #[n(6)]
    pub at_ms: i64,
    /// A random number of this receipt's own.
    #[n(7)]
    pub nonce: Hash,
    /// By when it will be in the council's log, by the council's clock. There is no log yet.
    #[n(8)]
    pub included_by_ms: Option<i64>,
}

/// What the council signs for all receipts of one answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ReceiptRoot {
    /// The version of this layout.
    #[n(0)]
    pub version: u8,
    /// See [`ReceiptLeaf::origin`].
    #[n(1)]
    pub origin: CouncilId,
    /// See [`ReceiptLeaf::council_epoch`].
    #[n(2)]
    pub council_epoch: Epoch,
    /// See [`ReceiptLeaf::enrolment`].
    #[n(3)]
    pub enrolment: DeviceId,
    /// See [`ReceiptLeaf::at_ms`].
    #[n(4)]
    pub at_ms: i64,
    /// A random number, from which each receipt's own is made.
    #[n(5)]
    pub nonce: Nonce,
    /// How many receipts there are.
    #[n(6)]
    pub receipts: u32,
    /// The root of the tree of receipts.
    #[n(7)]
    pub root: Hash,
    /// See [`ReceiptLeaf::included_by_ms`].
    #[n(8)]
    pub included_by_ms: Option<i64>,
}

impl Message for ReceiptRoot {
    const NAME: Name = Name::ReceiptRoot;
}

impl Statement for ReceiptRoot {}

/// One verdict about records that follow each other in a request.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct VerdictRun {
    /// How many records.
    #[n(0)]
    pub records: u32,
    /// What the council did with them.
    #[n(1)]
    pub verdict: ReceiptVerdict,
    /// Why they were set aside, as a stable code.
    #[n(2)]
    pub reason: Option<String>,
}

/// The receipts of one answer, as they are sent. The phone knows which records it sent, so verdicts
/// and one signature are enough.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct BatchReceipts {
    /// The signed root.
    #[n(0)]
    pub root: Attested<ReceiptRoot>,
    /// The verdicts, in the order in which the records were sent.
    #[n(1)]
    pub verdicts: Vec<VerdictRun>,
}

/// One receipt, as both sides keep it and as it is given to others.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Receipt {
    /// The record.
    #[n(0)]
    pub record: Link,
    /// What the council did with it.
    #[n(1)]
    pub verdict: ReceiptVerdict,
    /// Why it was set aside, as a stable code.
    #[n(2)]
    pub reason: Option<String>,
    /// Its place among the receipts of its answer.
    #[n(3)]
    pub place: u32,
    /// The path from it to the root.
    #[n(4)]
    pub path: Vec<Hash>,
    /// The signed root.
    #[n(5)]
    pub root: Attested<ReceiptRoot>,
}

impl ReceiptRoot {
    /// The receipt with this place.
    fn leaf(&self, place: u32, judged: &Judged) -> ReceiptLeaf {
        ReceiptLeaf {
            origin: self.origin,
            council_epoch: self.council_epoch,
            enrolment: self.enrolment,
            record: judged.record,
            verdict: judged.verdict,
            reason: judged.reason.clone(),
            at_ms: self.at_ms,
            nonce: Name::ReceiptNonce.keyed(self.nonce.as_bytes(), &[&place.to_be_bytes()]),
            included_by_ms: self.included_by_ms,
        }
    }

    /// The tree over the receipts for these records. The root that is in here does not matter.
    fn tree(&self, judged: &[Judged]) -> Tree {
        let leaves = (0..).zip(judged).map(|(place, judged)| leaf_hash(&self.leaf(place, judged)));
        Tree::over(Name::Receipt, leaves.collect())
    }

    /// Signs receipts for these records. Gives `None` where there are none.
    #[must_use]
    pub fn sign(mut self, judged: &[Judged], key: &SigningKey) -> Option<BatchReceipts> {
        self.version = VERSION;
        self.receipts = u32::try_from(judged.len()).ok()?;
        self.root = self.tree(judged).root()?;
        Some(BatchReceipts { root: Attested::new(&self, key), verdicts: runs(judged) })
    }
}

impl BatchReceipts {
    /// The receipts for the records that were sent, in the order in which they were sent.
    ///
    /// # Errors
    /// [`NotAttested`] when this council did not sign exactly these.
    pub fn open(&self, council: &PublicKey, sent: &[Link]) -> Result<Vec<Receipt>, NotAttested> {
        let judged = self.judged(sent)?;
        let root = self.root.open(council)?;
        receipts(&self.root, &root, judged)
    }

    /// The verdict about each record that was sent.
    fn judged(&self, sent: &[Link]) -> Result<Vec<Judged>, NotAttested> {
        let mut left = sent.iter();
        let mut judged = Vec::with_capacity(sent.len());
        for run in &self.verdicts {
            for _ in 0..run.records {
                let record = *left.next().ok_or(NotAttested)?;
                judged.push(Judged { record, verdict: run.verdict, reason: run.reason.clone() });
            }
        }
        if left.next().is_none() { Ok(judged) } else { Err(NotAttested) }
    }
}

/// The receipts of one answer, each by itself.
///
/// # Errors
/// [`NotAttested`] when the root is not over exactly these.
fn receipts(
    attested: &Attested<ReceiptRoot>,
    root: &ReceiptRoot,
    judged: Vec<Judged>,
) -> Result<Vec<Receipt>, NotAttested> {
    let tree = root.tree(&judged);
    if tree.root() != Some(root.root) || u32::try_from(judged.len()) != Ok(root.receipts) {
        return Err(NotAttested);
    }
    let each = (0_u32..).zip(0_usize..).zip(judged);
    each.map(|((place, index), Judged { record, verdict, reason })| {
        let path = tree.path(index).ok_or(NotAttested)?;
        Ok(Receipt { record, verdict, reason, place, path, root: attested.clone() })
    })
    .collect()
}

impl Receipt {
    /// The receipts of one answer, from what its council keeps: the signed root, and what it
    /// decided about each record, in order.
    ///
    /// # Errors
    /// [`NotAttested`] when the root is not over exactly these.
    pub fn all_of(root: &Attested<ReceiptRoot>, judged: Vec<Judged>) -> Result<Vec<Self>, NotAttested> {
        receipts(root, &root.peek()?, judged)
    }

    /// What the receipt says, if this council signed it.
    ///
    /// # Errors
    /// [`NotAttested`] otherwise.
    pub fn open(&self, council: &PublicKey) -> Result<ReceiptLeaf, NotAttested> {
        let root = self.root.open(council)?;
        let judged = Judged { record: self.record, verdict: self.verdict, reason: self.reason.clone() };
        let leaf = root.leaf(self.place, &judged);
        let led = merkle::root_of(Name::Receipt, leaf_hash(&leaf), self.place, root.receipts, &self.path);
        if led == Some(root.root) { Ok(leaf) } else { Err(NotAttested) }
    }
}

fn leaf_hash(leaf: &ReceiptLeaf) -> Hash {
    merkle::leaf(Name::Receipt, &[&canonical::write(leaf)])
}

/// The verdicts, with those that are alike and follow each other put together.
fn runs(judged: &[Judged]) -> Vec<VerdictRun> {
    let mut runs: Vec<VerdictRun> = Vec::new();
    for Judged { verdict, reason, .. } in judged {
        match runs.last_mut() {
            Some(run) if run.verdict == *verdict && run.reason == *reason => run.records += 1,
            _ => runs.push(VerdictRun { records: 1, verdict: *verdict, reason: reason.clone() }),
        }
    }
    runs
}
