//! Seals: the device's signature over the ends of its chains. The seals of an enrolment are a chain
//! of their own, so a missing one is a gap, and two with one number are two phones.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use super::merkle::{self, Tree};
use super::{Link, Message, Name, Nonce, Statement, VERSION, canonical};
use crate::DeviceId;
use crate::ledger::{Epoch, Hash, PublicKey, Signature, SigningKey};

/// How many heads a seal has room for. A phone with more makes more seals.
pub const HEADS: usize = 1_024;

/// What a device signs. It says nothing by itself: what it is over is behind one salted hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Seal {
    /// The version of this layout.
    #[n(0)]
    pub version: u8,
    /// The kind of signature. 1 is Ed25519.
    #[n(1)]
    pub algorithm: u8,
    /// The root; see [`SealContents::root`].
    #[n(2)]
    pub root: Hash,
}

impl Message for Seal {
    const NAME: Name = Name::Seal;
}

impl Statement for Seal {}

/// What a seal is over. The council gets all of it. A part can be shown to others without the rest,
/// because each is salted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SealContents {
    /// A random number, from which each part's salt is made.
    #[n(0)]
    pub salt: Nonce,
    /// The enrolment.
    #[n(1)]
    pub enrolment: DeviceId,
    /// The random name of this chain of seals. A phone that was copied or put back begins a new
    /// one.
    #[n(2)]
    pub epoch: Epoch,
    /// The seal's number in it: 1, 2, 3 ...
    #[n(3)]
    pub number: u64,
    /// The root of the seal before it; absent in the first.
    #[n(4)]
    pub previous: Option<Hash>,
    /// The ends of the chains that have records which no receipted seal covers.
    #[n(5)]
    pub heads: Vec<Link>,
    /// The newest checkpoint of the council's log that the phone knows. There is no such log yet.
    #[n(6)]
    pub checkpoint: Option<crate::bytes::Bytes>,
}

/// A seal as it is sent: what it is over, and the signature.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SentSeal {
    /// The kind of signature. 1 is Ed25519.
    #[n(0)]
    pub algorithm: u8,
    /// What it is over.
    #[n(1)]
    pub contents: SealContents,
    /// The signature over [`Seal`].
    #[n(2)]
    pub signature: Signature,
}

/// Which number and which seal before it this is.
#[derive(Encode)]
#[cbor(array)]
struct Numbered {
    #[n(0)]
    enrolment: DeviceId,
    #[n(1)]
    epoch: Epoch,
    #[n(2)]
    number: u64,
    #[n(3)]
    previous: Option<Hash>,
}

impl SealContents {
    /// The root: a hash over three salted parts, which are the seal's number, its heads, and the
    /// checkpoint. `None` if there are too many heads, or two of one chain.
    #[must_use]
    pub fn root(&self) -> Option<Hash> {
        let Self { enrolment, epoch, number, previous, .. } = *self;
        let numbered = canonical::write(&Numbered { enrolment, epoch, number, previous });
        let heads = self.heads_root()?;
        let checkpoint = canonical::write(&self.checkpoint);
        let part = |which: u8, part: &[u8]| Name::Seal.hash(&[self.salt_of(&[which]).as_bytes(), part]);
        let parts = [part(0, &numbered), part(1, heads.as_bytes()), part(2, &checkpoint)];
        Some(Name::SealRoot.hash(&[parts[0].as_bytes(), parts[1].as_bytes(), parts[2].as_bytes()]))
    }

    fn salt_of(&self, place: &[u8]) -> Hash {
        Name::Seal.keyed(self.salt.as_bytes(), &[place])
    }

    /// The root of the tree of heads. It always has [`HEADS`] places, and where a head lies is
    /// random, so that one head that is shown does not tell how many there are.
    fn heads_root(&self) -> Option<Hash> {
        let mut placed: BTreeMap<usize, &Link> = BTreeMap::new();
        let mut heads: Vec<&Link> = self.heads.iter().collect();
        heads.sort_unstable_by_key(|head| head.chain);
        let twice = heads.windows(2).any(|pair| matches!(pair, [one, other] if one.chain == other.chain));
        if heads.len() > HEADS || twice {
            return None;
        }
        for head in heads {
            let [first, second, ..] = *self.salt_of(head.chain.as_bytes()).as_bytes();
            let wanted = usize::from(u16::from_be_bytes([first, second])) % HEADS;
            let free = (0..HEADS).map(|step| (wanted + step) % HEADS).find(|place| !placed.contains_key(place))?;
            placed.insert(free, head);
        }
        let salts = Name::Head.with_key(self.salt.as_bytes());
        let leaves = (0..HEADS).map(|place| {
            let number = u16::try_from(place).unwrap_or(u16::MAX).to_be_bytes();
            match placed.get(&place) {
                Some(head) => {
                    let salt = salts.over(&[&[1], &number]);
                    merkle::leaf(Name::Head, &[salt.as_bytes(), &canonical::write(*head)])
                }
                None => salts.over(&[&[0], &number]),
            }
        });
        Tree::over(Name::Head, leaves.collect()).root()
    }
}

impl SentSeal {
    /// The number of Ed25519, the only kind of signature so far.
    pub const ED25519: u8 = 1;

    /// Signs these contents. `None` if they can't be sealed; see [`SealContents::root`].
    #[must_use]
    pub fn new(contents: SealContents, key: &SigningKey) -> Option<Self> {
        let seal = Seal { version: VERSION, algorithm: Self::ED25519, root: contents.root()? };
        let signature = key.sign(Name::Seal.text(), &canonical::write(&seal));
        Some(Self { algorithm: seal.algorithm, contents, signature })
    }

    /// The root, if this key made the seal.
    #[must_use]
    pub fn verified(&self, key: &PublicKey) -> Option<Hash> {
        let seal = Seal { version: VERSION, algorithm: self.algorithm, root: self.contents.root()? };
        let is_signed = key.verifies(Name::Seal.text(), &canonical::write(&seal), &self.signature);
        (self.algorithm == Self::ED25519 && is_signed).then_some(seal.root)
    }
}
