//! Checks an answer. Only the council's signed answer to this request counts; anything else is
//! treated as no answer.

use doorstep_domain::DeviceId;
use doorstep_domain::ledger::PublicKey;
use doorstep_domain::protocol::{NoAnswer, Purpose, Signed, SyncAnswer, decode};

/// Reads the answer, if it is to be believed.
pub(super) fn judge(bytes: &[u8], council: &PublicKey, device: DeviceId, nonce: &[u8]) -> Result<SyncAnswer, NoAnswer> {
    let signed: Signed = decode(bytes).map_err(|_| NoAnswer::NotTheCouncil)?;
    let answer: SyncAnswer = signed.open(Purpose::SyncAnswer, council).map_err(|_| NoAnswer::NotTheCouncil)?;
    let mine = answer.device == device;
    let this_one = answer.nonce.0 == nonce;
    if mine && this_one { Ok(answer) } else { Err(NoAnswer::NotTheCouncil) }
}
