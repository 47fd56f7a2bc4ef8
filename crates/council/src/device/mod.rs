//! What phones can do: enrol, send records and photos, and learn what is new.

mod enrol;
mod ingest;
mod photo_upload;
mod request;
mod second;
mod sync;

use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{Council, NoAnswer};
use doorstep_domain::v2::Exchange;

pub(crate) use self::ingest::{Signer, can_be_released, judge_again, receipt_released, release};
pub(crate) use self::second::{Answered, ask};
use crate::service::Service;

impl Council for Service {
    fn enrol(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        Ok(enrol::enrol(self, request)?)
    }

    fn sync(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        Ok(sync::sync(self, request)?)
    }

    fn put_blob(&self, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        Ok(photo_upload::put_piece(self, sha256, request)?)
    }

    fn ask(&self, exchange: Exchange, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        ask(self, exchange, request).map(|answered| answered.bytes)
    }
}
